/* What the files of this folder share, policies apart. With the scheduler's lock held. */
#ifndef HYPERVISOR_SCHED_INTERNAL_H
#define HYPERVISOR_SCHED_INTERNAL_H

#include "hypervisor/sched/queue.h"

extern struct spinlock sched_lock;
extern struct cpu_set sched_idlers; /* CPUs that wait for a nudge */

/* How long a vcpu runs undisturbed, ns. */
static inline u64 sched_ratelimit(const struct vcpu *v)
{
    return ACCESS_ONCE(pool_of_vcpu(v)->params.ratelimit_us) * 1000UL;
}

static inline bool cpu_allowed(const struct vcpu *v, u32 cpu)
{
    return cpu_set_has(&v->sched.may[AFFINITY_HARD], cpu);
}

static inline bool vcpu_runs(const struct vcpu *v)
{
    u32 cpu = ACCESS_ONCE(v->sched.cpu);

    return __atomic_load_n(&sched_cpus[cpu].runs, __ATOMIC_ACQUIRE) == v;
}

/* CPU @cpu, which runs somebody, is to choose again. */
void sched_ask(u32 cpu);

/* @v, in no queue, may run: it waits from now on, and a CPU that should look at it is told. It has
 * @slept (or was somewhere else), or its turn is over. */
void sched_wait(struct vcpu *v, bool slept, u64 now);

/* What @v does follows vcpu_sched.stopped, which has changed. */
void sched_settle(struct vcpu *v, u64 now);

/* @v, in no queue, comes to another pool: what it ran and where it wanted to, counts no more. */
void sched_move(struct vcpu *v, struct cpu_pool *to, u64 now);

/* Who runs on @cpu, the caller's, from now on, and until when; NULL: nobody. */
struct vcpu *sched_pick(u32 cpu, u64 now, u64 *until);

/* @v runs on this CPU, which it cannot leave meanwhile. Without the lock. */
static inline bool vcpu_runs_here(const struct vcpu *v)
{
    return ACCESS_ONCE(sched_cpus[this_cpu()->id].runs) == v;
}

/* It runs, and is to look at its work before it goes on. Without the lock. */
static inline void vcpu_resched(struct vcpu *v)
{
    __atomic_fetch_or(&v->work, WORK_SCHED, __ATOMIC_RELEASE);
}

/* settings.c: have the sets a CPU in common that is there (@b NULL: all CPUs)? What @v may use
 * follows from what was asked for and from its pool. Apply: one of them has changed, perhaps the
 * latter, to @pool. */
bool cpu_sets_meet(const struct cpu_set *a, const struct cpu_set *b);
void affinity_derive(struct vcpu *v);
void affinity_apply(struct vcpu *v, struct cpu_pool *pool);

/* cap.c: has @d used up what it may run? Until more comes, @v is parked; while it has some, how
 * long (ns) may one of its vcpus run before it asks again? */
#define CAP_PARK_MAX 64 /* in one pass, for the lock is held */
bool cap_spent(struct domain *d, u64 now);
void cap_park(struct vcpu *v, u64 now);
u64 cap_left(const struct domain *d);
void cap_forget(struct vcpu *v);

#endif
