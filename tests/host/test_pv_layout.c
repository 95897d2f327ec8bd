// LINK: xen-like/lib/pv_layout.c
/*
 * dom0's initial layout: the promises of xen.h ("Start-of-day memory layout") held for kernels of
 * every shape, a few layouts written out, and the refusals.
 *
 * The number of page tables is checked against a count made the slow way: walk every page that must
 * be mapped and note each table that it needs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "xen-like/lib/pv_layout.h"
#include "hypervisor/mm/layout.h"
#include "xen-like/abi/xen.h"
#include "xen-like/lib/image.h"

#define LINUX_BASE 0xffffffff80000000UL
#define LINUX_P2M  0x0000008000000000UL

/* A kernel of @bytes at its base, entered at its start, without hypercall page or INIT_P2M. */
static struct pv_facts facts_of(u64 base, u64 bytes, u64 initrd, u64 pages)
{
    return (struct pv_facts){
        .virt_base = base,
        .kernel_start = base,
        .kernel_end = base + bytes,
        .entry = base,
        .hypercall_page = IMAGE_UNSET,
        .p2m_base = IMAGE_UNSET,
        .initrd_bytes = initrd,
        .nr_pages = pages,
    };
}

/* Tables of all levels below the L4 that are first needed by [start, end), when those for
 * [0, seen_end) x [seen_start, seen_end) are there already. */
static u64 tables_by_walk(u64 start, u64 end, u64 seen_start, u64 seen_end)
{
    u64 count = 0;

    for (int shift = 21; shift <= 39; shift += 9) {
        u64 last = ~0UL;

        for (u64 va = start; va - start < end - start; va += PAGE_SIZE) {
            u64 number = va >> shift;
            bool seen = seen_start != seen_end && number >= seen_start >> shift &&
                        number <= (seen_end - 1) >> shift;

            count += number != last && !seen;
            last = number;
        }
    }
    return count;
}

/* What xen.h promises of any layout. */
static void check_promises(const struct pv_layout *l, const struct pv_facts *f)
{
    u64 next = ALIGN_UP(f->kernel_end, PAGE_SIZE);

    assert_int_equal(l->start, f->virt_base);
    assert_int_equal(l->kernel_start, f->kernel_start);
    assert_int_equal(l->kernel_end, f->kernel_end);
    if (f->initrd_bytes && !f->initrd_unmapped) {
        assert_int_equal(l->initrd_start, next);
        assert_int_equal(l->initrd_end - l->initrd_start, f->initrd_bytes);
        assert_int_equal(l->initrd_pfn, pv_layout_pfn(l, l->initrd_start));
        next = ALIGN_UP(l->initrd_end, PAGE_SIZE);
    }
    assert_int_equal(l->p2m_end - l->p2m_start, f->nr_pages * 8);
    if (f->p2m_base == IMAGE_UNSET) {
        assert_int_equal(l->p2m_start, next);
        assert_int_equal(l->p2m_pfn, pv_layout_pfn(l, l->p2m_start));
        next = ALIGN_UP(l->p2m_end, PAGE_SIZE);
    }
    assert_int_equal(l->start_info, next);
    assert_in_range(l->start_info_end - l->start_info, sizeof(struct start_info), PAGE_SIZE);
    next += PAGE_SIZE;
    assert_int_equal(l->store_ring, f->rings ? next : 0);
    assert_int_equal(l->console_ring, f->rings ? next + PAGE_SIZE : 0);
    next += f->rings ? 2 * PAGE_SIZE : 0;
    assert_int_equal(l->tables_start, next);
    assert_int_equal(l->stack_start, l->tables_end);
    assert_int_equal(l->stack_end, l->stack_start + PAGE_SIZE);
    assert_int_equal(l->end % MIB(4), 0);
    assert_in_range(l->end - l->stack_end, KIB(512), MIB(4) + KIB(512) - 1);
    assert_int_equal(l->region_pages, (l->end - l->start) / PAGE_SIZE);
    assert_int_equal(pv_layout_tables(l), 1 + tables_by_walk(l->start, l->end, 0, 0));
}

