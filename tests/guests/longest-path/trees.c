/*
 * Trees of tables, full at every level, made and torn down: with ordinary mappings, with mappings
 * that are each the last use of a frame, with device memory, and with a bad entry at the very end.
 */
#include "tests/guests/longest-path/longest.h"

#define DEVICE_FRAME 0xf0000ull /* of the hole below 4 GiB, where nothing is but devices */

static mfn_t below;
static mfn_t tables[PT_ENTRIES];
static bool bad_end;
static u64 kernel_entry; /* of a root of 32 bits */

static u64 fill_new_frames(unsigned int index)
{
    (void)index;
    return pte_make(frame_new_unmapped(), PTE_READ_WRITE);
}

static u64 fill_device(unsigned int index)
{
    return (DEVICE_FRAME + index) << PAGE_SHIFT | PTE_READ_WRITE | PTE_NO_CACHE;
}

static u64 fill_below(unsigned int index)
{
    return bad_end && index == PT_ENTRIES - 1 ? BEYOND_MEMORY << PAGE_SHIFT | PTE_READ_WRITE
                                              : pte_make(below, PTE_READ_WRITE);
}

static u64 fill_tables(unsigned int index)
{
    return pte_make(tables[index], PTE_TABLE);
}

static void pin_and_unpin(const char *name, unsigned int command, mfn_t table, long want)
{
    long rc = mmuext(command, table.n);

    row_want(name_of(name, "pin"), rc, want);
    if (!rc)
        row_want(name_of(name, "unpin"), mmuext(MMUEXT_UNPIN_TABLE, table.n), 0);
}

/* All the frames that a table maps go back while it maps them: it has the last use of each. */
static void last_uses(void)
{
    mfn_t table = table_filled(fill_new_frames);
    static xen_pfn_t frames[PT_ENTRIES];
    struct xen_memory_reservation r = {.nr_extents = PT_ENTRIES, .domid = DOMID_SELF};

    row_want("last-uses.pin", mmuext(MMUEXT_PIN_L1_TABLE, table.n), 0);
    for (unsigned int i = 0; i < PT_ENTRIES; i++)
        frames[i] = table_entries(table)[i] << 12 >> 24;
    r.extent_start.p = frames;
    row_want("last-uses.given", call_memory_op(XENMEM_decrease_reservation, &r), PT_ENTRIES);
    row_want("last-uses.unpin", mmuext(MMUEXT_UNPIN_TABLE, table.n), 0);
}

/* Of three levels: as many as there can be. */
static u64 fill_root(unsigned int index)
{
    if (PT_LEVELS == 4 || index < 3)
        return fill_below(index);
    return index == 3 ? kernel_entry : 0;
}

static mfn_t root_filled(void)
{
    if (PT_LEVELS == 3)
        kernel_entry = table_entries(table_new_kernel_root())[3];
    else
        below = table_filled(fill_below);
    return table_filled(fill_root);
}

/* An L4 of one L3, 496 times, of one L2, 512 times, of 512 L1s that all map one frame; in 32 bits
 * an L3 of one L2, three times. */
static void full_tree(void)
{
    below = frame_new();
    for (unsigned int i = 0; i < PT_ENTRIES; i++)
        tables[i] = table_filled(fill_below);
    below = table_filled(fill_tables);
    pin_and_unpin("tree", MMUEXT_PIN_L1_TABLE + PT_LEVELS - 1, root_filled(), 0);
    bad_end = true;
    below = frame_new();
    map_page(table_entries(tables[PT_ENTRIES - 1]),
             pte_make(tables[PT_ENTRIES - 1], PTE_READ_WRITE));
    tables[PT_ENTRIES - 1] = table_filled(fill_below);
    bad_end = false;
    below = table_filled(fill_tables);
    pin_and_unpin("bad-tree", MMUEXT_PIN_L1_TABLE + PT_LEVELS - 1, root_filled(), -XEN_EPERM);
}

void long_trees(void)
{
    pin_and_unpin("device", MMUEXT_PIN_L1_TABLE, table_filled(fill_device), 0);
    last_uses();
    full_tree();
}
