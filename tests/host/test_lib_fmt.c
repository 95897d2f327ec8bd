// LINK: xen-like/lib/fmt.c xen-like/lib/string.c
/*
 * The formatter held against libc's for every conversion that it has, at every size of buffer: the
 * text that fits, the NUL behind it, nothing past it, and the length that the whole would have had.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <cmocka.h>

#include "xen-like/lib/fmt.h"
#include "xen-like/lib/string.h"

#define ROOM 96

#define CHECK(...)                                                                                 \
    do {                                                                                           \
        char wanted[ROOM], got[ROOM];                                                              \
        int length = snprintf(wanted, sizeof(wanted), __VA_ARGS__);                                \
                                                                                                   \
        assert_in_range(length, 0, ROOM - 1);                                                      \
        for (size_t size = 0; size < sizeof(got); size++) {                                        \
            memset(got, '#', sizeof(got));                                                         \
            assert_int_equal(fmt_snprintf(got, size, __VA_ARGS__), length);                        \
            check_cut(got, size, wanted);                                                          \
        }                                                                                          \
    } while (0)

static void check_cut(const char *got, size_t size, const char *wanted)
{
    size_t kept = size == 0 ? 0 : MIN(strlen(wanted), size - 1);

    assert_memory_equal(got, wanted, kept);
    if (size > 0)
        assert_int_equal(got[kept], '\0');
    for (size_t i = size == 0 ? 0 : kept + 1; i < ROOM; i++)
        assert_int_equal(got[i], '#');
}

static void plain_text_and_percent_pass_through(void **state)
{
    (void)state;
    CHECK("nothing to convert");
    CHECK("%d%%", 5);
    CHECK("a%cz", 'b');
}

static void decimal_numbers_print_at_both_ends_of_their_range(void **state)
{
    (void)state;
    CHECK("%d %d %d %i", 0, 2147483647, -2147483647 - 1, -1);
    CHECK("%u %u", 0u, ~0u);
    CHECK("%ld %ld", INT64_MAX, INT64_MIN);
    CHECK("%lu %llu %zu", ~0ul, ~0ull, (size_t)1234);
}

static void hexadecimal_numbers_print_in_both_cases(void **state)
{
    (void)state;
    CHECK("%x %X %lx %llx %zx", 0xbeefu, 0xbeefu, 0xffff82d040000000ul, ~0ull, (size_t)0);
    CHECK("%#x %#lx %#018lx", 0x12u, 0xdeadul, 0xdeadul);
}

static void widths_pad_on_the_side_that_is_asked(void **state)
{
    (void)state;
    CHECK("[%8d] [%-8d] [%08d]", -42, -42, -42);
    CHECK("[%16lx] [%-16lx] [%016lx]", 0xabcul, 0xabcul, 0xabcul);
    CHECK("[%2u] [%02x] [%1d]", 12345u, 0x12345u, -7);
    CHECK("[%*d] [%-*s]", 6, 42, 6, "ab");
    CHECK("[%6s] [%-6s] [%3c]", "abc", "abc", 'x');
}

static void a_precision_bounds_a_string_without_a_nul(void **state)
{
    const char bytes[] = {'a', 'b', 'c', 'd'};
    char got[16];

    (void)state;
    assert_int_equal(fmt_snprintf(got, sizeof(got), "[%.4s]", bytes), 6);
    assert_string_equal(got, "[abcd]");
    CHECK("[%.2s] [%.0s] [%.*s] [%6.3s]", "abc", "abc", 3, "abcd", "abcd");
    CHECK("[%.20s]", "short");
}

static void pointers_have_a_prefix_and_a_null_string_is_named(void **state)
{
    char got[32];
    const char *volatile none = NULL; /* the compiler would refuse a null that it sees */

    (void)state;
    fmt_snprintf(got, sizeof(got), "%p %p", (void *)0x1234, NULL);
    assert_string_equal(got, "0x1234 0x0");
    fmt_snprintf(got, sizeof(got), "%s", none);
    assert_string_equal(got, "(null)");
}

static void what_is_no_conversion_is_shown_as_it_stands(void **state)
{
    static const char *const odd[] = {"%", "5%", "%y", "%5", "%-08", "%l"};
    char got[32];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(odd); i++) {
        size_t (*format)(char *, size_t, const char *, ...) = fmt_snprintf;

        assert_int_equal(format(got, sizeof(got), odd[i]), strlen(odd[i]));
        assert_string_equal(got, odd[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_text_and_percent_pass_through),
        cmocka_unit_test(decimal_numbers_print_at_both_ends_of_their_range),
        cmocka_unit_test(hexadecimal_numbers_print_in_both_cases),
        cmocka_unit_test(widths_pad_on_the_side_that_is_asked),
        cmocka_unit_test(a_precision_bounds_a_string_without_a_nul),
        cmocka_unit_test(pointers_have_a_prefix_and_a_null_string_is_named),
        cmocka_unit_test(what_is_no_conversion_is_shown_as_it_stands),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
