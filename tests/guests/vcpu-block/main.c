/*
 * sched_op block, poll and yield beside events. A kernel's idle loop stands or falls with this: it
 * must not sleep through an event that came just before, must wake for one that comes later, and
 * for no other reason; and a spinlock that sleeps (Linux has one) polls a port that is masked.
 */
#include "guest-kernel/time/clock.h"
#include "guest-kernel/time/timer.h"
#include "tests/guests/evtchn.h"

#define UNMAPPED 0x7000ull
#define SHORT    (3 * NS_PER_MILLISECOND)
#define LONG     (400 * NS_PER_MILLISECOND) /* against a machine that does other things too */

static u32 upcalls;
static evtchn_port_t timer, quiet, other;

static bool upcall_take(struct trap_frame *frame)
{
    (void)frame;
    upcalls++;
    vcpu_info()->evtchn_upcall_pending = 0;
    vcpu_info()->evtchn_pending_sel = 0;
    return true;
}

static void row_upcalls(const char *name)
{
    row(name_of(name, "upcalls"), upcalls);
    upcalls = 0;
}

static long poll(const evtchn_port_t *ports, u32 count, u64 timeout)
{
    struct sched_poll poll = {.nr_ports = count, .timeout = timeout};

    set_xen_guest_handle(poll.ports, (evtchn_port_t *)ports);
    return call_sched_op(SCHEDOP_poll, &poll);
}

/* Upcalls masked, none pending; the timer's port as @masked says. */
static void begin(bool masked)
{
    timer_stop_single();
    port_pending_set(timer, false);
    port_mask_set(timer, masked);
    upcalls_close();
    vcpu_info()->evtchn_upcall_pending = 0;
    vcpu_info()->evtchn_pending_sel = 0;
}

static void say_errors(void)
{
    static const u64 bad[] = {0, UNMAPPED, NON_CANONICAL, HYPERVISOR_OWN};
    evtchn_port_t ports[3] = {quiet, timer, 0};
    long closed = evtchn_ipi(0);

    begin(true);
    for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
        row(name_nth("error", "argument", i), hypercall_sched_op(SCHEDOP_poll, bad[i]));
        row(name_nth("error", "list", i), poll((void *)(uintptr_t)bad[i], 1, 1));
        row(name_nth("error", "empty-list", i), poll((void *)(uintptr_t)bad[i], 0, 1));
    }
    row("error.too-many", poll(ports, 129, 1));
    row("error.all-ones", poll(ports, ~0u, 1));
    row("error.too-many-nowhere", poll((void *)(uintptr_t)NON_CANONICAL, 129, 1));
    evtchn_close((evtchn_port_t)closed);
    ports[2] = (evtchn_port_t)closed;
    row("error.closed", poll(&ports[2], 1, 1));
    row("error.third-closed", poll(ports, 3, 1));
    port_pending_set(timer, true);
    row("error.third-closed-second-pending", poll(ports, 3, 0));
    ports[2] = timer;
    ports[1] = 4095;
    row("error.second-unused-third-pending", poll(ports, 3, 0));
    ports[1] = 0;
    row("error.port-0", poll(ports, 3, 0));
    ports[1] = 4096;
    row("error.port-beyond", poll(ports, 3, 0));
    ports[1] = ~0u;
    row("error.port-all-ones", poll(ports, 3, 0));
    row_upcalls("error");
}

/* What must not sleep at all: without a timeout it would be for ever. */
static void say_at_once(void)
{
    evtchn_port_t ports[] = {quiet, timer};

    begin(true);
    port_pending_set(timer, true);
    row("at-once.pending", poll(&timer, 1, 0));
    row("at-once.second-pending", poll(ports, 2, 0));
    row("at-once.still-pending", port_pending(timer));
    begin(true);
    row("at-once.time-passed", poll(&timer, 1, 1));
    row("at-once.time-is-now", poll(&timer, 1, time_now_ns()));
    row("at-once.no-ports", poll(NULL, 0, 1));
    row("at-once.time-is-negative", poll(&timer, 1, 1ull << 63));
    row("at-once.time-is-minus-one", poll(&timer, 1, ~0ull));
    row_upcalls("at-once");
    vcpu_info()->evtchn_upcall_pending = 1;
    vcpu_info()->evtchn_upcall_mask = 0;
    row("at-once.upcall-due", poll(&quiet, 1, 0));
    row_upcalls("at-once-due");
    row("at-once.mask", vcpu_info()->evtchn_upcall_mask);
    begin(true);
    vcpu_info()->evtchn_upcall_pending = 1;
    row("at-once.block-upcall-pending", call_sched_op(SCHEDOP_block, NULL));
    row_upcalls("at-once-block");
    row("at-once.block-mask", vcpu_info()->evtchn_upcall_mask);
    row("at-once.yield", call_sched_op(SCHEDOP_yield, (void *)(uintptr_t)NON_CANONICAL));
}

