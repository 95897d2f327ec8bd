/*
 * A domain may be destroyed at any moment, and gives everything back whatever it was about to do.
 * The mini-kernel does all its steps as a guest of this control domain, over and over, and is
 * destroyed at each of the hypercalls of its life, one life for each; or, with step=K, at the first
 * of each kind and at every Kth. Its hypercall page is ours (gate.h), so it stops there by itself:
 * nobody guesses at times.
 *
 * With `running` it does not stop: on another CPU it goes on while it is destroyed, so that its end
 * comes in the middle of calls too. With guest=32 it is the 32-bit mini-kernel.
 *
 * With `rules` its events are held, delayed, copied or exchanged on their way, in another manner in
 * each life, and some are when it ends.
 */
#include "tests/guests/domain-destroy/gate.h"
#include "tests/guests/intercept.h"
#include "tests/guests/tinies.h"
#include "xen-like/lib/image.h"

#define LIFE_MS  60000
#define KINDS    4096 /* a call's number, and its first argument if that is a command */
#define COMMANDS 64

static bool narrow; /* the guest is */
static const char *kernel = "mini-kernel";
static struct guest *guest;
static struct foreign gate_map;
static struct gate *gate;
static u64 machine; /* free pages, without the guest */
static u64 lives;
static bool kinds_seen[KINDS];

/* One of the guest's frames, by its own page tables, which nobody has changed yet. */
static xen_pfn_t frame_of(u64 va)
{
    static union {
        struct vcpu_guest_context_x86_64 wide;
        struct vcpu_guest_context_x86_32 narrow;
    } context;
    struct foreign table;
    xen_pfn_t frame;

    if (domain_vcpu_context(guest->domain.domid, 0, false, &context))
        guest_panic("the guest's registers cannot be read");
    frame = narrow ? xen_cr3_to_pfn_x86_32(context.narrow.ctrlreg[3])
                   : (xen_pfn_t)xen_cr3_to_pfn_x86_64(context.wide.ctrlreg[3]);
    for (u32 level = narrow ? 3 : 4; level; level--) {
        if (foreign_map(&table, guest->domain.domid, &frame, 1, false))
            guest_panic("a table of the guest's cannot be mapped");
        frame = (xen_pfn_t)pte_mfn(((u64 *)table.at)[pt_index(va, level)]).n;
        foreign_unmap(&table);
    }
    return frame;
}

static u64 hypercall_page_va(void)
{
    static struct image image;
    struct blob file = guests_file(kernel);
    const char *why;

    if (!image_read(&image, file.bytes, file.size, &why))
        guest_panic("the mini-kernel: %s", why);
    return image.hypercall_page;
}

static bool rules;
static long rule; /* of this life */
static u64 taken; /* events, by all of them */

static void rule_make(u64 life)
{
    static const struct {
        u8 action, side;
        u32 every;
        u64 value, spread;
    } kinds[] = {
        {XL_INTERCEPT_DELAY, XL_SIDE_TO, 1, 50 * NS_PER_MICROSECOND, NS_PER_MILLISECOND},
        {XL_INTERCEPT_HOLD, XL_SIDE_TO, 2, 0, 0},
        {XL_INTERCEPT_REORDER, XL_SIDE_TO, 1, 4, NS_PER_MILLISECOND},
        {XL_INTERCEPT_DUPLICATE, XL_SIDE_TO, 1, 3, 100 * NS_PER_MICROSECOND},
        {XL_INTERCEPT_DELAY, XL_SIDE_FROM, 1, 0, NS_PER_MILLISECOND},
        {XL_INTERCEPT_HOLD, XL_SIDE_FROM, 2, 0, 0},
        {XL_INTERCEPT_RATE, XL_SIDE_FROM, 1, 200 * NS_PER_MICROSECOND, 0},
    };
    struct xl_rule r =
        rule_any(kinds[life % ARRAY_SIZE(kinds)].action, kinds[life % ARRAY_SIZE(kinds)].value,
                 kinds[life % ARRAY_SIZE(kinds)].spread);

    r.side = kinds[life % ARRAY_SIZE(kinds)].side;
    r.every = kinds[life % ARRAY_SIZE(kinds)].every;
    r.domain = guest->domain.domid;
    r.seed = life;
    rule = rule_add(r);
    if (rule < 0)
        guest_panic("a rule is refused: %ld", rule);
}

/* Built, with our page in it, and let go until it has made so many calls. */
static void life_begin(u64 limit)
{
    char message[BUILD_REASON_SIZE], text[64];
    xen_pfn_t frame;

    fmt_snprintf(text, sizeof(text), "name='mini'; kernel='%s'; memory=16", kernel);
    guest = guest_create_text("test", text, strlen(text), true, message);
    if (!guest)
        guest_panic("%s", message);
    frame = frame_of(hypercall_page_va());
    if (foreign_map(&gate_map, guest->domain.domid, &frame, 1, true))
        guest_panic("the guest's hypercall page cannot be mapped");
    memcpy(gate_map.at, narrow ? gate_page_32 : gate_page, PAGE_SIZE);
    gate = (struct gate *)((u8 *)gate_map.at + GATE_AT);
    gate->limit = limit;
    gate->port = guest->domain.console_port;
    gate->spins = limit % 2;
    if (rules)
        rule_make(lives++);
    if (domain_unpause(guest->domain.domid))
        guest_panic("the guest cannot be unpaused");
}

