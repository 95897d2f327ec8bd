/*
 * The direct map: every frame of the domain has an address, DIRECT_MAP_START + pfn * PAGE_SIZE, so
 * that the kernel can reach any frame by arithmetic. (In 32 bits there is room for
 * DIRECT_MAP_FRAMES only; what the domain has above that is never used.)
 *
 * Invariant: a frame is writable there unless it is a page table, and a free frame is mapped
 * nowhere else. (The kernel's image, start_info and the like also keep the addresses they were
 * loaded at.)
 */
#ifndef GUEST_KERNEL_MM_DIRECT_MAP_H
#define GUEST_KERNEL_MM_DIRECT_MAP_H

#include "guest-kernel/mm/pte.h"

static inline void *pfn_to_virt(pfn_t pfn)
{
    return (void *)(DIRECT_MAP_START + (unsigned long)(pfn.n << PAGE_SHIFT));
}

static inline void *mfn_to_virt(mfn_t mfn)
{
    return pfn_to_virt(mfn_to_pfn(mfn));
}

/* For addresses in the direct map and in the kernel's image. */
pfn_t virt_to_pfn(const void *address);

static inline mfn_t virt_to_mfn(const void *address)
{
    return pfn_to_mfn(virt_to_pfn(address));
}

/* How many frames have an address. */
static inline u64 direct_map_frames(void)
{
    return MIN(start_info->nr_pages, DIRECT_MAP_FRAMES);
}

/* Builds the map. Returns the first frame that nothing uses: all from there on are free. */
pfn_t direct_map_init(void);

#endif
