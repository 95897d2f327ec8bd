// LINK: hypervisor/boot/dom0_size.c xen-like/lib/parse.c xen-like/lib/string.c
/*
 * dom0_mem=: the forms that Xen's command-line document gives, what each means on a machine of a
 * known size, and what is not understood.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "hypervisor/boot/dom0_size.h"

#define PAGES(bytes) ((bytes) >> PAGE_SHIFT)
#define MACHINE      PAGES(GIB(4))

static void check_rows(const char *value, u64 available, u64 pages)
{
    struct dom0_mem mem = DOM0_MEM_DEFAULT;

    assert_null(dom0_mem_parse(&mem, value));
    if (dom0_mem_pages(&mem, available) != pages)
        fail_msg("dom0_mem=%s of %#lx pages: %#lx, not %#lx", value, available,
                 dom0_mem_pages(&mem, available), pages);
}

static void amounts_mean_what_xen_documents(void **state)
{
    static const struct {
        const char *value;
        u64 pages;
    } rows[] = {
        {"1G", PAGES(GIB(1))},
        {"1048576", PAGES(GIB(1))}, /* KiB without a letter */
        {"512M", PAGES(MIB(512))},
        {"8G", MACHINE}, /* never more than there is */
        {"-1G", PAGES(GIB(3))},
        {"25%", PAGES(GIB(1))},
        {"1G+25%", PAGES(GIB(2))},
        {"-1G+25%", PAGES(GIB(2))},
        {"-50%", PAGES(GIB(2))},
        {"1G,max:512M", PAGES(MIB(512))},
        {"max:512M,1G", PAGES(MIB(512))},
        {"512M,min:1G", PAGES(GIB(1))},
        {"min:1G,max:2G,512M", PAGES(GIB(1))},
        {"min:3G,max:2G,512M", PAGES(GIB(2))}, /* the maximum wins */
        {"max:-1G,8G", PAGES(GIB(3))},
        {"max:1G", PAGES(GIB(1))},
        {"0", PAGES(GIB(4) - MIB(128))},   /* as if there were no amount */
        {"-9G", PAGES(GIB(4) - MIB(128))}, /* nothing is left: likewise */
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        check_rows(rows[i].value, MACHINE, rows[i].pages);
}

static void without_an_amount_a_sixteenth_stays_behind(void **state)
{
    const struct dom0_mem mem = DOM0_MEM_DEFAULT;

    (void)state;
    assert_int_equal(dom0_mem_pages(&mem, PAGES(MIB(64))), PAGES(MIB(60)));
    assert_int_equal(dom0_mem_pages(&mem, PAGES(GIB(2))), PAGES(GIB(2) - MIB(128)));
    assert_int_equal(dom0_mem_pages(&mem, PAGES(GIB(64))), PAGES(GIB(64) - MIB(128)));
    assert_int_equal(dom0_mem_pages(&mem, 0), 0);
}

static void the_limit_is_max_within_32_bits(void **state)
{
    struct dom0_mem mem = DOM0_MEM_DEFAULT;

    (void)state;
    assert_int_equal(dom0_mem_limit(&mem, MACHINE), UINT32_MAX);
    assert_null(dom0_mem_parse(&mem, "1G,max:2G"));
    assert_int_equal(dom0_mem_limit(&mem, MACHINE), PAGES(GIB(2)));
}

static void what_is_not_understood_changes_nothing(void **state)
{
    static const char *const values[] = {
        "",     "x",      "min:", "max:,1G", "1G,",      "1G;2G",
        "100%", "50%+1G", "1G+",  "1G+2G",   "1G+5%+5%", "--1G",
        "+1G",  "1Gx",    ",1G",  "min1G",   "1G+-5%",   "99999999999999999999",
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
        struct dom0_mem mem = DOM0_MEM_DEFAULT;

        assert_null(dom0_mem_parse(&mem, "256M"));
        if (!dom0_mem_parse(&mem, values[i]))
            fail_msg("'%s' was understood", values[i]);
        assert_int_equal(dom0_mem_pages(&mem, MACHINE), PAGES(MIB(256)));
    }
}

/* On machines of 1, 4 and 16 CPUs. */
static void vcpus_are_as_many_as_xen_documents(void **state)
{
    static const struct {
        const char *value;
        u32 wants[3];
    } rows[] = {
        {"1", {1, 1, 1}},       {"3", {3, 3, 3}},
        {"0x20", {32, 32, 32}}, {"2-", {2, 4, 16}},
        {"-8", {1, 4, 8}},      {"2-8", {2, 4, 8}},
        {"0", {1, 1, 1}},       {"-0", {1, 1, 1}},
        {"8-2", {2, 2, 2}},     {"9999", {8192, 8192, 8192}},
        {"0-", {1, 4, 16}},
    };
    const struct dom0_vcpus unset = {.min = 1, .max = UINT32_MAX};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct dom0_vcpus n = {0};

        assert_null(dom0_vcpus_parse(&n, rows[i].value));
        for (unsigned j = 0; j < 3; j++)
            assert_int_equal(dom0_vcpus_count(&n, 1U << 2 * j), rows[i].wants[j]);
    }
    assert_int_equal(dom0_vcpus_count(&unset, 6), 6);
}

static void what_is_no_number_of_vcpus_changes_nothing(void **state)
{
    static const char *const values[] = {"", "-", "x", "1x", "1-x", "1-2-", "--1", "1 ", "+1"};
    struct dom0_vcpus n = {.min = 5, .max = 7};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(values); i++)
        if (!dom0_vcpus_parse(&n, values[i]))
            fail_msg("'%s' was understood", values[i]);
    assert_int_equal(n.min, 5);
    assert_int_equal(n.max, 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vcpus_are_as_many_as_xen_documents),
        cmocka_unit_test(what_is_no_number_of_vcpus_changes_nothing),
        cmocka_unit_test(amounts_mean_what_xen_documents),
        cmocka_unit_test(without_an_amount_a_sixteenth_stays_behind),
        cmocka_unit_test(the_limit_is_max_within_32_bits),
        cmocka_unit_test(what_is_not_understood_changes_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
