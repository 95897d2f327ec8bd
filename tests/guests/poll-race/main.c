/*
 * SCHEDOP_poll on one CPU while another one sends without pause, to ports that nobody polls: each
 * such event may end a poll, at any point of it, and none may leave it asleep for ever. Its ports
 * never come, and its timeout is short: if nothing ends a poll for PATIENCE, its wake was lost.
 * (Where each event strikes is decided by two CPUs that really run side by side, so without icount.
 * test_sched_poll aims.)
 */
#include "guest-kernel/sched/smp.h"
#include "guest-kernel/time/clock.h"
#include "guest-kernel/time/timer.h"
#include "tests/guests/evtchn.h"

#define POLLS    8000
#define TIMEOUT  (20 * NS_PER_MICROSECOND)
#define PATIENCE (15 * NS_PER_SECOND)

static evtchn_port_t polled[2], stranger;
static volatile u32 polls, refused;

static void poll_many(void *ports)
{
    struct sched_poll poll = {.nr_ports = (u32)(uintptr_t)ports};

    set_xen_guest_handle(poll.ports, polled);
    for (u32 i = 0; i < POLLS; i++) {
        poll.timeout = time_now_ns() + TIMEOUT;
        if (call_sched_op(SCHEDOP_poll, &poll))
            refused = refused + 1;
        polls = polls + 1;
    }
}

/* Sends until all polls are done; false if they stop. */
static bool disturb(void)
{
    u64 moved = time_now_ns();

    for (u32 last = polls; polls < POLLS;) {
        port_pending_set(stranger, false);
        evtchn_send(stranger);
        if (polls != last) {
            last = polls;
            moved = time_now_ns();
        } else if (time_now_ns() > moved + PATIENCE) {
            return false;
        }
    }
    return true;
}

static void say_polls(u64 ports, const char *name)
{
    bool came;

    polls = refused = 0;
    vcpu_start(1, poll_many, (void *)(uintptr_t)ports);
    came = disturb();
    row_want(name_of(name, "all-ended"), came, true);
    row_want(name_of(name, "refused"), refused, 0);
    if (came)
        vcpu_wait_down(1);
}

void guest_main(void)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(polled); i++) {
        polled[i] = (evtchn_port_t)evtchn_ipi(1);
        port_mask_set(polled[i], true);
    }
    stranger = (evtchn_port_t)evtchn_ipi(0);
    port_mask_set(stranger, true);
    timer_stop_periodic();
    upcalls_close();
    say_polls(2, "two-ports");
    say_polls(1, "one-port");
    say_polls(0, "no-port");
    guest_end();
}
