// LINK: hypervisor/boot/paging.c
/*
 * The hypervisor's own page tables, built in a fake machine and walked again: the largest page that
 * fits is used and no larger, rights come out as they went in, the L3s are there from the start and
 * stay, and nothing is ever mapped over.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "hypervisor/boot/memory.h"
#include "hypervisor/boot/paging.h"
#include "hypervisor/debug/bug.h"
#include "hypervisor/mm/layout.h"
#include "hypervisor/mm/pte.h"

#define POOL_PAGES 4096
#define RW_DATA    (PTE_RW | PTE_NX)
#define ALWAYS     (PTE_P | PTE_A | PTE_D | PTE_G)
#define MFN_2M     512UL
#define MFN_1G     (512UL * 512)

/* Of the linker script; the image is not mapped here. */
char text_start[1], text_end[1], rodata_start[1], rodata_end[1], data_start[1], bss_end[1];
char early_stack_guard[1];

u64 host_directmap;
static u8 *pool;
static u64 pool_used;

mfn_t boot_alloc_pages(u64 n, u64 align)
{
    u64 first = ALIGN_UP(pool_used, align);

    assert_true(first + n <= POOL_PAGES);
    pool_used = first + n;
    return MFN(first);
}

void panic(const char *format, ...)
{
    (void)format;
    mock_assert(0, "panic", __FILE__, __LINE__);
    abort();
}

void bug_at(const char *file, int line, const char *what)
{
    mock_assert(0, what, file, line);
    abort();
}

static int set_up(void **state)
{
    (void)state;
    pool = aligned_alloc(PAGE_SIZE, POOL_PAGES * PAGE_SIZE);
    memset(pool, 0, POOL_PAGES * PAGE_SIZE);
    host_directmap = (u64)pool;
    pool_used = 0;
    paging_init(true);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    free(pool);
    return 0;
}

static void expect_mapped(u64 va, u64 mfn, int level, u64 flags)
{
    int found = 0;
    u64 *e = hv_lookup(va, &found);

    assert_non_null(e);
    assert_int_equal(found, level);
    assert_int_equal(*e, pte_make(MFN(mfn), flags | ALWAYS | (level > 1 ? PTE_PSE : 0)));
}

static void expect_absent(u64 va)
{
    int level;

    assert_null(hv_lookup(va, &level));
}

static void the_largest_page_that_fits_is_used(void **state)
{
    static const struct {
        u64 va, mfn, pages;
        int level; /* of the first page */
    } rows[] = {
        {DIRECTMAP_VIRT_START, 0, 1, 1},
        {DIRECTMAP_VIRT_START, 0, MFN_2M - 1, 1},
        {DIRECTMAP_VIRT_START, 0, MFN_2M, 2},
        {DIRECTMAP_VIRT_START, 0, MFN_1G - 1, 2},
        {DIRECTMAP_VIRT_START, 0, MFN_1G, 3},
        {DIRECTMAP_VIRT_START, MFN_2M, MFN_1G, 2}, /* the frame is not aligned to 1 GiB */
        {DIRECTMAP_VIRT_START, 1, MFN_1G, 1},
        {DIRECTMAP_VIRT_START + PAGE_SIZE, 1, MFN_2M, 1},
        {DIRECTMAP_VIRT_START + PAGE_SIZE, 0, MFN_2M, 1},
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        u64 last = rows[i].pages - 1;
        int level;

        hv_map(rows[i].va, MFN(rows[i].mfn), rows[i].pages, RW_DATA);
        expect_mapped(rows[i].va, rows[i].mfn, rows[i].level, RW_DATA);
        assert_non_null(hv_lookup(rows[i].va + last * PAGE_SIZE, &level));
        expect_absent(rows[i].va + (last + 1) * PAGE_SIZE);
        expect_absent(rows[i].va - PAGE_SIZE);
        tear_down(state);
        set_up(state);
    }
}

/* Small pages up to the first boundary, large ones between, small ones after. */
static void a_long_range_changes_size_on_the_way(void **state)
{
    u64 va = DIRECTMAP_VIRT_START + GIB(1) - MIB(2) - PAGE_SIZE;
    u64 mfn = MFN_1G - MFN_2M - 1;

    (void)state;
    hv_map(va, MFN(mfn), 1 + MFN_2M + MFN_1G + MFN_2M + 1, RW_DATA);
    expect_mapped(va, mfn, 1, RW_DATA);
    expect_mapped(va + PAGE_SIZE, mfn + 1, 2, RW_DATA);
    expect_mapped(DIRECTMAP_VIRT_START + GIB(1), MFN_1G, 3, RW_DATA);
    expect_mapped(DIRECTMAP_VIRT_START + GIB(2), 2 * MFN_1G, 2, RW_DATA);
    expect_mapped(DIRECTMAP_VIRT_START + GIB(2) + MIB(2), 2 * MFN_1G + MFN_2M, 1, RW_DATA);
    expect_absent(DIRECTMAP_VIRT_START + GIB(2) + MIB(2) + PAGE_SIZE);
}

