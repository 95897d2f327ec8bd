/*
 * Who gets how much of the CPUs, in guest time. A guest pays for a share; that others are many, or
 * behave badly, must not take it. Vcpus of one domain compete here as those of several would: all
 * have the same weight.
 *
 *   ARGS="cpus=N"    how many CPUs the machine has
 *
 * First four compute for ten seconds: each gets its due to 5%, and no CPU is idle meanwhile. Then
 * vcpu 0, which naps, is to run when its timer comes. Then four misbehave, each in its own way, and
 * a neighbour that computes keeps nine tenths of its share, and so does what naps of its latency.
 */
#include "guest-kernel/event/event.h"
#include "guest-kernel/event/upcall.h"
#include "guest-kernel/sched/smp.h"
#include "guest-kernel/time/clock.h"
#include "guest-kernel/time/runstate.h"
#include "guest-kernel/time/timer.h"
#include "tests/guests/misbehave.h"

#define LONG    (10 * NS_PER_SECOND)
#define SHORT   (3 * NS_PER_SECOND)
#define PERCENT 5
#define NAP     (2 * NS_PER_MILLISECOND)
#define NAPS    200
#define LATE    NS_PER_MILLISECOND

static u64 cpus;

static u64 ran(unsigned int vcpu)
{
    struct vcpu_runstate_info info = {0};

    call_vcpu_op(VCPUOP_get_runstate_info, vcpu, &info);
    return info.time[RUNSTATE_running];
}

static void sleep_until(u64 at)
{
    while (time_now_ns() < at) {
        upcalls_mask(); /* or it might come before the block */
        timer_set_single(at, 0);
        vcpu_block();
    }
}

/* Vcpus 1 to @n do what they do for @ns; how long each ran in that time. */
static void compete(void (*const fn[])(void *), unsigned int n, u64 ns, u64 *times)
{
    u64 from;

    stop = false;
    for (unsigned int i = 1; i <= n; i++)
        if (vcpu_start(i, fn[i - 1], NULL))
            row("start.failed", i);
    sleep_until(time_now_ns() + 200 * NS_PER_MILLISECOND);
    from = time_now_ns();
    for (unsigned int i = 1; i <= n; i++)
        times[i - 1] = ran(i);
    sleep_until(from + ns);
    for (unsigned int i = 1; i <= n; i++)
        times[i - 1] = ran(i) - times[i - 1];
}

static void all_stop(unsigned int n)
{
    stop = true;
    for (unsigned int i = 1; i <= n; i++)
        vcpu_wait_down(i);
}

static u64 due(unsigned int n, u64 ns)
{
    return cpus < n ? ns * cpus / n : ns;
}

/* How late it wakes, at worst. */
static u64 nap_late(void)
{
    u64 worst = 0;

    for (unsigned int i = 0; i < NAPS; i++) {
        u64 at = time_now_ns() + NAP;

        sleep_until(at);
        worst = MAX(worst, time_now_ns() - at);
    }
    return worst;
}

/* With several CPUs the emulator runs one at a time, for a while: then that is what is late. */
static void nap_row(const char *name)
{
    u64 late = nap_late();

    console_printf("~ it wakes %" F64 "u us late at worst\n", late / 1000);
    row_want(name, cpus > 1 || late < LATE, 1);
}

static void fair_rows(void)
{
    static void (*const fn[])(void *) = {compute, compute, compute, compute, compute};
    u64 times[5], total = 0, wanted = due(5, LONG);
    unsigned int fair = 0;

    compete(fn, 5, LONG, times);
    for (unsigned int i = 0; i < 5; i++) {
        console_printf("~ vcpu %u ran %llu ms of %llu\n", i + 1, times[i] / NS_PER_MILLISECOND,
                       wanted / NS_PER_MILLISECOND);
        fair += times[i] * 100 >= wanted * (100 - PERCENT) &&
                times[i] * 100 <= wanted * (100 + PERCENT);
        total += times[i];
    }
    row_want("shares.fair", fair, 5);
    row_want("shares.no_cpu_idle", total * 100 >= 98 * cpus * LONG, 1);
    nap_row("wakes.in_time");
    all_stop(5);
}

static void isolation_rows(void)
{
    static void (*const fn[])(void *) = {compute, loop_in_calls, change_spaces, fault_for_ever,
                                         flood};
    u64 times[5], wanted = due(5, SHORT);

    compete(fn, 5, SHORT, times);
    console_printf("~ beside four that misbehave it ran %llu ms of %llu\n",
                   times[0] / NS_PER_MILLISECOND, wanted / NS_PER_MILLISECOND);
    row_want("isolation.share_is_kept", times[0] * 10 >= wanted * 9, 1);
    nap_row("isolation.wakes_in_time");
    all_stop(5);
}

void guest_main(void)
{
    char value[16] = "1";

    cmdline_value("cpus", value, sizeof(value));
    cpus = (u64)(value[0] - '0');
    row_want("init.events", event_init(EVENT_TWO_LEVEL), 0);
    row("timer.bound", event_bind_virq(VIRQ_TIMER, vcpu_self(), on_event, NULL) > 0);
    timer_stop_periodic();
    fair_rows();
    if (cpus == 1) /* with more, the emulator takes very long for CPUs that wait for each other */
        isolation_rows();
    guest_end();
}
