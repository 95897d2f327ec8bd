/*
 * What interception does to a kernel's events, as the kernel sees it: a vcpu sends to itself and
 * looks at its clock. Under -icount the times are exact enough to say when a delayed event may
 * come. In either ABI (form=fifo), and on several CPUs.
 */
#include "guest-kernel/event/event.h"
#include "guest-kernel/event/upcall.h"
#include "guest-kernel/time/clock.h"
#include "guest-kernel/time/timer.h"
#include "tests/guests/intercept.h"

#define MS    NS_PER_MILLISECOND
#define DELAY (2 * MS)
#define AGES  (20 * NS_PER_SECOND) /* the emulator may have lost its CPU meanwhile */
#define BURST 64

static volatile u32 heard, timed;
static u32 port, other;

static void on_event(u32 which, void *data)
{
    (void)which;
    ++*(volatile u32 *)data;
}

/* So many have come since it was asked last. */
static u32 came(void)
{
    u32 n = heard;

    heard -= n;
    return n;
}

static u32 sent(void)
{
    event_send(port);
    return came();
}

/* Does one come within so many ns? */
static bool wait(u64 most)
{
    u64 end = time_now_ns() + most;

    while (!heard && time_now_ns() < end)
        ;
    if (!heard)
        return false;
    heard--;
    return true;
}

/* One rule at a time, about what arrives at our port. */
static long rule_now(u8 action, u64 value, u64 spread)
{
    intercept_reset(XL_ANY_DOMAIN);
    return rule_add(rule_port(port, action, value, spread));
}

static void which_rows(void)
{
    struct xl_rule r = rule_port(port, XL_INTERCEPT_DROP, 0, 0);
    u32 n = 0;
    long id;

    row_want("none.comes", sent(), 1);
    id = rule_now(XL_INTERCEPT_PASS, 0, 0);
    row_want("pass.comes", sent(), 1);
    row_want("pass.taken", (s64)rule_read(id).taken, 1);
    id = rule_now(XL_INTERCEPT_DROP, 0, 0);
    row_want("drop.does_not", sent(), 0);
    row_want("drop.pending", event_is_pending(port), 0);
    event_send(other);
    row_want("drop.other_port_comes", came(), 1);
    row_want("drop.matched", (s64)rule_read(id).matched, 1);
    intercept_reset(XL_ANY_DOMAIN);
    r.first = 2;
    r.last = 8;
    r.every = 3;
    id = rule_add(r);
    for (u32 i = 1; i <= 10; i++)
        n |= !sent() << i;
    row_want_hex("every.dropped", n, 1 << 2 | 1 << 5 | 1 << 8);
    r = rule_port(port, XL_INTERCEPT_DROP, 0, 0);
    r.chance = XL_MILLION / 4;
    r.seed = 1;
    for (u32 round = 0; round < 2; round++) {
        u64 bits = 0;
        u32 dropped = 0;

        intercept_reset(XL_ANY_DOMAIN);
        id = rule_add(r);
        for (u32 i = 0; i < BURST; i++) {
            bool gone = !sent();

            bits |= (u64)gone << i;
            dropped += gone;
        }
        row_hex(name_nth("chance", "dropped", round), bits); /* twice the same */
        row_want(name_nth("chance", "taken", round), (s64)rule_read(id).taken, dropped);
    }
}

static void when_rows(void)
{
    struct xl_rule timers = rule_any(XL_INTERCEPT_HOLD, 0, 0);
    bool second, third;
    u64 begin; /* and how long it took */
    u32 n;
    long id;

    rule_now(XL_INTERCEPT_DELAY, DELAY, 0);
    begin = time_now_ns();
    n = sent();
    second = wait(AGES);
    begin = time_now_ns() - begin;
    row_want("delay.not_at_once", n, 0);
    row_want("delay.comes", second, 1);
    row_want("delay.not_early", begin >= DELAY, 1);
    id = rule_now(XL_INTERCEPT_DUPLICATE, 2, DELAY);
    n = sent();
    second = wait(AGES);
    third = wait(AGES);
    row_want("duplicate.one_at_once", n, 1);
    row_want("duplicate.second", second, 1);
    row_want("duplicate.third", third, 1);
    row_want("duplicate.no_more", wait(3 * DELAY), 0);
    row_want("duplicate.taken", (s64)rule_read(id).taken, 1);
    rule_now(XL_INTERCEPT_RATE, DELAY, 0);
    begin = time_now_ns();
    n = sent();
    for (u32 i = 0; i < 3; i++)
        event_send(port);
    for (u32 i = 0; i < 3; i++)
        wait(AGES);
    begin = time_now_ns() - begin;
    row_want("rate.first", n, 1);
    row_want("rate.takes_its_time", begin >= 3 * DELAY, 1);
    id = rule_now(XL_INTERCEPT_REORDER, 3, 0);
    row_want("reorder.waits", sent() + sent(), 0);
    row_want("reorder.all_go", sent() > 0, 1);
    row_want("reorder.holds", (s64)rule_read(id).holds, 0);
    rule_now(XL_INTERCEPT_REORDER, 3, DELAY);
    row_want("window.waits", sent(), 0);
    row_want("window.ends", wait(AGES), 1);
    id = rule_now(XL_INTERCEPT_HOLD, 0, 0);
    row_want("hold.holds", sent() + sent() + sent(), 0);
    row_want("hold.long", wait(3 * DELAY), 0);
    row_want("hold.count", (s64)rule_read(id).holds, 3);
    row_want("hold.release", rule_release(id, 1), 1);
    row_want("hold.one_comes", came(), 1);
    row_want("hold.delete", rule_delete(id), 0);
    row_want("hold.rest_comes", came() > 0, 1);
    rule_now(XL_INTERCEPT_DROP, 0, 0);
    row_want("inject", intercept_inject(DOMID_SELF, port), 0);
    row_want("inject.comes", came(), 1);

    intercept_reset(XL_ANY_DOMAIN);
    timers.domain = 0;
    timers.virq = VIRQ_TIMER;
    id = rule_add(timers);
    came();
    timed = 0;
    timer_set_single(time_now_ns() + MS, 0);
    for (u64 end = time_now_ns() + 5 * MS; time_now_ns() < end;)
        ;
    row_want("timer.held", timed, 0);
    row_want("timer.is_one", rule_read(id).holds > 0, 1);
    rule_release(id, 0);
    row_want("timer.comes", timed > 0, 1);
    intercept_reset(XL_ANY_DOMAIN);
}

