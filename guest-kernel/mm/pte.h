/*
 * Page-table entries. The bits are the CPU's, the frame number is the machine's. How many levels
 * there are, and who has which addresses, is each width's own (paging.h).
 */
#ifndef GUEST_KERNEL_MM_PTE_H
#define GUEST_KERNEL_MM_PTE_H

#include "guest-kernel/mm/frame_number.h"

#ifdef __x86_64__
#include "guest-kernel/x86_64/paging.h"
#else
#include "guest-kernel/x86_32/paging.h"
#endif

#define PTE_PRESENT  0x1ull
#define PTE_WRITE    0x2ull
#define PTE_USER     0x4ull
#define PTE_ACCESSED 0x20ull
#define PTE_DIRTY    0x40ull
#define PTE_NX       (1ull << 63)

#define PTE_ADDRESS_MASK 0x000ffffffffff000ull

/* What this kernel puts into the entries of its tables: for a page of a process, for one of its
 * own, for the table below. */
#define PTE_READ_ONLY  (PTE_PRESENT | PTE_USER | PTE_ACCESSED)
#define PTE_READ_WRITE (PTE_READ_ONLY | PTE_WRITE | PTE_DIRTY)
#define PTE_TABLE      (PTE_PRESENT | PTE_USER | PTE_ACCESSED | PTE_WRITE)

#define PTE_KERNEL_READ_ONLY  (PTE_PRESENT | PTE_OF_KERNEL | PTE_ACCESSED)
#define PTE_KERNEL_READ_WRITE (PTE_KERNEL_READ_ONLY | PTE_WRITE | PTE_DIRTY)

#define PT_ENTRIES 512u

static inline u64 pte_make(mfn_t mfn, u64 flags)
{
    return mfn_to_address(mfn) | flags;
}

static inline mfn_t pte_mfn(u64 pte)
{
    return (mfn_t){(pte & PTE_ADDRESS_MASK) >> PAGE_SHIFT};
}

/* An entry of a table of this level that leads to a table. */
static inline u64 pte_make_table(mfn_t table, unsigned int level)
{
    return pte_make(table, level == PT_LEVELS ? PTE_OF_ROOT : PTE_TABLE);
}

/* The index of an address in its table of a level (1: the table that maps pages, PT_LEVELS: the
 * root). */
static inline unsigned int pt_index(u64 va, unsigned int level)
{
    return (va >> (PAGE_SHIFT + 9 * (level - 1))) % PT_ENTRIES;
}

#endif
