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
 * How a frame becomes a table and stops being one: which changes of type are allowed, that a
 * validation which fails at entry k gives back exactly what it had taken, and that whole trees go
 * as they came.
 */
#include "tests/host/fake_machine.h"

#include "hypervisor/mm/hv_slots.h"

static struct domain *d, *other;

static int domains_make(void **state)
{
    (void)state;
    d = machine_domain(1, 128, false);
    other = machine_domain(2, 16, false);
    return 0;
}

static int domains_end(void **state)
{
    machine_domain_end(d);
    machine_domain_end(other);
    return machine_all_free(state);
}

static const u64 types[] = {FT_L1, FT_L2, FT_L3, FT_L4, FT_SEGDESC, FT_WRITABLE};

/* Any type may follow any other, but never while that is in use. An empty page passes as all. */
static void types_change_at_count_zero_only(void **state)
{
    mfn_t m = machine_frame(d);
    struct frame *f = mfn_to_frame(m);

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(types); i++) {
        for (unsigned j = 0; j < ARRAY_SIZE(types); j++) {
            u64 word;

            memset(machine_page(m), 0, PAGE_SIZE);
            assert_int_equal(frame_get_and_type(m, d, types[i]), 0);
            word = f->word;
            assert_int_equal(frame_get_and_type(m, d, types[j]), i == j ? 0 : -XEN_EINVAL);
            assert_true(f->word == (i == j ? word + FRAME_REF_ONE + FRAME_TYPE_ONE : word));
            if (i == j)
                frame_put_and_type(f);
            frame_put_and_type(f);
            assert_true(machine_types(m) == 0 && machine_refs(m) == 1);
            memset(machine_page(m), 0, PAGE_SIZE);
            assert_int_equal(frame_get_and_type(m, d, types[j]), 0);
            frame_put_and_type(f);
        }
    }
}

/* What was valid once is looked at again when anybody may have written it meanwhile. */
static void contents_are_checked_again_after_writing(void **state)
{
    static const u64 checked[] = {FT_L1, FT_L2, FT_L3, FT_L4, FT_SEGDESC};
    const u64 bad_for_all = PTE_P | PTE_PSE | 0x8eUL << 40; /* as a descriptor: an interrupt gate */
    mfn_t m = machine_frame(d);

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(checked); i++) {
        u64 *page = machine_page(m);

        memset(page, 0, PAGE_SIZE);
        for (int again = 0; again < 2; again++) {
            assert_int_equal(frame_get_and_type(m, d, checked[i]), 0);
            frame_put_and_type(mfn_to_frame(m));
        }
        assert_int_equal(frame_get_and_type(m, d, FT_WRITABLE), 0);
        page[7] = bad_for_all;
        frame_put_and_type(mfn_to_frame(m));
        assert_int_not_equal(frame_get_and_type(m, d, checked[i]), 0);
        assert_true(machine_types(m) == 0 && machine_refs(m) == 1);
    }
}

/* A table of @level whose entries before @bad are good and whose entry @bad is not. */
static void fails_at_entry(int level, unsigned bad, u64 bad_entry)
{
    mfn_t table = machine_frame(d), below[3];
    u64 words[ARRAY_SIZE(below)];
    u64 *t = machine_page(table);

    for (unsigned i = 0; i < ARRAY_SIZE(below); i++) {
        below[i] = machine_frame(d);
        words[i] = mfn_to_frame(below[i])->word;
    }
    for (unsigned i = 0; i < bad; i++)
        if (level < 4 || !l4_slot_is_ours(i))
            t[i] = pte_make(below[i % ARRAY_SIZE(below)], i % 3 ? GUEST_RW : PTE_P);
    t[bad] = bad_entry;
    assert_int_not_equal(table_pin(table, d, level), 0);
    for (unsigned i = 0; i < ARRAY_SIZE(below); i++) {
        assert_true(machine_types(below[i]) == 0);
        assert_true(machine_refs(below[i]) == (words[i] & FRAME_REF_MASK));
    }
    assert_true(machine_types(table) == 0 && machine_refs(table) == 1);
    assert_false(mfn_to_frame(table)->word & FRAME_PINNED);
    assert_audit(d);
    t[bad] = 0; /* that one was all that was wrong */
    for (int again = 0; again < 2; again++) {
        assert_int_equal(table_pin(table, d, level), 0);
        assert_audit(d);
        assert_int_equal(table_unpin(table, d), 0);
        assert_audit(d);
    }
}

