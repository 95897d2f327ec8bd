/*
 * `time` on the command line: where does a vcpu's time go? It blocks, computes and yields for known
 * spans, alone and against a second vcpu that always wants the CPU, and after each prints what
 * three clocks have seen: real time, which runs for everybody alike; virtual time, which is the
 * time that this vcpu really ran; and time that was stolen, when it would have run and another did.
 *
 * All figures are milliseconds since the demonstration's start. Under the emulator's -icount they
 * are the same on every run.
 */
#include "guest-kernel/core/guest.h"
#include "guest-kernel/event/event.h"
#include "guest-kernel/event/upcall.h"
#include "guest-kernel/mini/steps.h"
#include "guest-kernel/sched/smp.h"
#include "guest-kernel/time/clock.h"
#include "guest-kernel/time/runstate.h"
#include "guest-kernel/time/timer.h"

#define SPAN   (40 * NS_PER_MILLISECOND)
#define YIELDS 20

/* Two words for a number of milliseconds with six digits behind the point. */
#define MS(ns) (ns) / NS_PER_MILLISECOND, (ns) % NS_PER_MILLISECOND

static struct vcpu_runstate_info area;
static struct runstate start;
static volatile bool rival_stops;

static void on_timer(u32 port, void *data)
{
    (void)port;
    (void)data;
}

static void block(void)
{
    vcpu_block_until(time_now_ns() + SPAN);
}

static void compute(void)
{
    time_spin_ns(SPAN);
}

static void yield(void)
{
    for (unsigned int i = 0; i < YIELDS; i++)
        call_sched_op(SCHEDOP_yield, NULL);
}

/* The second vcpu: wants the CPU all the time. */
static void rival(void *arg)
{
    (void)arg;
    while (!rival_stops)
        __builtin_ia32_pause(); /* as in lock.h */
}

static bool show(const char *what, void (*act)(void))
{
    struct runstate now;

    if (act)
        act();
    now = runstate_read(&area);
    now = runstate_since(&now, &start);
    console_printf("~ %-20s %5llu.%06llu %5llu.%06llu %5llu.%06llu %5llu.%06llu %5llu.%06llu\n",
                   what, MS(now.at), MS(now.time[RUNSTATE_running]),
                   MS(now.time[RUNSTATE_runnable]), MS(now.time[RUNSTATE_blocked]),
                   MS(now.time[RUNSTATE_offline]));
    return runstate_sum(&now) == now.at;
}

static bool show_all(void)
{
    bool exact = show("start", NULL);

    exact &= show("blocks for 40 ms", block);
    exact &= show("computes for 40 ms", compute);
    exact &= show("yields 20 times", yield);
    if (vcpu_count() < 2 || vcpu_start(1, rival, NULL))
        return exact;
    console_printf("now with a second vcpu that computes without end:\n");
    exact &= show("blocks for 40 ms", block);
    exact &= show("computes for 40 ms", compute);
    exact &= show("yields 20 times", yield);
    rival_stops = true;
    vcpu_wait_down(1);
    return exact;
}

bool time_demonstration(void)
{
    bool exact;

    if (event_init(EVENT_TWO_LEVEL) || runstate_register(&area) ||
        event_bind_virq(VIRQ_TIMER, &vcpu_boot, on_timer, NULL) < 0)
        return false;
    timer_stop_periodic();
    upcalls_unmask();
    block(); /* from here on the area is up to date */
    start = runstate_read(&area);
    console_printf("%-22s %12s %12s %12s\n", "", "real", "virtual", "stolen");
    console_printf("%-22s %12s %12s %12s %12s %12s\n", "milliseconds", "all four", "running",
                   "runnable", "blocked", "offline");
    exact = show_all();
    console_printf("the four are the real time, to the nanosecond: %s\n", exact ? "yes" : "no");
    return exact;
}