/* A kernel that opens without looking is told at the next call, and else with the next interrupt
 * that comes for whatever reason (here a timer whose port is masked). */
static void say_unlooked(void)
{
    static const u8 pendings[] = {1, 2, 0x80, 0xff};
    u64 start;

    for (unsigned int i = 0; i < ARRAY_SIZE(pendings); i++) {
        begin(true);
        vcpu_info()->evtchn_upcall_pending = pendings[i];
        vcpu_info()->evtchn_upcall_mask = 0;
        hypercall_xen_version(XENVER_version, 0);
        row_upcalls(name_nth("unlooked", "call", pendings[i]));
    }
    begin(true);
    start = time_now_ns();
    timer_set_single(start + SHORT, 0);
    vcpu_info()->evtchn_upcall_pending = 1;
    vcpu_info()->evtchn_upcall_mask = 0;
    while (!*(volatile u32 *)&upcalls && time_now_ns() < start + 5 * LONG)
        ;
    row_upcalls("unlooked.interrupt");
}

/* The timer strikes after SHORT, the poll ends by itself after LONG: who ended it? */
static void say_wakes(const char *what, const evtchn_port_t *ports, u32 count, bool masked)
{
    u64 start, now;
    long answer;

    begin(masked);
    start = time_now_ns();
    timer_set_single(start + SHORT, 0);
    answer = poll(ports, count, start + LONG);
    now = time_now_ns();
    console_printf("ROW wake.%s = %ld, %s, timer %u, upcall %u, upcalls %u\n", what, answer,
                   now < start + SHORT  ? "too early"
                   : now < start + LONG ? "by the timer"
                                        : "by itself",
                   port_pending(timer), vcpu_info()->evtchn_upcall_pending, upcalls);
    upcalls = 0;
}

static void say_waits(void)
{
    evtchn_port_t two[] = {quiet, other}, both[] = {quiet, timer};

    say_wakes("its-port-masked", &timer, 1, true);
    say_wakes("its-port-open", &timer, 1, false);
    say_wakes("second-port-masked", both, 2, true);
    say_wakes("other-port-masked", &quiet, 1, true);
    say_wakes("other-port-open", &quiet, 1, false);
    say_wakes("other-port-masked-of-two", two, 2, true);
    say_wakes("no-port-masked", NULL, 0, true);
    say_wakes("no-port-open", NULL, 0, false);
    begin(true);
    vcpu_info()->evtchn_upcall_pending = 1; /* and masked: not due, but it is no news either */
    say_wakes("after-a-masked-upcall", &timer, 1, true);
}

/* A poll that was ended by an event leaves a timeout behind, which must not end what comes next. */
static void say_left_over(void)
{
    u64 start;

    begin(false);
    start = time_now_ns();
    timer_set_single(start + SHORT, 0);
    row("left-over.poll", poll(&timer, 1, start + 3 * SHORT));
    begin(false);
    timer_set_single(start + LONG, 0);
    row("left-over.block", call_sched_op(SCHEDOP_block, NULL));
    row("left-over.slept", time_now_ns() >= start + LONG);
    row_upcalls("left-over");
}

static void say_block(void)
{
    u64 start;

    for (unsigned int compat = 0; compat < 2; compat++) {
        begin(false);
        start = time_now_ns();
        timer_set_single(start + SHORT, 0);
        row(name_nth("block", "answer", compat),
            compat ? hypercall_sched_op_compat(SCHEDOP_block, 0)
                   : call_sched_op(SCHEDOP_block, (void *)(uintptr_t)NON_CANONICAL));
        row(name_nth("block", "slept", compat), time_now_ns() >= start + SHORT);
        row(name_nth("block", "mask", compat), vcpu_info()->evtchn_upcall_mask);
        row_upcalls(compat ? "block-compat" : "block");
    }
    /* A masked port wakes nobody: the one that does is the poll's own timeout, and the next. */
    begin(true);
    start = time_now_ns();
    timer_set_single(start + SHORT, 0);
    poll(NULL, 0, start + LONG);
    row("block.masked-pending", port_pending(timer));
    port_mask_set(timer, false);
    timer_set_single(time_now_ns() + SHORT, 0);
    row("block.already-pending", port_pending(timer)); /* so the second raise is none: unmask it */
    row("block.unmask", evtchn_unmask(timer));
    row_upcalls("block-masked");
}

void guest_main(void)
{
    trap_handle(VECTOR_EVENT, upcall_take);
    row("start.periodic", timer_stop_periodic());
    timer = (evtchn_port_t)evtchn_virq(VIRQ_TIMER, 0);
    quiet = (evtchn_port_t)evtchn_ipi(0);
    other = (evtchn_port_t)evtchn_ipi(0);
    port_mask_set(other, true);
    port_mask_set(quiet, true);
    say_errors();
    say_at_once();
    say_unlooked();
    say_waits();
    say_left_over();
    say_block();
    guest_end();
}
