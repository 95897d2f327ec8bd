// LINK: xen-like/lib/pv_layout.c xen-like/lib/pv_start.c xen-like/lib/string.c
/*
 * What a 32-bit kernel finds at its start: tables of three levels with all four L2s, a list of
 * frames of 32 bits, start_info in its own layout. The tables are walked as the CPU would.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "xen-like/lib/pv_start.h"

#define PAGES       (MIB(32) / PAGE_SIZE)
#define FIRST_FRAME 0x12345u /* frame n of the domain is so many further */
#define PRESENT     1u
#define WRITABLE    2u
#define ADDRESS     0x000ffffffffff000UL

static u8 *memory;

static u64 frame_of(void *ctx, u64 pfn)
{
    (void)ctx;
    assert_true(pfn < PAGES);
    return FIRST_FRAME + pfn;
}

static void *page_of(void *ctx, u64 frame)
{
    (void)ctx;
    assert_in_range(frame, FIRST_FRAME, FIRST_FRAME + PAGES - 1);
    return memory + (frame - FIRST_FRAME) * PAGE_SIZE;
}

static struct pv_facts facts_of(u64 base, u64 bytes)
{
    return (struct pv_facts){
        .pae = true,
        .virt_base = base,
        .kernel_start = base,
        .kernel_end = base + bytes,
        .entry = base,
        .hypercall_page = IMAGE_UNSET,
        .hv_start_low = IMAGE_UNSET,
        .p2m_base = IMAGE_UNSET,
        .nr_pages = PAGES,
    };
}

/* The entry of level 1 for @va, or 0. */
static u64 walk(const struct pv_layout *l, u64 va)
{
    const u64 *table = page_of(NULL, frame_of(NULL, pv_layout_pfn(l, l->tables_start)));
    u64 entry = table[va >> 30];

    for (int shift = 21; entry && shift >= 12; shift -= 9) {
        assert_true(entry & PRESENT);
        table = page_of(NULL, (entry & ADDRESS) >> PAGE_SHIFT);
        entry = table[va >> shift & 511];
    }
    return entry;
}

/* Tables that the root names, in all levels, the root among them. */
static u64 tables_count(const struct pv_layout *l)
{
    const u64 *l3 = page_of(NULL, frame_of(NULL, pv_layout_pfn(l, l->tables_start)));
    u64 count = 1;

    for (unsigned i = 0; i < 512; i++) {
        if (i >= 4) {
            assert_int_equal(l3[i], 0);
            continue;
        }
        assert_int_equal(l3[i] & ~ADDRESS, PRESENT); /* no other flag in PAE's root */
        count++;
        for (unsigned k = 0; k < 512; k++)
            count += ((const u64 *)page_of(NULL, (l3[i] & ADDRESS) >> PAGE_SHIFT))[k] != 0;
    }
    return count;
}

static void three_levels_map_the_region_and_nothing_else(void **state)
{
    static const u64 bases[] = {
        0,          MIB(1),          MIB(3) + PAGE_SIZE,
        0xc0000000, GIB(1) - MIB(1), HYPERVISOR_VIRT_START_X86_32 - MIB(16)};
    const struct pv_memory m = {NULL, frame_of, page_of};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bases) * 2; i++) {
        struct pv_facts f = facts_of(bases[i / 2], 0x12345);
        struct pv_layout l;

        f.rings = i % 2;
        assert_null(pv_layout_compute(&l, &f));
        memset(memory, 0, PAGES * PAGE_SIZE);
        pv_tables_make(&m, &l);
        assert_int_equal(tables_count(&l), pv_layout_tables(&l));
        for (u64 va = l.start; va < l.end; va += PAGE_SIZE) {
            bool table = va >= l.tables_start && va < l.tables_end;

            assert_int_equal((walk(&l, va) & ADDRESS) >> PAGE_SHIFT,
                             FIRST_FRAME + pv_layout_pfn(&l, va));
            assert_int_equal(walk(&l, va) & WRITABLE, table ? 0 : WRITABLE);
        }
        assert_int_equal(l.start ? walk(&l, l.start - PAGE_SIZE) : 0, 0);
        assert_int_equal(walk(&l, l.end), 0);
    }
}

/* By hand: 1 MiB, 32 MiB of memory: 32 KiB of list; L3, four L2s, two L1s for the one or two halves
 * of 4 MiB. */
static void a_small_pae_kernel_is_laid_out_as_by_hand(void **state)
{
    struct pv_facts f = facts_of(MIB(1), 0x12345);
    struct pv_layout l;

    (void)state;
    f.p2m_base = GIB(1); /* which Xen ignores in a 32-bit kernel */
    assert_null(pv_layout_compute(&l, &f));
    assert_int_equal(l.p2m_start, 0x113000);
    assert_int_equal(l.p2m_end, 0x11b000);
    assert_int_equal(l.start_info, 0x11b000);
    assert_int_equal(l.tables_start, 0x11c000);
    assert_int_equal(pv_layout_tables(&l), 1 + 4 + 2);
    assert_int_equal(l.end, MIB(4));
    assert_false(pv_layout_p2m_apart(&l));
}

