/*
 * What the parts of this test share. Each width has its own of registers that calls preserve, of
 * segments, and of vector registers.
 */
#ifndef TESTS_GUESTS_VCPU_SWITCH_H
#define TESTS_GUESTS_VCPU_SWITCH_H

#include "tests/guests/vcpus.h"

/* Descriptors that each vcpu has of its own. */
#define SELECTOR     (5u << 3 | 3)
#define LDT_SELECTOR (3u << 3 | 7)

#ifdef __x86_64__
#define HAS_BASES true /* segments whose bases have calls and MSRs */
#define VECTORS   16u
#define XSAVE     "xsave64"
#define XRSTOR    "xrstor64"
#else
#define HAS_BASES false
#define VECTORS   8u
#define XSAVE     "xsave"
#define XRSTOR    "xrstor"
#endif

enum kind {
    GENERAL,
    GDT,
    LDT,
    SELECTORS,
    TSC_AUX,
    LEGACY_STATE,
    YMM_STATE,
    XCR0,
    TS,
    CR4,
    ADDRESSES,
    CONTROL,
    TABLES,
    BASES,
    FS_BASE = BASES,
    GS_BASE,
    GS_USER,
    KINDS
};

void check(u64 id, enum kind kind, bool right);

/* Something of a vcpu's own. */
static inline unsigned long value(u64 id, u64 what)
{
    return (unsigned long)((HAS_BASES ? 0x111111110000ull : 0x11110000) * (id + 1) + 0x1000 * what);
}

static inline u64 rdmsr(u32 msr)
{
    u32 low, high;

    asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return (u64)high << 32 | low;
}

static inline void wrmsr(u32 msr, u64 v)
{
    asm volatile("wrmsr" ::"a"((u32)v), "d"((u32)(v >> 32)), "c"(msr));
}

/* SCHEDOP_yield with something in the registers that calls preserve. */
void yield_and_check(u64 id, u64 round);

void segments_set(u64 id);
void segments_check(u64 id);

/* What the runtime's own handlers do not give back. */
void segments_after_trap(u64 id);

#endif
