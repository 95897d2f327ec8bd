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
 * Entries of page tables: each bit that a guest may or may not set at each level, as validation
 * and as an update see it; what is stored in place of what was asked for; I/O frames; and that an
 * entry's references are exactly those of what it names.
 */
#include "tests/host/fake_machine.h"

#define CACHE_BITS (PTE_PWT | PTE_PCD | PTE_PAT)

static struct domain *d, *other;
static mfn_t table[5], data; /* table[level], in use as that; nothing in them */

static void domains_begin(bool privileged)
{
    d = machine_domain(1, 64, privileged);
    other = machine_domain(2, 16, false);
    data = machine_frame(d);
    for (int level = 1; level <= 4; level++) {
        table[level] = machine_frame(d);
        assert_int_equal(table_pin(table[level], d, level), 0);
    }
}

static int domains_make(void **state)
{
    (void)state;
    domains_begin(false);
    return 0;
}

static int privileged_make(void **state)
{
    (void)state;
    domains_begin(true);
    return 0;
}

static int domains_end(void **state)
{
    machine_domain_end(d);
    machine_domain_end(other);
    return machine_all_free(state);
}

/* Update slot 0 of the table of @level. */
static int update(int level, u64 e)
{
    u64 *slot = machine_page(table[level]);

    return pt_entry_write(FT_LEVEL(level), slot, e, false, d, d);
}

/* Does a fresh table with this entry pass validation? The same must come of an update. */
static bool accepted(int level, u64 e)
{
    mfn_t fresh = machine_frame(d);
    struct frame *f = mfn_to_frame(fresh);
    u64 *slot = machine_page(table[level]);
    u64 *t = machine_page(fresh);
    int rc, rc_update;

    t[0] = e;
    rc = frame_get_and_type(fresh, d, FT_LEVEL(level));
    *slot = 0;
    rc_update = update(level, e);
    assert_int_equal(!rc, !rc_update);
    if (!rc) {
        assert_true(t[0] == *slot);
        frame_put_and_type(f);
        assert_int_equal(update(level, 0), 0);
    } else {
        assert_true(*slot == 0);
    }
    machine_give_back(fresh);
    assert_audit(d);
    return !rc;
}

static u64 good_entry(int level)
{
    return pte_make(level == 1 ? data : table[level - 1], GUEST_RO);
}

/* Bits of an entry that no guest may set, by level; the frame number's are another matter. */
static u64 forbidden(int level)
{
    u64 bits = PTE_PWT | PTE_PCD | PTE_PSE;

    return level == 1 ? bits : bits | PTE_G;
}

static void each_flag_at_each_level(void **state)
{
    (void)state;
    for (int level = 1; level <= 4; level++) {
        assert_true(accepted(level, good_entry(level)));
        for (int bit = 0; bit < 64; bit++) {
            if ((1UL << bit & PTE_ADDR) || bit == 0)
                continue;
            if (accepted(level, good_entry(level) | 1UL << bit) != !(forbidden(level) & 1UL << bit))
                fail_msg("level %d, bit %d", level, bit);
        }
    }
}

/* A frame number with any high bit set names no memory, whatever the low bits say. */
static void reserved_bits_of_the_address(void **state)
{
    (void)state;
    for (int level = 1; level <= 4; level++)
        for (int bit = 32; bit < 52; bit++)
            assert_false(accepted(level, good_entry(level) | 1UL << bit));
}

static void entries_that_are_not_present_say_anything(void **state)
{
    (void)state;
    for (int level = 1; level <= 4; level++) {
        u64 e = 0xdeadbeefdeadbeefUL & ~PTE_P;

        assert_true(accepted(level, e));
        assert_int_equal(update(level, e), 0);
        assert_true(machine_page(table[level])[0] == e);
    }
}

