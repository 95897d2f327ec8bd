/*
 * Fork: the child gets the parent's pages without copying one. Two batches do it, one for each
 * side:
 *
 *   parent  its address space is in force, so its entries are named by address: a multicall of
 *           update_va_mapping takes the right to write away, and flushes the TLB once at its end
 *   child   its tables are nobody's yet, so its entries are named by machine address: batches of
 *           mmu_update write them
 *
 * The parent loses its right before anyone can run, so from then on whoever writes first faults,
 * and space_fault makes the copy.
 */
#include "guest-kernel/mini/address_space.h"
#include "guest-kernel/mini/space_tables.h"
#include "guest-kernel/mm/frame.h"

struct fork {
    struct address_space *child, *parent;
    struct va_batch protect; /* for the parent */
    struct mmu_batch share;  /* for the child */
};

static void page_fork(struct fork *fork, struct region *region, u64 page)
{
    u64 pte = table_lookup(fork->parent->kernel_root, page);
    mfn_t mfn = pte_mfn(pte);

    if (!(pte & PTE_PRESENT))
        return; /* never touched: the child fills in its own when it does */
    if (pte & PTE_WRITE)
        va_batch_add(&fork->protect, (void *)(unsigned long)page, pte_make(mfn, PTE_READ_ONLY));
    mmu_batch_add(&fork->share, table_reach(fork->child->kernel_root, page),
                  pte_make(mfn, PTE_READ_ONLY));
    frame_share(mfn_to_pfn(mfn));
    region->shared++;
}

static void region_fork(struct fork *fork, enum region_kind kind)
{
    struct region *parent = &fork->parent->regions[kind];
    struct region *child = &fork->child->regions[kind];

    *child = (struct region){.start = parent->start,
                             .end = parent->end,
                             .content = parent->content,
                             .content_size = parent->content_size};
    for (u64 page = parent->start; page < parent->end; page += PAGE_SIZE)
        page_fork(fork, parent, page);
}

void space_fork(struct address_space *child, struct address_space *parent)
{
    struct fork fork = {.child = child, .parent = parent};

    space_tables_make(child);
    for (enum region_kind kind = 0; kind < REGION_COUNT; kind++)
        region_fork(&fork, kind);
    va_batch_flush(&fork.protect);
    mmu_batch_flush(&fork.share);
}
