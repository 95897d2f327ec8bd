/*
 * Who runs where. A vcpu may run when nothing stops it; which of those that may does run, on which
 * CPU and for how long, is the policy's choice (policy.h); what happens to the vcpus' times
 * meanwhile is kept here (runstate: public/vcpu.h).
 *
 * Nobody is switched away in the middle of anything. Whatever makes another choice due sets
 * WORK_SCHED on the vcpu that runs (and nudges its CPU), and the choice is made when that is on its
 * way out to its guest (domain/exit.c), its registers complete, no lock held.
 *
 * When nobody may run on a CPU, it waits there with the last vcpu's state still loaded: if that is
 * the next to run, nothing moves. If another CPU is to run it, or somebody wants to see its
 * registers, it is saved first, and the CPU goes on as its idle vcpu, which has nothing but the
 * hypervisor's own tables (decision 0032).
 */
#ifndef HYPERVISOR_SCHED_SCHED_H
#define HYPERVISOR_SCHED_SCHED_H

#include "xen-like/abi/xen.h"
#include "hypervisor/cpu/smp.h"
#include "hypervisor/time/timer.h"

struct vcpu;
struct domain;
struct cpu_pool;

extern const u8 idle_halt[]; /* the halt of a CPU on which nobody may run */

/* Why a vcpu does not run: bits of vcpu_sched.stopped, changed atomically. */
#define STOP_BLOCKED 1u  /* by itself, until an event comes: vcpu_unblock */
#define STOP_DOWN    2u  /* not brought up, or taken down again */
#define STOP_PAUSED  4u  /* by whoever controls its domain, or by the hypervisor: vcpu_freeze */
#define STOP_DYING   8u  /* its domain is being destroyed: for good */
#define STOP_PARKED  16u /* its domain has used up what its cap allows. The scheduler's own */
#define STOP_SHUT    32u /* its domain was shut down, until it is resumed */

/* With one of these, a vcpu's state does not stay loaded in a CPU that has nobody to run. */
#define STOP_LEAVES (STOP_PAUSED | STOP_DYING | STOP_SHUT)

/* On which CPUs a vcpu may run, and on which of these it would rather. */
enum affinity {
    AFFINITY_HARD,
    AFFINITY_SOFT,
    AFFINITIES
};

/* Of a vcpu. */
struct vcpu_sched {
    u32 stopped; /* STOP_* */
    bool yields; /* let another go first, once. current only */
    bool queued; /* waits for its turn. This and what follows: the scheduler's lock */
    bool pinned; /* by SCHEDOP_pin_override, to @pin */
    u32 pin;
    u32 cpu;    /* where it runs, or ran last */
    u32 loaded; /* 1 + the CPU that holds its state, 0: vcpu.saved does. That CPU sets it */
    u32 frozen; /* vcpu_freeze()s that are not undone */
    s64 key;    /* its place among those that wait: the lowest goes first. The policy's */
    s64 own[3]; /* the policy's too */
    struct cpu_pool *pool;     /* its domain's, or where it still is (pool.h) */
    struct vcpu *left, *right; /* queue.c; or, with STOP_PARKED, the next that is parked */
    u32 rank;
    struct cpu_set asked[AFFINITIES];   /* its affinity as it was set, */
    struct cpu_set may[AFFINITIES];     /* as it is in force, */
    struct cpu_set below[AFFINITIES];   /* and joined with those below it in the queue */
    u64 made;                           /* when it was; its states' times sum up from there */
    struct vcpu_runstate_info runstate; /* ns */
    u64 runstate_area; /* guest address where a copy is kept, 0: none. current only */
};

#define WEIGHT_DEFAULT 256u
#define WEIGHT_MAX     65535u

/* Of a domain. The gate writes weight and cap (XEN_DOMCTL_SCHEDOP_putinfo); the scheduler's lock.
 */
