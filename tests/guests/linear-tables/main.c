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

struct tree {
    mfn_t level[PT_LEVELS + 1]; /* [0]: a page of memory; the last: the root, pinned */
};

static struct tree tree, twin;

static void tree_build(const char *pin_row, struct tree *t)
{
    t->level[0] = pfn_to_mfn(frame_alloc_zeroed());
    for (unsigned int l = 1; l <= PT_LEVELS; l++) {
        t->level[l] = table_new_for(l);
        pte_update(table_entry_address(t->level[l], 0), pte_make(t->level[l - 1], PTE_TABLE));
    }
    row(pin_row, mmuext(PIN(PT_LEVELS), t->level[PT_LEVELS].n));
}

/* The machine address of the entry that is tried. */
static u64 slot(unsigned int level, mfn_t in)
{
    return table_entry_address(in, spare_slot(level, 0));
}

/* An entry of one table is set to name another: what does that answer? */
static void try(const char *what, unsigned int level, mfn_t in, mfn_t named, u64 flags)
{
    row(name_nth("linear", what, level), pte_update(slot(level, in), pte_make(named, flags)));
}

static void clear(unsigned int level, mfn_t in)
{
    pte_update(slot(level, in), 0);
}

static void one_level(unsigned int l)
{
    mfn_t mine = tree.level[l], other = twin.level[l], unused = table_new();

    try("self-writable", l, mine, mine, READ_ONLY | PTE_WRITE);
    try("self", l, mine, mine, READ_ONLY);
    row_hex(name_nth("linear", "self-entry", l), entry_flags(entry_read(slot(l, mine))));
    try("self-again", l, mine, mine, READ_ONLY | PTE_ACCESSED);
    try("self-upgrade", l, mine, mine, READ_ONLY | PTE_WRITE);
    try("other-over-self", l, mine, other, READ_ONLY);
    try("other-writable", l, mine, other, READ_ONLY | PTE_WRITE);
    try("circle", l, other, mine, READ_ONLY);
    try("self-beside", l, other, other, READ_ONLY);
    clear(l, other);
    clear(l, mine);
    try("other-way", l, other, mine, READ_ONLY);
    try("circle-other-way", l, mine, other, READ_ONLY);
    clear(l, other);
    try("level-below-unused", l, mine, unused, READ_ONLY);
    clear(l, mine);
    try("two-levels-up", l, mine, tree.level[l == PT_LEVELS ? l - 2 : l + 1], READ_ONLY);
}

/* Such an entry is there already when a frame becomes a table. */
static void whole_tables(unsigned int l)
{
    mfn_t table = table_new_for(l);

    pte_update(slot(l, table), pte_make(table, READ_ONLY));
    row(name_nth("pin", "with-self", l), mmuext(PIN(l), table.n));
    row(name_nth("unpin", "with-self", l), mmuext(MMUEXT_UNPIN_TABLE, table.n));
    pte_update(slot(l, table), pte_make(table, READ_ONLY | PTE_WRITE));
    row(name_nth("pin", "with-writable-self", l), mmuext(PIN(l), table.n));
    pte_update(slot(l, table), pte_make(tree.level[l], READ_ONLY));
    row(name_nth("pin", "with-other", l), mmuext(PIN(l), table.n));
    if (l == PT_LEVELS)
        row("unpin-other.while-named", mmuext(MMUEXT_UNPIN_TABLE, tree.level[l].n));
    row(name_nth("unpin", "with-other", l), mmuext(MMUEXT_UNPIN_TABLE, table.n));
    row(name_nth("after", "writable", l), map_page(scratch_page(0), pte_make(table, PTE_TABLE)));
    map_page(scratch_page(0), 0);
}

/* Everything was given back: each table can be mapped writable. */
static void all_ordinary(void)
{
    row("tree.unpin-twin", mmuext(MMUEXT_UNPIN_TABLE, twin.level[PT_LEVELS].n));
    for (unsigned int l = 1; l <= PT_LEVELS; l++) {
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
    for (unsigned int l = 2; l <= PT_LEVELS; l++)
        one_level(l);
    for (unsigned int l = 2; l <= PT_LEVELS; l++)
        whole_tables(l);
    all_ordinary();
    guest_end();
}
