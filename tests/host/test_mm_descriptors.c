// LINK: hypervisor/domain/list.c hypervisor/domain/shutdown.c hypervisor/domain/end.c
// LINK: hypervisor/domain/exchange.c hypervisor/mm/extent.c
// LINK: tests/host/fake_machine.c hypervisor/mm/frame.c hypervisor/mm/alloc.c
// LINK: hypervisor/mm/ptype.c hypervisor/mm/pt_update.c hypervisor/mm/io_frames.c
// LINK: hypervisor/mm/ranges.c
// LINK: hypervisor/mm/linear.c hypervisor/mm/pae.c
// LINK: hypervisor/mm/audit.c hypervisor/domain/domain.c hypervisor/domain/base.c
// LINK: hypervisor/cpu/descriptors.c
// LINK: hypervisor/grant/table.c hypervisor/grant/pin.c hypervisor/grant/maptrack.c
/*
 * What the emulator would never show: descriptors, addresses and ranges at their edges. And the
 * pages of descriptors and the base pointers that a vcpu holds.
 */
#include "tests/host/fake_machine.h"

#include "hypervisor/cpu/canonical.h"
#include "hypervisor/cpu/descriptors.h"
#include "hypervisor/cpu/tables.h"
#include "hypervisor/domain/base.h"
#include "hypervisor/mm/uaccess.h"

/* A descriptor from its access byte (P, DPL, S, type) and the other bits. */
#define DESC(access, rest) ((u64)(access) << 40 | (rest))
#define SELECTOR(s)        ((u64)(s) << 16)

static struct domain *d;
static struct vcpu *v;

static int domain_make(void **state)
{
    (void)state;
    d = machine_domain(1, 64, false);
    v = d->vcpus[0];
    return 0;
}

static int domain_end(void **state)
{
    machine_domain_end(d);
    return machine_all_free(state);
}

#define REFUSED (~0UL)

static void descriptors_are_made_safe(void **state)
{
    static const struct {
        u64 d, want;
    } rows[] = {
        {0, 0},
        {DESC(0x0e, 0), DESC(0x0e, 0)}, /* not present: always faults */
        {DESC(0x7f, ~0UL & ~(0xffUL << 40)), DESC(0x7f, ~0UL & ~(0xffUL << 40))},
        /* Code and data of any base, limit and mode; the DPL becomes 3. */
        {0x00af9b000000ffff, 0x00affb000000ffff},
        {0x00cf93000000ffff, 0x00cff3000000ffff},
        {0x00cff3000000ffff, 0x00cff3000000ffff},
        {DESC(0xb2, 1), DESC(0xf2, 1)},
        {DESC(0xd0, 1), DESC(0xf0, 1)},
        {DESC(0x9e, 5), DESC(0xfe, 5)}, /* conforming */
        /* The upper half of a long gate: reserved type 0. */
        {DESC(0x80, 0xffffffff), DESC(0x80, 0xffffffff)},
        /* Call gates: to the guest's own selectors, with DPL 0, the DPL kept in the selector. */
        {DESC(0xec, SELECTOR(0x0008)), DESC(0x8c, SELECTOR(0x000b))},
        {DESC(0x8c, SELECTOR(0x0008)), DESC(0x8c, SELECTOR(0x000b))},
        {DESC(0xec, SELECTOR(FLAT_KERNEL_CS)), DESC(0x8c, SELECTOR(FLAT_KERNEL_CS))},
        {DESC(0xec, SELECTOR(0xdff8)), DESC(0x8c, SELECTOR(0xdffb))}, /* the last of the guest's */
        {DESC(0xec, SELECTOR(0xe00c)), DESC(0x8c, SELECTOR(0xe00f))}, /* an LDT's */
        {DESC(0xec, SELECTOR(0xe008)), REFUSED},                      /* the hypervisor's code */
        {DESC(0xec, SELECTOR(0xe00b)), REFUSED},
        {DESC(0xec, SELECTOR(0xe010)), REFUSED},
        {DESC(0xec, SELECTOR(0xe000)), REFUSED},
        {DESC(0xec, SELECTOR(0xfff8)), REFUSED},
        {DESC(0xec, SELECTOR(0x0008) | 1UL << 32), REFUSED}, /* reserved bits of a gate */
        {DESC(0xec, SELECTOR(0x0008) | 1UL << 39), REFUSED},
        /* All other system descriptors: task states, LDTs, other gates. */
        {DESC(0x81, 0), REFUSED},
        {DESC(0xe1, 0), REFUSED},
        {DESC(0x82, 0), REFUSED},
        {DESC(0x83, 0), REFUSED},
        {DESC(0x84, 0), REFUSED},
        {DESC(0x85, 0), REFUSED},
        {DESC(0x86, 0), REFUSED},
        {DESC(0x87, 0), REFUSED},
        {DESC(0x88, 0), REFUSED},
        {DESC(0x89, 0), REFUSED},
        {DESC(0x8a, 0), REFUSED},
        {DESC(0x8b, 0), REFUSED},
        {DESC(0xed, 0), REFUSED},
        {DESC(0xee, SELECTOR(FLAT_KERNEL_CS)), REFUSED},
        {DESC(0xef, SELECTOR(FLAT_KERNEL_CS)), REFUSED},
    };

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
        u64 got = rows[i].d;
        bool good = descriptor_fix(&got, false);

        if (good != (rows[i].want != REFUSED) || (good && got != rows[i].want))
            fail_msg("row %u: %016lx gives %d %016lx", i, rows[i].d, good, got);
        if (good) {
            assert_true(descriptor_fix(&got, false)); /* what it makes, it takes as it is */
            assert_true(got == rows[i].want);
        }
    }
}

