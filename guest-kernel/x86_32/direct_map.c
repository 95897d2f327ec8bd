/*
 * Building the direct map of a 32-bit kernel: the loader's mapping of the image is its beginning,
 * and it pulls itself up from there. The loader maps the image, then its own gifts (p2m list,
 * start_info, page tables, stack), then some spare frames up to a 4 MiB boundary, each at VIRT_BASE
 * + pfn * PAGE_SIZE. A table maps 2 MiB; the frame for the next one is always among those that are
 * mapped already. While it is an ordinary page we fill it with plain stores; then its own mapping
 * is made read-only, and it may be hooked in as a table.
 *
 * Invariant: a frame below `mapped` has its address, and is read-only there if it is a table.
 */
#include "guest-kernel/mm/batch.h"
#include "guest-kernel/mm/direct_map.h"
#include "guest-kernel/core/hypercall.h"

#define LOADER_PADDING   KIB(512) /* at least so much is mapped behind the loader's last gift */
#define LOADER_ALIGNMENT MIB(4)

pfn_t virt_to_pfn(const void *address)
{
    return (pfn_t){((unsigned long)address - DIRECT_MAP_START) >> PAGE_SHIFT};
}

/* The table whose entries map 2 MiB each, and of which the last ones are the hypervisor's. */
static mfn_t kernel_table(void)
{
    const u64 *root = (const u64 *)start_info->pt_base;

    return pte_mfn(root[pt_index(DIRECT_MAP_START, PT_LEVELS)]);
}

/* Makes the frame a table that maps the frames from `first` on. */
static void table_fill(pfn_t frame, u64 first)
{
    u64 *table = pfn_to_virt(frame);
    u64 frames = direct_map_frames();
    long answer;

    for (u64 i = 0; i < PT_ENTRIES; i++)
        table[i] = first + i >= frames
                       ? 0
                       : pte_make(pfn_to_mfn((pfn_t){first + i}), PTE_KERNEL_READ_WRITE) | PTE_NX;
    answer = call_update_va_mapping(
        table, pte_make(pfn_to_mfn(frame), PTE_KERNEL_READ_ONLY) | PTE_NX, UVMF_INVLPG);
    if (answer)
        guest_panic("direct map: a table stays writable: error %ld", answer);
}

pfn_t direct_map_init(void)
{
    mfn_t top = kernel_table();
    u64 unused = virt_to_pfn((void *)start_info->pt_base).n + start_info->nr_pt_frames +
                 1; /* the loader's stack is one page */
    u64 mapped = ALIGN_UP((unused << PAGE_SHIFT) + LOADER_PADDING, LOADER_ALIGNMENT) >> PAGE_SHIFT;
    struct mmu_batch batch = {0};

    for (; mapped < direct_map_frames(); mapped += PT_ENTRIES) {
        pfn_t frame = {unused++};
        u64 slot = mapped / PT_ENTRIES;

        table_fill(frame, mapped);
        mmu_batch_add(&batch, mfn_to_address(top) + slot * sizeof(u64),
                      pte_make_table(pfn_to_mfn(frame), 2));
        mmu_batch_flush(&batch);
    }
    return (pfn_t){unused};
}