static void entries_are_stored_as_xen_stores_them(void **state)
{
    static const struct {
        int level;
        u64 flags, stored;
    } rows[] = {
        {1, PTE_P, PTE_P | PTE_US | PTE_GUEST_KERNEL},
        {1, PTE_P | PTE_RW, PTE_P | PTE_RW | PTE_US | PTE_GUEST_KERNEL},
        {1, PTE_P | PTE_US, PTE_P | PTE_US | PTE_G},
        {1, PTE_P | PTE_US | PTE_G, PTE_P | PTE_US | PTE_G},
        {1, PTE_P | PTE_US | PTE_GUEST_KERNEL, PTE_P | PTE_US | PTE_GUEST_KERNEL},
        {1, PTE_P | PTE_NX | PTE_A | PTE_D,
         PTE_P | PTE_NX | PTE_A | PTE_D | PTE_US | PTE_GUEST_KERNEL},
        {2, PTE_P | PTE_RW, PTE_P | PTE_RW | PTE_US},
        {3, PTE_P | PTE_NX, PTE_P | PTE_NX | PTE_US},
        {4, PTE_P, PTE_P | PTE_US | PTE_A},
    };

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
        int level = rows[i].level;
        u64 bare = good_entry(level) & PTE_ADDR;
        u64 *slot = machine_page(table[level]);

        *slot = 0;
        assert_int_equal(update(level, bare | rows[i].flags), 0);
        if (*slot != (bare | rows[i].stored))
            fail_msg("row %u: stored %lx", i, *slot);
        assert_int_equal(update(level, *slot), 0); /* and what is read back may be written */
        assert_true(*slot == (bare | rows[i].stored));
        assert_int_equal(update(level, 0), 0);
        assert_true(accepted(level, bare | rows[i].stored));
    }
}

/* What the frames' counts are after each of a row of updates of one L1 entry. */
static void counts_follow_the_entry(void **state)
{
    mfn_t second = machine_frame(d);
    const struct {
        u64 e, refs, types, refs2, types2;
    } rows[] = {
        {pte_make(data, GUEST_RO), 2, 0, 1, 0},
        {pte_make(data, GUEST_RW), 2, 1, 1, 0},
        {pte_make(data, GUEST_RW | PTE_A), 2, 1, 1, 0}, /* neutral flags move nothing */
        {pte_make(data, PTE_P | PTE_RW | PTE_NX), 2, 1, 1, 0},
        {pte_make(second, GUEST_RW), 1, 0, 2, 1},
        {pte_make(second, GUEST_RW) & ~PTE_P, 1, 0, 1, 0},
        {pte_make(second, GUEST_RW) & ~PTE_P, 1, 0, 1, 0},
        {pte_make(data, GUEST_RW), 2, 1, 1, 0},
        {pte_make(data, GUEST_RO), 2, 0, 1, 0},
        {0, 1, 0, 1, 0},
    };

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
        assert_int_equal(update(1, rows[i].e), 0);
        if (machine_refs(data) != rows[i].refs || machine_types(data) != rows[i].types ||
            machine_refs(second) != rows[i].refs2 || machine_types(second) != rows[i].types2)
            fail_msg("row %u", i);
        assert_audit(d);
    }
}

static void refused_updates_change_nothing(void **state)
{
    mfn_t foreign = machine_frame(other), mapped = machine_frame(d);
    const struct {
        int level, rc;
        u64 e;
    } rows[] = {
        {1, -XEN_EBUSY, pte_make(table[1], GUEST_RW)},
        {1, -XEN_EBUSY, pte_make(table[4], GUEST_RW)},
        {1, -XEN_EBUSY, pte_make(foreign, GUEST_RO)},
        {1, -XEN_EBUSY, pte_make(foreign, GUEST_RW)},
        {1, -XEN_EBUSY, pte_make(virt_to_mfn(d), GUEST_RO)}, /* the hypervisor's */
        {1, -XEN_EINVAL, pte_make(data, GUEST_RO | PTE_PCD)},
        {1, -XEN_EPERM, pte_make(MFN(0), GUEST_RO)},
        {1, -XEN_EPERM, pte_make(MFN(frames_max), GUEST_RO)},
        {1, -XEN_EINVAL, PTE_ADDR | GUEST_RO},
        {2, -XEN_EINVAL, pte_make(table[2], GUEST_RW)},
        {2, -XEN_EINVAL, pte_make(table[3], GUEST_RW)},
        {2, -XEN_EINVAL, pte_make(mapped, GUEST_RW)}, /* a data page, mapped writable */
        {2, -XEN_EINVAL, pte_make(foreign, GUEST_RW)},
        {2, -XEN_EINVAL, pte_make(MFN(frames_max), GUEST_RW)},
        {2, -XEN_EINVAL, pte_make(table[1], GUEST_RW | PTE_PSE)},
        {3, -XEN_EINVAL, pte_make(table[1], GUEST_RW)},
        {4, -XEN_EINVAL, pte_make(table[4], GUEST_RW)},
    };

    (void)state;
    assert_int_equal(l1e_write(machine_page(table[1]) + 5, pte_make(mapped, GUEST_RW), false, d, d),
                     0);
    for (int level = 1; level <= 4; level++)
        assert_int_equal(update(level, good_entry(level)), 0);
    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
        u64 before = machine_page(table[rows[i].level])[0];
        int rc = update(rows[i].level, rows[i].e);

        if (rc != rows[i].rc)
            fail_msg("row %u: %d", i, rc);
        assert_true(machine_page(table[rows[i].level])[0] == before);
        assert_audit(d);
        assert_int_equal(machine_refs(foreign), 1);
    }
}

