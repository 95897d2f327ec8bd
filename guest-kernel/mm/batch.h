/*
 * Many page-table updates for one entry into the hypervisor. Two kinds: mmu_batch collects requests
 * of mmu_update, which name an entry by its machine address and so reach any table; va_batch
 * collects update_va_mapping calls in a multicall, which name it by the virtual address that it
 * maps in the address space in force.
 *
 * Start with {0}. Adding to a full batch sends it first; flush sends the rest. A refused update is
 * a mistake of this kernel and ends it.
 */
#ifndef GUEST_KERNEL_MM_BATCH_H
#define GUEST_KERNEL_MM_BATCH_H

#include "xen-like/abi/xen.h"

#define BATCH_MAX 32

struct mmu_batch {
    unsigned int count;
    mmu_update_t requests[BATCH_MAX];
};

/* entry: machine address of the page-table entry. */
void mmu_batch_add(struct mmu_batch *batch, u64 entry, u64 value);
void mmu_batch_flush(struct mmu_batch *batch);

struct va_batch {
    unsigned int count;
    multicall_entry_t calls[BATCH_MAX];
};

/* Sending it flushes the TLB once, with the last call. */
void va_batch_add(struct va_batch *batch, const void *va, u64 pte);
void va_batch_flush(struct va_batch *batch);

#endif
