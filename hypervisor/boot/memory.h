/*
 * Memory during boot: pages for what must exist before the frame allocator does, and the handing
 * over of everything else to it.
 */
#ifndef HYPERVISOR_BOOT_MEMORY_H
#define HYPERVISOR_BOOT_MEMORY_H

#include "hypervisor/boot/multiboot2.h"
#include "hypervisor/mm/types.h"

#define INVALID_M2P_ENTRY   (~0UL) /* Xen's values, which guests know: no pfn of anybody */
#define INVALID_M2P32_ENTRY 0xffffffffUL

/*
 * The machine-to-phys table as the hypervisor writes it (direct map); guests read the same memory
 * at M2P_VIRT_START. One u64 per frame below m2p_frames, INVALID_M2P_ENTRY until somebody sets it.
 * m2p_frames is also how many entries the frame table has room for: every RAM frame is below it.
 */
extern u64 *m2p;
extern u64 m2p_frames;

/* The same with entries of 32 bits, which 32-bit guests see (mm/pae.h), for the frames that these
 * may have: those below m2p32_frames. */
extern u32 *m2p32;
extern u64 m2p32_frames;

/* The frame @m, below m2p_frames, is its owner's @pfn. What is no pfn of a 32-bit guest is none in
 * their table. */
static inline void m2p_set(mfn_t m, u64 pfn)
{
    m2p[m.n] = pfn;
    if (likely(m.n < m2p32_frames))
        m2p32[m.n] = (u32)MIN(pfn, INVALID_M2P32_ENTRY);
}

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
