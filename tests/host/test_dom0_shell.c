// LINK: dom0/shell/words.c dom0/shell/columns.c dom0/console/scrollback.c
// LINK: xen-like/lib/fmt.c xen-like/lib/parse.c xen-like/lib/string.c
/*
 * What the shell is made of: words and options out of a line, and xl's columns, held against the C
 * library's printf with xl's own formats; and what is kept of a guest's output.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <cmocka.h>

#include "dom0/console/scrollback.h"
#include "dom0/mm/heap.h"
#include "dom0/shell/columns.h"
#include "dom0/shell/words.h"
#include "xen-like/lib/string.h"

/* ---- Words ------------------------------------------------------------------------------------
 */

static bool split(struct words *w, const char *text)
{
    static char line[1024];

    strcpy(line, text);
    return words_split(w, line);
}

static void words_are_parted_by_spaces_outside_of_quotes(void **state)
{
    static const struct {
        const char *line, *words; /* joined by | */
    } cases[] = {
        {"", ""},
        {"   ", ""},
        {"list", "list"},
        {"  create  mini.cfg -c ", "create|mini.cfg|-c"},
        {"a 'b c' d", "a|b c|d"},
        {"extra=\"x y\"'z \"'", "extra=x yz \""},
        {"'' a", "|a"},
        {"a ''", "a|"},
        {"a' '", "a "},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char joined[64] = "";
        struct words w;

        assert_true(split(&w, cases[i].line));
        for (unsigned int n = 0; n < w.count; n++) {
            strcat(joined, n ? "|" : "");
            strcat(joined, w.word[n]);
        }
        assert_string_equal(joined, cases[i].words);
    }
}

static void an_open_quote_is_refused(void **state)
{
    struct words w;

    (void)state;
    assert_false(split(&w, "create 'mini"));
    assert_false(split(&w, "a \""));
}

static void a_line_of_words_of_one_letter_fits(void **state)
{
    char line[2 * WORDS_MAX + 2] = "";
    struct words w;

    (void)state;
    for (int i = 0; i < WORDS_MAX; i++)
        strcat(line, "x ");
    assert_true(split(&w, line));
    assert_int_equal(w.count, WORDS_MAX);
    strcat(line, "x");
    assert_false(words_split(&w, line));
}

static void options_are_read_as_getopt_reads_them(void **state)
{
    static const struct {
        const char *line, *told; /* letter, and value of d and w */
        unsigned int left;
    } cases[] = {
        {"-d mini -w 512", "d=mini w=512 ", 0},
        {"-dmini -w512 rest", "d=mini w=512 ", 1},
        {"-sc x -s", "s c s ", 1},
        {"-s -- -c", "s ", 1},
        {"- -s", "s ", 1},
        {"-sq", "s ?=q ", 0},
        {"x -w y", "w=y ", 1},
        {"-s:", "s ?=: ", 0},
        {"-w", "?=w ", 0},
        {"mini -s -d a x -- -c", "s d=a ", 3},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char told[64] = "";
        struct words w;
        char c;

        assert_true(split(&w, cases[i].line));
        while ((c = words_option(&w, "d:w:cs"))) {
            size_t at = strlen(told);
            bool shown = c == 'd' || c == 'w';

            snprintf(told + at, sizeof(told) - at,
                     shown      ? "%c=%s "
                     : c == '?' ? "%c=%.1s "
                                : "%c ",
                     c, w.value);
        }
        assert_string_equal(told, cases[i].told);
        assert_int_equal(words_left(&w), cases[i].left);
    }
}

/* ---- Columns ----------------------------------------------------------------------------------
 */