struct domain_sched {
    struct cpu_pool *pool; /* where its vcpus run or are about to (pool.h). The gate's lock */
    u32 weight;  /* 1 to WEIGHT_MAX, of each of its vcpus: time goes in proportion to it */
    u32 cap;     /* percent of one CPU that all its vcpus together get at most; 0: no limit */
    s64 budget;  /* ns that they may run yet, if there is a cap; */
    u64 counted; /* as it was then */
    struct vcpu *parked; /* who waits for more, */
    struct timer refill; /* which is then */
};

/* A new domain (@pool NULL: of pool 0) and its end; a new vcpu (STOP_DOWN, RUNSTATE_offline since
 * now), and its end: it is STOP_DYING and has left its CPU. */
void sched_domain_init(struct domain *d, struct cpu_pool *pool);
void sched_domain_destroy(struct domain *d);
void sched_vcpu_init(struct vcpu *v);
void sched_vcpu_destroy(struct vcpu *v);

/* Add or take away reasons; from any CPU. When the last one goes, @v waits for its turn; when a
 * vcpu that runs gets one, it stops on its way out, soon: vcpu_sync() waits for that. No lock of a
 * higher rank may be held than LOCK_SCHED. */
void vcpu_stop(struct vcpu *v, u32 why);
void vcpu_go(struct vcpu *v, u32 why);

/*
 * @v, which has one of STOP_LEAVES, is not the caller: returns when it has left its CPU, and
 * vcpu.saved and all else holds its state. vcpu_freeze() and vcpu_thaw() (domain/life.h) do both.
 * Two vcpus that wait for each other so would wait for ever: so not for the caller's own domain,
 * unless one caller at a time can.
 */
void vcpu_sync(struct vcpu *v);

/* Something for @v to see has come: an upcall is pending, or a work bit was set (by the caller). It
 * wakes if it is blocked, and looks, wherever it runs. */
void vcpu_kick(struct vcpu *v);

/* The running vcpu lets another go first. */
void sched_yield(void);

/* How its time went until now, all states summing up to the time since it was made. */
void vcpu_runstate(const struct vcpu *v, struct vcpu_runstate_info *to);

/* Writes the copy at runstate_area anew, or as much of it as can be written. The vcpu whose state
 * is loaded. */
void vcpu_runstate_publish(struct vcpu *v);

/* On the way out to a guest: let the vcpu that should run be the one whose registers are in this
 * CPU's frame; waits for one if there is none. */
void sched_choose(void);

/* Where each CPU goes when it is ready to run guests, and it has timers. */
NORETURN void sched_cpu_run(void);

/* Is @v what a CPU has for current when it has nobody? It belongs to domain DOMID_IDLE. */
bool vcpu_is_idle(const struct vcpu *v);

/*
 * What a controller sets (hypercalls/), with Xen's errors. NULL: as it is. The soft affinity only
 * says where a vcpu would rather run.
 * -EINVAL: no CPU of @hard is in its pool. -EBUSY: SCHEDOP_pin_override holds it somewhere.
 */
int vcpu_affinity_set(struct vcpu *v, const struct cpu_set *hard, const struct cpu_set *soft);
void vcpu_affinity_get(const struct vcpu *v, struct cpu_set *hard, struct cpu_set *soft);

/* SCHEDOP_pin_override: only CPU @cpu, whatever the affinity; negative: as it was. -EBUSY: it is
 * held already. -EINVAL: it is not, or there is no such CPU in
 * its pool. */
int vcpu_pin(struct vcpu *v, s32 cpu);

/* May it run on one CPU only? */
bool vcpu_is_pinned(const struct vcpu *v);

/* What the toolstack is told, whatever the policy: all take this one's parameters. And what the
 * policy is called. */
#define SCHED_ID XEN_SCHEDULER_CREDIT
const char *sched_name(void);

/* ns that CPU @cpu had nobody to run, since it began. */
u64 sched_idle_ns(u32 cpu);

/* sched=NAME: NULL, or which names there are. */
const char *sched_choose_policy(const char *name);

/* For the debug key: each CPU, who runs, who waits. */
void sched_report(void);

#endif
