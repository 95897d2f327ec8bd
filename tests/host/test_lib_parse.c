// LINK: xen-like/lib/parse.c xen-like/lib/string.c
/*
 * Numbers, sizes and words of the command line, as tables: the text, whether it is understood, what
 * it means, and where reading stopped.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "xen-like/lib/parse.h"
#include "xen-like/lib/string.h"

#define UNTOUCHED 0x5555u

struct row {
    const char *text;
    bool understood;
    u64 value;
    const char *rest;
};

typedef bool (*reader)(const char *, const char **, u64 *);

static void check_rows(reader read, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        u64 value = UNTOUCHED;
        const char *end = NULL;

        assert_int_equal(read(rows[i].text, &end, &value), rows[i].understood);
        assert_true(value == (rows[i].understood ? rows[i].value : UNTOUCHED));
        if (rows[i].understood)
            assert_string_equal(end, rows[i].rest);
    }
}

static void numbers_are_read_in_three_bases_and_never_wrap(void **state)
{
    static const struct row rows[] = {
        {"0", true, 0, ""},
        {"42 rest", true, 42, " rest"},
        {"0x2f8,rest", true, 0x2f8, ",rest"},
        {"0XAbC", true, 0xabc, ""},
        {"0755", true, 0755, ""},
        {"08", true, 0, "8"},
        {"0x", true, 0, "x"},
        {"0xg", true, 0, "xg"},
        {"18446744073709551615", true, UINT64_MAX, ""},
        {"0xffffffffffffffff", true, UINT64_MAX, ""},
        {"18446744073709551616", false, 0, NULL},
        {"0x10000000000000000", false, 0, NULL},
        {"99999999999999999999999", false, 0, NULL},
        {"", false, 0, NULL},
        {"-1", false, 0, NULL},
        {"+1", false, 0, NULL},
        {" 1", false, 0, NULL},
        {"x10", false, 0, NULL},
    };

    (void)state;
    check_rows(parse_unsigned, rows, ARRAY_SIZE(rows));
}

static void sizes_take_a_letter_and_mean_kib_without_one(void **state)
{
    static const struct row rows[] = {
        {"512M", true, MIB(512), ""},  {"512m,max:1G", true, MIB(512), ",max:1G"},
        {"1g", true, GIB(1), ""},      {"2T", true, GIB(2048), ""},
        {"64K", true, KIB(64), ""},    {"4096B", true, 4096, ""},
        {"1024", true, MIB(1), ""},    {"0x10k", true, KIB(16), ""},
        {"1Q", true, KIB(1), "Q"},     {"16777215T", true, 16777215ull << 40, ""},
        {"16777216T", false, 0, NULL}, {"18014398509481984", false, 0, NULL},
        {"M", false, 0, NULL},         {"", false, 0, NULL},
    };

    (void)state;
    check_rows(parse_size, rows, ARRAY_SIZE(rows));
}

static void booleans_are_xens_words_and_nothing_else(void **state)
{
    static const struct {
        const char *text;
        int truth;
    } rows[] = {
        {"yes", 1},   {"on", 1},    {"true", 1},    {"enable", 1},   {"1", 1}, {"no", 0},
        {"off", 0},   {"false", 0}, {"disable", 0}, {"0", 0},        {"", -1}, {"y", -1},
        {"yess", -1}, {"YES", -1},  {"2", -1},      {"enabled", -1},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        assert_int_equal(parse_bool(rows[i].text, strlen(rows[i].text)), rows[i].truth);
    assert_int_equal(parse_bool("on,com1", 2), 1);
    assert_int_equal(parse_bool("no", 1), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_are_read_in_three_bases_and_never_wrap),
        cmocka_unit_test(sizes_take_a_letter_and_mean_kib_without_one),
        cmocka_unit_test(booleans_are_xens_words_and_nothing_else),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