static void the_heads_are_those_of_xl(void **state)
{
    char head[128];

    (void)state;
    snprintf(head, sizeof(head), "%-33s %4s %s", "Name", "ID", "Uptime");
    assert_string_equal(COLUMNS_UPTIME_HEAD, head);
    snprintf(head, sizeof(head), "%-33s %4s %6s %4s", "Name", "ID", "Weight", "Cap");
    assert_string_equal(COLUMNS_WEIGHT_HEAD, head);
    snprintf(head, sizeof(head), "%-32s %5s %5s %5s %5s %9s %s", "Name", "ID", "VCPU", "CPU",
             "State", "Time(s)", "Affinity (Hard / Soft)");
    assert_string_equal(COLUMNS_VCPU_HEAD, head);
}

static void a_line_of_list_is_that_of_xl(void **state)
{
    static const struct {
        u32 flags;
        const char *letters;
        u64 ns;
    } cases[] = {
        {XEN_DOMINF_running, "r-----", 0},
        {XEN_DOMINF_blocked, "-b----", 49999999},
        {XEN_DOMINF_paused | XEN_DOMINF_dying, "--p--d", 50000000},
        {XEN_DOMINF_shutdown | SHUTDOWN_crash << XEN_DOMINF_shutdownshift, "---sc-", 1250000001},
        {XEN_DOMINF_shutdown, "---s--", 123456789012345},
        {XEN_DOMINF_shutdown | SHUTDOWN_reboot << XEN_DOMINF_shutdownshift, "---sr-", 959999999},
        {XEN_DOMINF_shutdown | 17 << XEN_DOMINF_shutdownshift, "---s?-", 1000},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct xen_domctl_getdomaininfo info = {.domain = 7,
                                                .flags = cases[i].flags,
                                                .tot_pages = 32768 + 255,
                                                .nr_online_vcpus = 2,
                                                .cpu_time = cases[i].ns};
        char ours[128], xl[128];

        column_domain(ours, sizeof(ours), "mini", &info);
        snprintf(xl, sizeof(xl), "%-40s %5d %5lu %5d     %s  %8.1f", "mini", 7, 128ul, 2,
                 cases[i].letters, (double)cases[i].ns / 1e9);
        assert_string_equal(ours, xl);
    }
}

static void a_line_of_vcpu_list_is_that_of_xl(void **state)
{
    struct xen_domctl_getvcpuinfo info = {
        .vcpu = 3, .online = 1, .running = 1, .cpu_time = 2500000000, .cpu = 1};
    char ours[128], xl[128];

    (void)state;
    column_vcpu(ours, sizeof(ours), "mini", 12, &info);
    snprintf(xl, sizeof(xl), "%-32s %5u %5u%5u %3c%c- %9.1f  ", "mini", 12, 3, 1, 'r', '-', 2.5);
    assert_string_equal(ours, xl);
    info.online = 0;
    column_vcpu(ours, sizeof(ours), "mini", 12, &info);
    snprintf(xl, sizeof(xl), "%-32s %5u %5u%5c %3c%cp %9.1f  ", "mini", 12, 3, '-', '-', '-', 2.5);
    assert_string_equal(ours, xl);
}

