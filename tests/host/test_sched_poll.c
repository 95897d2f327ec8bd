// LINK: hypervisor/domain/list.c hypervisor/domain/shutdown.c hypervisor/domain/end.c
// LINK: hypervisor/domain/exchange.c hypervisor/mm/extent.c
// LINK: tests/host/fake_machine.c tests/host/event_guest.c hypervisor/mm/frame.c
// LINK: hypervisor/mm/alloc.c hypervisor/mm/ptype.c hypervisor/mm/pt_update.c
// LINK: hypervisor/mm/io_frames.c hypervisor/mm/linear.c hypervisor/mm/pae.c hypervisor/mm/audit.c
// LINK: hypervisor/mm/ranges.c
// LINK: hypervisor/domain/domain.c hypervisor/domain/base.c hypervisor/cpu/descriptors.c
// LINK: hypervisor/event/channel.c hypervisor/event/send.c hypervisor/event/virq.c
// LINK: hypervisor/event/two_level32.c hypervisor/domain/width.c
// LINK: hypervisor/event/fifo.c hypervisor/event/watched.c hypervisor/event/intercept.c
// LINK: hypervisor/event/redirect.c
// LINK: hypercalls/layout32.c
// LINK: hypercalls/sched.c
// LINK: hypercalls/authority.c
// LINK: hypervisor/grant/table.c hypervisor/grant/pin.c hypervisor/grant/maptrack.c
/*
 * SCHEDOP_poll while other CPUs send: something strikes at one of the points that the call passes,
 * each point in a run of its own, and afterwards the vcpu is either awake, or asleep so that its
 * port and its timeout still wake it. A guest cannot aim there: between two of the points there are
 * a few instructions.
 */
#include "tests/host/event_guest.h"

#include "hypercalls/hypercalls.h"

enum {
    PORT = 1,
    SECOND,
    STRANGER,
    STRANGER_OPEN,
    NEWS
};

static struct event_guest *guest;
static struct vcpu *poller;
static u32 passed, strikes_at;
static void (*strike)(void);
static bool timer_is_on;

static void point(void)
{
    if (++passed == strikes_at)
        strike();
}

void vcpu_stop(struct vcpu *v, u32 why)
{
    point();
    v->sched.stopped |= why;
    point();
}

void vcpu_kick(struct vcpu *v)
{
    event_poll_end(v);
    vcpu_go(v, STOP_BLOCKED);
}

int guest_read(void *to, u64 from, u64 len)
{
    point();
    memcpy(to, (void *)from, len);
    return 0;
}

void timer_set(struct timer *t, u64 due)
{
    (void)due;
    point();
    timer_is_on |= t == &poller->time.poll;
    point();
}

void sched_yield(void)
{
}

int vcpu_pin(struct vcpu *v, s32 cpu)
{
    (void)v, (void)cpu;
    return 0;
}

static void stranger_masked(void)
{
    event_send(guest->d, STRANGER);
}

static void stranger_open(void)
{
    event_send(guest->d, STRANGER_OPEN);
}

static void own_port(void)
{
    event_send(guest->d, PORT);
}

static void nmi(void)
{
    vcpu_kick(poller);
}

/* Two strangers in turn, as from two CPUs. */
static void both(void)
{
    event_send(guest->d, STRANGER);
    event_send(guest->d, SECOND);
}

static void fresh_poller(void)
{
    guest = event_guest_new(0, true);
    poller = guest->d->vcpus[1];
    for (evtchn_port_t port = PORT; port <= NEWS; port++)
        assert_int_equal(event_bind_ipi(guest->d, 1), port);
    for (evtchn_port_t port = PORT; port < STRANGER_OPEN; port++)
        event_guest_mask(guest, port);
    poller->info->evtchn_upcall_mask = 1;
    poller->sched.stopped = 0;
    host_percpu.running = poller;
}

/* It sleeps: its timeout finds that it polls, and its port wakes it. */
static void assert_wakes(u32 ports)
{
    assert_true(timer_is_on);
    assert_int_not_equal(poller->events.poll, POLL_NONE);
    assert_int_equal(guest->d->events.pollers, 1);
    assert_false(ports && event_is_pending(guest->d, PORT));
    event_send(guest->d, ports ? PORT : NEWS); /* without ports, any that comes anew */
    assert_int_equal(poller->sched.stopped & STOP_BLOCKED, 0);
}

/* Answers how many points there were. */
static u32 poll_struck(u32 ports, void (*by)(void), u32 at)
{
    evtchn_port_t list[] = {PORT, SECOND};
    struct sched_poll poll = {.nr_ports = ports, .timeout = 1};

    fresh_poller();
    set_xen_guest_handle(poll.ports, list);
    passed = 0;
    timer_is_on = false;
    strike = by;
    strikes_at = at;
    assert_int_equal(hc_sched_op(SCHEDOP_poll, (unsigned long)&poll), 0);
    at = passed;
    if (poller->sched.stopped & STOP_BLOCKED)
        assert_wakes(ports);
    event_guest_end(guest);
    return at;
}

static void a_poll_that_is_struck_sleeps_so_that_it_wakes(void **state)
{
    static void (*const strikes[])(void) = {stranger_masked, stranger_open, own_port, nmi, both};

    (void)state;
    for (u32 ports = 0; ports <= 2; ports++)
        for (u32 i = 0; i < ARRAY_SIZE(strikes); i++)
            for (u32 at = 1; at <= poll_struck(ports, strikes[i], at); at++)
                ;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_poll_that_is_struck_sleeps_so_that_it_wakes, machine_all_free),
    };

    return cmocka_run_group_tests(tests, machine_setup, NULL);
}
