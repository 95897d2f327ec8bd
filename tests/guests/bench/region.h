/*
 * A piece of address space to try page tables on: its level 1 table is hooked into the boot root,
 * and maps the first set of test frames, writable.
 */
#ifndef TESTS_GUESTS_BENCH_REGION_H
#define TESTS_GUESTS_BENCH_REGION_H

#include "guest-kernel/mm/page_table.h"

#define REGION_START                                                                               \
    0x10000000000ull /* its root slot is its own; the 2 MiB behind it are empty                    \
                      */

/* Entries of test frames, two sets: entry i of a table can hold frame_entry(0, i) or (1, i). */
u64 frame_entry(unsigned int set, unsigned int index);

/* Machine address of entry i of the region's table. Makes the region when first asked. */
u64 region_entry(unsigned int index);

static inline void *region_page(unsigned int index)
{
    return (void *)(uintptr_t)(REGION_START + (u64)index * PAGE_SIZE);
}

/* A frame fit to become a table, all of its entries set to what fill says; no fill: all empty. */
mfn_t table_new_filled(u64 (*fill)(unsigned int index));
u64 fill_with_frames(unsigned int index);

/* One request of mmu_update. */
long entry_write(u64 entry, u64 value);

#endif