static void without_huge_pages_two_mib_are_the_most(void **state)
{
    (void)state;
    paging_init(false);
    hv_map(DIRECTMAP_VIRT_START, MFN(0), MFN_1G, RW_DATA);
    expect_mapped(DIRECTMAP_VIRT_START, 0, 2, RW_DATA);
    expect_mapped(DIRECTMAP_VIRT_START + GIB(1) - MIB(2), MFN_1G - MFN_2M, 2, RW_DATA);
}

/* Guests read the M2P: every level above it must let them, and none above anything else. */
static void only_the_m2p_can_be_reached_by_guests(void **state)
{
    u64 mapped[] = {XL_VIRT_START, PERCPU_VIRT_START, FRAMETABLE_VIRT_START, DIRECTMAP_VIRT_START};

    (void)state;
    hv_map(M2P_VIRT_START, MFN(5), 1, PTE_US | PTE_NX);
    for (size_t i = 0; i < ARRAY_SIZE(mapped); i++)
        hv_map(mapped[i], MFN(7), 1, RW_DATA);
    for (int slot = HV_FIRST_SLOT; slot <= HV_LAST_SLOT; slot++)
        assert_int_equal(!!(hv_l4[slot] & PTE_US), slot == HV_FIRST_SLOT);
    expect_mapped(M2P_VIRT_START, 5, 1, PTE_US | PTE_NX);
    for (size_t i = 0; i < ARRAY_SIZE(mapped); i++) {
        u64 *l3 = phys_to_virt(hv_l4[pt_index(mapped[i], 4)] & PTE_ADDR);
        u64 *l2 = phys_to_virt(l3[pt_index(mapped[i], 3)] & PTE_ADDR);

        assert_int_equal((l3[pt_index(mapped[i], 3)] | l2[pt_index(mapped[i], 2)]) & PTE_US, 0);
    }
}

/* A guest's L4 copies the slots once, so no later mapping may change one. */
static void the_top_level_never_changes(void **state)
{
    u64 before[PT_ENTRIES];

    (void)state;
    for (int slot = 0; slot < (int)PT_ENTRIES; slot++)
        assert_int_equal(hv_l4[slot] & PTE_P, slot >= HV_FIRST_SLOT && slot <= HV_LAST_SLOT);
    memcpy(before, hv_l4, sizeof(before));
    for (u64 slot = HV_FIRST_SLOT; slot <= HV_LAST_SLOT; slot++)
        hv_map(0xffff000000000000UL | slot << 39 | GIB(3), MFN(slot), 2, RW_DATA);
    hv_map_mmio(0xfee00010, 16, 0);
    assert_memory_equal(before, hv_l4, sizeof(before));
}

static void device_memory_is_uncached_and_keeps_its_offset(void **state)
{
    u64 a = (u64)hv_map_mmio(0xb8000, PAGE_SIZE, 0);
    u64 b = (u64)hv_map_mmio(0xfee00ff8, 16, 0); /* across a page's end */

    (void)state;
    expect_mapped(a, 0xb8, 1, RW_DATA | PTE_PCD);
    assert_int_equal(b % PAGE_SIZE, 0xff8);
    expect_mapped(b & PAGE_MASK, 0xfee00, 1, RW_DATA | PTE_PCD);
    expect_mapped((b & PAGE_MASK) + PAGE_SIZE, 0xfee01, 1, RW_DATA | PTE_PCD);
    assert_true(a + PAGE_SIZE <= (b & PAGE_MASK));
}

static void mapping_over_something_is_a_bug(void **state)
{
    (void)state;
    hv_map(DIRECTMAP_VIRT_START, MFN(0), MFN_2M, RW_DATA);
    hv_map(DIRECTMAP_VIRT_START + MIB(2), MFN(9), 1, RW_DATA);
    expect_assert_failure(hv_map(DIRECTMAP_VIRT_START, MFN(0), 1, RW_DATA));
    expect_assert_failure(hv_map(DIRECTMAP_VIRT_START + MIB(2), MFN(9), 1, RW_DATA));
    expect_assert_failure(hv_map(DIRECTMAP_VIRT_START + MIB(2), MFN(0), MFN_2M, RW_DATA));
    expect_assert_failure(hv_map(0, MFN(0), 1, RW_DATA));
    expect_assert_failure(hv_map(DIRECTMAP_VIRT_END, MFN(0), 1, RW_DATA));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(the_largest_page_that_fits_is_used),
        TEST(a_long_range_changes_size_on_the_way),
        TEST(without_huge_pages_two_mib_are_the_most),
        TEST(only_the_m2p_can_be_reached_by_guests),
        TEST(the_top_level_never_changes),
        TEST(device_memory_is_uncached_and_keeps_its_offset),
        TEST(mapping_over_something_is_a_bug),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
