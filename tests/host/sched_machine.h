/*
 * A machine of some CPUs for the scheduler: the real hypervisor/sched/ decides, and what it decides
 * happens at once. Time goes from one event to the next: a slice ends, a timer is due, a vcpu has
 * run or slept as long as it wanted.
 */
#ifndef TESTS_HOST_SCHED_MACHINE_H
#define TESTS_HOST_SCHED_MACHINE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "hypervisor/sched/internal.h"
#include "hypervisor/time/clock.h"

#define MS      1000000UL
#define SECOND  (1000 * MS)
#define FOREVER (~0UL)

/* A vcpu, and what its guest does: runs for @runs ns, then sleeps for @sleeps, and so on. */
struct guest {
    struct vcpu v;
    u64 runs, sleeps;
    u64 left;     /* of what it wants to run now */
    u64 wakes_at; /* FOREVER: it is awake, or sleeps for good */
    u64 woken_at; /* and has not run since, if that is not 0 */
    u64 ran, waited_most;
};

extern u64 machine_now;
extern u64 machine_switches; /* vcpus that came to run */

/* Begin anew: @cpus idle CPUs, that policy, no vcpu. */
void machine_begin(u32 cpus, const char *policy);

/* A domain of one vcpu more; the guest of a vcpu more of @d. Nobody runs yet. */
struct domain *machine_domain(u32 weight, u32 cap);
struct guest *machine_guest(struct domain *d, u64 runs, u64 sleeps);

/* It begins to do what it does; and stops for good. */
void machine_start(struct guest *g);
void machine_end(struct guest *g);

/* Let @ns pass. */
void machine_run(u64 ns);

/* What was asked for happens: CPUs that were asked choose. Checks the invariant afterwards. */
void machine_settle(void);

/* Work as CPU @cpu. */
void machine_as(u32 cpu);

u32 machine_random(u32 n);

static inline struct cpu_set cpus_only(u64 bits)
{
    return (struct cpu_set){.bits = {bits}};
}

#endif
