// LINK: hypervisor/boot/multiboot2.c xen-like/lib/string.c
/*
 * The boot loader's tag list: what a good one says, and that a bad one is refused with the reason
 * before anything of it is used. The list lies at the very end of its allocation, so that the
 * address sanitizer sees every read past it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "hypervisor/boot/multiboot2.h"

#define MBI_PHYS 0x10b868UL
#define MBI_MAX  4096

/* A list in the making. */
struct maker {
    u8 bytes[MBI_MAX];
    u32 size;
};

static void put32(struct maker *m, u32 v)
{
    memcpy(&m->bytes[m->size], &v, sizeof(v));
    m->size += sizeof(v);
}

static void put64(struct maker *m, u64 v)
{
    put32(m, (u32)v);
    put32(m, (u32)(v >> 32));
}

static void put_bytes(struct maker *m, const void *p, u32 n)
{
    memcpy(&m->bytes[m->size], p, n);
    m->size += n;
}

static void pad(struct maker *m)
{
    m->size = (m->size + 7) & ~7u;
}

static void start(struct maker *m)
{
    memset(m, 0, sizeof(*m));
    m->size = 8;
}

static void put_cmdline(struct maker *m, const char *text)
{
    put32(m, MB2_TAG_CMDLINE);
    put32(m, 8 + strlen(text) + 1);
    put_bytes(m, text, strlen(text) + 1);
    pad(m);
}

static void put_module(struct maker *m, u32 from, u32 to, const char *text)
{
    put32(m, MB2_TAG_MODULE);
    put32(m, 16 + strlen(text) + 1);
    put32(m, from);
    put32(m, to);
    put_bytes(m, text, strlen(text) + 1);
    pad(m);
}

static void put_mmap(struct maker *m, u32 entry_size, const struct memory_range *r, u32 n)
{
    put32(m, MB2_TAG_MMAP);
    put32(m, 16 + n * entry_size);
    put32(m, entry_size);
    put32(m, 0);
    for (u32 i = 0; i < n; i++) {
        put64(m, r[i].start);
        put64(m, r[i].end - r[i].start);
        put32(m, r[i].type);
        m->size += entry_size - 20;
    }
}

static void put_end(struct maker *m)
{
    put32(m, MB2_TAG_END);
    put32(m, 8);
}

static const struct memory_range one_range[] = {{0x100000, 0x4000000, MEMORY_RAM}};

/* Parse a copy that ends where its allocation does; freed at once unless `keep`. */
static const char *parse(struct maker *m, struct boot_info *info, u8 **keep)
{
    u8 *copy = malloc(m->size);
    const char *wrong;

    memcpy(m->bytes, &m->size, sizeof(m->size));
    memcpy(copy, m->bytes, m->size);
    wrong = mb2_parse(info, copy, MBI_PHYS, m->size);
    if (keep)
        *keep = copy;
    else
        free(copy);
    return wrong;
}

static void a_good_list_is_read(void **state)
{
    static const u8 rsdp[36];
    struct boot_info info;
    struct boot_module module;
    struct memory_range range;
    struct maker m;
    u32 rsdp_at;
    u8 *kept;

    (void)state;
    start(&m);
    put_cmdline(&m, "console=com1 loglvl=all");
    put_module(&m, 0x120000, 0x1693e0, "kernel words");
    put_module(&m, 0x16a000, 0x16a000, "");
    put_mmap(&m, 32, one_range, 1); /* entries larger than we know are stepped over */
    put32(&m, MB2_TAG_ACPI_OLD);
    put32(&m, 8 + 20);
    put_bytes(&m, rsdp, 20);
    pad(&m);
    put32(&m, MB2_TAG_ACPI_NEW);
    put32(&m, 8 + sizeof(rsdp));
    rsdp_at = m.size;
    put_bytes(&m, rsdp, sizeof(rsdp));
    pad(&m);
    put_end(&m);

    assert_null(parse(&m, &info, &kept));
    assert_string_equal(info.cmdline, "console=com1 loglvl=all");
    assert_int_equal(info.module_count, 2);
    assert_true(boot_module_get(&info, 0, &module));
    assert_int_equal(module.start, 0x120000);
    assert_int_equal(module.end, 0x1693e0);
    assert_string_equal(module.cmdline, "kernel words");
    assert_true(boot_module_get(&info, 1, &module));
    assert_string_equal(module.cmdline, "");
    assert_false(boot_module_get(&info, 2, &module));
    assert_true(boot_range_get(&info, 0, &range));
    assert_memory_equal(&range, one_range, sizeof(u64) * 2 + sizeof(u32));
    assert_false(boot_range_get(&info, 1, &range));
    assert_int_equal(info.rsdp, MBI_PHYS + rsdp_at);
    assert_int_equal(info.mbi_start, MBI_PHYS);
    assert_int_equal(info.mbi_end, MBI_PHYS + m.size);
    free(kept);
}

static void hundreds_of_modules_and_no_command_line_are_fine(void **state)
{
    struct boot_info info;
    struct boot_module module;
    struct maker m;
    u8 *kept;

    (void)state;
    start(&m);
    put_mmap(&m, 24, one_range, 1);
    for (u32 i = 0; i < 150; i++)
        put_module(&m, i << 12, (i + 1) << 12, "");
    put_end(&m);
    assert_null(parse(&m, &info, &kept));
    assert_string_equal(info.cmdline, "");
    assert_int_equal(info.module_count, 150);
    assert_true(boot_module_get(&info, 149, &module));
    assert_int_equal(module.start, 149 << 12);
    free(kept);
}

