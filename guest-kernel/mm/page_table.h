/*
 * Page tables of one's own: making tables, walking them, hooking them together, pinning a finished
 * tree and switching to it.
 *
 * A table is a frame that the hypervisor has accepted as one. It is never written with a plain
 * store: every change is a request. A kernel page table maps the kernel at the top and may map a
 * process below USER_END. In 64 bits a process has a second root, the user page table, without the
 * kernel, that shares the tables below.
 */
#ifndef GUEST_KERNEL_MM_PAGE_TABLE_H
#define GUEST_KERNEL_MM_PAGE_TABLE_H

#include "guest-kernel/mm/batch.h"
#include "guest-kernel/mm/direct_map.h"
#include "guest-kernel/mm/pte.h"

/* A frame of zeros, read-only for us, fit to become a table; and back to an ordinary free frame. */
mfn_t table_new(void);
void table_free(mfn_t table);

/* A new root with the kernel's part of the address space in it; and no root any more. */
mfn_t table_new_kernel_root(void);
void table_free_kernel_root(mfn_t root);

/* Whether the frame may be written in the direct map: PTE_KERNEL_READ_ONLY or _READ_WRITE. */
void frame_protect(pfn_t pfn, u64 flags);

/* Entries of a table, for reading. */
const u64 *table_entries(mfn_t table);

/* The machine address of an entry. */
u64 table_entry_address(mfn_t table, unsigned int index);

/*
 * Finds the entry of `level` on the way to va. Returns its machine address, or 0 if the way ends
 * above (an entry that is not present).
 */
u64 table_walk(mfn_t root, u64 va, unsigned int level);

/* The same for level 1, making the missing tables on the way. */
u64 table_reach(mfn_t root, u64 va);

/* The value of the level 1 entry for va; 0 if there is no way to it. */
u64 table_lookup(mfn_t root, u64 va);

/* Pinned, a tree stays validated while no root register points to it. level: 1 to PT_LEVELS. */
long table_pin(mfn_t table, unsigned int level);
long table_unpin(mfn_t table);

/* The root made by the loader, with the direct map in it. */
mfn_t table_boot_root(void);

/* Makes kernel the root in force, and user the root for user mode (n = 0: none, as
 * always in 32 bits). */
void table_switch(mfn_t kernel, mfn_t user);

#endif
