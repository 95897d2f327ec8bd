/*
 * Memory during boot: pages for what must exist before the frame allocator does, and the handing
 * over of everything else to it.
 */
#ifndef HYPERVISOR_BOOT_MEMORY_H
#define HYPERVISOR_BOOT_MEMORY_H

#include "hypervisor/boot/multiboot2.h"
#include "hypervisor/mm/types.h"

#define INVALID_M2P_ENTRY (~0UL) /* Xen's value, which guests know: no pfn of anybody */

/*
 * The machine-to-phys table as the hypervisor writes it (direct map); guests read the same memory
 * at M2P_VIRT_START. One u64 per frame below m2p_frames, INVALID_M2P_ENTRY until somebody sets it.
 * m2p_frames is also how many entries the frame table has room for: every RAM frame is below it.
 */
extern u64 *m2p;
extern u64 m2p_frames;

/*
 * Build the final address space and leave the first one: image, direct map, M2P and frame table
 * (all zero). Panics when memory is too small. Needs features_init() to have run. Boot CPU only.
 */
void memory_init(const struct boot_info *info);

/*
 * n zeroed pages in one piece, the first frame a multiple of align (a power of two). Panics when
 * there is no such memory, or after boot_free_ranges(): from then on the frame allocator has it.
 */
mfn_t boot_alloc_pages(u64 n, u64 align);

/* Give all free memory away, in ranges of frames [start, end); boot_alloc_pages() ends here. */
void boot_free_ranges(void (*give)(mfn_t start, mfn_t end));

/* Give the memory of the boot modules away, once nobody reads them any more. To be called once,
 * after boot_free_ranges(). */
void boot_release_modules(void (*give)(mfn_t start, mfn_t end));

/* Frames of RAM in the machine, whatever they are used for. */
u64 memory_ram_frames(void);

#endif