/* A 32-bit guest's: its kernel is in ring 1, and no code of 64 bits comes in. */
static void descriptors_of_32_bit_guests_are_made_safe(void **state)
{
    static const struct {
        u64 d, want;
    } rows[] = {
        {DESC(0x0e, 1UL << 53), DESC(0x0e, 1UL << 53)}, /* not present */
        {0x00cf9b000000ffff, 0x00cfbb000000ffff},
        {0x00cfbb000000ffff, 0x00cfbb000000ffff},
        {0x00cfdb000000ffff, 0x00cfdb000000ffff},
        {0x00cff3000000ffff, 0x00cff3000000ffff},
        {0x00af9b000000ffff, REFUSED}, /* the L bit, in any kind of segment */
        {0x00affb000000ffff, REFUSED},
        {0x00effb000000ffff, REFUSED},
        {0x00aff3000000ffff, REFUSED},
        /* A limit behind the beginning of the hypervisor's part becomes that of 4 GiB. */
        {0x00cff300000057ff, 0x00cff300000057ff},
        {0x00cff30000005800, 0x00cff3000000ffff},
        {0x00c7f3000000ffff, 0x00c7f3000000ffff}, /* 2 GiB */
        {0x004ff3000000ffff, 0x004ff3000000ffff}, /* of bytes */
        {0x01cff30000005fff, 0x01cff30000005fff}, /* not from 0 on */
        {0x00cff30000015fff, 0x00cff30000015fff},
        /* Gates lead to the kernel's own flat segment; they have a count of words. */
        {DESC(0xec, SELECTOR(FLAT_KERNEL_CS_X86_32)), DESC(0x8c, SELECTOR(0xe01b))},
        {DESC(0xcc, SELECTOR(0x0009)), DESC(0x8c, SELECTOR(0x000a))},
        {DESC(0x8c, SELECTOR(0x000b)), DESC(0x8c, SELECTOR(0x0009))},
        {DESC(0xec, SELECTOR(0x0008) | 31UL << 32), DESC(0x8c, SELECTOR(0x000b) | 31UL << 32)},
        {DESC(0xec, SELECTOR(0x0008) | 32UL << 32), REFUSED},
        {DESC(0xec, SELECTOR(FLAT_KERNEL_CS)), REFUSED},
        {DESC(0xec, SELECTOR(0xe008)), REFUSED},
        {DESC(0xe9, 0), REFUSED},
        {DESC(0xee, SELECTOR(FLAT_KERNEL_CS_X86_32)), REFUSED},
    };

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
        u64 got = rows[i].d;
        bool good = descriptor_fix(&got, true);

        if (good != (rows[i].want != REFUSED) || (good && got != rows[i].want))
            fail_msg("row %u: %016lx gives %d %016lx", i, rows[i].d, good, got);
    }
}

/* Whatever the bits: present and not refused means that its guest gains nothing by it. */
static void no_random_descriptor_is_dangerous(void **state)
{
    (void)state;
    for (int i = 0; i < 400000; i++) {
        bool is_32bit = i & 1;
        u64 e = (u64)machine_random(1U << 31) << 33 ^ (u64)machine_random(1U << 31) << 8 ^
                machine_random(256);
        bool segment = e >> 44 & 1;
        unsigned type = e >> 40 & 15;

        if (!descriptor_fix(&e, is_32bit) || !(e >> 47 & 1) || (!segment && !type))
            continue;
        if (segment && is_32bit)
            assert_true((e >> 45 & 3) && !(e >> 53 & 1));
        else if (segment)
            assert_int_equal(e >> 45 & 3, 3);
        else
            assert_true(type == 12 && (e >> 45 & 3) == 0);
    }
}