static void places_in_the_hypervisors_window_are_refused(void **state)
{
    struct pv_facts f = facts_of(HYPERVISOR_VIRT_START_X86_32 - MIB(4), PAGE_SIZE);
    struct pv_layout l;

    (void)state;
    f.hv_start_low = HYPERVISOR_VIRT_START_X86_32;
    assert_null(pv_layout_compute(&l, &f));
    f.hv_start_low++;
    assert_non_null(pv_layout_compute(&l, &f));
    for (u64 past = MIB(4); past < MIB(20); past += MIB(1)) {
        f = facts_of(HYPERVISOR_VIRT_START_X86_32 - MIB(4) + past, PAGE_SIZE);
        assert_non_null(pv_layout_compute(&l, &f));
    }
    f = facts_of(0x7fff00000000, PAGE_SIZE);
    assert_non_null(pv_layout_compute(&l, &f));
}

static void an_l3_above_4_gib_needs_extended_cr3(void **state)
{
    static const struct {
        enum image_pae pae;
        bool narrow;
        bool any;
    } rows[] = {
        {IMAGE_PAE_YES, true, false},
        {IMAGE_PAE_EXTENDED_CR3, true, true},
        {IMAGE_PAE_BIMODAL, true, true},
        {IMAGE_PAE_NO, false, true},
    };

    (void)state;
    for (size_t n = 0; n < ARRAY_SIZE(rows); n++) {
        struct image i = {.class = rows[n].narrow ? 32 : 64, .pae = rows[n].pae};
        struct pv_layout l = {.pae = rows[n].narrow};

        assert_null(pv_root_refuse(&l, &i, 0xfffff));
        assert_int_equal(pv_root_refuse(&l, &i, 0x100000) == NULL, rows[n].any);
    }
}

static void start_info_becomes_narrow_in_place(void **state)
{
    static union {
        struct start_info_x86_64 wide;
        struct start_info_x86_32 narrow;
        u8 page[PAGE_SIZE];
    } u;
    struct pv_facts f = facts_of(MIB(1), 0x12345);
    struct image i = {.class = 32, .pae = IMAGE_PAE_BIMODAL};
    struct pv_layout l;

    (void)state;
    f.initrd_bytes = 5;
    f.rings = true;
    assert_null(pv_layout_compute(&l, &f));
    pv_start_info_fill(&u.wide, &l, &i, 5, "words of the command line");
    u.wide.shared_info = 0xfff000;
    u.wide.store_mfn = 0x777;
    u.wide.store_evtchn = 1;
    u.wide.console.domU.mfn = 0x778;
    u.wide.console.domU.evtchn = 2;
    u.page[sizeof(u.wide)] = 0x5a; /* the screen's description */
    pv_start_info_narrow(&u);
    assert_string_equal(u.narrow.magic, "xen-3.0-x86_32p");
    assert_int_equal(u.narrow.nr_pages, PAGES);
    assert_int_equal(u.narrow.shared_info, 0xfff000);
    assert_int_equal(u.narrow.flags, 0);
    assert_int_equal(u.narrow.store_mfn, 0x777);
    assert_int_equal(u.narrow.store_evtchn, 1);
    assert_int_equal(u.narrow.console.domU.mfn, 0x778);
    assert_int_equal(u.narrow.console.domU.evtchn, 2);
    assert_int_equal(u.narrow.pt_base, l.tables_start);
    assert_int_equal(u.narrow.nr_pt_frames, 7);
    assert_int_equal(u.narrow.mfn_list, l.p2m_start);
    assert_int_equal(u.narrow.mod_start, l.initrd_start);
    assert_int_equal(u.narrow.mod_len, 5);
    assert_string_equal((char *)u.narrow.cmd_line, "words of the command line");
    for (size_t n = sizeof(u.narrow); n < sizeof(u.wide); n++)
        assert_int_equal(u.page[n], 0);
    assert_int_equal(u.page[sizeof(u.wide)], 0x5a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(three_levels_map_the_region_and_nothing_else),
        cmocka_unit_test(a_small_pae_kernel_is_laid_out_as_by_hand),
        cmocka_unit_test(places_in_the_hypervisors_window_are_refused),
        cmocka_unit_test(an_l3_above_4_gib_needs_extended_cr3),
        cmocka_unit_test(start_info_becomes_narrow_in_place),
    };

    memory = aligned_alloc(PAGE_SIZE, PAGES * PAGE_SIZE);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
