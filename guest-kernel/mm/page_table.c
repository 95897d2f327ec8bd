/* Page tables by request; page_table.h explains the idea. */
#include "guest-kernel/mm/page_table.h"
#include "guest-kernel/mm/frame.h"
#include "guest-kernel/core/hypercall.h"

void frame_protect(pfn_t pfn, u64 flags)
{
    u64 pte = pte_make(pfn_to_mfn(pfn), flags) | PTE_NX;
    long answer = call_update_va_mapping(pfn_to_virt(pfn), pte, UVMF_INVLPG);

    if (answer)
        guest_panic("frame %" F64 "u: its mapping cannot change: error %ld", pfn.n, answer);
}

mfn_t table_new(void)
{
    pfn_t pfn = frame_alloc_zeroed();

    frame_protect(pfn, PTE_KERNEL_READ_ONLY);
    return pfn_to_mfn(pfn);
}

void table_free(mfn_t table)
{
    pfn_t pfn = mfn_to_pfn(table);

    frame_protect(pfn, PTE_KERNEL_READ_WRITE);
    frame_free(pfn);
}

const u64 *table_entries(mfn_t table)
{
    return mfn_to_virt(table);
}

u64 table_entry_address(mfn_t table, unsigned int index)
{
    return mfn_to_address(table) + index * sizeof(u64);
}

u64 table_walk(mfn_t root, u64 va, unsigned int level)
{
    mfn_t table = root;

    for (unsigned int at = PT_LEVELS; at > level; at--) {
        u64 entry = table_entries(table)[pt_index(va, at)];

        if (!(entry & PTE_PRESENT))
            return 0;
        table = pte_mfn(entry);
    }
    return table_entry_address(table, pt_index(va, level));
}

u64 table_reach(mfn_t root, u64 va)
{
    struct mmu_batch batch = {0};
    mfn_t table = root;

    for (unsigned int at = PT_LEVELS; at > 1; at--) {
        u64 entry = table_entries(table)[pt_index(va, at)];

        if (!(entry & PTE_PRESENT)) {
            entry = pte_make_table(table_new(), at);
            mmu_batch_add(&batch, table_entry_address(table, pt_index(va, at)), entry);
        }
        table = pte_mfn(entry);
    }
    mmu_batch_flush(&batch);
    return table_entry_address(table, pt_index(va, 1));
}

u64 table_lookup(mfn_t root, u64 va)
{
    u64 address = table_walk(root, va, 1);
    mfn_t table = pte_mfn(address);

    return address ? table_entries(table)[pt_index(va, 1)] : 0;
}

static long mmuext_one(unsigned int command, mfn_t mfn)
{
    mmuext_op_t operation = {.cmd = command, .arg1.mfn = (xen_pfn_t)mfn.n};

    return call_mmuext_op(&operation, 1, NULL, DOMID_SELF);
}

long table_pin(mfn_t table, unsigned int level)
{
    return mmuext_one(MMUEXT_PIN_L1_TABLE + level - 1, table);
}

long table_unpin(mfn_t table)
{
    return mmuext_one(MMUEXT_UNPIN_TABLE, table);
}

mfn_t table_boot_root(void)
{
    return virt_to_mfn((void *)start_info->pt_base);
}

void table_switch(mfn_t kernel, mfn_t user)
{
    mmuext_op_t operations[] = {
        {.cmd = MMUEXT_NEW_BASEPTR, .arg1.mfn = (xen_pfn_t)kernel.n},
        {.cmd = MMUEXT_NEW_USER_BASEPTR, .arg1.mfn = (xen_pfn_t)user.n},
    };
    long answer = call_mmuext_op(operations, HAS_USER_ROOTS ? 2 : 1, NULL, DOMID_SELF);

    if (answer)
        guest_panic("the page tables cannot be switched: error %ld", answer);
}
