/*
 * Spinlocks, for short sections. Every lock has a rank: a CPU that holds one takes only locks of a
 * higher rank, so that no two CPUs can wait for each other. Users and reasons: docs/locking.md.
 *
 * A debug build remembers who holds a lock, as the window of stacks (percpu.h) that it was taken
 * on, and which ranks each CPU holds; it stops the machine when a CPU takes a lock that it holds
 * already, takes two in the wrong order, or lets go of one that it does not hold.
 */
#ifndef HYPERVISOR_CPU_SPINLOCK_H
#define HYPERVISOR_CPU_SPINLOCK_H

#include "hypervisor/cpu/smp.h"
#include "hypervisor/debug/bug.h"

enum lock_rank {
    LOCK_DOMCTL,       /* hypercalls/domctl.c, sysctl.c: one operation of a toolstack at a time */
    LOCK_CALL,         /* cpu/smp.c: who has all CPUs do something */
    LOCK_VCPUS,        /* domain.vcpus_lock: vcpus coming up and going down */
    LOCK_TICKS,        /* time/: a vcpu's periodic timer and time record */
    LOCK_LONE,         /* lone/: a lone guest's console and xenstore */
    LOCK_EVENTS,       /* event/: a domain's ports */
    LOCK_INTERCEPT,    /* event/: rules, redirections, and what they hold */
    LOCK_FIFO,         /* event/: a domain's FIFO queues */
    LOCK_SCHED,        /* sched/: a CPU's queue, and the run states of its vcpus */
    LOCK_TIMERS,       /* time/: a CPU's timers */
    LOCK_IRQS,         /* cpu/irq.h: interrupts of devices, and who has them */
    LOCK_GRANTS,       /* grant/: a domain's grant table, or its handles */
    LOCK_DOMAIN_PAGES, /* domain.page_lock */
    LOCK_DOMAINS,      /* domain/list.c: the list of domains */
    LOCK_HEAP,         /* mm/alloc.c */
    LOCK_PORTS,        /* cpu/io_ports.c */
    LOCK_QUIET,        /* cpu/smp.c: who waits for all CPUs to be quiescent */
    LOCK_CONSOLE,      /* debug/console.c: anybody may have something to say */
};

struct spinlock {
    u32 held;
    u32 rank; /* enum lock_rank */
#ifdef DEBUG
    u64 holder;
#endif
};

#define SPINLOCK(r)                                                                                \
    {                                                                                              \
        .rank = (r)                                                                                \
    }

#ifdef DEBUG
static inline u64 spin_holder_self(void)
{
    return (u64)__builtin_frame_address(0) & ~(PERCPU_AREA_BYTES - 1);
}

/* The ranks that this CPU holds; NULL while boot still runs on a stack that belongs to no CPU. */
static inline u32 *spin_ranks_held(void)
{
#ifndef HOST_TEST
    if (spin_holder_self() - PERCPU_VIRT_START >= GDT_VIRT_START - PERCPU_VIRT_START)
        return NULL;
#endif
    return &this_cpu()->lock_ranks;
}

static inline void spin_check_lock(struct spinlock *l)
{
    u32 *ranks = spin_ranks_held();

    BUG_ON(ACCESS_ONCE(l->held) && ACCESS_ONCE(l->holder) == spin_holder_self());
    if (ranks) {
        BUG_ON(*ranks >> l->rank); /* this rank or a higher one is held */
        *ranks |= 1U << l->rank;
    }
}

static inline void spin_check_unlock(struct spinlock *l)
{
    u32 *ranks = spin_ranks_held();

    BUG_ON(!l->held || l->holder != spin_holder_self());
    l->holder = 0; /* before it is let go: the next one's name comes after its lock */
    if (ranks)
        *ranks &= ~(1U << l->rank);
}
#endif

/* Until nobody has the lock. It changes no register, so that who takes a lock has none to save for
 * it. */
#ifdef HOST_TEST
static inline void spin_wait(const struct spinlock *l)
{
    while (ACCESS_ONCE(l->held))
        smp_poll();
}
#else
__attribute__((no_caller_saved_registers)) void spin_wait(const struct spinlock *l);
#endif

static inline void spin_lock(struct spinlock *l)
{
#ifdef DEBUG
    spin_check_lock(l);
#endif
    while (unlikely(__atomic_exchange_n(&l->held, 1, __ATOMIC_ACQUIRE)))
        spin_wait(l);
#ifdef DEBUG
    l->holder = spin_holder_self();
#endif
}

/* Take it if nobody has it. False: somebody has. */
static inline bool spin_trylock(struct spinlock *l)
{
    if (ACCESS_ONCE(l->held) || __atomic_exchange_n(&l->held, 1, __ATOMIC_ACQUIRE))
        return false;
#ifdef DEBUG
    if (spin_ranks_held())
        *spin_ranks_held() |= 1U << l->rank;
    l->holder = spin_holder_self();
#endif
    return true;
}

static inline void spin_unlock(struct spinlock *l)
{
#ifdef DEBUG
    spin_check_unlock(l);
#endif
    __atomic_store_n(&l->held, 0, __ATOMIC_RELEASE);
}

/* Open a lock whoever holds it: for a panic, after which nobody goes on. */
static inline void spin_break(struct spinlock *l)
{
    __atomic_store_n(&l->held, 0, __ATOMIC_RELEASE);
#ifdef DEBUG
    if (spin_ranks_held())
        *spin_ranks_held() = 0;
#endif
}

#endif
