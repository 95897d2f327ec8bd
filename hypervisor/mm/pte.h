/*
 * Page-table entries: the bits, and which of them a guest may set at which level.
 *
 * All four levels share one shape (Intel SDM vol. 3, 4.5): flags in bits 0-11 and 52-63, a frame
 * number between. The hypervisor adds one software bit of its own, as Xen does: a 64-bit guest's
 * kernel runs in ring 3 like its user space, so every present entry gets the user bit, and
 * PTE_GUEST_KERNEL remembers that the guest had not asked for it.
 */
#ifndef HYPERVISOR_MM_PTE_H
#define HYPERVISOR_MM_PTE_H

#include "hypervisor/mm/types.h"

#define PTE_P   (1UL << 0)
#define PTE_RW  (1UL << 1)
#define PTE_US  (1UL << 2)
#define PTE_PWT (1UL << 3)
#define PTE_PCD (1UL << 4)
#define PTE_A   (1UL << 5)
#define PTE_D   (1UL << 6)
#define PTE_PAT (1UL << 7) /* in an L1 entry */
#define PTE_PSE (1UL << 7) /* in an L2 or L3 entry */
#define PTE_G   (1UL << 8)
#define PTE_AVL (7UL << 9)
#define PTE_NX  (1UL << 63)

#define PTE_GUEST_KERNEL    (1UL << 52)     /* the guest left US clear: a page of its kernel */
#define PTE_AVL_HIGH        (0x7ffUL << 52) /* bits 52-62, ignored by the CPU, the guest's to use */
#define PTE_CACHE           (PTE_PWT | PTE_PCD | PTE_PAT)
#define PTE_WRITE_COMBINING PTE_PAT /* of the eight forms the one that is not kept coherent */
#define PTE_ADDR            0x000ffffffffff000UL
#define PTE_FLAGS           (~PTE_ADDR)

/* What a guest may put into a present entry of any level; the rest is refused with -EINVAL. */
#define PTE_GUEST_ANY (PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D | PTE_AVL | PTE_AVL_HIGH | PTE_NX)
#define PTE_BAD       (PTE_FLAGS & ~PTE_GUEST_ANY)
#define L1E_BAD       (PTE_BAD & ~PTE_G)

/* Flags whose change moves no count: the entry keeps its frame and its right to write. */
#define PTE_NEUTRAL (PTE_NX | PTE_AVL_HIGH | PTE_AVL | PTE_G | PTE_D | PTE_A | PTE_US)

#define PT_ENTRIES   512U
#define PT_SHIFT(lv) (12 + 9 * ((lv)-1)) /* address bits below the index of a level-lv table */

static inline mfn_t pte_mfn(u64 e)
{
    return MFN((e & PTE_ADDR) >> PAGE_SHIFT);
}

static inline u64 pte_make(mfn_t m, u64 flags)
{
    return m.n << PAGE_SHIFT | flags;
}

static inline u32 pt_index(u64 va, int level)
{
    return va >> PT_SHIFT(level) & (PT_ENTRIES - 1);
}

#endif