/* Frames behind the region follow each other without a hole. */
static void check_frames(const struct pv_layout *l, const struct pv_facts *f)
{
    u64 next = l->region_pages;

    if (f->initrd_bytes && f->initrd_unmapped) {
        assert_int_equal(l->initrd_start, 0);
        assert_int_equal(l->initrd_pfn, next);
        next += (f->initrd_bytes + PAGE_SIZE - 1) / PAGE_SIZE;
    }
    if (f->p2m_base != IMAGE_UNSET) {
        assert_int_equal(l->p2m_start, f->p2m_base);
        assert_int_equal(l->p2m_pfn, next);
        assert_int_equal(l->p2m_tables, tables_by_walk(l->p2m_start, l->p2m_end, l->start, l->end));
        next += (f->nr_pages * 8 + PAGE_SIZE - 1) / PAGE_SIZE + l->p2m_tables;
    }
    assert_int_equal(pv_layout_built_pages(l), next);
    assert_true(next <= f->nr_pages);
}

static void layouts_of_all_shapes_keep_the_promises(void **state)
{
    static const u64 bases[] = {0,
                                MIB(1),
                                MIB(2) + PAGE_SIZE,
                                0x7fffff000000 - GIB(3),
                                LINUX_BASE,
                                DIRECTMAP_VIRT_END,
                                (1UL << 39) - MIB(2)};
    static const u64 sizes[] = {1, PAGE_SIZE, MIB(3) + 5, MIB(70)};
    static const u64 initrds[] = {0, 1, MIB(9) + 1};
    static const u64 pages[] = {1UL << 15, (1UL << 17) + 3, 1UL << 20};
    static const u64 p2ms[] = {IMAGE_UNSET, LINUX_P2M, GIB(4)};

    (void)state;
    for (size_t shape = 0; shape < ARRAY_SIZE(bases) * 4 * 3 * 3 * 3 * 2 * 2; shape++) {
        size_t i = shape / 2;
        struct pv_facts f =
            facts_of(bases[i / 216], sizes[i / 54 % 4], initrds[i / 18 % 3], pages[i / 6 % 3]);
        struct pv_layout l;
        const char *why;

        f.p2m_base = p2ms[i / 2 % 3];
        f.initrd_unmapped = i % 2;
        f.rings = shape % 2;
        why = pv_layout_compute(&l, &f);
        if (why && f.p2m_base != IMAGE_UNSET && f.virt_base == (1UL << 39) - MIB(2))
            continue; /* this base and LINUX_P2M overlap */
        if (why)
            fail_msg("shape %zu: %s", i, why);
        check_promises(&l, &f);
        check_frames(&l, &f);
    }
}

/* A small kernel at 1 MiB in 64 MiB of memory, by hand: 128 KiB of p2m list; 5 tables suffice since
 * everything ends below 4 MiB (two L1s, for the two halves of the region). */
static void a_small_kernel_is_laid_out_as_by_hand(void **state)
{
    struct pv_facts f = facts_of(MIB(1), 0x12345, 0x1001, MIB(64) / PAGE_SIZE);
    struct pv_layout l;

    (void)state;
    assert_null(pv_layout_compute(&l, &f));
    assert_int_equal(l.initrd_start, 0x113000);
    assert_int_equal(l.initrd_end, 0x114001);
    assert_int_equal(l.p2m_start, 0x115000);
    assert_int_equal(l.p2m_end, 0x135000);
    assert_int_equal(l.start_info, 0x135000);
    assert_int_equal(l.tables_start, 0x136000);
    assert_int_equal(l.tables_end, 0x13b000);
    assert_int_equal(l.stack_end, 0x13c000);
    assert_int_equal(l.end, MIB(4));
    assert_int_equal(l.region_pages, MIB(3) / PAGE_SIZE);
    assert_int_equal(l.initrd_pfn, 0x13);
    assert_int_equal(l.p2m_pfn, 0x15);
    assert_false(pv_layout_p2m_apart(&l));
}

