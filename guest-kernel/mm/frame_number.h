/*
 * Two ways to number memory. A pfn counts the frames of this domain, 0 to nr_pages - 1, without
 * gaps: what the kernel thinks in. An mfn is a frame of the machine: what page tables must hold,
 * since nothing translates between them and the CPU. The hypervisor gives each kernel the list pfn
 * -> mfn; the list mfn -> pfn it keeps itself and lets everyone read.
 *
 * They are different types, so that mixing them does not compile.
 */
#ifndef GUEST_KERNEL_MM_FRAME_NUMBER_H
#define GUEST_KERNEL_MM_FRAME_NUMBER_H

#include "guest-kernel/core/guest.h"

typedef struct {
    u64 n;
} pfn_t;

typedef struct {
    u64 n;
} mfn_t;

static inline mfn_t pfn_to_mfn(pfn_t pfn)
{
    return (mfn_t){((const unsigned long *)start_info->mfn_list)[pfn.n]};
}

/* Meaningful for frames of this domain only. */
static inline pfn_t mfn_to_pfn(mfn_t mfn)
{
    return (pfn_t){machine_to_phys_mapping[mfn.n]};
}

static inline u64 mfn_to_address(mfn_t mfn)
{
    return mfn.n << PAGE_SHIFT;
}

#endif
