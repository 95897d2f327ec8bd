/* This CPU's one-shot interrupt, VECTOR_TIMER: by the local APIC's timer, or by its comparison of
 * the TSC where the CPU has that. */
#ifndef HYPERVISOR_TIME_ALARM_H
#define HYPERVISOR_TIME_ALARM_H

#include "xen-like/lib/types.h"

#define ALARM_NEVER (~0UL)

/* Let the timer run down from its highest value, silently, to be measured; and where it is. */
void alarm_measure_start(void);
u32 alarm_measure(void);

/* @ns are @ticks of it, and @tsc of the TSC. Then it can be set. */
void alarm_init(u64 ns, u64 ticks, u64 tsc);

/* So on this CPU too, after the first. */
void alarm_start(void);

/* Interrupt at the system time @due. It may come early: for what is far away, at least once a
 * second. */
void alarm_set(u64 due);

#endif
