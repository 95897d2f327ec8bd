/* The hypervisor's slots of a root: 256 to 271. */
#include "tests/guests/hostile-tables/hostile.h"

void say_hypervisor_slots(void)
{
    static const unsigned int slots[] = {255, 256, 257, 260, 261, 262, 270, 271, 272, 300};

    for (unsigned int i = 0; i < ARRAY_SIZE(slots); i++) {
        u64 address = table_entry_address(tree[PT_LEVELS], slots[i]);

        row(name_nth("slot", "clear", slots[i]), pte_update(address, 0));
        row(name_nth("slot", "set", slots[i]), pte_update(address, pte_make(tree[3], PTE_TABLE)));
        row(name_nth("slot", "set-absent", slots[i]), pte_update(address, 0x1000));
        row(name_nth("slot", "preserve", slots[i]),
            pte_update(address | MMU_PT_UPDATE_PRESERVE_AD, 0));
    }
}

void say_prepared_slots(void)
{
    mfn_t root = table_new();

    pte_update(table_entry_address(root, 262), pte_make(tree[3], PTE_TABLE));
    pte_update(table_entry_address(root, 271), pte_make(tree[0], PTE_TABLE));
    row("prepared.pin", mmuext(PIN(PT_LEVELS), root.n));
    row("prepared.slot-262-kept", pte_mfn(table_entries(root)[262]).n == tree[3].n);
    row("prepared.slot-271-kept", pte_mfn(table_entries(root)[271]).n == tree[0].n);
    row("prepared.unpin", mmuext(MMUEXT_UNPIN_TABLE, root.n));
}