static void sets_of_cpus_are_written_as_ranges(void **state)
{
    static const struct {
        u8 map[2];
        unsigned int cpus;
        const char *written;
    } cases[] = {
        {{1}, 1, "all"},           {{0xff, 0x0f}, 12, "all"},
        {{0x27}, 12, "0-2,5"},     {{0xfd, 0x0f}, 12, "0,2-11"},
        {{0, 0x08}, 12, "11"},     {{0}, 12, "none"},
        {{0x80, 0x03}, 12, "7-9"}, {{0xff, 0xff}, 9, "all"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char written[64];

        column_cpus(written, sizeof(written), cases[i].map, cases[i].cpus);
        assert_string_equal(written, cases[i].written);
    }
}

static void many_cpus_are_cut_and_not_written_past_the_end(void **state)
{
    u8 map[64];
    char text[16];

    (void)state;
    memset(map, 0x55, sizeof(map));
    column_cpus(text, sizeof(text), map, 512);
    assert_string_equal(text, "0,2,4,6,8,10,12");
}

static void uptimes_are_those_of_xl(void **state)
{
    static const struct {
        u64 seconds;
        bool in_short;
        const char *text;
    } cases[] = {
        {0, false, " 0:00:00"},
        {3723, false, " 1:02:03"},
        {86400, false, "1 day,  0:00:00"},
        {3 * 86400 + 43200, false, "3 days, 12:00:00"},
        {3723, true, " 1:02"},
        {90000, true, "1 day,  1:00"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char text[64];

        column_uptime(text, sizeof(text), cases[i].seconds, cases[i].in_short);
        assert_string_equal(text, cases[i].text);
    }
}

static void sizes_of_memory_are_read(void **state)
{
    static const struct {
        const char *text;
        u64 kib;
        bool good;
    } cases[] = {
        {"128", 131072, true},    {"64k", 64, true},  {"1G", 1048576, true},
        {"2t", 2ull << 30, true}, {"4096b", 4, true}, {"128m", 131072, true},
        {"", 0, false},           {"m", 0, false},    {"12x", 0, false},
        {"12mm", 0, false},       {"-1", 0, false},   {"99999999999999999t", 0, false},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        u64 kib = 0;

        assert_int_equal(memory_parse(cases[i].text, &kib), cases[i].good);
        if (cases[i].good)
            assert_int_equal(kib, cases[i].kib);
    }
}

/* ---- Scrollback -------------------------------------------------------------------------------
 */

static bool memory_left = true;

void *heap_alloc(u64 bytes)
{
    return memory_left ? calloc(1, bytes) : NULL;
}

void heap_free(void *block)
{
    free(block);
}

static void scrollback_check(const struct scrollback *s, u64 from, u64 first)
{
    const char *piece;
    size_t length;

    while ((length = scrollback_next(s, &from, &piece))) {
        assert_int_equal(from - length, first);
        for (size_t i = 0; i < length; i++)
            assert_int_equal((u8)piece[i], (u8)((first + i) * 7 >> 3));
        first += length;
    }
    assert_int_equal(first, s->end);
}

static void what_was_said_last_is_kept(void **state)
{
    struct scrollback s = {0};
    char text[5000];

    (void)state;
    srand(3);
    while (s.end < 5 * SCROLLBACK_BYTES) {
        size_t n = (size_t)rand() % sizeof(text);

        for (size_t i = 0; i < n; i++)
            text[i] = (char)((s.end + i) * 7 >> 3);
        scrollback_put(&s, text, n);
        scrollback_check(&s, 0, s.end > SCROLLBACK_BYTES ? s.end - SCROLLBACK_BYTES : 0);
        scrollback_check(&s, s.end - s.end / 100, s.end - s.end / 100);
        scrollback_check(&s, s.end, s.end);
    }
    scrollback_free(&s);
    assert_int_equal(s.end, 0);
}

static void without_memory_text_is_lost_and_no_more(void **state)
{
    struct scrollback s = {0};

    (void)state;
    scrollback_put(&s, "a", 1);
    memory_left = false;
    for (int i = 0; i < 10000; i++)
        scrollback_put(&s, "aaa", 3);
    memory_left = true;
    assert_int_equal(s.end, PAGE_SIZE);
    scrollback_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_are_parted_by_spaces_outside_of_quotes),
        cmocka_unit_test(an_open_quote_is_refused),
        cmocka_unit_test(a_line_of_words_of_one_letter_fits),
        cmocka_unit_test(options_are_read_as_getopt_reads_them),
        cmocka_unit_test(the_heads_are_those_of_xl),
        cmocka_unit_test(a_line_of_list_is_that_of_xl),
        cmocka_unit_test(a_line_of_vcpu_list_is_that_of_xl),
        cmocka_unit_test(sets_of_cpus_are_written_as_ranges),
        cmocka_unit_test(many_cpus_are_cut_and_not_written_past_the_end),
        cmocka_unit_test(uptimes_are_those_of_xl),
        cmocka_unit_test(sizes_of_memory_are_read),
        cmocka_unit_test(what_was_said_last_is_kept),
        cmocka_unit_test(without_memory_text_is_lost_and_no_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
