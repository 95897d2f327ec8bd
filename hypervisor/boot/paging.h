/*
 * The hypervisor's own address space: the sixteen L4 slots of the ABI's hole, the same in every
 * guest's tables.
 *
 * Their L3 tables are all made at boot and never change place, so a guest's L4 is filled once by
 * hv_slots_fill() (mm/hv_slots.h) and can never go stale; below the L3s, mappings come and go as
 * needed and are seen by all at once.
 */
#ifndef HYPERVISOR_BOOT_PAGING_H
#define HYPERVISOR_BOOT_PAGING_H

#include "hypervisor/mm/hv_slots.h"
#include "hypervisor/mm/types.h"

/*
 * Map npages 4 KiB pages from mfn on at va (page-aligned, in slots HV_FIRST_SLOT..HV_LAST_SLOT, not
 * mapped so far: BUG otherwise). `flags` are PTE_RW, PTE_US, PTE_NX, PTE_PCD...; present, accessed,
 * dirty and global are added. Large pages are used where both addresses allow. Tables come from
 * boot_alloc_pages() until hv_map_use_allocator(). No TLB flush is needed. Boot CPU, or caller
 * serialises.
 */
void hv_map(u64 va, mfn_t mfn, u64 npages, u64 flags);

/* Device memory [phys, phys + bytes), uncached unless flags say otherwise: a pointer to it. A
 * single page that was mapped so before is not mapped again. Never fails (panics when
 * MMIO_VIRT_START..END is full). */
void *hv_map_mmio(u64 phys, u64 bytes, u64 flags);

/* From now on page tables come from here: a zeroed page, or INVALID_MFN (panic). */
void hv_map_use_allocator(mfn_t (*alloc_table)(void));

/* The entry that maps va and its level (1: 4 KiB, 2: 2 MiB, 3: 1 GiB), or NULL. */
u64 *hv_lookup(u64 va, int *level);

/* For memory_init(): an L4 with all its L3s, nothing mapped. `huge_pages`: the CPU has 1 GiB pages.
 */
void paging_init(bool huge_pages);

/* And the image in it, each section with its rights. */
void paging_map_image(void);

#endif