static void l4_slots_of_the_hypervisor(void **state)
{
    u64 *t = machine_page(table[4]);

    (void)state;
    for (unsigned i = 254; i < 274; i++) {
        u64 before = t[i];
        int rc = pt_entry_write(FT_L4, &t[i], good_entry(4), false, d, d);

        assert_int_equal(rc, i < 256 || i > 271 ? 0 : -XEN_EINVAL);
        assert_true(rc ? t[i] == before : t[i] == (good_entry(4) | PTE_A));
        assert_int_equal(pt_entry_write(FT_L4, &t[i], 0, false, d, d), rc); /* nor emptied */
    }
}

static void accessed_and_dirty_bits_are_kept_if_asked(void **state)
{
    u64 *slot = machine_page(table[1]);
    mfn_t second = machine_frame(d);

    (void)state;
    assert_int_equal(update(1, pte_make(data, GUEST_RW | PTE_A | PTE_D)), 0);
    assert_int_equal(l1e_write(slot, pte_make(second, GUEST_RW), true, d, d), 0);
    assert_true(*slot == pte_make(second, GUEST_RW | PTE_A | PTE_D | PTE_G));
    assert_int_equal(l1e_write(slot, pte_make(second, GUEST_RW | PTE_NX), true, d, d), 0);
    assert_true(*slot == pte_make(second, GUEST_RW | PTE_A | PTE_D | PTE_G | PTE_NX));
    assert_int_equal(l1e_write(slot, pte_make(second, GUEST_RW), false, d, d), 0);
    assert_true(*slot == pte_make(second, GUEST_RW | PTE_G));
}

static void writes_to_what_is_no_table(void **state)
{
    u64 *slot = machine_page(data);

    (void)state;
    assert_int_equal(pt_entry_write(FT_WRITABLE, slot, ~0UL, false, d, d), 0);
    assert_true(*slot == ~0UL);
    assert_int_equal(pt_entry_write(FT_SEGDESC, slot, 0, false, d, d), -XEN_EINVAL);
    assert_int_equal(pt_entry_write(FT_NONE, slot, 0, false, d, d), -XEN_EINVAL);
    assert_true(*slot == ~0UL);
    *slot = 0;
    assert_int_equal(pt_entry_write(FT_L2, machine_page(table[2]), good_entry(2), false, d, other),
                     -XEN_EINVAL);
}

/* Whoever has ports has devices, and may choose cache attributes. */
static void with_ports_come_cache_attributes(void **state)
{
    unsigned long ports[1];

    (void)state;
    assert_int_equal(update(1, pte_make(data, GUEST_RW | PTE_PCD)), -XEN_EINVAL);
    d->ports = ports;
    assert_int_equal(update(1, pte_make(data, GUEST_RW | PTE_PCD)), 0);
    assert_int_equal(update(1, 0), 0);
    d->ports = NULL;
}

