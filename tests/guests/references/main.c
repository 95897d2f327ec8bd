/*
 * The hypervisor counts the uses of every frame, and a guest cannot see the counts; but it can see
 * what becomes of a frame whose uses are all over: given back, it leaves the domain at once, while
 * one reference too many keeps it, and one too few has killed somebody by then. So each piece here
 * uses a fresh frame in some way, successfully or not, undoes it, and gives the frame back.
 */
#include "tests/guests/common.h"

#define PIN(level) (MMUEXT_PIN_L1_TABLE + (level)-1)
#define READ_ONLY  (PTE_PRESENT | PTE_USER)
#define READ_WRITE (READ_ONLY | PTE_WRITE)
#define ROUNDS     20u

static mfn_t tree[PT_LEVELS + 1]; /* a pinned tree: the root -> ... -> tree[0], a page */

/* An entry of the tree that nothing uses. */
static u64 spare(unsigned int level, unsigned int i)
{
    return table_entry_address(tree[level], spare_slot(level, i));
}

static u64 slot(unsigned int index)
{
    return scratch_entry(1) + index * sizeof(u64);
}

/* Makes the direct map's view of the frame writable or not. */
static void direct_map(mfn_t mfn, u64 flags)
{
    map_page(mfn_to_virt(mfn), pte_make(mfn, flags) | PTE_NX);
}

static void use_mappings(mfn_t mfn)
{
    for (unsigned int i = 0; i < ROUNDS; i++) {
        pte_update(slot(i), pte_make(mfn, i % 2 ? READ_WRITE : READ_ONLY));
        pte_update(slot(i), pte_make(mfn, i % 3 ? READ_WRITE : READ_ONLY));
        pte_update(slot(i), pte_make(mfn, READ_WRITE | PTE_NX));
        pte_update(slot(i) | MMU_PT_UPDATE_PRESERVE_AD, pte_make(mfn, READ_ONLY | PTE_NX));
    }
    for (unsigned int i = 0; i < ROUNDS; i++)
        pte_update(slot(i), 0);
}

static void use_cache_attributes(mfn_t mfn)
{
    pte_update(slot(0), pte_make(mfn, READ_WRITE));
    pte_update(slot(0), pte_make(mfn, READ_WRITE | PTE_NO_CACHE));
    pte_update(slot(1), pte_make(mfn, READ_ONLY | PTE_WRITE_THROUGH));
    pte_update(slot(0), pte_make(mfn, READ_ONLY));
    pte_update(slot(0), 0);
    pte_update(slot(1), 0);
}

static void use_refused_flags(mfn_t mfn)
{
    for (unsigned int i = 0; i < ROUNDS; i++)
        pte_update(spare(2, 0), pte_make(mfn, PTE_TABLE | PTE_PAT_OR_LARGE));
    pte_update(slot(0) | 7, pte_make(mfn, READ_WRITE));
}

static void use_as_tables(mfn_t mfn)
{
    direct_map(mfn, PTE_READ_ONLY);
    for (unsigned int level = 1; level <= PT_LEVELS; level++) {
        mmuext(PIN(level), mfn.n);
        mmuext(PIN(level), mfn.n);
        mmuext(PIN(level % PT_LEVELS + 1), mfn.n);
        pte_update(slot(0), pte_make(mfn, READ_WRITE));
        mmuext(MMUEXT_UNPIN_TABLE, mfn.n);
        mmuext(MMUEXT_UNPIN_TABLE, mfn.n);
    }
}

static void use_in_tree(mfn_t mfn)
{
    direct_map(mfn, PTE_READ_ONLY);
    for (unsigned int level = 2; level <= PT_LEVELS; level++) {
        u64 first = spare(level, 0), second = spare(level, 1);

        pte_update(first, pte_make(mfn, PTE_TABLE));
        pte_update(second, pte_make(mfn, PTE_TABLE));
        pte_update(first, pte_make(mfn, PTE_TABLE | PTE_NX)); /* only a flag */
        pte_update(first, pte_make(tree[level - 1], PTE_TABLE));
        pte_update(first, 0);
        pte_update(second, 0);
    }
}

