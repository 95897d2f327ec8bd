// LINK: guest-kernel/x86_32/compiler.c
/*
 * What GCC would call in a 32-bit kernel, compared with the CPU's own division of 64 bits. The hard
 * cases are where a quotient is right or one too large: divisors just above 2^32, dividends just
 * below a multiple.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "xen-like/lib/types.h"

u64 __udivmoddi4(u64 n, u64 d, u64 *rest);
s64 __divmoddi4(s64 n, s64 d, s64 *rest);
bool compare_exchange_8(volatile void *at, void *expected, u64 desired, int success,
                        int failure) __asm__("__atomic_compare_exchange_8");

static const u64 edges[] = {1,
                            2,
                            3,
                            7,
                            10,
                            0x7fffffff,
                            0x80000000,
                            0x80000001,
                            0xffffffff,
                            0x100000000,
                            0x100000001,
                            0x1ffffffff,
                            0x3b9aca0000000000,
                            0x7fffffffffffffff,
                            0x8000000000000000,
                            0x8000000000000001,
                            0xfffffffeffffffff,
                            0xffffffff00000000,
                            0xffffffff00000001,
                            0xffffffffffffffff};

static void check(u64 n, u64 d)
{
    u64 rest;
    s64 signed_rest;

    assert_int_equal(__udivmoddi4(n, d, &rest), n / d);
    assert_int_equal(rest, n % d);
    if (n == 1ull << 63 && d == ~0ull)
        return; /* the quotient has no place in 64 bits */
    assert_int_equal(__divmoddi4((s64)n, (s64)d, &signed_rest), (s64)n / (s64)d);
    assert_int_equal(signed_rest, (s64)n % (s64)d);
}

static void edges_divide_as_the_cpu_divides_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(edges); i++)
        for (size_t j = 0; j < ARRAY_SIZE(edges); j++)
            for (u64 near = 0; near < 3; near++) {
                check(edges[i] + near - 1, edges[j]);
                check(edges[i] / edges[j] * edges[j] + near - 1, edges[j]);
            }
}

static void random_numbers_of_all_lengths_too(void **state)
{
    u64 seed = 0x9e3779b97f4a7c15;

    (void)state;
    for (int i = 0; i < 200000; i++) {
        u64 n, d;

        seed = seed * 6364136223846793005 + 1442695040888963407;
        n = seed >> (seed & 63);
        seed = seed * 6364136223846793005 + 1442695040888963407;
        d = seed >> (seed >> 58);
        if (d)
            check(n, d);
    }
}

static void an_exchange_happens_only_if_the_value_is_as_expected(void **state)
{
    u64 value = 5, expected = 4;

    (void)state;
    assert_false(compare_exchange_8(&value, &expected, 9, 0, 0));
    assert_int_equal(value, 5);
    assert_int_equal(expected, 5);
    assert_true(compare_exchange_8(&value, &expected, 9, 0, 0));
    assert_int_equal(value, 9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(edges_divide_as_the_cpu_divides_them),
        cmocka_unit_test(random_numbers_of_all_lengths_too),
        cmocka_unit_test(an_exchange_happens_only_if_the_value_is_as_expected),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
