// LINK: xen-like/lib/pv_layout.c xen-like/lib/pv_start.c xen-like/lib/string.c
// LINK: hypervisor/boot/dom0_memory.c hypervisor/boot/dom0_tables.c
// LINK: hypervisor/mm/alloc.c hypervisor/mm/frame.c hypervisor/mm/ptype.c
// LINK: hypervisor/mm/linear.c hypervisor/mm/pae.c
// LINK: hypervisor/mm/pt_update.c hypervisor/mm/io_frames.c
// LINK: hypervisor/mm/ranges.c
// LINK: tests/host/maker/fake_machine.c
/*
 * dom0 built in a fake machine's memory, its tables accepted by the real validator.
 *
 * Afterwards everything is counted again from nothing: each frame's references and type must be
 * what its owner, the tables that can be reached from the root, the pin and the base pointer
 * account for. And what the tables map must be what xen.h promises.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "hypervisor/boot/dom0_build.h"
#include "hypervisor/boot/memory.h"
#include "hypervisor/mm/alloc.h"
#include "hypervisor/mm/hv_slots.h"
#include "hypervisor/mm/pae.h"
#include "hypervisor/mm/pte.h"
#include "tests/host/maker/fake_machine.h"
#include "xen-like/abi/xen.h"

#define MACHINE_FRAMES (MIB(96) / PAGE_SIZE)
#define DOM0_PAGES     (MIB(80) / PAGE_SIZE)
#define BASE           0xffffffff80000000UL

static struct dom0_builder b;

struct count {
    u32 references, types;
    u64 type; /* FT_*, as the tables use the frame */
};

static struct count *counts;

static void count_type(u64 mfn, u64 type)
{
    counts[mfn].references++;
    counts[mfn].types++;
    if (counts[mfn].type != FT_NONE && counts[mfn].type != type)
        fail_msg("frame %#lx is used as two things", mfn);
    counts[mfn].type = type;
}

/* Entries that are the hypervisor's, or nobody's. */
static bool entry_is_ours(u64 type, unsigned i)
{
    if (type == FT_L4)
        return i >= HV_FIRST_SLOT && i <= HV_LAST_SLOT;
    return type == FT_L2_HV && i >= PAE_L2_HV_SLOT;
}

static u64 type_below(int level, unsigned i)
{
    return b.layout.pae && level == 3 && i == PAE_L3_ENTRIES - 1 ? FT_L2_HV : FT_LEVEL(level - 1);
}

/* Count what the entries of a table of @type hold, and what those below hold, each table once. */
static void count_table(u64 mfn, u64 type)
{
    const u64 *table = mfn_to_virt(MFN(mfn));
    int level = type_level(type);

    for (unsigned i = 0; i < PT_ENTRIES; i++) {
        u64 below = pte_mfn(table[i]).n;

        if (!(table[i] & PTE_P) || entry_is_ours(type, i))
            continue;
        if (level > 1) {
            if (!counts[below].types)
                count_table(below, type_below(level, i));
            count_type(below, type_below(level, i));
        } else if (table[i] & PTE_RW) {
            count_type(below, FT_WRITABLE);
        } else {
            counts[below].references++;
        }
    }
}

static void check_counts(void)
{
    bool pae = b.layout.pae;
    u64 root = pae ? pae_base(b.v).n : b.v->cr3_kernel >> PAGE_SHIFT, owned = 0;
    u64 type = pae ? FT_L3 : FT_L4;

    counts = calloc(MACHINE_FRAMES, sizeof(*counts));
    count_table(root, type);
    count_type(root, type); /* the pin */
    count_type(root, type); /* the base pointer */
    for (u64 n = 0; n < MACHINE_FRAMES; n++) {
        const struct frame *f = &frame_table[n];
        u32 mine = f->owner == b.d;

        owned += mine;
        mine += type_is_table(counts[n].type); /* a table's own reference */
        if (pae && n == b.v->cr3_kernel >> PAGE_SHIFT)
            continue; /* the root above it: the hypervisor's own memory */
        assert_int_equal(f->word & FRAME_REF_MASK, counts[n].references + mine);
        assert_int_equal(frame_type_count(f->word), counts[n].types);
        if (counts[n].types) {
            assert_int_equal(f->word & FRAME_TYPE_MASK, counts[n].type);
            assert_true(f->word & FRAME_VALIDATED);
        }
        assert_int_equal(!!(f->word & FRAME_PINNED), n == root);
    }
    assert_int_equal(owned, b.d->tot_pages);
    free(counts);
}

/* The entry that maps @va, or 0. */
static u64 entry_of(u64 va)
{
    u64 entry = b.v->cr3_kernel | PTE_P;

    for (int level = 4; level; level--) {
        if (!(entry & PTE_P))
            return 0;
        entry = ((u64 *)mfn_to_virt(pte_mfn(entry)))[pt_index(va, level)];
    }
    return entry;
}

