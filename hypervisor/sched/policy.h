/*
 * What a scheduling policy decides, and what it finds there. A policy is one file and a line in
 * policies[] (sched.c); docs/scheduling.md writes one as an exercise.
 *
 * All vcpus that wait stand in one order, for all CPUs: the lowest sched.key goes first. To keep
 * the keys is all that a policy has to do. That a vcpu runs only where it may, that a CPU takes the
 * first that may run there, that none idles while somebody could run on it, who is interrupted for
 * whom (the one with the highest key, for one that has a lower), and caps, is done for it.
 *
 * All functions are called with the scheduler's lock held. Keys of vcpus that wait are not touched:
 * those given to these functions do not.
 */
#ifndef HYPERVISOR_SCHED_POLICY_H
#define HYPERVISOR_SCHED_POLICY_H

#include "hypervisor/domain/domain.h"
#include "hypervisor/sched/pool.h"
#include "hypervisor/time/scale.h"

/* Of a CPU. The scheduler's lock; its own CPU may read @runs without. */
struct sched_cpu {
    struct vcpu *runs; /* NULL: nobody */
    bool alone;        /* nobody waits for it (and perhaps nobody runs) */
    bool asked;        /* to choose again */
    u64 since;         /* the time that its vcpu ran is accounted for until then */
    u64 started;       /* when it was chosen, or nobody was */
    u64 idle_ns;       /* spent until then with nobody to run */
    struct vcpu *idle; /* what is current while nobody's state is loaded; NULL: it has not begun */
    struct timer slice;
};
extern struct sched_cpu sched_cpus[CPUS_MAX];

/* Does anybody wait for a CPU of the pool that runs another one? */
bool cpus_contended(const struct cpu_pool *p);

struct policy {
    const char *name;

    /*
     * @v competes from now on: it has slept until now (a wake, a first start, another affinity), or
     * it has run alone on its CPU until now. Give it a key.
     */
    void (*enter)(struct vcpu *v, bool slept, u64 now);

    /* @v ran for @ns. Charge its key. */
    void (*ran)(struct vcpu *v, u64 ns, u64 now);

    /* @v is to run on sched_cpus[v->sched.cpu], or to go on there (.alone says how it was until
     * now). For how many ns at most, if others wait? */
    u64 (*chosen)(struct vcpu *v, u64 now);
};

extern const struct policy credit, bvt, round_robin;

/* Where @v runs; how long while others wait, ns (xl sched-credit -s -t). */
static inline struct cpu_pool *pool_of_vcpu(const struct vcpu *v)
{
    return v->sched.pool;
}

static inline u64 sched_slice(const struct vcpu *v)
{
    return ACCESS_ONCE(pool_of_vcpu(v)->params.tslice_ms) * NS_PER_MS;
}

static inline bool vcpu_may_run(const struct vcpu *v)
{
    return !ACCESS_ONCE(v->sched.stopped);
}

static inline bool cpu_set_has(const struct cpu_set *s, u32 cpu)
{
    return s->bits[cpu / 64] >> cpu % 64 & 1;
}

/* Time that @v ran, as virtual time: slower the more weight it has, as it passes with
 * WEIGHT_DEFAULT. Rounded up: nothing is for nothing. */
static inline s64 virtual_ns(const struct vcpu *v, u64 ns)
{
    u32 weight = v->domain->sched.weight;

    return (s64)((ns * WEIGHT_DEFAULT + weight - 1) / weight);
}

#endif
