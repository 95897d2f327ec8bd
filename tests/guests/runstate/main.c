/*
 * Virtual time. A kernel that shares its CPU has to know how much of the time was its own: its
 * scheduler would else charge a thread for what another domain used. So the hypervisor keeps four
 * sums for each vcpu, and they are good for something only if they are exact: what is missing in
 * one must be in another. Two vcpus here share one CPU. No row is a time; each says how times
 * relate.
 */
#include "guest-kernel/core/guest.h"
#include "guest-kernel/core/report.h"
#include "guest-kernel/event/event.h"
#include "guest-kernel/event/upcall.h"
#include "guest-kernel/sched/smp.h"
#include "guest-kernel/time/clock.h"
#include "guest-kernel/time/runstate.h"
#include "guest-kernel/time/timer.h"

#define ENOUGH (30 * NS_PER_MILLISECOND)
#define OTHER  1

static struct vcpu_runstate_info area;
static volatile bool rival_runs, rival_stops;

static void on_timer(u32 port, void *data)
{
    (void)port;
    (void)data;
}

/* The sums of a vcpu as the hypervisor has them now. */
static struct runstate asked(unsigned int vcpu, int *state)
{
    struct vcpu_runstate_info info = {0};

    call_vcpu_op(VCPUOP_get_runstate_info, vcpu, &info);
    if (state)
        *state = info.state;
    return runstate_snapshot(&info);
}

/* Does something until it has made a sum grow enough: so a slow machine only takes longer. */
static struct runstate grow(unsigned int which, void (*step)(void))
{
    struct runstate before = runstate_read(&area), now;

    do {
        step();
        now = runstate_read(&area);
    } while (now.time[which] - before.time[which] < ENOUGH);
    return runstate_since(&now, &before);
}

static void step_block(void)
{
    vcpu_block_until(time_now_ns() + ENOUGH / 3);
}

static void step_compute(void)
{
    time_spin_ns(NS_PER_MILLISECOND);
}

static void say_blocked(void)
{
    struct runstate before = runstate_snapshot(&area), now;
    struct runstate span = grow(RUNSTATE_blocked, step_block);

    row_want("blocked.real-time-went-on", span.at > ENOUGH, true);
    row_want("blocked.virtual-time-was-less", span.time[RUNSTATE_running] <= span.at - ENOUGH,
             true);
    row_want("blocked.read-sum-is-real-time", runstate_sum(&span) == span.at, true);
    now = runstate_snapshot(&area);
    span = runstate_since(&now, &before);
    row_want("blocked.entered-later", span.at > 0, true);
    row_want("blocked.area-sum-is-real-time", runstate_sum(&span) == span.at, true);
    row_want("blocked.offline", (s64)span.time[RUNSTATE_offline], 0);
}

static void say_computing(void)
{
    struct runstate span = grow(RUNSTATE_running, step_compute);

    row_want("alone.sum-is-real-time", runstate_sum(&span) == span.at, true);
    row_want("alone.blocked", (s64)span.time[RUNSTATE_blocked], 0);
    row_want("alone.mostly-running", span.time[RUNSTATE_running] > span.at / 2, true);
}

static void rival(void *arg)
{
    (void)arg;
    rival_runs = true;
    while (!rival_stops)
        ;
}

/* Two that compute, on one CPU: what one gets is stolen from the other. */
static void say_stolen(void)
{
    struct runstate other_before, other, span;

    rival_stops = false;
    row("stolen.start", vcpu_start(OTHER, rival, NULL));
    while (!rival_runs)
        call_sched_op(SCHEDOP_yield, NULL);
    other_before = asked(OTHER, NULL);
    span = grow(RUNSTATE_runnable, step_compute);
    other = asked(OTHER, NULL);
    other = runstate_since(&other, &other_before);
    row_want("stolen.shows", span.time[RUNSTATE_runnable] >= ENOUGH, true);
    row_want("stolen.own-time-is-the-rest",
             span.time[RUNSTATE_running] + span.time[RUNSTATE_runnable] == span.at, true);
    row_want("stolen.blocked", (s64)span.time[RUNSTATE_blocked], 0);
    row_want("stolen.the-other-had-it", other.time[RUNSTATE_running] >= ENOUGH / 2, true);
    row_want("stolen.the-other-waited", other.time[RUNSTATE_runnable] > 0, true);
}

/* The other vcpu goes down: from then on its offline time moves, and no other. */
static void say_offline(void)
{
    struct runstate then, now;
    int state;

    rival_stops = true;
    vcpu_wait_down(OTHER);
    then = asked(OTHER, &state);
    row("offline.state", state);
    step_compute();
    now = asked(OTHER, NULL);
    row_want("offline.running-stands-still",
             now.time[RUNSTATE_running] == then.time[RUNSTATE_running], true);
    row_want("offline.runnable-stands-still",
             now.time[RUNSTATE_runnable] == then.time[RUNSTATE_runnable], true);
    row_want("offline.moves", now.time[RUNSTATE_offline] > then.time[RUNSTATE_offline], true);
    row_want("offline.up-again", vcpu_start(OTHER, rival, NULL), 0);
    vcpu_wait_down(OTHER);
    then = asked(OTHER, NULL);
    row_want("offline.ran-again", then.time[RUNSTATE_running] > now.time[RUNSTATE_running], true);
}

/* What the hypervisor answers, and what it wrote to our memory, are the same account. */
static void say_asked(void)
{
    struct runstate before = runstate_read(&area), by_call, after;
    int state;

    by_call = asked(0, &state);
    after = runstate_read(&area);
    row("asked.state", state);
    row_want("asked.lies-between",
             before.time[RUNSTATE_running] <= by_call.time[RUNSTATE_running] &&
                 by_call.time[RUNSTATE_running] <= after.time[RUNSTATE_running],
             true);
    row("asked.no-such-vcpu", call_vcpu_op(VCPUOP_get_runstate_info, vcpu_count(), NULL));
}

void guest_main(void)
{
    row("init.events", event_init(EVENT_TWO_LEVEL));
    row("init.register", runstate_register(&area));
    row("init.timer-bound", event_bind_virq(VIRQ_TIMER, &vcpu_boot, on_timer, NULL) >= 0);
    row("init.stop-periodic", timer_stop_periodic());
    upcalls_unmask();
    step_block();
    say_computing();
    say_blocked();
    say_asked();
    say_stolen();
    say_offline();
    guest_end();
}
