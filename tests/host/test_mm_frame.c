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
 * The frame's word: who may take a reference, what happens at the limits of both counts, the lock
 * of a table, the last reference. And the clock that says when stale translations must go.
 */
#include "tests/host/fake_machine.h"

#define REF_FULL  FRAME_REF_MASK
#define TYPE_FULL FRAME_TYPE_COUNT

static struct domain *d, *other;

static int domains_make(void **state)
{
    (void)state;
    d = machine_domain(1, 64, false);
    other = machine_domain(2, 64, false);
    return 0;
}

static int domains_end(void **state)
{
    machine_domain_end(d);
    machine_domain_end(other);
    return machine_all_free(state);
}

/* Run @taker with the frame's word as @word: does it take, and does it leave the word alone if
 * not? The word comes back. */
static bool taken_from(u64 word, bool (*taker)(struct frame *f))
{
    struct frame *f = mfn_to_frame(machine_frame(d));
    u64 before = f->word;
    bool took;

    f->word = word;
    took = taker(f);
    if (!took)
        assert_true(f->word == word);
    f->word = before;
    return took;
}

static bool take_reference(struct frame *f)
{
    return frame_get(f, d);
}

static bool take_reference_for_other(struct frame *f)
{
    return frame_get(f, other);
}

static bool take_writable(struct frame *f)
{
    return !frame_type_get(f, FT_WRITABLE);
}

static bool take_l1(struct frame *f)
{
    return !frame_type_get(f, FT_L1);
}

static bool take_hold(struct frame *f)
{
    return frame_hold_table(f, d) != FT_NONE;
}

static bool take_hold_for_other(struct frame *f)
{
    return frame_hold_table(f, other) != FT_NONE;
}

static bool take_mapping_rw(struct frame *f)
{
    return l1e_take_counts(f, true);
}

static bool take_mapping_ro(struct frame *f)
{
    return l1e_take_counts(f, false);
}

#define A  FRAME_ALLOCED
#define V  FRAME_VALIDATED
#define T1 FRAME_TYPE_ONE

static void counts_have_limits(void **state)
{
    static const struct {
        bool (*taker)(struct frame *f);
        u64 word;
        bool want;
    } rows[] = {
        {take_reference, A | 1, true},
        {take_reference, 0, false}, /* a free frame has none to add to */
        {take_reference, A | (REF_FULL - 1), true},
        {take_reference, A | REF_FULL, false},
        {take_reference_for_other, A | 1, false},
        {take_writable, A | 1, true},
        {take_writable, A | 1 | FT_WRITABLE | V | (TYPE_FULL - T1), true},
        {take_writable, A | 1 | FT_WRITABLE | V | TYPE_FULL, false},
        {take_writable, A | 1 | FT_L1 | V | T1, false},
        {take_writable, A | 1 | FT_L1 | T1, false}, /* being validated as something else */
        {take_writable, A | 1 | FT_L1, true},
        {take_l1, A | 1 | FT_WRITABLE | V | T1, false},
        {take_l1, A | 1 | FT_WRITABLE | V, true},
        {take_l1, A | 1 | FT_SEGDESC | V | T1, false},
        {take_l1, A | 1 | FT_L2 | V | T1, false},
        {take_l1, A | 1 | FT_L1 | V | T1, true},
        {take_l1, A | 1 | FT_L1 | V | TYPE_FULL, false},
        {take_hold, A | 1, false},
        {take_hold, A | 2 | FT_L1 | V | T1, true},
        {take_hold, A | 2 | FT_L1 | V, false},  /* was one */
        {take_hold, A | 2 | FT_L1 | T1, false}, /* becomes one */
        {take_hold, A | 2 | FT_NONE | V | T1, false},
        {take_hold, A | REF_FULL | FT_L1 | V | T1, false},
        {take_hold, A | 2 | FT_L1 | V | TYPE_FULL, false},
        {take_hold_for_other, A | 2 | FT_L1 | V | T1, false},
        {take_mapping_rw, A | 2 | FT_WRITABLE | V | T1, true},
        {take_mapping_rw, A | 2 | FT_WRITABLE | V, true},
        {take_mapping_rw, A | 2 | FT_WRITABLE, false},
        {take_mapping_rw, A | 1, false}, /* the slow way makes it writable */
        {take_mapping_rw, A | 2 | FT_L1 | V | T1, false},
        {take_mapping_rw, A | REF_FULL | FT_WRITABLE | V | T1, false},
        {take_mapping_rw, FT_WRITABLE | V, false},
        {take_mapping_ro, A | 2 | FT_L1 | V | T1, true},
        {take_mapping_ro, A | REF_FULL, false},
        {take_mapping_ro, 0, false},
    };

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++)
        if (taken_from(rows[i].word, rows[i].taker) != rows[i].want)
            fail_msg("row %u: wanted %d", i, rows[i].want);
}

