/*
 * A tree of tables is refused because of one entry far below its root. What the caller hears is
 * that entry's errno, whatever level it asked for: kernels tell by it a mapping that they may not
 * have
 * (-EPERM) from a frame in use (-EBUSY) and from nonsense (-EINVAL). Between root and entry each
 * level has tried other readings of its own entry, as that of a linear page table: none of their
 * answers may come in front.
 */
#include "tests/guests/common.h"

#define LOCAL_APIC_MFN 0xfee00ull /* no domain is permitted to map it */

static const struct {
    const char *what;
    u64 entry;
} bad[] = {
    {"local-apic", LOCAL_APIC_MFN << PAGE_SHIFT | PTE_READ_WRITE},
    {"beyond-memory", BEYOND_MEMORY << PAGE_SHIFT | PTE_READ_WRITE},
    {"hypervisor", 0x200ull << PAGE_SHIFT | PTE_READ_WRITE},
};

/* tree[1] holds the bad entry; tree[2] leads to it, and so on. Each of them is pinned, then
 * entered in a table that is in use already. */
static void say_tree(const char *what, u64 entry)
{
    mfn_t tree[PT_LEVELS + 1], live[PT_LEVELS + 1];

    for (unsigned int level = 1; level <= PT_LEVELS; level++) {
        tree[level] = table_new_for(level);
        live[level] = table_new_for(level);
        pte_update(table_entry_address(tree[level], 0),
                   level == 1 ? entry : pte_make(tree[level - 1], PTE_TABLE));
        row(name_nth(what, "pin-level", level),
            mmuext(MMUEXT_PIN_L1_TABLE + level - 1, tree[level].n));
    }
    for (unsigned int level = 2; level <= PT_LEVELS; level++) {
        mmuext(MMUEXT_PIN_L1_TABLE + level - 1, live[level].n);
        row(name_nth(what, "hook-level", level),
            pte_update(table_entry_address(live[level], 1), pte_make(tree[level - 1], PTE_TABLE)));
        mmuext(MMUEXT_UNPIN_TABLE, live[level].n);
    }
    row(name_of(what, "base"), mmuext(MMUEXT_NEW_BASEPTR, tree[PT_LEVELS].n));
    row(name_of(what, "user-base"), mmuext(MMUEXT_NEW_USER_BASEPTR, tree[PT_LEVELS].n));
}

void guest_main(void)
{
    mfn_t table = table_new();

    row("table.pin", mmuext(MMUEXT_PIN_L2_TABLE, table.n));
    say_tree("table-writable", pte_make(table, PTE_READ_WRITE));
    for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++)
        say_tree(bad[i].what, bad[i].entry);
    guest_end();
}