static void a_page_of_descriptors_is_checked_whole(void **state)
{
    mfn_t m = machine_frame(d);
    u64 *page = machine_page(m);

    (void)state;
    page[0] = page[511] = 0x00af9b000000ffff;
    assert_int_equal(frame_get_and_type(m, d, FT_SEGDESC), 0);
    assert_true(page[0] == 0x00affb000000ffff && page[511] == page[0]);
    frame_put_and_type(mfn_to_frame(m));
    assert_int_equal(frame_get_and_type(m, d, FT_WRITABLE), 0);
    frame_put_and_type(mfn_to_frame(m));
    page[511] = DESC(0xee, 0);
    assert_int_equal(frame_get_and_type(m, d, FT_SEGDESC), -XEN_EINVAL);
    assert_true(machine_refs(m) == 1 && machine_types(m) == 0);
}

static void addresses_at_the_edges(void **state)
{
    static const struct {
        u64 va;
        bool canonical;
    } rows[] = {
        {0, true},
        {0x00007fffffffffff, true},
        {0x0000800000000000, false},
        {0x0000ffffffffffff, false},
        {0x0001000000000000, false},
        {0x7fffffffffffffff, false},
        {0x8000000000000000, false},
        {0xffff000000000000, false},
        {0xffff7fffffffffff, false},
        {0xffff800000000000, true},
        {0xffffffffffffffff, true},
    };

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
        assert_int_equal(canonical(rows[i].va), rows[i].canonical);
}

static void ranges_that_a_guest_may_name(void **state)
{
    static const u64 low = GUEST_LOW_END, high = DIRECTMAP_VIRT_END;
    const struct {
        u64 va, len;
        bool ok;
    } rows[] = {
        {0, 0, true},
        {0, low, true},
        {0, low + 1, false},
        {1, low, false},
        {low - 1, 1, true},
        {low - 1, 2, false},
        {low, 0, true}, /* nothing of what lies behind */
        {low, 1, false},
        {low + 1, 0, false},
        {low - 8, ~0UL, false},
        {8, ~0UL - 4, false}, /* wraps */
        {M2P_VIRT_START, 8, false},
        {XL_VIRT_START, 1, false},
        {DIRECTMAP_VIRT_START, 1, false},
        {high - 1, 1, false},
        {high - 1, 2, false},
        {high, 1, true},
        {high, 0, true},
        {high, 0 - high, true},     /* up to the last byte */
        {high, 0 - high + 1, true}, /* and past it: addresses wrap, to the guest's other half */
        {high, 0 - high + low, true},
        {high, 0 - high + low + 1, false},
        {~0UL, 1, true},
        {~0UL, 2, true},
        {~0UL, ~0UL, false},
        {high, ~0UL, false},
        {0xffff7fffffffffff, 1, false},
    };

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
        if (guest_range_ok(rows[i].va, rows[i].len) != rows[i].ok)
            fail_msg("row %u: %lx + %lx", i, rows[i].va, rows[i].len);
}

/* set_gdt takes all frames or none, and keeps the old ones when it is refused. */
static void a_gdt_is_taken_whole(void **state)
{
    u64 good[3], bad[3];

    (void)state;
    for (unsigned i = 0; i < 3; i++)
        good[i] = bad[i] = machine_frame(d).n;
    assert_int_equal(vcpu_set_gdt(v, good, 3 * 512), 0);
    for (unsigned i = 0; i < 3; i++) {
        assert_true(machine_refs(MFN(good[i])) == 2 && machine_types(MFN(good[i])) == 1);
        assert_true(pte_mfn(host_percpu.gdt_ptes[i]).n == good[i]);
    }
    bad[0] = machine_frame(d).n;
    bad[2] = d->shared_mfn.n; /* is writable for ever */
    assert_int_equal(vcpu_set_gdt(v, bad, 2 * 512 + 1), -XEN_EINVAL);
    assert_int_equal(machine_refs(MFN(bad[0])), 1);
    assert_int_equal(machine_types(MFN(good[1])), 1);
    assert_int_equal(v->gdt_entries, 3 * 512);
    assert_audit(d);
    assert_int_equal(vcpu_set_gdt(v, good, FIRST_RESERVED_GDT_ENTRY + 1), -XEN_EINVAL);
    assert_int_equal(vcpu_set_gdt(v, good, 1), 0); /* one entry needs one page */
    assert_int_equal(machine_types(MFN(good[1])), 0);
    assert_true(host_percpu.gdt_ptes[1] == host_percpu.gdt_ptes[GDT_WINDOW_PAGES - 1]);
    assert_int_equal(vcpu_set_gdt(v, good, 0), 0);
    assert_int_equal(machine_refs(MFN(good[0])), 1);
}

