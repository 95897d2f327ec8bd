/*
 * What a scheduling policy answers. All three functions are called with the lock of the CPU's queue
 * held; a vcpu may stop for good while it is queued, so whoever takes one from a queue asks
 * vcpu_may_run().
 */
#ifndef HYPERVISOR_SCHED_POLICY_H
#define HYPERVISOR_SCHED_POLICY_H

#include "hypervisor/domain/domain.h"

struct policy {
    const char *name;

    /* @v, in no queue, may run from now on. Does it go before the one that runs? */
    bool (*wake)(struct vcpu *v);

    /*
     * Who runs now, and (@until, a system time) for how long at most; NULL: nobody. @running may go
     * on; it is NULL when the one that ran may not. Nobody who is chosen is queued, and a @running
     * that is not chosen is.
     */
    struct vcpu *(*choose)(struct vcpu *running, u64 now, u64 *until);
};

extern const struct policy round_robin;

static inline bool vcpu_may_run(const struct vcpu *v)
{
    return !ACCESS_ONCE(v->sched.stopped);
}

#endif
