/*
 * Reading a clock without asking: the hypervisor writes into a page that we share, "at TSC value T
 * it was N nanoseconds", and how many nanoseconds a tick is. The rest is arithmetic, and no
 * hypercall.
 *
 * The hypervisor writes again now and then (the vcpu moved to another CPU, the rate was corrected),
 * perhaps just while we read. So it makes `version` odd before and even after, and a reader tries
 * until it has seen the same even number before and after. Between two such writes the TSC alone
 * moves time on.
 *
 * Two CPUs' answers may differ by a little, unless the hypervisor vouches for their TSCs
 * (XEN_PVCLOCK_TSC_STABLE_BIT). A clock that goes backwards when a thread looks at another vcpu's
 * stamp breaks things: so time_now_ns answers the latest that anybody has seen.
 */
#include "guest-kernel/time/clock.h"
#include "guest-kernel/event/upcall.h"

u64 tsc_read(void)
{
    u32 low, high;

    /* lfence: or the CPU would read the TSC before the words that it has to fit to. */
    asm volatile("lfence\n\trdtsc" : "=a"(low), "=d"(high)::"memory");
    return (u64)high << 32 | low;
}

/* ticks * 2^shift * mul / 2^32: 64 bits by 32 may need 96, so it is computed by halves. */
u64 time_scale(const volatile struct vcpu_time_info *time, u64 ticks)
{
    s8 shift = time->tsc_shift;
    u64 mul = time->tsc_to_system_mul;

    ticks = shift >= 0 ? ticks << shift : ticks >> -shift;
    return (ticks >> 32) * mul + ((u32)ticks * mul >> 32);
}

u64 time_read(const volatile struct vcpu_time_info *time)
{
    u32 version;
    u64 now;

    do {
        version = time->version & ~1u; /* odd: cannot be equal below */
        compiler_barrier();            /* the CPU keeps loads in order by itself */
        now = time->system_time + time_scale(time, tsc_read() - time->tsc_timestamp);
        compiler_barrier();
    } while (time->version != version);
    return now;
}

u64 time_local_ns(void)
{
    return time_read(&vcpu_self()->info->time);
}

u64 time_now_ns(void)
{
    static u64 latest;
    u64 now = time_local_ns(), seen;

    if (vcpu_self()->info->time.flags & XEN_PVCLOCK_TSC_STABLE_BIT || !vcpu_others)
        return now;
    seen = __atomic_load_n(&latest, __ATOMIC_RELAXED); /* in 32 bits, too: no halves of two times */
    do {
        if (now <= seen)
            return seen;
    } while (!__atomic_compare_exchange_n(&latest, &seen, now, false, __ATOMIC_RELAXED,
                                          __ATOMIC_RELAXED));
    return now;
}

u64 time_wall_base_ns(void)
{
    const volatile struct shared_info *shared = shared_info;
    u64 seconds, ns;
    u32 version;

    do {
        version = shared->wc_version & ~1u;
        compiler_barrier();
        seconds = (u64)shared->WALL_SECONDS_HIGH << 32 | shared->wc_sec;
        ns = shared->wc_nsec;
        compiler_barrier();
    } while (shared->wc_version != version);
    return seconds * NS_PER_SECOND + ns;
}

u64 time_wall_ns(void)
{
    return time_wall_base_ns() + time_now_ns();
}

u64 tsc_frequency(void)
{
    const struct vcpu_time_info *time = &vcpu_self()->info->time;
    u64 hz = (NS_PER_SECOND << 32) / time->tsc_to_system_mul;

    return time->tsc_shift >= 0 ? hz >> time->tsc_shift : hz << -time->tsc_shift;
}

void time_spin_ns(u64 span)
{
    u64 end = time_now_ns() + span;

    while (time_now_ns() < end)
        asm volatile("pause");
}
