/*
 * Trying to become the hypervisor: a kernel that could write a page table, or get a frame of its
 * choice accepted as one, would own the machine. Each attempt here has to be refused, with Xen's
 * errno, and to leave everything as it was.
 */
#include "tests/guests/hostile-tables/hostile.h"

mfn_t tree[PT_LEVELS + 1];

static void tree_make(void)
{
    tree[0] = pfn_to_mfn(frame_alloc_zeroed());
    for (unsigned int level = 1; level <= PT_LEVELS; level++) {
        tree[level] = table_new_for(level);
        pte_update(table_entry_address(tree[level], 0), pte_make(tree[level - 1], PTE_TABLE));
    }
    row("tree.pin", mmuext(PIN(PT_LEVELS), tree[PT_LEVELS].n));
}

/* A frame in use as a table must not be written through any mapping. */
static void say_writable_mappings(void)
{
    for (unsigned int level = 1; level <= PT_LEVELS; level++) {
        u64 pte = pte_make(tree[level], READ_ONLY);

        row(name_nth("writable", "map-level", level), map_page(scratch_page(0), pte | PTE_WRITE));
        row(name_nth("writable", "read-only-level", level), map_page(scratch_page(0), pte));
        row(name_nth("writable", "upgrade-level", level),
            map_page(scratch_page(0), pte | PTE_WRITE));
        row(name_nth("writable", "by-request-level", level),
            pte_update(scratch_entry(1), pte | PTE_WRITE));
        row(name_nth("writable", "in-own-tree-level", level),
            pte_update(table_entry_address(tree[1], 5), pte | PTE_WRITE));
        if (level > 1) /* a store into an L1 table may be carried out for the guest instead */
            row(name_nth("writable", "store-faults-level", level),
                probe_write(scratch_page(0), 0).vector);
        map_page(scratch_page(0), 0);
    }
    row("writable.boot-root",
        map_page(scratch_page(0), pte_make(table_boot_root(), READ_ONLY | PTE_WRITE)));
    row("writable.own-l1",
        map_page(scratch_page(0), pte_make(scratch_table(1), READ_ONLY | PTE_WRITE)));
}

/* And a frame that can be written must not become a table. */
static void say_written_frames(void)
{
    mfn_t mfn = pfn_to_mfn(frame_alloc_zeroed());

    for (unsigned int level = 1; level <= PT_LEVELS; level++) {
        row(name_nth("written", "pin-level", level), mmuext(PIN(level), mfn.n));
        if (level > 1)
            row(name_nth("written", "hook-level", level),
                pte_update(spare_entry(level), pte_make(mfn, PTE_TABLE)));
    }
    row("written.base", mmuext(MMUEXT_NEW_BASEPTR, mfn.n));
    row("written.user-base", mmuext(MMUEXT_NEW_USER_BASEPTR, mfn.n));
}

/* An entry of a level must lead to a table of the level below, and to no other. */
static void say_type_confusion(void)
{
    for (unsigned int level = 2; level <= PT_LEVELS; level++) {
        for (unsigned int target = 0; target <= PT_LEVELS; target++) {
            char what[24];

            /* A table that leads to its own kind, read-only, is Xen's linear page table. */
            if (target == level || target + 1 == level)
                continue;
            fmt_snprintf(what, sizeof(what), "l%u-to-l", level);
            row(name_nth("confusion", what, target),
                pte_update(spare_entry(level), pte_make(tree[target], PTE_TABLE)));
        }
        row(name_nth("confusion", "writable-linear-level", level),
            pte_update(spare_entry(level), pte_make(tree[level], PTE_TABLE)));
    }
}

static struct {
    const char *what;
    u64 mfn;
} foreign[] = {
    {"shared-info", 0}, /* set when running */
    {"frame-0", 0},
    {"second-mib", 0x200},
    {"video-memory", 0xb8},
    {"local-apic", 0xfee00},
    {"beyond-memory", BEYOND_MEMORY},
    {"beyond-the-cpu", 0xffffffffffull},
    {"all-ones", NO_FRAME_AT_ALL},
    {"m2p-invalid", ~0ull >> 1},
};

