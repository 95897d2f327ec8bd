/* The queue of a vcpu's threads: what thread.c and queue.c have in common. */
#ifndef GUEST_KERNEL_SCHED_QUEUE_H
#define GUEST_KERNEL_SCHED_QUEUE_H

#include "guest-kernel/core/lock.h"
#include "guest-kernel/sched/thread.h"

struct run_queue {
    struct lock lock;
    struct list ready;    /* who runs next is first */
    struct list sleepers; /* who wakes next is first */
    struct thread *idle;  /* in neither list: runs when nobody else can */
    u64 slice, slice_end; /* how long each may run; when who runs now has to give way */
    u64 timer;            /* what the vcpu's timer is set to; 0: not */
    bool must_look;       /* at the end of the upcall: somebody else may have to run */
    u32 wake_port;        /* sent to by other vcpus when they have made a thread ready */
};

/* Gives `vcpu`, the one that calls, a queue, with `first` running on it and `idle` in reserve. */
void queue_start(struct vcpu *vcpu, struct thread *first, struct thread *idle, u64 slice);

/* Upcalls masked: lets the next one run. The caller's state says whether it wants to run again. */
void queue_switch(void);

/* Makes a thread that is in no list ready, its queue's lock held. queue_tell after the release. */
void queue_add(struct thread *thread);
void queue_tell(struct vcpu *vcpu);

void queue_add_sleeper(struct thread *thread);

/* In thread.c: called on the stack of who runs next, with who ran before. */
void thread_switched(struct thread *prev);

#endif
