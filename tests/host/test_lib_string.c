// LINK: xen-like/lib/string.c
/*
 * Our string routines held against libc's: every length and alignment that changes which part of a
 * routine does the work, with guard bytes on both sides.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "xen-like/lib/string.h"

#define ROOM  64
#define GUARD 0xa5

static void fill(u8 *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        bytes[i] = (u8)(i * 7 + 1);
}

static void memcpy_copies_every_length_at_every_alignment(void **state)
{
    u8 from[ROOM], ours[ROOM], theirs[ROOM];

    (void)state;
    fill(from, sizeof(from));
    for (size_t shift = 0; shift < 9; shift++) {
        for (size_t length = 0; length < 40; length++) {
            memset(ours, GUARD, sizeof(ours));
            memset(theirs, GUARD, sizeof(theirs));
            assert_ptr_equal(xl_memcpy(ours + shift, from + 3, length), ours + shift);
            memcpy(theirs + shift, from + 3, length);
            assert_memory_equal(ours, theirs, sizeof(ours));
        }
    }
}

static void memmove_survives_overlap_both_ways(void **state)
{
    u8 ours[ROOM], theirs[ROOM];

    (void)state;
    for (size_t from = 0; from < 20; from++) {
        for (size_t to = 0; to < 20; to++) {
            for (size_t length = 0; length < 40; length++) {
                fill(ours, sizeof(ours));
                fill(theirs, sizeof(theirs));
                xl_memmove(ours + to, ours + from, length);
                memmove(theirs + to, theirs + from, length);
                assert_memory_equal(ours, theirs, sizeof(ours));
            }
        }
    }
}

static void memset_fills_exactly(void **state)
{
    u8 ours[ROOM], theirs[ROOM];

    (void)state;
    for (size_t length = 0; length < 40; length++) {
        memset(ours, GUARD, sizeof(ours));
        memset(theirs, GUARD, sizeof(theirs));
        xl_memset(ours + 5, 0x1fe, length); /* only the low byte counts */
        memset(theirs + 5, 0xfe, length);
        assert_memory_equal(ours, theirs, sizeof(ours));
    }
}

static int sign(int value)
{
    return (value > 0) - (value < 0);
}

static void comparisons_order_bytes_as_unsigned(void **state)
{
    static const char *const words[] = {"", "a", "b", "ab", "abc", "\xff", "a\xff", "ab\x01"};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
        for (size_t j = 0; j < ARRAY_SIZE(words); j++) {
            const char *a = words[i], *b = words[j];
            size_t shorter = MIN(strlen(a), strlen(b));

            assert_int_equal(sign(xl_strcmp(a, b)), sign(strcmp(a, b)));
            assert_int_equal(sign(xl_memcmp(a, b, shorter)), sign(memcmp(a, b, shorter)));
            for (size_t n = 0; n < 5; n++)
                assert_int_equal(sign(xl_strncmp(a, b, n)), sign(strncmp(a, b, n)));
        }
    }
}

static void lengths_and_searches_agree_with_libc(void **state)
{
    static const char text[] = "console=com1";

    (void)state;
    assert_int_equal(xl_strlen(""), 0);
    assert_int_equal(xl_strlen(text), strlen(text));
    for (size_t max = 0; max < 20; max++)
        assert_int_equal(xl_strnlen(text, max), strnlen(text, max));
    assert_ptr_equal(xl_strchr(text, '='), strchr(text, '='));
    assert_ptr_equal(xl_strchr(text, '\0'), text + strlen(text));
    assert_null(xl_strchr(text, '!'));
}

static void str_copy_cuts_and_always_ends_the_copy(void **state)
{
    char to[8];

    (void)state;
    for (size_t size = 1; size <= sizeof(to); size++) {
        memset(to, '#', sizeof(to));
        assert_int_equal(str_copy(to, "abcde", size), 5);
        assert_int_equal(strlen(to), MIN(size - 1, 5u));
        assert_memory_equal(to, "abcde", strlen(to));
        for (size_t i = size; i < sizeof(to); i++)
            assert_int_equal(to[i], '#');
    }
    to[0] = '#';
    assert_int_equal(str_copy(to, "abcde", 0), 5);
    assert_int_equal(to[0], '#');
}

static void str_starts_with_wants_the_whole_prefix(void **state)
{
    (void)state;
    assert_true(str_starts_with("dom0_mem=1G", "dom0_mem="));
    assert_true(str_starts_with("x", ""));
    assert_false(str_starts_with("dom0", "dom0_mem="));
    assert_false(str_starts_with("", "a"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memcpy_copies_every_length_at_every_alignment),
        cmocka_unit_test(memmove_survives_overlap_both_ways),
        cmocka_unit_test(memset_fills_exactly),
        cmocka_unit_test(comparisons_order_bytes_as_unsigned),
        cmocka_unit_test(lengths_and_searches_agree_with_libc),
        cmocka_unit_test(str_copy_cuts_and_always_ends_the_copy),
        cmocka_unit_test(str_starts_with_wants_the_whole_prefix),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
