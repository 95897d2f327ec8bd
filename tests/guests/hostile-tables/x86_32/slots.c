/*
 * The hypervisor's entries are in the L2 that the last entry of a root leads to: 428 to 511. That
 * L2 must not come to be anywhere else, where they would be others'.
 */
#include "tests/guests/hostile-tables/hostile.h"

#define LAST  3u
#define FIRST pt_index(HYPERVISOR_VIRT_START, 2)

static mfn_t last_l2(void)
{
    return pte_mfn(table_entries(tree[PT_LEVELS])[LAST]);
}

void say_hypervisor_slots(void)
{
    static const unsigned int slots[] = {428, 429, 430, 480, 510, 511};
    u64 below = table_entry_address(last_l2(), FIRST - 1), old = entry_read(below);

    for (unsigned int i = 0; i < ARRAY_SIZE(slots); i++) {
        u64 address = table_entry_address(last_l2(), slots[i]), before = entry_read(address);

        row_want(name_nth("slot", "clear", slots[i]), pte_update(address, 0), -XEN_EPERM);
        row_want(name_nth("slot", "set", slots[i]),
                 pte_update(address, pte_make(tree[1], PTE_TABLE)), -XEN_EPERM);
        row_want(name_nth("slot", "set-absent", slots[i]), pte_update(address, 0x1000), -XEN_EPERM);
        row_want(name_nth("slot", "same", slots[i]), pte_update(address, before), -XEN_EPERM);
        row_want(name_nth("slot", "preserve", slots[i]),
                 pte_update(address | MMU_PT_UPDATE_PRESERVE_AD, 0), -XEN_EPERM);
        row_want(name_nth("slot", "unchanged", slots[i]), entry_read(address) == before, 1);
    }
    row_want("slot.below", pte_update(below, pte_make(tree[1], PTE_TABLE)), 0);
    row_want("slot.below-back", pte_update(below, old), 0);
}

static void say_one_place_only(void)
{
    mfn_t l2 = last_l2(), other = table_new_kernel_root();
    u64 kernel = table_entries(other)[LAST];

    row_want("last.pin-l1", mmuext(PIN(1), l2.n), -XEN_EINVAL);
    row_want("last.pin-l2", mmuext(PIN(2), l2.n), -XEN_EINVAL);
    row_want("last.pin-l3", mmuext(PIN(3), l2.n), -XEN_EINVAL);
    row_want("last.unpin", mmuext(MMUEXT_UNPIN_TABLE, l2.n), -XEN_EINVAL);
    row_want("last.writable", map_page(scratch_page(0), pte_make(l2, READ_ONLY | PTE_WRITE)),
             -XEN_EBUSY);
    for (unsigned int i = 0; i < LAST; i++)
        row_want(name_nth("last", "also-in-slot", i),
                 pte_update(table_entry_address(tree[PT_LEVELS], i), pte_make(l2, PTE_TABLE)),
                 -XEN_EINVAL);
    row_want("last.as-an-l1", pte_update(spare_entry(2), pte_make(l2, PTE_TABLE)), -XEN_EINVAL);
    pte_update(table_entry_address(other, LAST), pte_make(l2, PTE_PRESENT));
    row_want("last.of-another-root", mmuext(PIN(3), other.n), -XEN_EINVAL);
    row_want("last.of-another-base", mmuext(MMUEXT_NEW_BASEPTR, other.n), -XEN_EINVAL);
    pte_update(table_entry_address(other, LAST), kernel);
    row_want("last.as-an-l2", mmuext(PIN(2), pte_mfn(kernel).n), 0);
    row_want("last.that-is-an-l2", mmuext(PIN(3), other.n), -XEN_EINVAL);
    row_want("last.as-an-l2-unpin", mmuext(MMUEXT_UNPIN_TABLE, pte_mfn(kernel).n), 0);
    row_want("last.its-own", mmuext(PIN(3), other.n), 0);
    row_want("last.its-own-unpin", mmuext(MMUEXT_UNPIN_TABLE, other.n), 0);
    /* It still has what the hypervisor wrote there, which nobody may have in a plain L2. */
    row_want("last.with-the-window-as-l2", mmuext(PIN(2), pte_mfn(kernel).n), -XEN_EINVAL);
    row_want("last.its-own-again", mmuext(PIN(3), other.n), 0);
    row_want("last.its-own-again-unpin", mmuext(MMUEXT_UNPIN_TABLE, other.n), 0);
}

void say_prepared_slots(void)
{
    mfn_t root = table_new_kernel_root(), l2 = pte_mfn(table_entries(root)[LAST]);

    pte_update(table_entry_address(l2, FIRST), pte_make(tree[1], PTE_TABLE));
    pte_update(table_entry_address(l2, 511), pte_make(tree[0], PTE_TABLE | PTE_PAT_OR_LARGE));
    row_want("prepared.pin", mmuext(PIN(PT_LEVELS), root.n), 0);
    row_want("prepared.first-kept", pte_mfn(table_entries(l2)[FIRST]).n == tree[1].n, 0);
    row_want("prepared.last-kept", table_entries(l2)[511] != 0, 0);
    row_want("prepared.unpin", mmuext(MMUEXT_UNPIN_TABLE, root.n), 0);
    say_one_place_only();
}
