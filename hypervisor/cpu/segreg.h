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

/* Load GS from a guest's selector; false when the CPU refuses it (GS unchanged). */
static inline bool load_gs(u16 selector)
{
    asm goto("1: mov %0, %%gs" FIXUP(fault) : : "r"(selector) : "memory" : fault);
    return true;
fault:
    return false;
}

#endif
