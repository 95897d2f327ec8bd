/*
 * A lock between vcpus. It is held with upcalls masked, so that no upcall on the same vcpu finds it
 * taken by whom it interrupted. Who waits gives the CPU away instead of spinning: the holder may be
 * a vcpu that is not running, and then it is our time slice that keeps it from releasing the lock.
 */
#ifndef GUEST_KERNEL_CORE_LOCK_H
#define GUEST_KERNEL_CORE_LOCK_H

#include "guest-kernel/event/upcall.h"

struct lock {
    u32 held;
};

/* Answers what lock_release wants. */
static inline bool lock_take(struct lock *lock)
{
    bool open = upcalls_mask();

    while (__atomic_exchange_n(&lock->held, 1, __ATOMIC_ACQUIRE)) {
        call_sched_op(SCHEDOP_yield, NULL);
        __builtin_ia32_pause(); /* who has a CPU of his own has nobody to yield to */
    }
    return open;
}

static inline void lock_release(struct lock *lock, bool open)
{
    __atomic_store_n(&lock->held, 0, __ATOMIC_RELEASE);
    upcalls_restore(open);
}

#endif
