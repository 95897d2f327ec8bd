/*
 * Bits that change what an entry means. An update that leaves the frame alone looks harmless, and
 * the hypervisor has a short way for those; a bit that it wrongly takes for one without meaning
 * makes a table writable, a page large, or a frame another's. So each bit of an entry of each level
 * is changed alone, in an entry that is in use, by each way in which an entry can be written; and
 * set in a table that is then validated whole.
 */
#include "tests/guests/common.h"

#define PIN(level) (MMUEXT_PIN_L1_TABLE + (level)-1)
#define SLOT       3

/* Bits whose meaning is a frame of this machine are left out. */
static bool is_asked(unsigned int bit)
{
    return bit < PAGE_SHIFT || bit >= 40;
}

/* tree[4] -> ... -> tree[1] -> tree[0], a page that nothing maps writable. */
static mfn_t tree[PT_LEVELS + 1];

static void tree_make(void)
{
    tree[0] = table_new();
    for (unsigned int level = 1; level <= PT_LEVELS; level++) {
        tree[level] = table_new();
        pte_update(table_entry_address(tree[level], SLOT), pte_make(tree[level - 1], PTE_TABLE));
    }
    row("tree.pin", mmuext(PIN(PT_LEVELS), tree[PT_LEVELS].n));
}

static u64 entry_now(unsigned int level)
{
    return entry_read(table_entry_address(tree[level], SLOT));
}

/* The answer, and which bits of the entry are others than before. */
static void say(const char *how, unsigned int level, unsigned int bit, s64 answer, u64 before)
{
    char group[32];

    fmt_snprintf(group, sizeof(group), "%s-level-%u", how, level);
    console_printf("ROW %s = %ld changed 0x%" F64 "x\n", name_nth(group, "bit", bit), (long)answer,
                   entry_now(level) ^ before);
}

static void say_flips(const char *how, u64 command, u64 start)
{
    for (unsigned int level = 1; level <= PT_LEVELS; level++) {
        u64 address = table_entry_address(tree[level], SLOT), entry;

        pte_update(address, pte_make(tree[level - 1], start));
        entry = entry_now(level);
        for (unsigned int bit = 0; bit < 64; bit++) {
            if (!is_asked(bit))
                continue;
            say(how, level, bit, pte_update(address | command, entry ^ 1ull << bit), entry);
            pte_update(address, entry);
        }
    }
}

/* The same in L1 tables by the address that the entry maps. */
static void say_flips_by_address(void)
{
    u64 entry = pte_make(tree[0], PTE_TABLE);
    long answer;

    for (unsigned int bit = 0; bit < 64; bit++) {
        if (!is_asked(bit))
            continue;
        map_page(scratch_page(1), entry);
        answer = map_page(scratch_page(1), entry ^ 1ull << bit);
        console_printf("ROW %s = %ld changed 0x%" F64 "x\n", name_nth("by-address", "bit", bit),
                       answer, table_lookup(table_boot_root(), (uintptr_t)scratch_page(1)) ^ entry);
    }
    map_page(scratch_page(1), 0);
}

/* A table with one such entry, validated; a table of its own for each, for what is refused stays.
 */
static void say_validated(void)
{
    for (unsigned int level = 1; level <= PT_LEVELS; level++) {
        for (unsigned int bit = 0; bit < 64; bit++) {
            mfn_t table = table_new();
            u64 address = table_entry_address(table, SLOT), entry;
            char group[32];
            long answer;

            if (!is_asked(bit))
                continue;
            pte_update(address, pte_make(tree[level - 1], PTE_TABLE) ^ 1ull << bit);
            fmt_snprintf(group, sizeof(group), "validated-level-%u", level);
            answer = mmuext(PIN(level), table.n);
            entry = entry_flags(entry_read(address));
            console_printf("ROW %s = %ld then 0x%" F64 "x, unpinned %ld\n",
                           name_nth(group, "bit", bit), answer, entry,
                           mmuext(MMUEXT_UNPIN_TABLE, table.n));
            pte_update(address, 0);
        }
    }
}

/* A table of the wrong level becomes right, and wrong, by the bit that says "large". */
static void say_large(void)
{
    for (unsigned int level = 2; level < PT_LEVELS; level++) {
        u64 address = table_entry_address(tree[level], SLOT + 1);
        u64 large = pte_make(tree[0], PTE_TABLE | PTE_PAT_OR_LARGE);

        row(name_nth("large", "new-level", level), pte_update(address, large));
        row(name_nth("large", "absent-level", level), pte_update(address, large & ~PTE_PRESENT));
        row(name_nth("large", "present-level", level), pte_update(address, large));
        row(name_nth("large", "clear-level", level), pte_update(address, 0));
    }
}

void guest_main(void)
{
    scratch_entry(1);
    tree_make();
    say_flips("flip", MMU_NORMAL_PT_UPDATE, PTE_TABLE);
    say_flips("flip-read-only", MMU_NORMAL_PT_UPDATE, PTE_READ_ONLY);
    say_flips("flip-preserving", MMU_PT_UPDATE_PRESERVE_AD, PTE_TABLE | PTE_DIRTY);
    say_flips_by_address();
    say_validated();
    say_large();
    row("tree.unpin", mmuext(MMUEXT_UNPIN_TABLE, tree[PT_LEVELS].n));
    guest_end();
}