static void use_refused_hooks(mfn_t mfn)
{
    for (unsigned int i = 0; i < ROUNDS; i++) {
        for (unsigned int level = 2; level <= PT_LEVELS; level++)
            pte_update(spare(level, 0), pte_make(mfn, PTE_TABLE));
        mmuext(MMUEXT_NEW_BASEPTR, mfn.n);
        mmuext(MMUEXT_NEW_USER_BASEPTR, mfn.n);
        mmuext(PIN(2), mfn.n);
    }
}

/* An L1 that names the frame 500 times and is then refused for its last entry. */
static void use_half_validated(mfn_t mfn)
{
    mfn_t table = table_new();

    for (unsigned int i = 0; i < PT_ENTRIES - 1; i++)
        pte_update(table_entry_address(table, i), pte_make(mfn, i % 2 ? READ_WRITE : READ_ONLY));
    pte_update(table_entry_address(table, PT_ENTRIES - 1), pte_make(tree[1], READ_WRITE));
    mmuext(PIN(1), table.n);
    pte_update(table_entry_address(table, PT_ENTRIES - 1), 0);
    mmuext(PIN(1), table.n);
    mmuext(MMUEXT_UNPIN_TABLE, table.n);
    table_free(table);
}

static void use_as_base(mfn_t mfn)
{
    mfn_t model = table_new_kernel_root();

    memcpy(mfn_to_virt(mfn), table_entries(model), PAGE_SIZE);
    direct_map(mfn, PTE_READ_ONLY);
    mmuext(MMUEXT_NEW_BASEPTR, mfn.n);
    mmuext(MMUEXT_NEW_USER_BASEPTR, mfn.n);
    mmuext(PIN(PT_LEVELS), mfn.n);
    mmuext(MMUEXT_NEW_BASEPTR, table_boot_root().n);
    mmuext(MMUEXT_UNPIN_TABLE, mfn.n);
    mmuext(MMUEXT_NEW_USER_BASEPTR, tree[PT_LEVELS].n);
    mmuext(MMUEXT_NEW_USER_BASEPTR, 0);
}

static void use_as_descriptors(mfn_t mfn)
{
    mmuext_op_t ldt = {.cmd = MMUEXT_SET_LDT,
                       .arg1.linear_addr = (uintptr_t)mfn_to_virt(mfn),
                       .arg2.nr_ents = 512};
    xen_pfn_t list[] = {(xen_pfn_t)mfn.n, (xen_pfn_t)mfn.n};
    xen_pfn_t mixed[] = {(xen_pfn_t)mfn.n, (xen_pfn_t)tree[1].n};

    call_set_gdt(list, 512); /* refused: it can be written */
    direct_map(mfn, PTE_READ_ONLY);
    call_set_gdt(list, 512);
    call_set_gdt(list, 1024);
    call_set_gdt(mixed, 1024);
    call_update_descriptor(mfn_to_address(mfn) + 8, 0x00cff3000000ffff);
    call_mmuext_op(&ldt, 1, NULL, DOMID_SELF);
    asm volatile("mov %0, %%fs; mov %1, %%fs" ::"r"((u16)0xf), "r"((u16)0));
    ldt.arg2.nr_ents = 0;
    call_mmuext_op(&ldt, 1, NULL, DOMID_SELF);
    call_set_gdt(list, 0);
}

static void use_whole_page(mfn_t mfn)
{
    mmuext_op_t copies[] = {
        {.cmd = MMUEXT_COPY_PAGE, .arg1.mfn = mfn.n, .arg2.src_mfn = tree[1].n},
        {.cmd = MMUEXT_COPY_PAGE, .arg1.mfn = mfn.n, .arg2.src_mfn = mfn.n},
        {.cmd = MMUEXT_COPY_PAGE, .arg1.mfn = tree[1].n, .arg2.src_mfn = mfn.n},
    };

    mmuext(MMUEXT_CLEAR_PAGE, mfn.n);
    for (unsigned int i = 0; i < ARRAY_SIZE(copies); i++)
        call_mmuext_op(&copies[i], 1, NULL, DOMID_SELF);
    pte_update(mfn_to_address(mfn) + 16, 5);
    pte_update(mfn_to_address(mfn) | MMU_MACHPHYS_UPDATE, mfn_to_pfn(mfn).n);
    call_update_descriptor(mfn_to_address(mfn), 0);
    call_update_descriptor(mfn_to_address(mfn), 0x0000890000000067);
}

