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
 * The audit itself: it has nothing to say about a domain in order, and finds every kind of damage
 * that is done to one. The other tests rely on both.
 */
#include "tests/host/fake_machine.h"

#include "hypervisor/mm/hv_slots.h"

#define MANY_FRAMES 1200 /* more than one page of counts */

static struct domain *d;
static mfn_t table[5], data, last; /* the last of the domain's frames is beyond the first page */

static int domain_make(void **state)
{
    mfn_t below;

    (void)state;
    d = machine_domain(1, 1000, true);
    last = mfn_add(domain_frames_alloc(d, 9, 0, false), 511);
    data = below = machine_frame(d);
    for (int level = 1; level <= 4; level++) {
        table[level] = machine_frame(d);
        machine_page(table[level])[3] = pte_make(below, GUEST_RW);
        below = table[level];
    }
    machine_page(table[1])[4] = pte_make(data, GUEST_RO);
    machine_page(table[1])[5] = pte_make(MFN(1), GUEST_RO);
    machine_page(table[1])[6] = pte_make(d->shared_mfn, GUEST_RW);
    assert_int_equal(table_pin(table[4], d, 4), 0);
    machine_quiet = true;
    return 0;
}

static int domain_end(void **state)
{
    machine_quiet = false;
    machine_domain_end(d);
    return machine_all_free(state);
}

/* With @word changed by @damage the audit finds @mismatches, each a line; without, none. */
static void found(u64 *word, u64 damage, u64 mismatches)
{
    u32 lines = machine_lines;
    u64 before = *word, got;

    assert_int_equal(audit_domain(d), 0);
    assert_int_equal(machine_lines, lines);
    *word += damage;
    got = audit_domain(d);
    if (got != mismatches)
        fail_msg("%lu mismatches, wanted %lu; the last: %s", got, mismatches, machine_line);
    assert_int_equal(machine_lines, lines + mismatches);
    *word = before;
}

static u64 *word_of(mfn_t m)
{
    return &mfn_to_frame(m)->word;
}

static void damaged_words_are_found(void **state)
{
    (void)state;
    found(word_of(data), FRAME_REF_ONE, 1);
    found(word_of(data), 0 - FRAME_REF_ONE, 1);
    found(word_of(data), FRAME_TYPE_ONE, 1);
    found(word_of(data), 0 - FRAME_TYPE_ONE, 1);
    found(word_of(data), FRAME_LOCKED, 1);
    found(word_of(data), 0 - FRAME_VALIDATED, 1);
    found(word_of(data), 0 - 2 * FRAME_ALLOCED, 1); /* reaches into the type: another one */
    found(word_of(table[4]), 0 - FRAME_PINNED, 1);
    found(word_of(d->shared_mfn), FRAME_REF_ONE, 1);
    found(word_of(data), FT_LEVEL(1) - FT_LEVEL(2), 1); /* segment descriptors, mapped writable */
}

static void damaged_entries_are_found(void **state)
{
    mfn_t free = frames_alloc(0, 0);
    u64 *l1 = machine_page(table[1]), *l4 = machine_page(table[4]);

    (void)state;
    found(&l1[3], 0 - PTE_P, 1);
    found(&l1[3], 0 - PTE_RW, 1);
    found(&l1[4], PTE_RW, 1);
    found(&l1[7], pte_make(free, GUEST_RO), 1);     /* memory that is nobody's */
    found(&l1[7], pte_make(table[2], GUEST_RW), 1); /* a writable mapping of a table */
    found(&l1[7], pte_make(MFN(2), GUEST_RW), 0);   /* I/O has no counts */
    found(&machine_page(table[2])[3], 0 - PTE_P, 1);
    found(&l4[9], pte_make(free, GUEST_RW), 1);
    found(&l4[9], pte_make(MFN(frames_max), GUEST_RW), 1);
    found(&l4[HV_LAST_SLOT], PTE_US, 1);
    found(&l4[HV_FIRST_SLOT], PTE_RW, 1);
    frames_free(free, 0);
}

static void damaged_holdings_are_found(void **state)
{
    struct vcpu *v = d->vcpus[0];

    (void)state;
    found(&v->cr3_kernel, table[4].n << PAGE_SHIFT, 1);
    found(&v->cr3_user, table[4].n << PAGE_SHIFT, 1);
    found(&v->gdt_frames[13].n, data.n, 1);
    found(&v->ldt_frames[15].n, data.n, 1);
    found(&d->tot_pages, 1, 1);
    found(&d->tot_pages, ~0UL, 1);
}

static void a_broken_list_is_found(void **state)
{
    u32 *links[] = {&mfn_to_frame(data)->next, &mfn_to_frame(data)->prev, &d->page_list};

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(links); i++) {
        u32 before = *links[i];

        *links[i] = (u32)data.n; /* a circle */
        assert_int_not_equal(audit_domain(d), 0);
        *links[i] = 0xfffffff0; /* nowhere */
        assert_int_not_equal(audit_domain(d), 0);
        *links[i] = before;
    }
    assert_int_equal(audit_domain(d), 0);
}

/* With less memory than the counts of all frames need, it goes in several passes. */
static void little_memory_is_enough(void **state)
{
    mfn_t taken[MANY_FRAMES];
    unsigned n = 0;

    (void)state;
    while ((taken[n] = frames_alloc(0, 0)).n != INVALID_MFN.n)
        n++;
    assert_true(last.n > PAGE_SIZE / sizeof(u64));
    assert_int_equal(audit_domain(d), 1); /* not clean: nothing was proved */
    assert_non_null(strstr(machine_line, "no free page"));
    frames_free(taken[--n], 0);
    found(word_of(data), FRAME_REF_ONE, 1);
    found(word_of(last), FRAME_REF_ONE, 1);
    while (n)
        frames_free(taken[--n], 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, domain_make, domain_end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(damaged_words_are_found),    TEST(damaged_entries_are_found),
        TEST(damaged_holdings_are_found), TEST(a_broken_list_is_found),
        TEST(little_memory_is_enough),
    };

    machine_frames = MANY_FRAMES;
    return cmocka_run_group_tests(tests, machine_setup, NULL);
}
