/*
 * The kernel's part of an address space: the last entry of the top table. What it leads to cannot
 * be shared, for the hypervisor has entries in it that are each address space's own; so every top
 * table has a copy of our entries in a table of its own. They never change once the direct map is
 * built.
 */
#include "guest-kernel/mm/frame.h"
#include "guest-kernel/mm/page_table.h"

static mfn_t kernel_table(mfn_t root)
{
    return pte_mfn(table_entries(root)[pt_index(DIRECT_MAP_START, PT_LEVELS)]);
}

static mfn_t kernel_table_copy(void)
{
    const u64 *boot = table_entries(kernel_table(table_boot_root()));
    pfn_t pfn = frame_alloc_zeroed();
    u64 *table = pfn_to_virt(pfn);

    for (unsigned int i = 0; i < pt_index(HYPERVISOR_VIRT_START, PT_LEVELS - 1); i++)
        table[i] = boot[i];
    frame_protect(pfn, PTE_KERNEL_READ_ONLY);
    return pfn_to_mfn(pfn);
}

mfn_t table_new_kernel_root(void)
{
    mfn_t table = kernel_table_copy();
    pfn_t pfn = frame_alloc_zeroed();
    u64 *root = pfn_to_virt(pfn);

    root[pt_index(DIRECT_MAP_START, PT_LEVELS)] = pte_make_table(table, PT_LEVELS);
    frame_protect(pfn, PTE_KERNEL_READ_ONLY);
    return pfn_to_mfn(pfn);
}

void table_free_kernel_root(mfn_t root)
{
    table_free(kernel_table(root));
    table_free(root);
}
