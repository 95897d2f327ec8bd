/*
 * System time: nanoseconds since the boot, the same on all CPUs, never going back. It is what
 * guests compute from their vcpu_time_info (public/xen.h), and what timers are set in.
 */
#ifndef HYPERVISOR_TIME_CLOCK_H
#define HYPERVISOR_TIME_CLOCK_H

#include "xen-like/lib/types.h"

struct vcpu;

/* Now. No lock; a few instructions. 0 before time_init(). */
u64 now_ns(void);

/* Find out how fast the TSC runs, and what time of day it is. After the APIC and ACPI tables. */
void time_init(void);

/* Write @v's time record (and the one that it registered) anew: when it begins to run on a CPU. */
void vcpu_time_publish(struct vcpu *v);

#endif
