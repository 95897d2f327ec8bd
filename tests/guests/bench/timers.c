/*
 * Rows of timers, and how late they come. A timer is never early, so what is asked is how long
 * after its instant the handler begins: that is the work of the interrupt, the queue and the
 * upcall, and when the vcpu slept the way back to it. There is no limit for it: `make bench` prints
 * least, median and most of both hypervisors side by side. Under -icount a nanosecond is an
 * instruction.
 */
#include "guest-kernel/core/report.h"
#include "guest-kernel/time/clock.h"
#include "guest-kernel/time/timer.h"
#include "tests/guests/bench/measure.h"
#include "tests/guests/bench/rows.h"
#include "tests/guests/bench/upcalls.h"

#define NEVER      (1000ull * 1000 * 1000 * 1000) /* ns from now: not while this runs */
#define SOON       30000                          /* ns: longer than it takes to set a timer */
#define SHOTS      201                            /* odd: one is the median */
#define SHOT_STEP  1777 /* ns that each is further away than the one before */
#define TIMER_RUNS 50

static u64 never;

/* System time in ns at which the TSC was `ticks`. */
static u64 time_of(u64 ticks)
{
    u64 since = ticks_now() - ticks;

    return time_now_ns() - time_scale(&shared_info->vcpu_info[0].time, since);
}

static long timer_far(void)
{
    return timer_set(never);
}

static long timer_cancel(void)
{
    return timer_set(0);
}

static long singleshot_set(void)
{
    return timer_set_single(never, 0);
}

/* The longest pause that code which only reads the TSC sees while a timer comes: what a timer takes
 * from whoever runs, all in all. */
static u64 timer_pauses(const void *real)
{
    u64 total = 0;

    for (unsigned int i = 0; i < TIMER_RUNS; i++) {
        u64 before = upcall_count[0], longest = 0, last, now;

        if (real)
            bench_require("set_timer_op", timer_set(time_now_ns() + SOON));
        last = ticks_now();
        do {
            now = ticks_now();
            longest = MAX(longest, now - last);
            last = now;
        } while (real && upcall_count[0] == before);
        total += MAX(longest, ticks_now() - last); /* it may have come after the last reading */
    }
    return total;
}

/* Waits for the upcall after @before, without giving the CPU away or with. */
static void upcall_await(u64 before, bool block)
{
    if (!block) {
        while (upcall_count[0] == before)
            asm volatile("" ::: "memory");
        return;
    }
    upcalls_masked(true);
    while (upcall_count[0] == before) {
        bench_require("block", call_sched_op(SCHEDOP_block, NULL));
        upcalls_masked(true); /* block unmasks */
    }
    upcalls_masked(false);
}

static void row_lateness(const char *name, bool block)
{
    s64 late[SHOTS];

    for (unsigned int i = 0; i < SHOTS; i++) {
        u64 before = upcall_count[0], when = time_now_ns() + SOON + i * SHOT_STEP;

        /* Counted before it is set: on a machine that is slow at this moment it comes at once. */
        if (block)
            upcalls_masked(true);
        bench_require("set_timer_op", timer_set(when));
        upcall_await(before, block);
        late[i] = (s64)(time_of(upcall_stamp) - when);
    }
    for (unsigned int i = 1; i < SHOTS; i++) {
        for (unsigned int j = i; j > 0 && late[j] < late[j - 1]; j--) {
            s64 swap = late[j];

            late[j] = late[j - 1];
            late[j - 1] = swap;
        }
    }
    console_printf("LATENESS %s %u %lld %lld %lld\n", name, SHOTS, (long long)late[0],
                   (long long)late[SHOTS / 2], (long long)late[SHOTS - 1]);
}

static evtchn_port_t timer_bind(void)
{
    struct evtchn_bind_virq bind = {.virq = VIRQ_TIMER, .vcpu = 0};

    bench_require("bind_virq", hypercall_event_channel_op(EVTCHNOP_bind_virq, (uintptr_t)&bind));
    return bind.port;
}

void rows_timers(void)
{
    static const struct bench benches[] = {
        {"set-timer-far", .run = timer_far},
        {"set-timer-cancel", .run = timer_cancel},
        {"set-timer-cancel-armed", .run = timer_cancel, .undo = timer_far},
        {"set-singleshot-timer", .run = singleshot_set},
        {"stop-singleshot-timer", .run = timer_stop_single, .undo = singleshot_set},
    };
    evtchn_port_t port = timer_bind();

    bench_require("stop_periodic_timer", timer_stop_periodic());
    never = time_now_ns() + NEVER;
    bench_rows(benches, ARRAY_SIZE(benches));
    bench_require("stopping the timer", timer_stop_single());
    upcalls_to(upcall_plain_0);
    upcall_bit[0] = port;
    upcalls_masked(false);
    bench_timed_row("timer-upcall", TIMER_RUNS, timer_pauses, benches, NULL);
    upcalls_to(upcall_stamped_0);
    row_lateness("timer-running", false);
    row_lateness("timer-blocked", true);
    upcalls_masked(true);
    port_close(port);
}
