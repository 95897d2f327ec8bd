/*
 * The time, all in nanoseconds. System time runs from the hypervisor's boot and is what timers are
 * set in; the wallclock runs from 1970 and may be set by the control domain.
 */
#ifndef GUEST_KERNEL_TIME_CLOCK_H
#define GUEST_KERNEL_TIME_CLOCK_H

#include "guest-kernel/core/vcpu.h"

#define NS_PER_SECOND      1000000000ull
#define NS_PER_MILLISECOND 1000000ull
#define NS_PER_MICROSECOND 1000ull

/* System time: never less than any vcpu of this domain has read before. */
u64 time_now_ns(void);

/* System time as the hypervisor tells it to the vcpu that asks: see clock.c. */
u64 time_local_ns(void);

/* The same by any vcpu_time_info (a registered copy, say) and this CPU's TSC. */
u64 time_read(const volatile struct vcpu_time_info *time);

/* Of struct shared_info: where the page had room for them. */
#ifdef __x86_64__
#define WALL_SECONDS_HIGH wc_sec_hi
#else
#define WALL_SECONDS_HIGH arch.wc_sec_hi
#endif

/* Nanoseconds since 1970 at system time 0; now. */
u64 time_wall_base_ns(void);
u64 time_wall_ns(void);

/* The TSC, not earlier than what is read before it in the program. */
u64 tsc_read(void);

/* Ticks as nanoseconds, by the scale in *time. */
u64 time_scale(const volatile struct vcpu_time_info *time, u64 ticks);

/* Ticks in a second, as the scale has it. */
u64 tsc_frequency(void);

/* Computes for so long, by system time, with upcalls as they are. */
void time_spin_ns(u64 span);

#endif
