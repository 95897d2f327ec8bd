// LINK: hypervisor/mm/ranges.c
/*
 * Sets of ranges: each change against a plain array of bits, in random order, and the few places
 * where two ranges meet. Every set is one piece of memory of the size that it asked for, so a write
 * past its end is found by the sanitizer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <cmocka.h>

#include "hypervisor/mm/alloc.h"
#include "hypervisor/mm/ranges.h"

#define NUMBERS 400
#define CHANGES 20000

static bool memory_is_out;
static int sets; /* that exist */

void *pages_alloc(unsigned order)
{
    (void)order;
    sets += !memory_is_out;
    return memory_is_out ? NULL : calloc(1, PAGE_SIZE << order);
}

void pages_free(void *p, unsigned order)
{
    (void)order;
    sets--;
    free(p);
}

void refusal_report(int err, const char *rule, const char *file, unsigned int line)
{
    (void)err, (void)rule, (void)file, (void)line;
}

void quiesce(struct quiesce *q, void (*done)(struct quiesce *))
{
    done(q);
}

static void assert_same(const struct ranges *set, const bool *in)
{
    for (u32 i = 0; i < NUMBERS; i++)
        assert_int_equal(ranges_have(set, i, i), in[i]);
    for (u32 i = 0; set && i < set->count; i++) {
        assert_true(set->at[i].first <= set->at[i].last);
        if (i)
            assert_true(set->at[i].first > set->at[i - 1].last + 1);
    }
}

static void random_changes_are_those_of_bits(void **state)
{
    static bool in[NUMBERS];
    struct ranges *set = NULL;

    (void)state;
    srand(7);
    for (u32 n = 0; n < CHANGES; n++) {
        u32 first = (u32)rand() % NUMBERS, last = first + (u32)rand() % 9;
        bool put = rand() & 1;

        last = last < NUMBERS ? last : NUMBERS - 1;
        assert_int_equal(ranges_change(&set, first, last, put), 0);
        for (u32 i = first; i <= last; i++)
            in[i] = put;
        assert_int_equal(sets, 1);
        if (n % 50 == 0)
            assert_same(set, in);
    }
    ranges_free(set);
    assert_int_equal(sets, 0);
}

static void ends_of_the_numbers(void **state)
{
    struct ranges *set = NULL;

    (void)state;
    assert_int_equal(ranges_change(&set, 0, ~0UL, true), 0);
    assert_true(ranges_have(set, 0, ~0UL));
    assert_int_equal(ranges_change(&set, ~0UL, ~0UL, false), 0);
    assert_int_equal(ranges_change(&set, 0, 0, false), 0);
    assert_false(ranges_have(set, ~0UL, ~0UL));
    assert_false(ranges_have(set, 0, 1));
    assert_true(ranges_have(set, 1, ~0UL - 1));
    assert_int_equal(ranges_change(&set, ~0UL, ~0UL, true), 0);
    assert_int_equal(set->count, 1);
    ranges_free(set);
}

static void without_memory_nothing_changes(void **state)
{
    struct ranges *set = NULL;

    (void)state;
    assert_int_equal(ranges_change(&set, 3, 5, true), 0);
    memory_is_out = true;
    assert_int_equal(ranges_change(&set, 4, 4, false), -XEN_ENOMEM);
    memory_is_out = false;
    assert_true(ranges_have(set, 3, 5));
    ranges_free(set);
    ranges_free(NULL);
}

static void nothing_is_in_no_set(void **state)
{
    (void)state;
    assert_false(ranges_have(NULL, 0, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_changes_are_those_of_bits),
        cmocka_unit_test(ends_of_the_numbers),
        cmocka_unit_test(without_memory_nothing_changes),
        cmocka_unit_test(nothing_is_in_no_set),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
