/*
 * The tables of an address space, from the first root to the last freed frame.
 *
 * The roots are pinned while there is still nothing below them: from then on every table that is
 * hooked in is validated at once, and no later switch has to. The end goes the other way: unpinning
 * the roots lets go of all tables below (the hypervisor walks them down), and only then may their
 * frames be written or freed.
 */
#include "guest-kernel/mini/space_tables.h"
#include "guest-kernel/core/guest.h"
#include "guest-kernel/mm/frame.h"

#define PROCESS_SLOT 0 /* of the root: where a process lives */

static void root_pin(mfn_t root)
{
    long answer = table_pin(root, PT_LEVELS);

    if (answer)
        guest_panic("a root cannot be pinned: error %ld", answer);
}

void space_tables_make(struct address_space *space)
{
    struct mmu_batch batch = {0};
    u64 entry = pte_make_table(table_new(), PT_LEVELS);

    space->kernel_root = table_new_kernel_root();
    root_pin(space->kernel_root);
    mmu_batch_add(&batch, table_entry_address(space->kernel_root, PROCESS_SLOT), entry);
    if (HAS_USER_ROOTS) {
        space->user_root = table_new();
        root_pin(space->user_root);
        mmu_batch_add(&batch, table_entry_address(space->user_root, PROCESS_SLOT), entry);
    }
    mmu_batch_flush(&batch);
}

/* Frees a table of a level and everything below it. Called for few levels, so it may recurse. */
static void tree_free(mfn_t table, unsigned int level)
{
    const u64 *entries = table_entries(table);

    for (unsigned int i = 0; i < PT_ENTRIES; i++) {
        if (!(entries[i] & PTE_PRESENT))
            continue;
        if (level > 1)
            tree_free(pte_mfn(entries[i]), level - 1);
        else
            frame_free(mfn_to_pfn(pte_mfn(entries[i])));
    }
    table_free(table);
}

void space_tables_free(struct address_space *space)
{
    mfn_t top = pte_mfn(table_entries(space->kernel_root)[PROCESS_SLOT]);

    if (table_unpin(space->kernel_root) || (HAS_USER_ROOTS && table_unpin(space->user_root)))
        guest_panic("a root cannot be unpinned");
    tree_free(top, PT_LEVELS - 1);
    table_free_kernel_root(space->kernel_root);
    if (HAS_USER_ROOTS)
        table_free(space->user_root);
}