/* What Debian's Xen 4.17 printed ("VIRTUAL MEMORY ARRANGEMENT") for a kernel of this size with an
 * initrd, on 512 MiB. */
static void a_layout_is_what_xen_makes_of_the_same_facts(void **state)
{
    struct pv_facts f = facts_of(LINUX_BASE, 0x114020, 0x1600, 120442);
    struct pv_layout l;

    (void)state;
    f.kernel_start += MIB(1);
    assert_null(pv_layout_compute(&l, &f));
    assert_int_equal(l.kernel_end, 0xffffffff80114020);
    assert_int_equal(l.initrd_start, 0xffffffff80115000);
    assert_int_equal(l.initrd_end, 0xffffffff80116600);
    assert_int_equal(l.p2m_start, 0xffffffff80117000);
    assert_int_equal(l.p2m_end, 0xffffffff802023d0);
    assert_int_equal(l.start_info, 0xffffffff80203000);
    assert_int_equal(l.start_info_end, 0xffffffff802034b8);
    assert_int_equal(l.tables_start, 0xffffffff80204000);
    assert_int_equal(l.tables_end, 0xffffffff80209000);
    assert_int_equal(l.stack_start, 0xffffffff80209000);
    assert_int_equal(l.stack_end, 0xffffffff8020a000);
    assert_int_equal(l.end, 0xffffffff80400000);
}

/* As Linux asks for it: initrd and p2m list outside of the region. */
static void a_kernel_like_linux_has_its_list_elsewhere(void **state)
{
    struct pv_facts f = facts_of(LINUX_BASE, MIB(50), MIB(30), GIB(4) / PAGE_SIZE);
    struct pv_layout l;

    (void)state;
    f.kernel_start += MIB(16);
    f.entry = f.kernel_start;
    f.p2m_base = LINUX_P2M;
    f.initrd_unmapped = true;
    assert_null(pv_layout_compute(&l, &f));
    assert_int_equal(l.start_info, LINUX_BASE + MIB(50));
    assert_int_equal(pv_layout_tables(&l), 1 + 1 + 1 + 26);
    assert_int_equal(l.end, LINUX_BASE + MIB(52));
    assert_int_equal(l.initrd_pfn, MIB(52) / PAGE_SIZE);
    assert_int_equal(l.p2m_pfn, MIB(82) / PAGE_SIZE);
    assert_int_equal(l.p2m_pages, 2048);
    assert_int_equal(l.p2m_tables, 1 + 1 + 4);
    assert_true(pv_layout_p2m_apart(&l));
}

/* Less than 512 KiB behind the stack: the region grows by another 4 MiB. */
static void the_padding_extends_the_region(void **state)
{
    struct pv_layout l;

    (void)state;
    for (u64 kernel = MIB(4) - MIB(1); kernel < MIB(4); kernel += PAGE_SIZE) {
        struct pv_facts f = facts_of(0, kernel, 0, MIB(64) / PAGE_SIZE);

        assert_null(pv_layout_compute(&l, &f));
        assert_int_equal(l.end, l.stack_end + KIB(512) > MIB(4) ? MIB(8) : MIB(4));
    }
}