static void failure_at_any_entry_gives_all_back(void **state)
{
    static const unsigned places[] = {0, 1, 2, 255, 272, 300, 511};

    (void)state;
    d->max_pages = 1000;
    for (int level = 1; level <= 4; level++) {
        for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
            mfn_t foreign = machine_frame(other);

            fails_at_entry(level, places[i], pte_make(foreign, GUEST_RO));
            fails_at_entry(level, places[i], pte_make(MFN(0), GUEST_RO | PTE_RW));
            machine_domain_end(d);
            d = machine_domain(1, 1000, false);
            machine_give_back(foreign);
        }
    }
}

/* A failure deep below: L4 -> L3 -> L2 -> L1 -> a frame that is somebody else's. */
static void failure_below_comes_up(void **state)
{
    mfn_t t[5], foreign = machine_frame(other), sound = machine_frame(d);

    (void)state;
    for (int level = 1; level <= 4; level++)
        t[level] = machine_frame(d);
    for (int level = 2; level <= 4; level++)
        machine_page(t[level])[level] = pte_make(t[level - 1], GUEST_RW);
    machine_page(t[4])[0] = pte_make(t[3], GUEST_RW);
    machine_page(t[1])[0] = pte_make(sound, GUEST_RW);
    machine_page(t[1])[9] = pte_make(foreign, GUEST_RO);
    assert_int_not_equal(table_pin(t[4], d, 4), 0);
    for (int level = 1; level <= 4; level++)
        assert_true(machine_types(t[level]) == 0 && machine_refs(t[level]) == 1);
    assert_true(machine_types(sound) == 0);
    assert_true(machine_refs(foreign) == 1);
    machine_page(t[1])[9] = 0;
    assert_int_equal(table_pin(t[4], d, 4), 0);
    assert_int_equal(machine_types(t[3]), 2);
    assert_int_equal(machine_types(sound), 1);
    assert_audit(d);
}

/* A table may not be mapped writable by anything below it, nor stand at two levels. */
static void tables_cannot_be_written_nor_be_two_things(void **state)
{
    mfn_t l1 = machine_frame(d), l2 = machine_frame(d);
    u64 *t = machine_page(l1);

    (void)state;
    t[0] = pte_make(l1, GUEST_RW);
    assert_int_equal(table_pin(l1, d, 1), -XEN_EBUSY);
    t[0] = pte_make(l1, GUEST_RO); /* to read it is every guest's right */
    assert_int_equal(table_pin(l1, d, 1), 0);
    assert_int_equal(machine_refs(l1), 4);
    assert_int_equal(table_pin(l1, d, 2), -XEN_EINVAL);
    machine_page(l2)[0] = pte_make(l2, GUEST_RW);
    assert_int_not_equal(table_pin(l2, d, 2), 0);
    machine_page(l2)[0] = pte_make(l1, GUEST_RW);
    assert_int_equal(table_pin(l2, d, 2), 0);
    assert_int_equal(machine_types(l1), 2);
    assert_int_equal(table_unpin(l1, d), 0);
    assert_int_equal(table_unpin(l1, d), -XEN_EINVAL);
    assert_audit(d);
    assert_int_equal(table_unpin(l2, d), 0);
    assert_int_equal(machine_refs(l1), 1);
    assert_int_equal(machine_refs(l2), 1);
}

/* A page that was mapped writable, and is not any more, may still be so in the TLB. */
static void unmapping_is_remembered_until_it_matters(void **state)
{
    mfn_t l1 = machine_frame(d), page = machine_frame(d);
    u64 *t = machine_page(l1), flushes;

    (void)state;
    assert_int_equal(table_pin(l1, d, 1), 0);
    for (u64 mappings = 1; mappings <= 2; mappings++) {
        for (u64 i = 0; i < mappings; i++)
            assert_int_equal(l1e_write(&t[i], pte_make(page, GUEST_RW), false, d, d), 0);
        tlb_flush_local();
        for (u64 i = 0; i < mappings; i++) {
            assert_int_equal(l1e_write(&t[i], 0, false, d, d), 0);
            assert_int_equal(mfn_to_frame(page)->tlb_epoch,
                             tlb_clock); /* not the last one's alone */
            tlb_flush_local();
            assert_int_not_equal(mfn_to_frame(page)->tlb_epoch, tlb_clock);
        }
        assert_int_equal(l1e_write(t, pte_make(page, GUEST_RW), false, d, d), 0);
        assert_int_equal(l1e_write(t, 0, false, d, d), 0);
        flushes = machine_flushes;
        assert_int_equal(table_pin(page, d, 1), 0);
        assert_int_equal(machine_flushes, flushes + 1);
        assert_int_equal(table_unpin(page, d), 0);
    }
}