/* A batch goes from table to frame and back, and stops in the middle. */
static void use_batch(mfn_t mfn)
{
    mmu_update_t batch[] = {
        {.ptr = slot(0), .val = pte_make(mfn, READ_WRITE)},
        {.ptr = mfn_to_address(mfn), .val = 1},
        {.ptr = slot(1), .val = pte_make(mfn, READ_ONLY)},
        {.ptr = mfn_to_address(mfn) | MMU_MACHPHYS_UPDATE, .val = mfn_to_pfn(mfn).n},
        {.ptr = spare(2, 0), .val = pte_make(mfn, PTE_TABLE)},
        {.ptr = slot(2), .val = pte_make(mfn, READ_WRITE)},
    };

    call_mmu_update(batch, ARRAY_SIZE(batch), NULL, DOMID_SELF);
    pte_update(slot(0), 0);
    pte_update(slot(1), 0);
}

static const struct {
    const char *what;
    void (*use)(mfn_t mfn);
} uses[] = {
    {"mappings", use_mappings},
    {"cache-attributes", use_cache_attributes},
    {"refused-flags", use_refused_flags},
    {"tables", use_as_tables},
    {"in-tree", use_in_tree},
    {"refused-hooks", use_refused_hooks},
    {"half-validated", use_half_validated},
    {"base", use_as_base},
    {"descriptors", use_as_descriptors},
    {"whole-page", use_whole_page},
    {"batch", use_batch},
};

static long pages_now(void)
{
    domid_t self = DOMID_SELF;

    return call_memory_op(XENMEM_current_reservation, &self);
}

/* Out of the direct map, and back to the hypervisor; the page count tells whether it went. */
static void say_given_back(const char *what, mfn_t mfn)
{
    struct xen_memory_reservation reservation = {.nr_extents = 1, .domid = DOMID_SELF};
    xen_pfn_t frame = (xen_pfn_t)mfn.n;
    long before;

    row(name_of("unmap", what), map_page(mfn_to_virt(mfn), 0));
    reservation.extent_start.p = &frame;
    before = pages_now();
    row(name_of("give", what), call_memory_op(XENMEM_decrease_reservation, &reservation));
    row_want(name_of("gone", what), before - pages_now(), 1);
}

void guest_main(void)
{
    mfn_t held;

    scratch_entry(1);
    tree[0] = pfn_to_mfn(frame_alloc_zeroed());
    for (unsigned int level = 1; level <= PT_LEVELS; level++) {
        tree[level] = table_new_for(level);
        pte_update(table_entry_address(tree[level], 0), pte_make(tree[level - 1], PTE_TABLE));
    }
    row("tree.pin", mmuext(PIN(PT_LEVELS), tree[PT_LEVELS].n));
    for (unsigned int i = 0; i < ARRAY_SIZE(uses); i++) {
        mfn_t mfn = pfn_to_mfn(frame_alloc_zeroed());

        uses[i].use(mfn);
        say_given_back(uses[i].what, mfn);
    }

    /* For comparison: one that is still in use when it is given goes when its last use ends. */
    held = pfn_to_mfn(frame_alloc_zeroed());
    pte_update(slot(0), pte_make(held, READ_ONLY));
    map_page(mfn_to_virt(held), 0);
    long before = pages_now();
    struct xen_memory_reservation reservation = {.nr_extents = 1, .domid = DOMID_SELF};
    xen_pfn_t frame = (xen_pfn_t)held.n;
    reservation.extent_start.p = &frame;
    row("held.give", call_memory_op(XENMEM_decrease_reservation, &reservation));
    row("held.still-there", before - pages_now());
    row("held.map-again", pte_update(slot(1), pte_make(held, READ_ONLY)));
    pte_update(slot(0), 0);
    pte_update(slot(1), 0);
    row("held.gone", before - pages_now());
    guest_end();
}