static void layouts_that_cannot_be_are_refused_with_a_reason(void **state)
{
    const struct pv_facts good = facts_of(MIB(1), MIB(1), 0, MIB(64) / PAGE_SIZE);
    struct pv_layout l;

    (void)state;
#define REFUSED(...)                                                                               \
    do {                                                                                           \
        struct pv_facts f = good;                                                                  \
        __VA_ARGS__;                                                                               \
        assert_non_null(pv_layout_compute(&l, &f));                                                \
    } while (0)
    assert_null(pv_layout_compute(&l, &good));
    REFUSED(f.virt_base += 1, f.kernel_start += 1);              /* not a page's address */
    REFUSED(f.virt_base += MIB(2));                              /* above the kernel */
    REFUSED(f.kernel_end = f.kernel_start - 1);                  /* ends before it starts */
    REFUSED(f.entry = MIB(1) - 1);                               /* entry below */
    REFUSED(f.entry = GIB(1));                                   /* entry beyond */
    REFUSED(f.hypercall_page = MIB(1) + 8);                      /* not aligned */
    REFUSED(f.hypercall_page = MIB(3));                          /* where the tables may be */
    REFUSED(f.hypercall_page = 0);                               /* below */
    REFUSED(f.nr_pages = MIB(3) / PAGE_SIZE - 1);                /* the region needs 3 MiB */
    REFUSED(f.initrd_bytes = MIB(62), f.initrd_unmapped = true); /* no frames for it */
    REFUSED(f.initrd_bytes = ~0UL);
    REFUSED(f.nr_pages = ~0UL);
    REFUSED(f.kernel_end = ~0UL);
    REFUSED(f.p2m_base = MIB(2));         /* within the region */
    REFUSED(f.p2m_base = GIB(1) + 8);     /* not a page's address */
    REFUSED(f.p2m_base = M2P_VIRT_START); /* the hypervisor's */
    REFUSED(f.p2m_base = DIRECTMAP_VIRT_END - MIB(1));
    REFUSED(f.p2m_base = GUEST_LOW_END);      /* not canonical */
    REFUSED(f.p2m_base = ~0UL << PAGE_SHIFT); /* wraps */
#undef REFUSED
}

/* A guest of a few pages: its padding ends where its memory does, and its other parts never. */
static void padding_gives_way_to_little_memory(void **state)
{
    struct pv_facts f = facts_of(LINUX_BASE, 4 * PAGE_SIZE, 0, 16);
    struct pv_layout l;

    (void)state;
    f.rings = true;
    assert_non_null(pv_layout_compute(&l, &f));
    f.padding_may_lack = true;
    assert_null(pv_layout_compute(&l, &f));
    assert_int_equal(l.end, LINUX_BASE + 16 * PAGE_SIZE);
    assert_int_equal(pv_layout_tables(&l), 4);
    f.nr_pages = 4 + 1 + 1 + 2 + 4 + 1; /* kernel, list, start_info, rings, tables, stack */
    assert_null(pv_layout_compute(&l, &f));
    assert_int_equal(l.end, l.stack_end);
    f.nr_pages--;
    assert_non_null(pv_layout_compute(&l, &f));
    f.nr_pages = GIB(4) / PAGE_SIZE; /* a sum past the end of the address space is not little */
    assert_null(pv_layout_compute(&l, &f));
    assert_int_equal(l.end, LINUX_BASE + MIB(4) * 3);
}

/* The kernel's own place is the hypervisor's, or runs into it, or wraps around. */
static void places_that_are_not_a_guests_are_refused(void **state)
{
    static const u64 bases[] = {GUEST_LOW_END,
                                M2P_VIRT_START,
                                XL_VIRT_START,
                                GUEST_LOW_END - MIB(2),
                                DIRECTMAP_VIRT_END - PAGE_SIZE,
                                0UL - MIB(1),
                                0UL - MIB(8)};
    struct pv_layout l;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(bases); i++) {
        struct pv_facts f = facts_of(bases[i], MIB(1), MIB(4), MIB(64) / PAGE_SIZE);

        assert_non_null(pv_layout_compute(&l, &f));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layouts_of_all_shapes_keep_the_promises),
        cmocka_unit_test(a_small_kernel_is_laid_out_as_by_hand),
        cmocka_unit_test(a_layout_is_what_xen_makes_of_the_same_facts),
        cmocka_unit_test(a_kernel_like_linux_has_its_list_elsewhere),
        cmocka_unit_test(the_padding_extends_the_region),
        cmocka_unit_test(layouts_that_cannot_be_are_refused_with_a_reason),
        cmocka_unit_test(padding_gives_way_to_little_memory),
        cmocka_unit_test(places_that_are_not_a_guests_are_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