/* Destroyed, its page still mapped for some; all memory must be back. */
static bool life_end(bool mapped)
{
    if (!mapped)
        foreign_unmap(&gate_map);
    if (guest_destroy(guest))
        guest_panic("the guest cannot be destroyed");
    foreign_unmap(&gate_map);
    if (rules) {
        taken += rule_read(rule).taken;
        rule_delete(rule);
    }
    pages_before = machine;
    return serve_until(pages_are_back, 5000);
}

static bool stopped_or_ended(void)
{
    return ACCESS_ONCE(gate->stopped) || guest_ended(guest) >= 0;
}

/* The first of another kind of calls? */
static bool kind_is_new(void)
{
    u64 command = gate->argument < COMMANDS ? gate->argument : COMMANDS - 1;
    bool *seen = &kinds_seen[(gate->number * COMMANDS + command) % KINDS];
    bool was = *seen;

    *seen = true;
    return !was;
}

/* From stop to stop until a call of a new kind: false, there was none. */
static bool kind_next(void)
{
    for (;;) {
        if (!serve_until(stopped_or_ended, LIFE_MS))
            guest_panic("the guest neither calls nor ends");
        if (!gate->stopped)
            return false;
        if (kind_is_new())
            return true;
        gate->stopped = 0;
        gate->limit = gate->calls;
    }
}

static u64 lost; /* lives that did not give all back */

static void told_lost(const char *what, u64 n)
{
    console_printf("%s %" F64 "u: %" F64 "d pages more than before\n", what, n,
                   (s64)(machine_free_pages() - machine));
    lost++;
    machine = machine_free_pages();
}

/* How many kinds there are. */
static u64 kinds_destroy(void)
{
    for (u64 n = 0;; n++) {
        bool more;

        life_begin(0);
        more = kind_next();
        if (!life_end(n % 2))
            told_lost("kind", n);
        if (!more)
            return n;
    }
}

/* How many calls a life has that nobody ends. */
static u64 whole_life(void)
{
    u64 calls;

    life_begin(UINT64_MAX);
    row_want("whole.ended", serve_until(stopped_or_ended, LIFE_MS), 1);
    row_want("whole.powered-off", guest_ended(guest), SHUTDOWN_poweroff);
    calls = gate->calls;
    row_want("whole.memory-is-back", life_end(false), 1);
    return calls;
}

static bool running; /* it is not waited for that it stops */

/* What is held goes on now and then, or nobody would get on. */
static void held_release(void)
{
    static u64 next;

    if (time_now_ns() < next)
        return;
    rule_release(rule, 0);
    next = time_now_ns() + NS_PER_MILLISECOND;
}

/* The guest runs on another CPU: nothing tells us but its count. It is served meanwhile, without a
 * wait: an alarm is always due. */
static bool call_await(u64 n)
{
    u64 end = time_now_ns() + LIFE_MS * NS_PER_MILLISECOND;
    struct alarm alarm;

    alarm_init(&alarm, look_again);
    while (ACCESS_ONCE(gate->calls) < n && guest_ended(guest) < 0 && time_now_ns() < end) {
        watched_take(guest->console);
        alarm_set(&alarm, 0);
        loop_step();
        if (rules)
            held_release();
    }
    alarm_drop(&alarm);
    return ACCESS_ONCE(gate->calls) >= n;
}

static bool call_reach(u64 n)
{
    life_begin(running ? UINT64_MAX : n - 1);
    if (running)
        return call_await(n);
    return serve_until(stopped_or_ended, LIFE_MS) && gate->stopped;
}

static u64 calls_destroy(u64 step, u64 calls)
{
    u64 reached = 0;

    for (u64 n = 1; n <= calls; n += step) {
        reached += call_reach(n);
        if (!life_end(n % 4 == 3))
            told_lost("call", n);
    }
    return reached;
}

void guest_main(void)
{
    u64 step = argument("step=", 1), calls, reached;

    toolstack_begin();
    running = cmdline_has("running");
    narrow = argument("guest=", 64) == 32;
    if (narrow)
        kernel = "mini-kernel-32";
    life_begin(0); /* what is kept for the next time */
    serve_until(stopped_or_ended, LIFE_MS);
    life_end(true);
    machine = machine_free_pages();
    calls = whole_life();
    rules = cmdline_has("rules");
    console_printf("a whole life makes %" F64 "u hypercalls\n", calls);
    if (step > 1 && !running)
        console_printf("destroyed at the first of each of %" F64 "u kinds of hypercalls\n",
                       kinds_destroy());
    reached = calls_destroy(step, calls);
    console_printf("destroyed at %" F64 "u of %" F64 "u hypercalls\n", reached, calls);
    row_want("destroyed.somewhere", reached > 0, 1);
    if (rules)
        row_want("destroyed.with-events-intercepted", taken > 0, 1);
    row_want("destroyed.and-not-all-given-back", (s64)lost, 0);
    guest_end();
}