static void say_foreign_frames(void)
{
    xen_pfn_t frame;

    foreign[0].mfn = start_info->shared_info >> PAGE_SHIFT;
    for (unsigned int i = 0; i < ARRAY_SIZE(foreign); i++) {
        const char *what = foreign[i].what;
        u64 address = foreign[i].mfn << PAGE_SHIFT & PTE_ADDRESS_MASK;

        for (unsigned int level = 1; level <= PT_LEVELS; level++) {
            row(name_nth(what, "pin-level", level), mmuext(PIN(level), foreign[i].mfn));
            if (level > 1)
                row(name_nth(what, "hook-level", level),
                    pte_update(spare_entry(level), address | PTE_TABLE));
        }
        row(name_of(what, "unpin"), mmuext(MMUEXT_UNPIN_TABLE, foreign[i].mfn));
        row(name_of(what, "base"), mmuext(MMUEXT_NEW_BASEPTR, foreign[i].mfn));
        row(name_of(what, "write"), pte_update(foreign[i].mfn << PAGE_SHIFT, 0));
        row(name_of(what, "clear"), mmuext(MMUEXT_CLEAR_PAGE, foreign[i].mfn));
        frame = (xen_pfn_t)foreign[i].mfn;
        row(name_of(what, "gdt"), call_set_gdt(&frame, 512));
        row(name_of(what, "descriptor"), call_update_descriptor(foreign[i].mfn << PAGE_SHIFT, 0));
    }
}

/* A refused validation has to give back what its first entries had already taken. */
static void say_half_validated(void)
{
    mfn_t page = pfn_to_mfn(frame_alloc_zeroed()), table = table_new();

    for (unsigned int i = 0; i < PT_ENTRIES - 1; i++)
        pte_update(table_entry_address(table, i), pte_make(page, READ_ONLY | PTE_WRITE));
    pte_update(table_entry_address(table, PT_ENTRIES - 1),
               pte_make(tree[2], READ_ONLY | PTE_WRITE));
    row("half.l1-pin", mmuext(PIN(1), table.n));
    row("half.l1-still-plain", pte_update(table_entry_address(table, PT_ENTRIES - 1), 0));
    row("half.l1-mended", mmuext(PIN(1), table.n));
    row("half.l1-unpin", mmuext(MMUEXT_UNPIN_TABLE, table.n));
    /* All 511 writable mappings are gone: but for the direct map's the page would be free. */
    row("half.page-unmap", map_page(mfn_to_virt(page), pte_make(page, PTE_READ_ONLY)));
    row("half.page-is-a-table-now", mmuext(PIN(2), page.n));
    row("half.page-unpin", mmuext(MMUEXT_UNPIN_TABLE, page.n));
}

/* A mapping that the TLB still holds must not outlive the frame's being plain memory. */
static void say_stale_translations(void)
{
    pfn_t pfn = frame_alloc_zeroed();
    mfn_t mfn = pfn_to_mfn(pfn);

    map_page(scratch_page(0), pte_make(mfn, READ_ONLY | PTE_WRITE));
    row("stale.before", probe_write(scratch_page(0), 0).vector);
    call_update_va_mapping(scratch_page(0), 0, UVMF_NONE);
    call_update_va_mapping(pfn_to_virt(pfn), pte_make(mfn, PTE_READ_ONLY) | PTE_NX, UVMF_NONE);
    row("stale.pin", mmuext(PIN(2), mfn.n));
    row("stale.after-pin", probe_write(scratch_page(0), 0).vector);
    row("stale.direct-map", probe_write(pfn_to_virt(pfn), 0).vector);
    row("stale.unpin", mmuext(MMUEXT_UNPIN_TABLE, mfn.n));
}

void guest_main(void)
{
    scratch_entry(1);
    tree_make();
    say_writable_mappings();
    say_written_frames();
    say_type_confusion();
    say_foreign_frames();
    say_hypervisor_slots();
    say_prepared_slots();
    say_half_validated();
    say_stale_translations();
    row("tree.unpin", mmuext(MMUEXT_UNPIN_TABLE, tree[PT_LEVELS].n));
    for (unsigned int level = 0; level <= PT_LEVELS; level++)
        row(name_nth("tree", "plain-again", level),
            map_page(scratch_page(0), pte_make(tree[level], READ_ONLY | PTE_WRITE)));
    guest_end();
}
