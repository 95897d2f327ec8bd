/*
 * System time: nanoseconds since the boot, the same on all CPUs, never going back. It is what
 * guests compute from their vcpu_time_info (public/xen.h), and what timers are set in.
 */
#ifndef HYPERVISOR_TIME_CLOCK_H
#define HYPERVISOR_TIME_CLOCK_H

#include "xen-like/abi/xen.h"
#include "hypervisor/time/scale.h"

/* How system time comes from the TSC until the next correction. */
struct clock {
    u64 tsc, ns; /* a moment; and from there on */
    struct time_scale scale;
};

/* Now. No lock; a few instructions. 0 before time_init(). */
u64 now_ns(void);

/* Ticks of the TSC in a second, in thousands. */
u32 clock_khz(void);

/* The clock as it is. Both answer how often it has been corrected: another number, another clock.
 */
u32 clock_read(struct clock *c);
u32 clock_version(void);

/* The vcpu that this CPU has loaded, if any, learns of the last correction. */
void time_tell_guest(void);

/* Find out how fast the TSC runs, and what time of day it is; let this CPU have timers. After the
 * APIC and ACPI tables. */
void time_init(void);

#endif
