// LINK: hypervisor/domain/list.c hypervisor/domain/shutdown.c hypervisor/domain/end.c
// LINK: hypervisor/domain/exchange.c hypervisor/mm/extent.c
// LINK: tests/host/fake_machine.c hypervisor/mm/frame.c hypervisor/mm/alloc.c
// LINK: hypervisor/mm/ptype.c hypervisor/mm/pt_update.c hypervisor/mm/io_frames.c
// LINK: hypervisor/mm/ranges.c
// LINK: hypervisor/mm/linear.c hypervisor/mm/pae.c hypervisor/mm/audit.c
// LINK: hypervisor/domain/domain.c hypervisor/domain/base.c hypervisor/cpu/descriptors.c
// LINK: hypervisor/grant/table.c hypervisor/grant/pin.c hypervisor/grant/maptrack.c
/*
 * Linear entries: what may name what, and that nothing is left of one that has gone. And what a CPU
 * may remember of a frame that was a table, or was taken from its owner: a guest sees neither.
 */
#include "tests/host/fake_machine.h"

#define LINEAR GUEST_RO /* a linear entry cannot write */

static struct domain *d;
static mfn_t a, b, c; /* L2 tables, pinned */

static mfn_t table_make(void)
{
    mfn_t m = machine_frame(d);

    assert_int_equal(table_pin(m, d, 2), 0);
    return m;
}

static int domain_make(void **state)
{
    (void)state;
    d = machine_domain(1, 64, false);
    a = table_make();
    b = table_make();
    c = table_make();
    return 0;
}

static int domain_end(void **state)
{
    machine_domain_end(d);
    return machine_all_free(state);
}

/* Entry 7 of @table names @other. */
static int name(mfn_t table, mfn_t other, u64 flags)
{
    u64 e = flags ? pte_make(other, flags) : 0;
    int rc = pt_entry_write(FT_L2, &machine_page(table)[7], e, false, d, d);

    assert_audit(d);
    return rc;
}

static void a_table_names_or_is_named(void **state)
{
    (void)state;
    assert_int_equal(name(a, b, LINEAR), 0);
    assert_int_equal(name(b, a, LINEAR), -XEN_EINVAL); /* a circle */
    assert_int_equal(name(b, c, LINEAR), -XEN_EINVAL); /* a chain */
    assert_int_equal(name(c, a, LINEAR), -XEN_EINVAL);
    assert_int_equal(name(c, b, LINEAR), 0);
    assert_int_equal(name(a, a, LINEAR), 0); /* its own holds nothing, and frees b */
    assert_int_equal(machine_types(a), 1);
    assert_int_equal(name(c, c, LINEAR), 0);
    assert_int_equal(name(b, a, LINEAR), 0); /* now the other way round */
}

/* What a table names is counted where a free frame says whose contents it has. */
static void a_new_domain_forgets_free_frames_only(void **state)
{
    struct domain *other;

    (void)state;
    assert_int_equal(name(a, b, LINEAR), 0);
    assert_int_equal(mfn_to_frame(a)->linear, 1);
    other = machine_domain(0, 8, false);
    assert_int_equal(mfn_to_frame(a)->linear, 1);
    machine_domain_end(other);
    machine_run(d);
}

static void a_linear_entry_cannot_write(void **state)
{
    (void)state;
    assert_int_equal(name(a, a, GUEST_RW), -XEN_EINVAL);
    assert_int_equal(name(a, b, GUEST_RW), -XEN_EINVAL);
    assert_int_equal(name(a, b, LINEAR), 0);
    assert_int_equal(name(a, b, GUEST_RW), -XEN_EINVAL);
}

static void only_whole_tables_are_named(void **state)
{
    mfn_t plain = machine_frame(d);

    (void)state;
    machine_page(plain)[0] =
        pte_make(a, LINEAR);                  /* were it an L1: a read-only mapping of a table */
    machine_page(plain)[1] = PTE_P | PTE_PSE; /* and no table of any level */
    assert_int_equal(name(a, plain, LINEAR), -XEN_EINVAL);
    assert_int_equal(machine_refs(plain), 1);
}

static void what_was_named_goes_with_the_last_entry(void **state)
{
    (void)state;
    assert_int_equal(name(a, b, LINEAR), 0);
    assert_int_equal(table_unpin(b, d), 0);
    assert_int_equal(machine_types(b), 1);
    assert_int_equal(name(a, b, 0), 0);
    assert_int_equal(machine_types(b), 0);
    assert_int_equal(frame_get_and_type(b, d, FT_WRITABLE), 0);
    frame_put_and_type(mfn_to_frame(b));
}

/* The CPU may have cached the way through it. */
static void a_table_that_was_walked_is_flushed_before_it_is_written(void **state)
{
    u64 before;

    (void)state;
    tlb_flush_local();
    assert_int_equal(table_unpin(a, d), 0);
    before = machine_flushes;
    assert_int_equal(frame_get_and_type(a, d, FT_WRITABLE), 0);
    assert_int_equal(machine_flushes, before + 1);
    frame_put_and_type(mfn_to_frame(a));
}

/* Mappings that could only read leave no stamp when they go. */
static void a_stolen_frame_is_flushed_before_it_is_given(void **state)
{
    mfn_t m = machine_frame(d), got[128];
    u32 stolen = 0, n = 0;
    u64 before;

    (void)state;
    tlb_flush_local();
    assert_true(frame_get(mfn_to_frame(m), d));
    assert_true(frame_steal(mfn_to_frame(m), &stolen));
    d->tot_pages--; /* which exchange gives back by another block */
    d->away = 0;
    while (stolen)
        frame_free_stolen(&stolen);
    before = machine_flushes;
    do
        got[n] = frames_alloc(0, 0);
    while (!mfn_eq(got[n++], m) && n < ARRAY_SIZE(got));
    assert_true(mfn_eq(got[n - 1], m));
    assert_int_equal(machine_flushes, before + 1);
    while (n--)
        frames_free(got[n], 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, domain_make, domain_end)
    const struct CMUnitTest tests[] = {
        TEST(a_table_names_or_is_named),
        TEST(a_new_domain_forgets_free_frames_only),
        TEST(a_linear_entry_cannot_write),
        TEST(only_whole_tables_are_named),
        TEST(what_was_named_goes_with_the_last_entry),
        TEST(a_table_that_was_walked_is_flushed_before_it_is_written),
        TEST(a_stolen_frame_is_flushed_before_it_is_given),
    };

    machine_frames = 64;
    return cmocka_run_group_tests(tests, machine_setup, NULL);
}
