/*
 * What each vcpu has of its own. The boot vcpu's is static; others come with vcpu_start
 * (sched/smp.h). `vcpu_self()` is the one that asks: found by GS once there is a second,
 * and without GS as long as there is not, so that a guest of one vcpu may play with GS.
 *
 * A thread never changes its vcpu: an answer of vcpu_self stays true for as long as it is used.
 */
#ifndef GUEST_KERNEL_CORE_VCPU_H
#define GUEST_KERNEL_CORE_VCPU_H

#include "guest-kernel/core/guest.h"
#include "xen-like/lib/list.h"

struct fault_scope;
struct fifo_queues;
struct run_queue;
struct thread;

struct vcpu {
    struct vcpu *self; /* what GS reads */
    unsigned int id;
    struct vcpu_info *info;     /* shared with the hypervisor */
    struct fault_scope *faults; /* calls of fault_catch under way in the thread that runs */
    struct fifo_queues *fifo;   /* event/fifo.c, when that form is in use */
    struct run_queue *run;      /* sched/thread.c, when threads are in use */
    struct thread *thread;      /* the one that runs */
    void *stack;                /* NULL for the boot vcpu */
    void (*start)(void *arg);   /* what vcpu_start was given */
    void *start_arg;
    struct thread *down; /* xenbus/resources.c: it is down by this one's call */
    struct list link;    /* in vcpu_list */
};

extern struct vcpu vcpu_boot;
extern bool vcpu_others; /* a second vcpu was started: GS is in use */

/* All that were started, the boot vcpu first. Entries are added, never removed. */
extern struct list vcpu_list;

static inline struct vcpu *vcpu_self(void)
{
    struct vcpu *self;

    if (!vcpu_others)
        return &vcpu_boot;
    asm volatile("mov %%gs:%c1, %0" : "=r"(self) : "i"(offsetof(struct vcpu, self)));
    return self;
}

/* NULL if it was never started. */
struct vcpu *vcpu_find(unsigned int id);

#endif
