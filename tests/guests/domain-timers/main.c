/*
 * A domain's end while its timers are set: of its vcpu (one shot, periodic, a poll's timeout), its
 * watchdogs, and the one that lets it run again when its cap allowed no more. None may be called
 * afterwards, for what it is called with is freed: the debug build looks when it frees, and here
 * the machine lives on until all of them would have been due, with other domains in the same
 * memory.
 *
 * This kernel is the control domain, and also the kernel of each domain that it builds; there
 * `does` says which timers it sets.
 */
#include "guest-kernel/time/clock.h"
#include "tests/guests/tinies.h"

#define TIMES        4
#define WATCHDOG_SEC 1
#define AFTER_ALL    1500 /* ms: the watchdogs' time, and more */
#define SETTLE       500  /* ms */
#define STEP_US      700

static const struct {
    const char *does;
    u32 cap;
} kinds[] = {{"shots", 0},     {"ticks", 0},  {"polls", 0},
             {"watchdogs", 0}, {"shots", 10}, {"ticks", 10}};

/* The domains. */

static void again(u32 port, void *data)
{
    (void)port;
    (void)data;
    timer_set(time_now_ns() + 300 * NS_PER_MICROSECOND);
}

static void shots(void)
{
    timer_set(time_now_ns() + NS_PER_MILLISECOND);
    for (;;)
        compiler_barrier();
}

static void ticks(void)
{
    timer_set_periodic(NS_PER_MILLISECOND);
    for (;;)
        compiler_barrier();
}

static void polls(void)
{
    for (;;) {
        struct sched_poll poll = {.timeout = time_now_ns() + NS_PER_SECOND};

        call_sched_op(SCHEDOP_poll, &poll);
    }
}

static void watchdogs(void)
{
    struct sched_watchdog w = {.timeout = WATCHDOG_SEC};

    while (call_sched_op(SCHEDOP_watchdog, &w) > 0)
        ;
    for (;;)
        vcpu_block();
}

static void act(void)
{
    static const struct {
        const char *name;
        void (*fn)(void);
    } deeds[] = {{"shots", shots}, {"ticks", ticks}, {"polls", polls}, {"watchdogs", watchdogs}};
    char name[16] = "";

    cmdline_value("does", name, sizeof(name));
    event_init(EVENT_TWO_LEVEL);
    event_bind_virq(VIRQ_TIMER, &vcpu_boot, again, NULL);
    upcalls_unmask();
    console_printf("%s: begun\n", name);
    for (u32 i = 0; i < ARRAY_SIZE(deeds); i++)
        if (!strcmp(deeds[i].name, name))
            deeds[i].fn();
    guest_panic("there is nothing to do");
}

/* The control domain. */

static u32 wanted_lines;

static bool has_begun(void)
{
    return watched_found >= wanted_lines;
}

static bool never(void)
{
    return false;
}

/* One lives until it says so, and for @us more. 0: all was as it should be. */
static int one_cycle(u32 kind, u64 us)
{
    char text[160];
    struct guest *g;

    fmt_snprintf(text, sizeof(text),
                 "name='d'; kernel='itself'; memory=16; vcpus=1; cap=%u; extra='does=%s'",
                 kinds[kind].cap, kinds[kind].does);
    wanted_lines = watched_found + 1;
    g = guest_of(text);
    if (!g)
        return 1;
    if (!serve_until(has_begun, 20000))
        return 2;
    vcpu_block_until(time_now_ns() + us * NS_PER_MICROSECOND);
    return guest_destroy(g);
}

/* A domain that was destroyed goes on going for a while, when there are other CPUs. */
static u64 settled_free_pages(void)
{
    u64 before, now = machine_free_pages();

    do {
        before = now;
        serve_until(never, SETTLE);
        now = machine_free_pages();
    } while (now != before);
    return now;
}

void guest_main(void)
{
    u64 before;

    if (!(start_info->flags & SIF_INITDOMAIN))
        act();
    toolstack_begin();
    watched_text = "begun";
    guests_files = (struct blob){(const void *)start_info->mod_start, start_info->mod_len};
    row_want("first", one_cycle(0, 0), 0);
    before = settled_free_pages();
    for (u32 kind = 0; kind < ARRAY_SIZE(kinds); kind++) {
        char name[48];
        int answer = 0;

        for (u32 i = 0; i < TIMES && !answer; i++)
            answer = one_cycle(kind, i * STEP_US);
        fmt_snprintf(name, sizeof(name), "%s%s.ended", kinds[kind].does,
                     kinds[kind].cap ? "-capped" : "");
        row_want(name, answer, 0);
    }
    serve_until(never, AFTER_ALL);
    row_want("after.first", one_cycle(0, 0), 0);
    row_pages_are_back("after.memory-is-back", before);
    guest_end();
}