static void a_range_that_wraps_is_empty(void **state)
{
    static const struct memory_range wrapping[] = {{~0xfffUL, 0x100000, MEMORY_RAM}};
    struct boot_info info;
    struct memory_range range;
    struct maker m;
    u8 *kept;

    (void)state;
    start(&m);
    put_mmap(&m, 24, wrapping, 1);
    put_end(&m);
    assert_null(parse(&m, &info, &kept));
    assert_true(boot_range_get(&info, 0, &range));
    assert_int_equal(range.start, range.end);
    free(kept);
}

/* Each breaks a list that would be good without it. */
static void break_no_end(struct maker *m)
{
    put_mmap(m, 24, one_range, 1);
}

static void break_no_map(struct maker *m)
{
    put_cmdline(m, "x");
    put_end(m);
}

static void break_cmdline(struct maker *m)
{
    put_mmap(m, 24, one_range, 1);
    put32(m, MB2_TAG_CMDLINE);
    put32(m, 12);
    put_bytes(m, "abcd", 4);
    pad(m);
    put_end(m);
}

static void break_empty_cmdline(struct maker *m)
{
    put_mmap(m, 24, one_range, 1);
    put32(m, MB2_TAG_CMDLINE);
    put32(m, 8);
    put_end(m);
}

static void break_module_words(struct maker *m)
{
    put_mmap(m, 24, one_range, 1);
    put_module(m, 0, 0x1000, "abcdefg");
    memset(&m->bytes[m->size - 8], 'x', 8);
    put_end(m);
}

static void break_module_short(struct maker *m)
{
    put_mmap(m, 24, one_range, 1);
    put32(m, MB2_TAG_MODULE);
    put32(m, 8);
    put_end(m);
}

static void break_module_order(struct maker *m)
{
    put_mmap(m, 24, one_range, 1);
    put_module(m, 0x2000, 0x1fff, "");
    put_end(m);
}

static void break_tag_long(struct maker *m)
{
    put_mmap(m, 24, one_range, 1);
    put32(m, 77);
    put32(m, 4096);
    put_end(m);
}

static void break_tag_huge(struct maker *m)
{
    put_mmap(m, 24, one_range, 1);
    put32(m, 77);
    put32(m, 0xffffffff);
    put_end(m);
}

static void break_tag_zero(struct maker *m)
{
    put_mmap(m, 24, one_range, 1);
    put32(m, 77);
    put32(m, 0);
    put_end(m);
}

static void break_map_entries(struct maker *m)
{
    put32(m, MB2_TAG_MMAP);
    put32(m, 16);
    put32(m, 16); /* too small for an entry */
    put32(m, 0);
    put_end(m);
}

static void break_map_step(struct maker *m)
{
    put32(m, MB2_TAG_MMAP);
    put32(m, 16);
    put32(m, 0);
    put32(m, 0);
    put_end(m);
}

static void break_two_maps(struct maker *m)
{
    put_mmap(m, 24, one_range, 1);
    put_mmap(m, 24, one_range, 1);
    put_end(m);
}

static void what_is_wrong_with_a_list_is_said(void **state)
{
    static const struct {
        void (*make)(struct maker *m);
        const char *wrong;
    } rows[] = {
        {break_no_end, "its list of tags does not end"},
        {break_no_map, "it has no memory map"},
        {break_cmdline, "the command line does not end"},
        {break_empty_cmdline, "the command line does not end"},
        {break_module_words, "a module's command line does not end"},
        {break_module_short, "a module's command line does not end"},
        {break_module_order, "a module ends before it begins"},
        {break_tag_long, "a tag reaches outside of it"},
        {break_tag_huge, "a tag reaches outside of it"},
        {break_tag_zero, "a tag reaches outside of it"},
        {break_map_entries, "its memory map has a form we do not know"},
        {break_map_step, "its memory map has a form we do not know"},
        {break_two_maps, "it has two memory maps"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct boot_info info;
        struct maker m;
        const char *wrong;

        start(&m);
        rows[i].make(&m);
        wrong = parse(&m, &info, NULL);
        assert_non_null(wrong);
        assert_string_equal(wrong, rows[i].wrong);
    }
}

/* Cut anywhere, with the total size adjusted or not, it is refused and never read past. */
static void a_list_cut_short_anywhere_is_refused(void **state)
{
    struct maker m;
    u32 whole;

    (void)state;
    start(&m);
    put_cmdline(&m, "some words");
    put_module(&m, 0x1000, 0x2000, "more");
    put_mmap(&m, 24, one_range, 1);
    put_end(&m);
    whole = m.size;
    for (m.size = 8; m.size < whole; m.size++) {
        struct boot_info info;

        assert_non_null(parse(&m, &info, NULL));
        memcpy(m.bytes, &whole, sizeof(whole));
        assert_non_null(mb2_parse(&info, m.bytes, MBI_PHYS, m.size));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_good_list_is_read),
        cmocka_unit_test(hundreds_of_modules_and_no_command_line_are_fine),
        cmocka_unit_test(a_range_that_wraps_is_empty),
        cmocka_unit_test(what_is_wrong_with_a_list_is_said),
        cmocka_unit_test(a_list_cut_short_anywhere_is_refused),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
