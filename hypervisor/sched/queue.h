/*
 * All vcpus that wait, in the order of their keys. What a CPU asks for is the first of those that
 * may run on it; that, and joining and leaving, take O(log n) steps, whatever their affinities.
 * The scheduler's lock.
 */
#ifndef HYPERVISOR_SCHED_QUEUE_H
#define HYPERVISOR_SCHED_QUEUE_H

#include "hypervisor/sched/policy.h"

extern struct vcpu *queue; /* the root; in order, sched.left comes before and sched.right behind */

void queue_insert(struct vcpu *v);
void queue_remove(struct vcpu *v);

/* The first that may run on @cpu (AFFINITY_HARD), or would like to (AFFINITY_SOFT); NULL. */
struct vcpu *queue_first(u32 cpu, enum affinity affinity);

/* Words of a cpu_set that mean anything; the others of below[] are not kept. */
static inline u32 cpu_words(void)
{
    return (cpus_online + 63) / 64;
}

/* Is there one? */
static inline bool queue_has(u32 cpu)
{
    return queue && cpu_set_has(&queue->sched.below[AFFINITY_HARD], cpu);
}

#endif