static void a_full_count_does_not_reach_its_neighbour(void **state)
{
    struct frame *f = mfn_to_frame(machine_frame(d));
    u64 before = f->word;

    (void)state;
    f->word = A | (REF_FULL - 1);
    assert_true(frame_get(f, d));
    assert_true(f->word == (A | REF_FULL));
    f->word = A | 1 | FT_WRITABLE | V | (TYPE_FULL - T1);
    assert_int_equal(frame_type_get(f, FT_WRITABLE), 0);
    assert_true(f->word == (A | 1 | FT_WRITABLE | V | TYPE_FULL));
    f->word = before;
}

static void what_is_not_held_cannot_be_put(void **state)
{
    mfn_t m = machine_frame(d);
    struct frame *f = mfn_to_frame(m);
    u64 before = f->word;

    (void)state;
    expect_assert_failure(frame_type_put(f));
    f->word = 0;
    expect_assert_failure(frame_put(f));
    f->word = A | 1 | T1 | FT_WRITABLE | V; /* the last reference, with a type reference left */
    expect_assert_failure(frame_put(f));
    f->word = before;
}

static void invalid_frames_are_nobodys(void **state)
{
    (void)state;
    assert_null(frame_get_mfn(MFN(frames_max), d));
    assert_null(frame_get_mfn(INVALID_MFN, d));
    assert_null(frame_get_mfn(MFN(0), d));          /* I/O */
    assert_null(frame_get_mfn(MFN(0), &domain_io)); /* has no counts to take */
    assert_null(frame_get_mfn(virt_to_mfn(d), d));  /* the hypervisor's own */
    assert_int_equal(frame_get_and_type(MFN(frames_max), d, FT_L1), -XEN_EINVAL);
}

static void a_held_table_is_locked(void **state)
{
    mfn_t m = machine_frame(d);
    struct frame *f = mfn_to_frame(m);
    u64 before;

    (void)state;
    assert_int_equal(frame_get_and_type(m, d, FT_L2), 0);
    before = f->word;
    assert_true(frame_hold_table(f, d) == FT_L2);
    assert_true(f->word == ((before + FRAME_REF_ONE + T1) | FRAME_LOCKED));
    frame_let_go(f);
    assert_true(f->word == before);
    frame_put_and_type(f);
}

/* Ordinary memory may lose its last other use while it is held: what is stale then is remembered,
 * and the last reference frees. */
static void held_memory_may_be_let_go_last(void **state)
{
    mfn_t m = machine_frame(d);
    struct frame *f = mfn_to_frame(m);
    u64 pages = d->tot_pages, flushes;

    (void)state;
    assert_int_equal(frame_get_and_type(m, d, FT_WRITABLE), 0);
    assert_true(frame_hold_table(f, d) == FT_WRITABLE);
    tlb_flush_local();
    l1e_put_counts(f, true);
    frame_let_go(f);
    assert_true(f->word == (A | 1 | FT_WRITABLE | V));
    flushes = machine_flushes;
    assert_int_equal(frame_get_and_type(m, d, FT_L1), 0);
    assert_int_equal(machine_flushes, flushes + 1);
    frame_put_and_type(f);

    assert_int_equal(frame_get_and_type(m, d, FT_WRITABLE), 0);
    assert_true(frame_hold_table(f, d) == FT_WRITABLE);
    l1e_put_counts(f, true);
    frame_disown(f);
    frame_let_go(f);
    assert_null(f->owner);
    assert_int_equal(d->tot_pages, pages - 1);
}

static void the_last_reference_frees(void **state)
{
    mfn_t m = machine_frame(d);
    struct frame *f = mfn_to_frame(m);
    u64 free_frames = frames_free_count(), pages = d->tot_pages;

    (void)state;
    assert_true(frame_get(f, d));
    assert_true(frame_disown(f));
    assert_false(frame_disown(f));
    assert_ptr_equal(f->owner, d);
    assert_int_equal(frames_free_count(), free_frames);
    frame_put(f);
    assert_null(f->owner);
    assert_true(f->word == 0);
    assert_int_equal(frames_free_count(), free_frames + 1);
    assert_int_equal(d->tot_pages, pages - 1);
}