static void poll_rows(void)
{
    evtchn_port_t ports[] = {port};
    struct sched_poll poll = {.nr_ports = 1, .timeout = time_now_ns() + AGES};

    event_mask(port);
    set_xen_guest_handle(poll.ports, ports);
    rule_now(XL_INTERCEPT_DELAY, DELAY, 0);
    event_send(port);
    row_want("poll.sleeps", call_sched_op(SCHEDOP_poll, &poll), 0);
    row_want("poll.woken", event_is_pending(port), 1);
    row_want("poll.in_time", time_now_ns() < poll.timeout, 1);
    event_unmask(port);
    came();
    intercept_reset(XL_ANY_DOMAIN);
}

static void redirect_rows(void)
{
    struct xl_redirect r = {.domain = DOMID_SELF,
                            .type = EVTCHNSTAT_ipi,
                            .deliver = XL_DELIVER_PORT,
                            .port = port,
                            .to_port = other,
                            .priority = 2};
    static volatile u32 elsewhere;

    event_close(other);
    other = (u32)event_bind_ipi(&vcpu_boot, on_event, (void *)&elsewhere);
    r.to_port = other;
    row_want("redirect.assign", intercept(XL_INTERCEPT_redirect, &r), 0);
    row_want("redirect.not_here", sent(), 0);
    row_want("redirect.there", elsewhere, 1);
    event_mask(other);
    row_want("redirect.masked", event_send(port), 0);
    row_want("redirect.pending", event_is_pending(other), 1);
    event_unmask(other);
    row_want("redirect.unmasked", elsewhere, 2);
    r.domain = 0; /* as it is listed */
    r.port = 0;
    row_want("redirect.get", intercept(XL_INTERCEPT_redirect_get, &r), 0);
    row_want("redirect.hits", (s64)r.hits, 2);
    r.flags = XL_REDIRECT_DEASSIGN;
    row_want("redirect.deassign", intercept(XL_INTERCEPT_redirect, &r), 0);
    row_want("redirect.here_again", sent(), 1);
}

/* As many as there are: a reading may be interrupted after any entry. */
static u32 log_read(struct xl_log *log, struct xl_log_entry *entries, u32 room)
{
    u32 n = 0;

    do {
        log->count = room - n;
        log->buffer = (uintptr_t)(entries + n);
        if (intercept(XL_INTERCEPT_read_log, log))
            guest_panic("the log cannot be read");
        n += log->count;
    } while (log->count && n < room);
    return n;
}

static void log_rows(void)
{
    static struct xl_log_entry entries[8];
    struct xl_log log = {0};
    long record = rule_now(XL_INTERCEPT_RECORD, 0, 0);
    struct xl_rule drop = rule_port(port, XL_INTERCEPT_DROP, 0, 0);
    u64 before = time_now_ns();
    long dropped;

    drop.flags = XL_RULE_LOG;
    drop.first = 2;
    dropped = rule_add(drop);
    row_want("log.first", sent(), 1);
    row_want("log.second", sent(), 0);
    row_want("log.count", log_read(&log, entries, ARRAY_SIZE(entries)), 3);
    row_want("log.rules",
             entries[0].rule == (u32)record && entries[1].rule == (u32)record &&
                 entries[2].rule == (u32)dropped,
             1);
    row_want("log.nth", entries[1].nth == 2 && entries[2].nth == 2, 1);
    row_want("log.times", entries[0].time >= before && entries[2].time <= time_now_ns(), 1);
    row_want("log.ports", entries[0].from_port == port && entries[0].to_port == port, 1);
    row_want("log.kind", entries[0].kind, EVTCHNSTAT_ipi);
    row_want("log.no_more", log_read(&log, entries, ARRAY_SIZE(entries)), 0);
    intercept_reset(XL_ANY_DOMAIN);
}

void guest_main(void)
{
    char form[8];
    bool fifo = cmdline_value("form", form, sizeof(form)) && form[0] == 'f';

    row_want("begin", event_init(fifo ? EVENT_FIFO : EVENT_TWO_LEVEL), 0);
    port = (u32)event_bind_ipi(&vcpu_boot, on_event, (void *)&heard);
    other = (u32)event_bind_ipi(&vcpu_boot, on_event, (void *)&heard);
    event_bind_virq(VIRQ_TIMER, &vcpu_boot, on_event, (void *)&timed);
    timer_stop_periodic();
    upcalls_unmask();
    which_rows();
    when_rows();
    poll_rows();
    redirect_rows();
    log_rows();
    guest_end();
}
