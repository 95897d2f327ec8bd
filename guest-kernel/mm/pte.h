/*
 * Page-table entries. The bits are the CPU's, the frame number is the machine's; the hypervisor
 * adds PTE_USER by itself in 64-bit guests, because their kernel runs in ring 3 too.
 */
#ifndef GUEST_KERNEL_MM_PTE_H
#define GUEST_KERNEL_MM_PTE_H

#include "guest-kernel/mm/frame_number.h"

#define PTE_PRESENT  0x1ull
#define PTE_WRITE    0x2ull
#define PTE_USER     0x4ull
#define PTE_ACCESSED 0x20ull
#define PTE_DIRTY    0x40ull
#define PTE_NX       (1ull << 63)

#define PTE_ADDRESS_MASK 0x000ffffffffff000ull

/* What this kernel puts into the entries of its tables. */
#define PTE_READ_ONLY  (PTE_PRESENT | PTE_USER | PTE_ACCESSED)
#define PTE_READ_WRITE (PTE_READ_ONLY | PTE_WRITE | PTE_DIRTY)
#define PTE_TABLE      (PTE_PRESENT | PTE_USER | PTE_ACCESSED | PTE_WRITE)

#define PT_ENTRIES 512u
#define PT_LEVELS  4u

static inline u64 pte_make(mfn_t mfn, u64 flags)
{
    return mfn_to_address(mfn) | flags;
}

static inline mfn_t pte_mfn(u64 pte)
{
    return (mfn_t){(pte & PTE_ADDRESS_MASK) >> PAGE_SHIFT};
}

/* The index of an address in its table of a level (1: the table that maps pages, 4: the root). */
static inline unsigned int pt_index(u64 va, unsigned int level)
{
    return (va >> (PAGE_SHIFT + 9 * (level - 1))) % PT_ENTRIES;
}

#endif
