/* What time of day it is: read from the machine's clock once, then system time carries it on. */
#ifndef HYPERVISOR_TIME_WALLCLOCK_H
#define HYPERVISOR_TIME_WALLCLOCK_H

#include "xen-like/lib/types.h"

struct domain;

/* What the registers of the CMOS clock showed. */
struct rtc {
    u8 second, minute, hour, day, month, year, century, control;
};

/* Seconds since 1970 of what the clock shows; 0 when it shows nothing that could be a date.
 * A @century of 0: there is no such register, and years before 70 are of the 21st. */
u64 rtc_decode(const struct rtc *r);

/* Read the machine's clock. After its time. */
void wallclock_init(void);

/* When system time was @system ns, it was @seconds and @ns after 1970 began. All domains see it. */
void wallclock_set(u64 seconds, u32 ns, u64 system);

/* Write it to the shared page of @d. */
void wallclock_publish(struct domain *d);

#endif