static void check_region(void)
{
    const struct pv_layout *l = &b.layout;

    for (u64 va = l->start; va < l->end; va += PAGE_SIZE) {
        u64 pfn = pv_layout_pfn(l, va), entry = entry_of(va);
        bool table = va >= l->tables_start && va < l->tables_end;

        assert_int_equal(pte_mfn(entry).n, dom0_mfn(&b, pfn).n);
        assert_int_equal(!!(entry & PTE_RW), !table);
        if (l->pae) /* ring 1 is a supervisor: its pages are as it says */
            assert_int_equal(entry & (PTE_P | PTE_US | PTE_NX), PTE_P);
        else
            assert_int_equal(entry & (PTE_P | PTE_US | PTE_GUEST_KERNEL | PTE_NX),
                             PTE_P | PTE_US | PTE_GUEST_KERNEL);
    }
    if (l->start != HYPERVISOR_VIRT_END)
        assert_int_equal(entry_of(l->start - PAGE_SIZE), 0);
    assert_int_equal(entry_of(l->end), 0);
    assert_int_equal(l->pae ? pae_base(b.v).n : b.v->cr3_kernel >> PAGE_SHIFT,
                     pte_mfn(entry_of(l->tables_start)).n);
}

static void check_list_apart(void)
{
    const struct pv_layout *l = &b.layout;

    for (u64 i = 0; i < l->p2m_pages; i++) {
        u64 entry = entry_of(l->p2m_start + i * PAGE_SIZE);

        assert_int_equal(pte_mfn(entry).n, dom0_mfn(&b, l->p2m_pfn + i).n);
        assert_true(entry & PTE_RW);
    }
    assert_int_equal(entry_of(l->p2m_start + l->p2m_pages * PAGE_SIZE), 0);
}

/* Each frame of the list is the domain's, is there once, and the M2P leads back. */
static void check_lists(u64 pages)
{
    const struct pv_layout *l = &b.layout;

    for (u64 pfn = 0; pfn < pages; pfn++) {
        mfn_t m = dom0_mfn(&b, pfn);

        assert_true(mfn_valid(m));
        assert_ptr_equal(mfn_to_frame(m)->owner, b.d);
        assert_int_equal(m2p[m.n], pfn);
    }
    for (u64 pfn = l->nr_pages; pfn % (PAGE_SIZE / pv_layout_p2m_entry(l)); pfn++)
        assert_int_equal(dom0_mfn(&b, pfn).n, l->pae ? UINT32_MAX : ~0UL);
}

/* Before anything is loaded: nothing that the kernel will see holds what was in memory before. */
static void check_cleared(void)
{
    const struct pv_layout *l = &b.layout;
    static const u8 zeros[PAGE_SIZE];

    for (u64 pfn = 0; pfn < pv_layout_built_pages(l); pfn++)
        if (pfn < l->p2m_pfn || pfn >= l->p2m_pfn + l->p2m_pages)
            assert_memory_equal(dom0_page(&b, pfn), zeros, PAGE_SIZE);
}

static void build(const struct pv_facts *facts)
{
    fake_machine_make(MACHINE_FRAMES);
    b = (struct dom0_builder){.d = fake_domain_make(UINT32_MAX)};
    b.v = b.d->vcpus[0];
    b.d->is_32bit = facts->pae;
    if (facts->pae)
        assert_int_equal(pae_root_make(b.v), 0);
    assert_null(pv_layout_compute(&b.layout, facts));
    assert_null(dom0_memory_first(&b));
    assert_int_equal(b.d->tot_pages, pv_layout_built_pages(&b.layout));
    check_cleared();
    dom0_tables_make(&b);
    assert_null(dom0_tables_validate(&b));
}

static struct pv_facts facts_of(u64 base, u64 p2m_base, bool initrd_unmapped)
{
    return (struct pv_facts){
        .virt_base = base,
        .kernel_start = base + MIB(1),
        .kernel_end = base + MIB(3) + 100,
        .entry = base + MIB(1),
        .hypercall_page = IMAGE_UNSET,
        .p2m_base = p2m_base,
        .initrd_bytes = MIB(1) + 5,
        .initrd_unmapped = initrd_unmapped,
        .nr_pages = DOM0_PAGES,
    };
}

