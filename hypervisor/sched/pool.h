/*
 * Pools of CPUs: each CPU is in one or in none, each domain in one, and runs on no other CPU. Pool
 * 0 has all CPUs and all domains in the beginning, and keeps CPU 0.
 *
 * A pool is a set that the affinities of its domains' vcpus are cut to (vcpu_sched.may); all else
 * of the scheduler looks at those. Free CPUs are in no vcpu's set, so they idle. Policies find a
 * parameter and a clock of their own in each pool: in different ones time does not go alike.
 *
 * To cut many vcpus' sets takes long. What a pool is says what is to come of it; whose set is
 * not that yet is seen by looking at it; so an interrupted call (RESTART) made again goes on.
 *
 * One operation at a time: callers hold the lock of domctl.
 */
#ifndef HYPERVISOR_SCHED_POOL_H
#define HYPERVISOR_SCHED_POOL_H

#include "hypervisor/sched/sched.h"

struct cpu_pool {
    bool made;
    u32 id;
    struct cpu_set cpus; /* the scheduler's lock, to change them. Of pool 0 also those not there */
    struct xen_sysctl_credit_schedule params; /* words that the gate checks and writes */
    s64 clock;                                /* the policy's */
};

extern struct cpu_pool pools[];     /* the first is pool 0; the others are as they were made */
extern struct cpu_set pool_no_cpus; /* free: in no pool */

#define POOL_ANY XEN_SYSCTL_CPUPOOL_PAR_ANY /* no pool's number; a CPU's likewise */

/* The pool of this number; the one of the lowest number from @id on. NULL: there is none. */
struct cpu_pool *pool_find(u32 id);
struct cpu_pool *pool_at_least(u32 id);

/* A CPU of the pool; a domain. */
bool pool_has_cpus(const struct cpu_pool *p);
u32 pool_domains(const struct cpu_pool *p);

/* An empty pool: 0, with its number in @id if that was POOL_ANY; -ENOSPC: there are twice as many
 * as CPUs; -EEXIST; -ENOENT: @sched_id is not what all pools have. And its end: -EBUSY, it has CPUs
 * or domains. */
int pool_create(u32 *id, u32 sched_id);
int pool_destroy(struct cpu_pool *p);

/* A free CPU joins. POOL_ANY: the first. -ENODEV: none is, or it is not; -EINVAL: no such CPU;
 * -EADDRNOTAVAIL: it has not quite left another one; RESTART. */
int pool_cpu_add(struct cpu_pool *p, u32 cpu);

/*
 * A CPU leaves; a vcpu that could run nowhere else may run everywhere from now on. POOL_ANY: the
 * last. -EINVAL: no such CPU, or it is the first one; -EADDRNOTAVAIL: it is not in the pool, or
 * another one has not quite left its own; -EBUSY: the last one, with domains; RESTART; -EADDRINUSE:
 * SCHEDOP_pin_override holds a vcpu there. Then it has not quite left: the call may be made again,
 * or it may be added to the same pool.
 */
int pool_cpu_remove(struct cpu_pool *p, u32 cpu);

/* @d joins: its affinities are all CPUs. -EBUSY: a vcpu is pinned (vcpu_pin); RESTART. */
int pool_domain_move(struct cpu_pool *p, struct domain *d);

#endif
