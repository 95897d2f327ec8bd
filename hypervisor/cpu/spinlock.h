/*
 * Spinlocks, for short sections. Order and users: docs/locking.md.
 *
 * A debug build remembers who holds a lock, as the window of stacks (percpu.h) that it was taken
 * on, and stops the machine when a CPU takes a lock that it holds already or lets go of one that it
 * does not.
 */
#ifndef HYPERVISOR_CPU_SPINLOCK_H
#define HYPERVISOR_CPU_SPINLOCK_H

#include "hypervisor/debug/bug.h"
#include "hypervisor/mm/layout.h"
#include "xen-like/lib/types.h"

struct spinlock {
    u32 held;
#ifdef DEBUG
    u64 holder;
#endif
};

#ifdef DEBUG
static inline u64 spin_holder_self(void)
{
    return (u64)__builtin_frame_address(0) & ~(PERCPU_AREA_BYTES - 1);
}
#endif

static inline void spin_lock(struct spinlock *l)
{
#ifdef DEBUG
    BUG_ON(ACCESS_ONCE(l->held) && ACCESS_ONCE(l->holder) == spin_holder_self());
#endif
    while (__atomic_exchange_n(&l->held, 1, __ATOMIC_ACQUIRE))
        while (ACCESS_ONCE(l->held))
            __builtin_ia32_pause();
#ifdef DEBUG
    l->holder = spin_holder_self();
#endif
}

static inline void spin_unlock(struct spinlock *l)
{
#ifdef DEBUG
    BUG_ON(!l->held || l->holder != spin_holder_self());
#endif
    __atomic_store_n(&l->held, 0, __ATOMIC_RELEASE);
}

#endif
