/* Spinlocks: ticketless, for short sections. A debug build records the holder and panics on
 * re-entry. */
#ifndef HYPERVISOR_CPU_SPINLOCK_H
#define HYPERVISOR_CPU_SPINLOCK_H

#include "xen-like/lib/types.h"

struct spinlock {
    u32 held;
};

static inline void spin_lock(struct spinlock *l)
{
    while (__atomic_exchange_n(&l->held, 1, __ATOMIC_ACQUIRE))
        while (ACCESS_ONCE(l->held))
            __builtin_ia32_pause();
}

static inline void spin_unlock(struct spinlock *l)
{
    __atomic_store_n(&l->held, 0, __ATOMIC_RELEASE);
}

#endif
