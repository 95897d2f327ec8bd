/*
 * Who gets how much of the CPUs, domain by domain, in guest time: what a customer of a cloud pays
 * for. This kernel is the control domain, and also the kernel of each domain that it builds; there
 * `extra` says what it does with its time.
 *
 * Weights 1 to 16 are kept to 5% over ten seconds while all compute, a cap is kept, and beside four
 * domains that misbehave, each in its own way, a neighbour keeps nine tenths of its share.
 *
 *   ARGS="cpus=N"    how many CPUs the machine has
 */
#include "tests/guests/misbehave.h"
#include "tests/guests/toolstack.h"

#define LONG    10000 /* ms */
#define SHORT   3000
#define PERCENT 5
#define MOST    5

struct contender {
    const char *does;
    u32 weight, cap;
};

static u64 cpus;

static const struct {
    const char *name;
    void (*fn)(void *);
} deeds[] = {{"computes", compute},
             {"calls", loop_in_calls},
             {"spaces", change_spaces},
             {"faults", fault_for_ever},
             {"floods", flood}};

static void act(void)
{
    char name[16] = "";

    cmdline_value("does", name, sizeof(name));
    event_init(EVENT_TWO_LEVEL);
    timer_stop_periodic();
    for (u32 i = 0; i < ARRAY_SIZE(deeds); i++)
        if (!strcmp(deeds[i].name, name))
            deeds[i].fn(NULL);
    guest_panic("there is nothing to do");
}

static bool never(void)
{
    return false;
}

static u64 ran(const struct guest *g)
{
    struct xen_domctl_getdomaininfo info;

    return domain_info(g->domain.domid, &info) ? 0 : info.cpu_time / NS_PER_MILLISECOND;
}

/* Builds them; how long (ms) each runs in @ms of time. False: one cannot be built. */
static bool compete(const struct contender *who, u32 n, u64 ms, u64 *times)
{
    struct guest *guest[MOST];
    char text[160];

    for (u32 i = 0; i < n; i++) {
        fmt_snprintf(text, sizeof(text),
                     "name='d%u'; kernel='itself'; memory=16; vcpus=1; cpu_weight=%u; cap=%u; "
                     "extra='does=%s'",
                     i, who[i].weight, who[i].cap, who[i].does);
        guest[i] = guest_made(text, true);
        if (!guest[i])
            return false;
    }
    for (u32 i = 0; i < n; i++) /* at once: building one takes longer than a slice of another */
        domain_unpause(guest[i]->domain.domid);
    serve_until(never, 300);
    for (u32 i = 0; i < n; i++)
        times[i] = ran(guest[i]);
    serve_until(never, ms);
    for (u32 i = 0; i < n; i++)
        times[i] = ran(guest[i]) - times[i];
    for (u32 i = 0; i < n; i++)
        guest_destroy(guest[i]);
    return true;
}

static bool is_fair(u64 ran, u64 wanted)
{
    console_printf("~ ran %" F64 "u ms of %" F64 "u\n", ran, wanted);
    return ran * 100 >= wanted * (100 - PERCENT) && ran * 100 <= wanted * (100 + PERCENT);
}

/* Two of each, so that no weight entitles to more than a CPU where there are two. */
static void weights_row(void)
{
    static const struct contender who[] = {
        {"computes", 64, 0}, {"computes", 1024, 0}, {"computes", 64, 0}, {"computes", 1024, 0}};
    u64 times[ARRAY_SIZE(who)];
    u32 fair = 0;

    row_want("weights.built", compete(who, ARRAY_SIZE(who), LONG, times), true);
    for (u32 i = 0; i < ARRAY_SIZE(who); i++)
        fair += is_fair(times[i], cpus * LONG * who[i].weight / (2 * (64 + 1024)));
    row_want("weights.fair", fair, ARRAY_SIZE(who));
}

static void cap_row(void)
{
    static const struct contender who[] = {{"computes", 256, 30}, {"computes", 256, 0}};
    u64 times[ARRAY_SIZE(who)];

    row_want("cap.built", compete(who, ARRAY_SIZE(who), SHORT, times), true);
    row_want("cap.kept", is_fair(times[0], SHORT * 30 / 100), true);
    row_want("cap.rest_is_used", is_fair(times[1], cpus > 1 ? SHORT : SHORT * 70 / 100), true);
}

static void isolation_row(void)
{
    static const struct contender who[MOST] = {{"computes", 256, 0},
                                               {"calls", 256, 0},
                                               {"spaces", 256, 0},
                                               {"faults", 256, 0},
                                               {"floods", 256, 0}};
    u64 times[MOST], wanted = cpus * SHORT / MOST;

    row_want("isolation.built", compete(who, MOST, SHORT, times), true);
    for (u32 i = 0; i < MOST; i++)
        console_printf("~ %s: %" F64 "u ms of %" F64 "u\n", who[i].does, times[i], wanted);
    row_want("isolation.share_is_kept", times[0] * 10 >= wanted * 9, true);
}

void guest_main(void)
{
    char value[16] = "1";

    if (!(start_info->flags & SIF_INITDOMAIN))
        act();
    cmdline_value("cpus", value, sizeof(value));
    cpus = (u64)(value[0] - '0');
    toolstack_begin();
    guests_files = (struct blob){(const void *)start_info->mod_start, start_info->mod_len};
    weights_row();
    cap_row();
    isolation_row();
    guest_end();
}