/* A shared page may be mapped, but neither freed nor made a table. */
static void a_shared_page_stays_what_it_is(void **state)
{
    mfn_t m = d->shared_mfn, l1 = machine_frame(d);
    struct frame *f = mfn_to_frame(m);
    u64 before = f->word;

    (void)state;
    assert_int_equal(frame_get_and_type(m, d, FT_L1), -XEN_EINVAL);
    assert_int_equal(frame_get_and_type(m, d, FT_SEGDESC), -XEN_EINVAL);
    assert_int_equal(frame_get_and_type(m, other, FT_WRITABLE), -XEN_EINVAL);
    assert_int_equal(table_unpin(m, d), -XEN_EINVAL);
    assert_false(frame_disown(f));
    machine_page(l1)[0] = pte_make(m, GUEST_RW);
    assert_int_equal(table_pin(l1, d, 1), 0);
    assert_true(f->word == before + FRAME_REF_ONE + T1);
    assert_int_equal(table_unpin(l1, d), 0);
    assert_true(f->word == before);
    frame_share(m, d, false); /* one that guests may read only */
    assert_int_equal(frame_get_and_type(m, d, FT_WRITABLE), -XEN_EINVAL);
    f->word = before;
    d->shared_pages--; /* it was one already */
}

static void stale_translations_go_before_a_new_use(void **state)
{
    struct frame *f = mfn_to_frame(machine_frame(d));
    u64 flushes;

    (void)state;
    assert_int_equal(frame_type_get(f, FT_WRITABLE), 0);
    frame_type_put(f);
    flushes = machine_flushes;
    assert_int_equal(frame_type_get(f, FT_WRITABLE), 0); /* the same use again needs none */
    assert_int_equal(machine_flushes, flushes);
    frame_type_put(f);
    assert_int_equal(frame_type_get(f, FT_L1), 0);
    assert_int_equal(machine_flushes, flushes + 1);
    frame_type_put(f);
    tlb_flush_local();
    assert_int_equal(frame_type_get(f, FT_WRITABLE), 0); /* one has happened since */
    assert_int_equal(machine_flushes, flushes + 2);
    frame_type_put(f);
}

/* 2^32 flushes later the clock is where it was; its 0 must not look like "never mapped". */
static void the_clock_may_wrap(void **state)
{
    struct frame *f = mfn_to_frame(machine_frame(d));

    (void)state;
    tlb_clock = UINT32_MAX - 3;
    for (int i = 0; i < 8; i++) {
        u64 flushes;

        tlb_flush_local();
        assert_int_not_equal(tlb_clock, 0);
        assert_int_equal(host_percpu.tlb_flushed, tlb_clock);
        assert_int_equal(frame_type_get(f, FT_WRITABLE), 0);
        frame_type_put(f);
        flushes = machine_flushes;
        assert_int_equal(frame_type_get(f, FT_L1), 0);
        assert_int_equal(machine_flushes, flushes + 1);
        frame_type_put(f);
    }
}

/* A reader's translation of a freed frame must be gone before the next owner has it. */
static void a_freed_frame_is_flushed_before_it_is_given(void **state)
{
    mfn_t m = machine_frame(d);
    u64 flushes;

    (void)state;
    assert_true(frame_get(mfn_to_frame(m), d));
    frame_disown(mfn_to_frame(m));
    frame_put(mfn_to_frame(m));
    flushes = machine_flushes;
    assert_int_equal(machine_frame(other).n, m.n);
    assert_int_equal(machine_flushes, flushes + 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, domains_make, domains_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(counts_have_limits),
        TEST(a_full_count_does_not_reach_its_neighbour),
        TEST(what_is_not_held_cannot_be_put),
        TEST(invalid_frames_are_nobodys),
        TEST(a_held_table_is_locked),
        TEST(held_memory_may_be_let_go_last),
        TEST(the_last_reference_frees),
        TEST(a_shared_page_stays_what_it_is),
        TEST(stale_translations_go_before_a_new_use),
        TEST(the_clock_may_wrap),
        TEST(a_freed_frame_is_flushed_before_it_is_given),
    };

    return cmocka_run_group_tests(tests, machine_setup, NULL);
}
