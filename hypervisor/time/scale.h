/*
 * From ticks of one counter to those of another, by the ABI's rule for the TSC (public/xen.h,
 * struct vcpu_time_info): (ticks << shift) * mul / 2^32, where a negative shift goes to the right.
 * @mul fills its 32 bits, so a rate is right to less than a part in a thousand million.
 */
#ifndef HYPERVISOR_TIME_SCALE_H
#define HYPERVISOR_TIME_SCALE_H

#include "xen-like/lib/types.h"

#define NS_PER_S  1000000000UL
#define NS_PER_MS 1000000UL

struct time_scale {
    u32 mul;
    s8 shift;
};

/* @from ticks of the one are @to of the other. Neither is 0; both are below 2^62, and the ratio is
 * between 2^-30 and 2^30. */
static inline struct time_scale time_scale_make(u64 from, u64 to)
{
    struct time_scale s = {0, 0};
    u64 quotient, rest;

    for (; to >= from; s.shift++)
        from <<= 1;
    for (; to < from - to; s.shift--)
        to <<= 1;
    __asm__("divq %4" : "=a"(quotient), "=d"(rest) : "a"(to << 32), "d"(to >> 32), "r"(from));
    s.mul = (u32)quotient;
    return s;
}

/* Rounds down. No overflow while the result is below 2^62. */
static inline u64 time_scale_apply(struct time_scale s, u64 ticks)
{
    ticks = s.shift < 0 ? ticks >> -s.shift : ticks << s.shift;
    return (u64)((unsigned __int128)ticks * s.mul >> 32);
}

#endif
