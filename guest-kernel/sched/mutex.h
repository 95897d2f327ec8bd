/*
 * A lock for threads: who finds it taken waits and others run. Whoever has waited longest is next;
 * the lock is handed over, so nobody overtakes. Not for handlers of events: those take a lock of
 * core/lock.h.
 */
#ifndef GUEST_KERNEL_SCHED_MUTEX_H
#define GUEST_KERNEL_SCHED_MUTEX_H

#include "guest-kernel/core/lock.h"
#include "guest-kernel/sched/thread.h"

struct mutex {
    struct lock lock;      /* guards the rest */
    struct thread *holder; /* NULL: it is free */
    struct list waiters;
};

/* struct mutex m = MUTEX_INIT(m); */
#define MUTEX_INIT(name)                                                                           \
    {                                                                                              \
        .waiters = LIST_INIT((name).waiters)                                                       \
    }

void mutex_take(struct mutex *mutex);
void mutex_release(struct mutex *mutex);

#endif
