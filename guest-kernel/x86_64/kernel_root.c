/* The kernel's part of an address space: the upper half of the root, shared by all of them. */
#include "guest-kernel/mm/frame.h"
#include "guest-kernel/mm/page_table.h"

mfn_t table_new_kernel_root(void)
{
    const u64 *boot = table_entries(table_boot_root());
    pfn_t pfn = frame_alloc_zeroed();
    u64 *root = pfn_to_virt(pfn);

    /* The hypervisor fills its own slots in every root, and refuses ours there: leave them out. */
    for (unsigned int i = pt_index(HYPERVISOR_VIRT_END, PT_LEVELS); i < PT_ENTRIES; i++)
        root[i] = boot[i];
    frame_protect(pfn, PTE_KERNEL_READ_ONLY);
    return pfn_to_mfn(pfn);
}

void table_free_kernel_root(mfn_t root)
{
    table_free(root);
}
