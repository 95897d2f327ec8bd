/* Tables and frames that the rows share; region.h. */
#include "tests/guests/bench/region.h"
#include "guest-kernel/mm/frame.h"
#include "guest-kernel/core/hypercall.h"
#include "tests/guests/bench/measure.h"

u64 frame_entry(unsigned int set, unsigned int index)
{
    static mfn_t frames[2][PT_ENTRIES];
    mfn_t *mfn = &frames[set][index];

    if (!mfn->n)
        *mfn = pfn_to_mfn(frame_alloc());
    return pte_make(*mfn, PTE_READ_WRITE);
}

u64 fill_with_frames(unsigned int index)
{
    return frame_entry(0, index);
}

u64 region_entry(unsigned int index)
{
    static u64 first;

    if (!first) {
        struct mmu_batch batch = {0};

        first = table_reach(table_boot_root(), REGION_START);
        for (unsigned int i = 0; i < PT_ENTRIES; i++)
            mmu_batch_add(&batch, first + i * sizeof(u64), frame_entry(0, i));
        mmu_batch_flush(&batch);
    }
    return first + index * sizeof(u64);
}

mfn_t table_new_filled(u64 (*fill)(unsigned int index))
{
    mfn_t table = pfn_to_mfn(frame_alloc_zeroed());
    u64 *entries = mfn_to_virt(table);

    for (unsigned int i = 0; i < PT_ENTRIES && fill; i++)
        entries[i] = fill(i);
    bench_require(
        "protecting a table",
        call_update_va_mapping(entries, pte_make(table, PTE_READ_ONLY) | PTE_NX, UVMF_INVLPG));
    return table;
}

long entry_write(u64 entry, u64 value)
{
    mmu_update_t request = {.ptr = entry | MMU_NORMAL_PT_UPDATE, .val = value};

    return call_mmu_update(&request, 1, NULL, DOMID_SELF);
}