/* The privileged may map I/O, uncached unless they say otherwise; and choose for their own RAM. */
static void the_privileged_map_devices(void **state)
{
    static const struct {
        u64 mfn, cache, stored;
        int rc;
    } rows[] = {
        {1, 0, PTE_PWT | PTE_PCD, 0},
        {1, PTE_PWT, PTE_PWT | PTE_PCD, 0},
        {1, PTE_PCD, PTE_PCD, 0},
        {1, PTE_PAT, PTE_PAT, 0}, /* write-combining */
        {1, PTE_PAT | PTE_PWT, PTE_PWT | PTE_PCD, 0},
        {1, PTE_PAT | PTE_PCD, PTE_PAT | PTE_PCD, 0},
        {0xfebff, 0, PTE_PWT | PTE_PCD, 0},
        {0xfec00, 0, PTE_PWT | PTE_PCD, 0}, /* the IO-APIC: to look at */
        {0xfee00, 0, 0, -XEN_EPERM},        /* the local APIC and the message window */
        {0xfeeff, 0, 0, -XEN_EPERM},
        {0xfef00, 0, PTE_PWT | PTE_PCD, 0},
        {(1UL << 24) - 1, 0, PTE_PWT | PTE_PCD, 0}, /* with 36 bits of physical address */
        {1UL << 24, 0, 0, -XEN_EPERM},
        {PTE_ADDR >> PAGE_SHIFT, 0, 0, -XEN_EINVAL},
    };
    u64 *slot = machine_page(table[1]);

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
        int rc = update(1, pte_make(MFN(rows[i].mfn), GUEST_RW | rows[i].cache));

        if (rc != rows[i].rc)
            fail_msg("row %u: %d", i, rc);
        if (!rc && (*slot & CACHE_BITS) != rows[i].stored)
            fail_msg("row %u: stored %lx", i, *slot);
        assert_int_equal(!rc && !(*slot & PTE_RW), rows[i].mfn == 0xfec00);
        assert_int_equal(update(1, 0), 0);
    }
    machine_run(d);
    assert_int_equal(l1e_write(slot, pte_make(MFN(2), GUEST_RO), false, d, &domain_io), 0);
    assert_int_equal(l1e_write(slot, pte_make(data, GUEST_RO), false, d, &domain_io), -XEN_EBUSY);
    assert_int_equal(update(1, pte_make(data, GUEST_RW | PTE_PCD)), 0);
    assert_int_equal(machine_refs(data), 2);
    assert_int_equal(update(1, 0), 0);
    assert_int_equal(update(1, pte_make(d->shared_mfn, GUEST_RW | PTE_PCD)), -XEN_EACCES);
    assert_true(*slot == 0);
    assert_audit(d);
}

/* What is written past the cache must be there before a table is validated, or another may have it.
 */
static void incoherent_frames_are_flushed_before_they_matter(void **state)
{
    struct frame *f = mfn_to_frame(data);
    const u64 combining = PTE_PAT, lines = PAGE_SIZE / 64;

    (void)state;
    machine_line_flushes = 0;
    assert_int_equal(update(1, pte_make(data, GUEST_RO | combining)), 0);
    assert_false(f->word & FRAME_INCOHERENT);
    assert_int_equal(update(1, pte_make(data, GUEST_RW | PTE_PCD)), 0);
    assert_false(f->word & FRAME_INCOHERENT);
    assert_int_equal(update(1, pte_make(data, GUEST_RW | combining)), 0);
    assert_true(f->word & FRAME_INCOHERENT);
    assert_int_equal(update(1, pte_make(data, GUEST_RW)), 0);
    assert_int_equal(update(1, 0), 0);
    assert_int_equal(frame_get_and_type(data, d, FT_WRITABLE), 0);
    frame_put_and_type(f);
    assert_true(machine_line_flushes == 0 && f->word & FRAME_INCOHERENT);
    assert_int_equal(frame_get_and_type(data, d, FT_SEGDESC), 0);
    assert_true(machine_line_flushes == lines && !(f->word & FRAME_INCOHERENT));
    frame_put_and_type(f);
    assert_int_equal(update(1, pte_make(data, GUEST_RW | combining)), 0);
    assert_int_equal(update(1, 0), 0);
    assert_audit(d);
    machine_give_back(data);
    assert_int_equal(machine_line_flushes, 2 * lines);
    data = machine_frame(d);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, domains_make, domains_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(each_flag_at_each_level),
        TEST(reserved_bits_of_the_address),
        TEST(entries_that_are_not_present_say_anything),
        TEST(entries_are_stored_as_xen_stores_them),
        TEST(counts_follow_the_entry),
        TEST(refused_updates_change_nothing),
        TEST(l4_slots_of_the_hypervisor),
        TEST(accessed_and_dirty_bits_are_kept_if_asked),
        TEST(writes_to_what_is_no_table),
        TEST(with_ports_come_cache_attributes),
        cmocka_unit_test_setup_teardown(the_privileged_map_devices, privileged_make, domains_end),
        cmocka_unit_test_setup_teardown(incoherent_frames_are_flushed_before_they_matter,
                                        privileged_make, domains_end),
    };

    return cmocka_run_group_tests(tests, machine_setup, NULL);
}
