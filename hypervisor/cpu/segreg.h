/* Segment registers, their bases, and CR0.TS: single instructions. */
#ifndef HYPERVISOR_CPU_SEGREG_H
#define HYPERVISOR_CPU_SEGREG_H

#include "xen-like/lib/types.h"
#include "hypervisor/cpu/fixup.h"

#define DEFINE_SEGMENT(s)                                                                          \
    static inline u16 read_##s(void)                                                               \
    {                                                                                              \
        u16 v;                                                                                     \
        __asm__ volatile("mov %%" #s ", %0" : "=r"(v));                                            \
        return v;                                                                                  \
    }
DEFINE_SEGMENT(ds)
DEFINE_SEGMENT(es)
DEFINE_SEGMENT(fs)
DEFINE_SEGMENT(gs)
#undef DEFINE_SEGMENT

/* Exchange the GS base in use with the one in MSR_KERNEL_GS_BASE. */
static inline void swapgs(void)
{
    __asm__ volatile("swapgs" ::: "memory");
}

static inline void clear_ts(void)
{
    __asm__ volatile("clts" ::: "memory");
}

/* Load a data segment register from a guest's selector; false when the CPU refuses that: then it
 * holds null. */
#define DEFINE_LOAD(s)                                                                             \
    static inline bool load_##s(u16 selector)                                                      \
    {                                                                                              \
        asm goto("1: mov %0, %%" #s FIXUP(fault) : : "r"(selector) : "memory" : fault);            \
        return true;                                                                               \
    fault:                                                                                         \
        asm volatile("mov %0, %%" #s : : "r"(0) : "memory");                                       \
        return false;                                                                              \
    }
DEFINE_LOAD(ds)
DEFINE_LOAD(es)
DEFINE_LOAD(fs)
DEFINE_LOAD(gs)
#undef DEFINE_LOAD

#endif