static void every_reference_of_the_tables_is_accounted_for(void **state)
{
    static const struct {
        u64 base, p2m_base;
        bool initrd_unmapped;
    } rows[] = {
        {BASE, IMAGE_UNSET, false},
        {BASE, IMAGE_UNSET, true},
        {BASE, 0x8000000000, true},                 /* in an L4 slot of its own */
        {BASE, BASE + MIB(512), false},             /* another L1 below the same L2 */
        {BASE, BASE - GIB(3), false},               /* another L2 below the same L3 */
        {0, IMAGE_UNSET, false},                    /* the low half */
        {MIB(1), MIB(1) - PAGE_SIZE * 64, true},    /* the same L1 as the region */
        {(1UL << 39) - MIB(3), IMAGE_UNSET, false}, /* over an edge of L4 slots */
        {HYPERVISOR_VIRT_END, GIB(1), false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct pv_facts facts = facts_of(rows[i].base, rows[i].p2m_base, rows[i].initrd_unmapped);

        build(&facts);
        check_counts();
        check_region();
        if (pv_layout_p2m_apart(&b.layout))
            check_list_apart();
        check_lists(pv_layout_built_pages(&b.layout));
        pages_free(b.p2m, b.p2m_order);
    }
    fake_machine_drop();
}

/* The same of a 32-bit kernel: its L3 is pinned and in the vcpu's root, and of its L2s the last is
 * of the type that has the hypervisor's slots. */
static void a_32_bit_kernels_tables_are_accounted_for(void **state)
{
    static const u64 bases[] = {0, 0xc0000000, GIB(2) - MIB(3), PAE_WINDOW_START - MIB(8)};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bases) * 2; i++) {
        struct pv_facts facts = facts_of(bases[i / 2], IMAGE_UNSET, i % 2);

        facts.pae = true;
        facts.hv_start_low = IMAGE_UNSET;
        build(&facts);
        check_counts();
        check_region();
        check_lists(pv_layout_built_pages(&b.layout));
        assert_null(dom0_memory_rest(&b));
    }
    fake_machine_drop();
}

/* The hypervisor's slots are in the root, for every address space must have them. */
static void the_root_has_the_hypervisors_slots(void **state)
{
    struct pv_facts facts = facts_of(BASE, IMAGE_UNSET, false);
    const u64 *root;

    (void)state;
    build(&facts);
    root = mfn_to_virt(MFN(b.v->cr3_kernel >> PAGE_SHIFT));
    for (unsigned i = HV_FIRST_SLOT; i <= HV_LAST_SLOT; i++)
        assert_int_equal(root[i], hv_l4[i]);
    pages_free(b.p2m, b.p2m_order);
    fake_machine_drop();
}

/* Contents go to the right frames, also where these are not neighbours. */
static void bytes_are_written_across_pages(void **state)
{
    struct pv_facts facts = facts_of(BASE, IMAGE_UNSET, false);
    u8 bytes[3 * PAGE_SIZE];

    (void)state;
    build(&facts);
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (u8)(i * 7 + 1);
    dom0_memory_write(&b, 10, PAGE_SIZE + 5, bytes, sizeof(bytes));
    for (size_t i = 0; i < sizeof(bytes); i++) {
        u64 at = 11 * PAGE_SIZE + 5 + i;

        assert_int_equal(((u8 *)dom0_page(&b, at >> PAGE_SHIFT))[at % PAGE_SIZE], bytes[i]);
    }
    assert_int_equal(((u8 *)dom0_page(&b, 11))[4], 0);
    dom0_memory_write(&b, 11, 6, NULL, PAGE_SIZE);
    assert_int_equal(((u8 *)dom0_page(&b, 11))[5], bytes[0]);
    assert_int_equal(((u8 *)dom0_page(&b, 12))[5], 0);
    assert_int_equal(((u8 *)dom0_page(&b, 12))[6], bytes[PAGE_SIZE + 1]);
    pages_free(b.p2m, b.p2m_order);
    fake_machine_drop();
}

/* The rest of the memory completes the list; the temporary array is given back. */
static void the_rest_completes_the_list(void **state)
{
    struct pv_facts facts = facts_of(BASE, IMAGE_UNSET, false);
    u64 missing = 0;

    (void)state;
    build(&facts);
    assert_null(dom0_memory_rest(&b));
    assert_int_equal(b.d->tot_pages, DOM0_PAGES);
    assert_int_equal(frames_free_count(), MACHINE_FRAMES - 1 - DOM0_PAGES);
    for (u64 n = 1; n < MACHINE_FRAMES; n++)
        missing += frame_table[n].owner == b.d && m2p[n] >= DOM0_PAGES;
    assert_int_equal(missing, 0);
    check_counts();
    fake_machine_drop();
}

/* A machine with too little memory gives a reason, not a crash, wherever memory ends. */
static void too_little_memory_is_said(void **state)
{
    struct pv_facts facts = facts_of(BASE, 0x8000000000, true);

    (void)state;
    for (u64 frames = 2; frames < MIB(11) / PAGE_SIZE; frames += 97) {
        const char *why;

        fake_machine_make(frames);
        b = (struct dom0_builder){.d = fake_domain_make(UINT32_MAX)};
        b.v = b.d->vcpus[0];
        assert_null(pv_layout_compute(&b.layout, &facts));
        why = dom0_memory_first(&b);
        if (!why)
            why = dom0_memory_rest(&b);
        assert_non_null(why);
    }
    fake_machine_drop();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_reference_of_the_tables_is_accounted_for),
        cmocka_unit_test(a_32_bit_kernels_tables_are_accounted_for),
        cmocka_unit_test(the_root_has_the_hypervisors_slots),
        cmocka_unit_test(bytes_are_written_across_pages),
        cmocka_unit_test(the_rest_completes_the_list),
        cmocka_unit_test(too_little_memory_is_said),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
