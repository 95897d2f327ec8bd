/*
 * The steps about memory: an allocator of frames, a page table of our own, and at the end the proof
 * that everything came back.
 */
#include "guest-kernel/core/fault.h"
#include "guest-kernel/core/guest.h"
#include "guest-kernel/mini/steps.h"
#include "guest-kernel/mm/frame.h"
#include "guest-kernel/mm/page_table.h"
#include "guest-kernel/core/hypercall.h"

#define FRAMES 8
#define HERE   0x10000000ul /* any address in the user half: nothing is mapped there yet */

static u64 free_at_start;

bool step_frames(void)
{
    pfn_t frames[FRAMES];
    bool kept = true;

    free_at_start = frame_free_count();
    for (unsigned int i = 0; i < FRAMES; i++) {
        frames[i] = frame_alloc();
        *(u64 *)pfn_to_virt(frames[i]) = i;
    }
    console_printf("    %" F64 "u frames taken, each written\n",
                   free_at_start - frame_free_count());
    for (unsigned int i = 0; i < FRAMES; i++) {
        kept &= *(u64 *)pfn_to_virt(frames[i]) == i;
        frame_free(frames[i]);
    }
    console_printf("    each kept what was written: %s; all are free again: %s\n",
                   kept ? "yes" : "no", frame_free_count() == free_at_start ? "yes" : "no");
    return kept && frame_free_count() == free_at_start;
}

/* The hypervisor lets nobody write a page table: no mapping allows it, and none is granted. */
static bool root_is_protected(mfn_t root)
{
    void *mapping = mfn_to_virt(root);
    struct fault fault = probe_write(mapping, 0);
    long refused = call_update_va_mapping(mapping, pte_make(root, PTE_KERNEL_READ_WRITE) | PTE_NX,
                                          UVMF_INVLPG);

    console_printf("    a store to the root: trap %u, error code %u\n", fault.vector, fault.error);
    console_printf("    a writable mapping of the root answers: %ld (-EBUSY is %d)\n", refused,
                   -XEN_EBUSY);
    return fault.vector == VECTOR_PF && fault.error == (PF_PRESENT | PF_WRITE) &&
           refused == -XEN_EBUSY;
}

/* Maps a frame in a table that is not in force, switches to the table and looks. */
static bool mapping_works(mfn_t root, pfn_t page)
{
    struct mmu_batch batch = {0};
    unsigned long value = 0;
    struct fault before, after;

    *(u64 *)pfn_to_virt(page) = 42;
    mmu_batch_add(&batch, table_reach(root, HERE), pte_make(pfn_to_mfn(page), PTE_READ_WRITE));
    mmu_batch_flush(&batch);

    before = probe_read((void *)HERE, &value);
    table_switch(root, (mfn_t){0});
    after = probe_read((void *)HERE, &value);
    table_switch(table_boot_root(), (mfn_t){0});

    console_printf("    a frame mapped in it: before the switch trap %u, after it the value %lu\n",
                   before.vector, value);
    return before.taken && !after.taken && value == 42;
}

static void tables_free(mfn_t root)
{
    mfn_t table = root;

    /* One way down from the root to the page, so one table of each level. */
    for (unsigned int level = PT_LEVELS; level >= 1; level--) {
        u64 entry = table_entries(table)[pt_index(HERE, level)];

        if (level < PT_LEVELS)
            table_free(table);
        table = pte_mfn(entry);
    }
    table_free_kernel_root(root);
}

bool step_page_tables(void)
{
    mfn_t root = table_new_kernel_root();
    pfn_t page = frame_alloc();
    long pinned = table_pin(root, PT_LEVELS);
    bool good;

    console_printf("    a root filled by plain stores, then pinned: %ld\n", pinned);
    if (pinned)
        return false;
    good = root_is_protected(root);
    good &= mapping_works(root, page);
    good &= table_unpin(root) == 0;
    tables_free(root);
    frame_free(page);
    console_printf("    unpinned: its tables are ordinary frames again\n");
    return good;
}

bool step_end(void)
{
    bool same = frame_free_count() == free_at_start;

    console_printf("    as many frames are free as at the start: %s\n", same ? "yes" : "no");
    return same;
}
