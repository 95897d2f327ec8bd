// LINK: hypervisor/sched/round_robin.c
/*
 * The round-robin policy on a CPU of its own, driven by the clock of the test: nobody waits for
 * ever, whatever the others do, since kernels wait for each other's vcpus in loops that never
 * block.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "hypervisor/sched/policy.h"
#include "hypervisor/time/clock.h"

#define VCPUS    16
#define MS       1000000UL
#define LONG_RUN 2000 /* choices */

static u64 clock_ns, until; /* who runs may do so until then */
static struct vcpu vcpus[VCPUS];
static struct vcpu *running;

u64 now_ns(void)
{
    return clock_ns;
}

static void choose(void)
{
    if (running && !vcpu_may_run(running))
        running = NULL;
    running = round_robin.choose(running, clock_ns, &until);
    assert_true(!running || (vcpu_may_run(running) && !running->sched.queued));
    assert_true(!running || until > clock_ns);
}

static void wake(struct vcpu *v)
{
    v->sched.stopped = 0;
    if (round_robin.wake(v))
        choose();
}

/* A new round: all asleep, nobody queued; then @spinning of them run on without end. */
static void begin(u32 spinning)
{
    for (u32 i = 0; i < VCPUS; i++)
        vcpus[i].sched.stopped = STOP_BLOCKED;
    while (running)
        choose();
    memset(vcpus, 0, sizeof(vcpus));
    for (u32 i = 0; i < VCPUS; i++)
        vcpus[i].sched.stopped = STOP_BLOCKED;
    for (u32 i = 0; i < spinning; i++)
        wake(&vcpus[i]);
}

/* As many slices as it takes until @v runs; fails when that is too long. */
static u32 slices_until(const struct vcpu *v, u32 limit)
{
    for (u32 n = 0; n <= limit; n++) {
        if (running == v)
            return n;
        clock_ns += 10 * MS;
        choose();
    }
    fail_msg("vcpu %ld does not run within %u slices", v - vcpus, limit);
    return 0;
}

static void those_that_never_block_take_turns(void **state)
{
    (void)state;
    begin(5);
    for (u32 round = 0; round < 20; round++)
        for (u32 i = 0; i < 5; i++)
            slices_until(&vcpus[i], 10);
}

/* Many that spin must not keep out the one that they spin for. */
static void who_wakes_runs_however_many_spin(void **state)
{
    (void)state;
    for (u32 spinning = 1; spinning < VCPUS; spinning++) {
        begin(spinning);
        for (u32 i = 0; i < 3 * spinning; i++) {
            clock_ns += 10 * MS;
            choose();
        }
        wake(&vcpus[spinning]);
        slices_until(&vcpus[spinning], spinning + 1);
    }
}

/* And two that wake each other all the time must not keep out one that computes. */
static void who_computes_runs_though_others_wake_each_other(void **state)
{
    u32 turns = 0;

    (void)state;
    begin(1);
    wake(&vcpus[1]);
    for (u32 i = 0; i < LONG_RUN; i++) {
        clock_ns += MS;
        turns += running == &vcpus[0];
        if (running != &vcpus[0]) {
            struct vcpu *other = running == &vcpus[1] ? &vcpus[2] : &vcpus[1];

            running->sched.stopped = STOP_BLOCKED;
            wake(other);
        } else if (clock_ns >= until) {
            choose();
        }
    }
    assert_in_range(turns, LONG_RUN / 10, LONG_RUN - LONG_RUN / 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(those_that_never_block_take_turns),
        cmocka_unit_test(who_wakes_runs_however_many_spin),
        cmocka_unit_test(who_computes_runs_though_others_wake_each_other),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
