/*
 * Who runs. A vcpu may run when nothing stops it; which of those that may does run, and for how
 * long, is the policy's choice (policy.h); what happens to the vcpus' times meanwhile is kept here
 * (runstate: public/vcpu.h).
 *
 * Nobody is switched away in the middle of anything. Whatever makes another choice due sets
 * WORK_SCHED on the vcpu that runs, and the choice is made when that is on its way out to its guest
 * (domain/exit.c), its registers complete, no lock held. When nobody may run, the CPU waits there,
 * with the last vcpu's state still loaded.
 */
#ifndef HYPERVISOR_SCHED_SCHED_H
#define HYPERVISOR_SCHED_SCHED_H

#include "xen-like/abi/xen.h"

struct vcpu;
struct domain;

/* Why a vcpu does not run: bits of vcpu_sched.stopped, changed atomically. */
#define STOP_BLOCKED 1u /* by itself, until an event comes: vcpu_unblock */
#define STOP_DOWN    2u /* not brought up, or taken down again */

/* Of a vcpu. */
struct vcpu_sched {
    u32 stopped; /* STOP_* */
    bool yields; /* let all others go first, once. current only */
    bool queued; /* in the policy's queue. This and what follows: the lock of the CPU's queue */
    struct vcpu *next;
    u64 until, queued_at;               /* round_robin.c */
    u64 made;                           /* when it was; the times of its states sum up from there */
    struct vcpu_runstate_info runstate; /* ns */
    u64 runstate_area; /* guest address where a copy is kept, 0: none. current only */
};

/* A new vcpu: STOP_DOWN, RUNSTATE_offline since now. */
void sched_vcpu_init(struct vcpu *v);

/* Add or take away reasons. When the last one goes, @v waits for its turn; when the running vcpu
 * gets one, it stops on its way out. No lock of a higher rank may be held than LOCK_SCHED. */
void vcpu_stop(struct vcpu *v, u32 why);
void vcpu_go(struct vcpu *v, u32 why);

/* Something for @v to see has come: an upcall is pending, or a work bit was set (by the caller). It
 * wakes if it is blocked, and looks, wherever it runs. */
void vcpu_kick(struct vcpu *v);

/* The running vcpu lets the others go first. */
void sched_yield(void);

/* How its time went until now, all states summing up to the time since it was made. */
void vcpu_runstate(const struct vcpu *v, struct vcpu_runstate_info *to);

/* Writes the copy at runstate_area anew, or as much of it as can be written. The vcpu whose state
 * is loaded. */
void vcpu_runstate_publish(struct vcpu *v);

/* On the way out to a guest: let the vcpu that should run be the one whose registers are in this
 * CPU's frame; waits for one if there is none. */
void sched_choose(void);

/* The first vcpu of this CPU, chosen but not loaded. */
struct vcpu *sched_first(void);

#endif
