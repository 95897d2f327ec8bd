/*
 * Linear page tables: an entry of a table that names, read-only, a table of its own level, often
 * itself. Kernels use it to see their page tables as memory. What makes it dangerous is a circle of
 * tables that keep each other alive, and of course an entry that could write; both must be refused,
 * and clearing must give back exactly what was taken: at the end every table becomes ordinary
 * memory again.
 */
#include "tests/guests/common.h"

#define PIN(level) (MMUEXT_PIN_L1_TABLE + (level)-1)
#define READ_ONLY  (PTE_PRESENT | PTE_USER)
#define SLOT       9 /* of the entry that is tried, in every table */

struct tree {
    mfn_t level[5]; /* [0]: a page of memory; [4]: the root, pinned */
};

static struct tree tree, twin;

static void tree_build(const char *pin_row, struct tree *t)
{
    t->level[0] = pfn_to_mfn(frame_alloc_zeroed());
    for (unsigned int l = 1; l <= 4; l++) {
        t->level[l] = table_new();
        pte_update(table_entry_address(t->level[l], 0), pte_make(t->level[l - 1], PTE_TABLE));
    }
    row(pin_row, mmuext(PIN(4), t->level[4].n));
}

/* Entry SLOT of one table is set to name another: what does that answer? */
static void try(const char *what, unsigned int level, mfn_t in, mfn_t named, u64 flags)
{
    row(name_nth("linear", what, level),
        pte_update(table_entry_address(in, SLOT), pte_make(named, flags)));
}

static void clear(mfn_t in)
{
    pte_update(table_entry_address(in, SLOT), 0);
}

static void one_level(unsigned int l)
{
    mfn_t mine = tree.level[l], other = twin.level[l], unused = table_new();

    try("self-writable", l, mine, mine, READ_ONLY | PTE_WRITE);
    try("self", l, mine, mine, READ_ONLY);
    row_hex(name_nth("linear", "self-entry", l),
            entry_flags(entry_read(table_entry_address(mine, SLOT))));
    try("self-again", l, mine, mine, READ_ONLY | PTE_ACCESSED);
    try("self-upgrade", l, mine, mine, READ_ONLY | PTE_WRITE);
    try("other-over-self", l, mine, other, READ_ONLY);
    try("other-writable", l, mine, other, READ_ONLY | PTE_WRITE);
    try("circle", l, other, mine, READ_ONLY);
    try("self-beside", l, other, other, READ_ONLY);
    clear(other);
    clear(mine);
    try("other-way", l, other, mine, READ_ONLY);
    try("circle-other-way", l, mine, other, READ_ONLY);
    clear(other);
    try("level-below-unused", l, mine, unused, READ_ONLY);
    clear(mine);
    try("two-levels-up", l, mine, tree.level[l == 4 ? 2 : l + 1], READ_ONLY);
}

static void whole_roots(void)
{
    mfn_t root = table_new();

    pte_update(table_entry_address(root, 300), pte_make(root, READ_ONLY));
    row("pin.with-self", mmuext(PIN(4), root.n));
    row("unpin.with-self", mmuext(MMUEXT_UNPIN_TABLE, root.n));
    pte_update(table_entry_address(root, 300), pte_make(root, READ_ONLY | PTE_WRITE));
    row("pin.with-writable-self", mmuext(PIN(4), root.n));
    pte_update(table_entry_address(root, 300), pte_make(tree.level[4], READ_ONLY));
    row("pin.with-other", mmuext(PIN(4), root.n));
    row("unpin-other.while-named", mmuext(MMUEXT_UNPIN_TABLE, tree.level[4].n));
    row("unpin.with-other", mmuext(MMUEXT_UNPIN_TABLE, root.n));
}

/* Everything was given back: each table can be mapped writable. */
static void all_ordinary(void)
{
    row("tree.unpin-twin", mmuext(MMUEXT_UNPIN_TABLE, twin.level[4].n));
    for (unsigned int l = 1; l <= 4; l++) {
        row(name_nth("after", "tree-writable", l),
            map_page(scratch_page(0), pte_make(tree.level[l], PTE_TABLE)));
        row(name_nth("after", "twin-writable", l),
            map_page(scratch_page(0), pte_make(twin.level[l], PTE_TABLE)));
    }
}

void guest_main(void)
{
    scratch_entry(1);
    tree_build("tree.pin", &tree);
    tree_build("tree.pin-twin", &twin);
    for (unsigned int l = 2; l <= 4; l++)
        one_level(l);
    whole_roots();
    all_ordinary();
    guest_end();
}