static void pins_are_single(void **state)
{
    mfn_t m = machine_frame(d), foreign = machine_frame(other);

    (void)state;
    assert_int_equal(table_pin(m, d, 4), 0);
    assert_int_equal(machine_refs(m), 3);
    assert_int_equal(table_pin(m, d, 4), -XEN_EINVAL);
    assert_int_equal(machine_refs(m), 3);
    assert_int_equal(table_pin(foreign, d, 1), -XEN_EINVAL);
    assert_int_equal(table_unpin(foreign, d), -XEN_EINVAL);
    assert_int_equal(table_pin(MFN(0), d, 1), -XEN_EINVAL);
    assert_int_equal(table_pin(MFN(frames_max), d, 1), -XEN_EINVAL);
    assert_int_equal(table_pin(m, &domain_io, 4), -XEN_EINVAL);
    assert_int_equal(table_pin(MFN(0), &domain_io, 1), -XEN_EINVAL);
    assert_int_equal(machine_refs(foreign), 1);
}

/* Given back while it is pinned, a frame lives on until the pin goes. */
static void a_disowned_table_goes_with_its_last_use(void **state)
{
    mfn_t m = machine_frame(d), data = machine_frame(d);
    u64 pages = d->tot_pages;

    (void)state;
    machine_page(m)[3] = pte_make(data, GUEST_RW);
    assert_int_equal(table_pin(m, d, 1), 0);
    machine_give_back(data);
    machine_give_back(m);
    assert_int_equal(d->tot_pages, pages);
    assert_audit(d);
    assert_int_equal(table_unpin(m, d), 0);
    assert_int_equal(d->tot_pages, pages - 2);
}

static void an_l4_shows_the_hypervisors_slots(void **state)
{
    mfn_t m = machine_frame(d);
    u64 *t = machine_page(m);

    (void)state;
    for (unsigned i = HV_FIRST_SLOT; i <= HV_LAST_SLOT; i++)
        t[i] = pte_make(MFN(0), GUEST_RW); /* what a guest puts there is not even looked at */
    d->vm_assist = 1UL << VMASST_TYPE_m2p_strict;
    assert_int_equal(table_pin(m, d, 4), 0);
    assert_memory_equal(t + HV_FIRST_SLOT, hv_l4 + HV_FIRST_SLOT, HV_SLOTS * sizeof(u64));
    assert_int_equal(table_unpin(m, d), 0);
    d->vm_assist = 0;
    assert_int_equal(frame_get_and_type(m, d, FT_WRITABLE), 0);
    t[HV_FIRST_SLOT] = t[HV_LAST_SLOT] = ~0UL;
    frame_put_and_type(mfn_to_frame(m));
    assert_int_equal(table_pin(m, d, 4), 0);
    assert_true(t[HV_FIRST_SLOT] == 0); /* until it is a kernel's base */
    assert_memory_equal(t + HV_FIRST_SLOT + 1, hv_l4 + HV_FIRST_SLOT + 1,
                        (HV_SLOTS - 1) * sizeof(u64));
    assert_audit(d);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, domains_make, domains_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(types_change_at_count_zero_only),
        TEST(contents_are_checked_again_after_writing),
        TEST(failure_at_any_entry_gives_all_back),
        TEST(failure_below_comes_up),
        TEST(tables_cannot_be_written_nor_be_two_things),
        TEST(unmapping_is_remembered_until_it_matters),
        TEST(pins_are_single),
        TEST(a_disowned_table_goes_with_its_last_use),
        TEST(an_l4_shows_the_hypervisors_slots),
    };

    return cmocka_run_group_tests(tests, machine_setup, NULL);
}
