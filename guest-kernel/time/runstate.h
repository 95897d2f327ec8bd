/*
 * Where a vcpu's time went: running, runnable (it would, but others run), blocked (it waits),
 * offline. The four grow as real time does. Time in `runnable` is what others have stolen; a clock
 * that counts `running` only is the vcpu's virtual time.
 */
#ifndef GUEST_KERNEL_TIME_RUNSTATE_H
#define GUEST_KERNEL_TIME_RUNSTATE_H

#include "guest-kernel/time/clock.h"

#define RUNSTATE_COUNT 4

struct runstate {
    u64 at; /* system time that the sums below are for */
    u64 time[RUNSTATE_COUNT];
};

/*
 * From now on the hypervisor writes this vcpu's times to *area, which stays mapped. 0 or a negative
 * errno.
 */
long runstate_register(struct vcpu_runstate_info *area);

/* For the vcpu that asks: its area, as it is now. */
struct runstate runstate_read(const struct vcpu_runstate_info *area);

/* What the area says by itself, up to the last change of state (`at`): exact to the nanosecond. */
struct runstate runstate_snapshot(const struct vcpu_runstate_info *area);

/* Spans from one reading to another. */
struct runstate runstate_since(const struct runstate *now, const struct runstate *then);

/* All four. */
u64 runstate_sum(const struct runstate *r);

#endif