/* An address space with one page of descriptors at 0x1000. */
static mfn_t space_make(mfn_t page)
{
    mfn_t below = page;

    for (int level = 1; level <= 4; level++) {
        mfn_t m = machine_frame(d);

        machine_page(m)[level == 1 ? 1 : 0] = pte_make(below, level == 1 ? GUEST_RO : GUEST_RW);
        below = m;
    }
    assert_int_equal(frame_get_and_type(below, d, FT_L4), 0);
    v->cr3_kernel = below.n << PAGE_SHIFT;
    return below;
}

static void an_ldt_page_is_shown_once(void **state)
{
    mfn_t page = machine_frame(d);
    u64 window = ldt_window(&host_percpu);

    (void)state;
    space_make(page);
    assert_false(vcpu_map_ldt(v, window)); /* there is no LDT yet */
    assert_int_equal(vcpu_set_ldt(v, 0x1000, 512), 0);
    assert_true(vcpu_map_ldt(v, window + 8));
    assert_int_equal(machine_types(page), 1);
    assert_false(vcpu_map_ldt(v, window)); /* or each touch would count */
    assert_int_equal(machine_types(page), 1);
    assert_false(vcpu_map_ldt(v, window + PAGE_SIZE)); /* behind its end */
    assert_false(vcpu_map_ldt(v, window - 1));
    assert_audit(d);
    assert_int_equal(vcpu_set_ldt(v, 0x1000, 8192), 0); /* another length: all is dropped */
    assert_int_equal(machine_types(page), 0);
    assert_false(vcpu_map_ldt(v, window + PAGE_SIZE)); /* not mapped there */
    assert_true(vcpu_map_ldt(v, window));
    assert_int_equal(vcpu_set_base(v, machine_frame(d)), 0); /* where other pages may be */
    assert_int_equal(machine_types(page), 0);
    assert_true(host_percpu.gdt_ptes[GDT_WINDOW_PAGES] == 0);
    assert_int_equal(vcpu_set_ldt(v, 0, 0), 0);
    assert_int_equal(machine_refs(page), 1);
}

static void ldts_that_are_refused(void **state)
{
    static const struct {
        u64 va;
        u32 entries;
    } rows[] = {{0x1000, 8193},     {0x1008, 1},         {XL_VIRT_START, 1},
                {GUEST_LOW_END, 1}, {M2P_VIRT_START, 1}, {DIRECTMAP_VIRT_START, 8192}};

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
        assert_int_equal(vcpu_set_ldt(v, rows[i].va, rows[i].entries), -XEN_EINVAL);
    assert_int_equal(vcpu_set_ldt(v, XL_VIRT_START, 0), 0); /* none: the address means nothing */
    assert_int_equal(v->ldt_base, 0);
}

static void base_pointers_hold_their_tables(void **state)
{
    mfn_t first = space_make(machine_frame(d)), second = machine_frame(d);

    (void)state;
    assert_int_equal(vcpu_set_base(v, d->shared_mfn), -XEN_EINVAL);
    assert_int_equal(vcpu_set_base(v, MFN(frames_max)), -XEN_EINVAL);
    assert_true(v->cr3_kernel == first.n << PAGE_SHIFT);
    assert_int_equal(vcpu_set_base(v, first), 0);
    assert_int_equal(machine_types(first), 1);
    assert_int_equal(vcpu_set_user_base(v, first), 0);
    assert_int_equal(machine_types(first), 2);
    assert_int_equal(vcpu_set_user_base(v, first), 0);
    assert_int_equal(machine_types(first), 2);
    assert_int_equal(vcpu_set_base(v, second), 0);
    assert_int_equal(machine_types(first), 1);
    assert_audit(d);
    assert_int_equal(vcpu_set_user_base(v, MFN(0)), 0);
    assert_int_equal(machine_refs(first), 1);
    assert_int_equal(machine_types(second), 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, domain_make, domain_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(descriptors_are_made_safe),
        TEST(descriptors_of_32_bit_guests_are_made_safe),
        TEST(no_random_descriptor_is_dangerous),
        TEST(a_page_of_descriptors_is_checked_whole),
        TEST(addresses_at_the_edges),
        TEST(ranges_that_a_guest_may_name),
        TEST(a_gdt_is_taken_whole),
        TEST(an_ldt_page_is_shown_once),
        TEST(ldts_that_are_refused),
        TEST(base_pointers_hold_their_tables),
    };

    return cmocka_run_group_tests(tests, machine_setup, NULL);
}
