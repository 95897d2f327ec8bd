/* A day's date from the seconds since 1970, by the rules of the Gregorian calendar, in UTC. */
#ifndef GUEST_KERNEL_TIME_CALENDAR_H
#define GUEST_KERNEL_TIME_CALENDAR_H

#include "xen-like/lib/types.h"

struct calendar {
    unsigned int year, month, day, hour, minute, second;
};

struct calendar calendar_of(u64 seconds);

#endif
