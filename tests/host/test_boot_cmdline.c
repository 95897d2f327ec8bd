// LINK: hypervisor/boot/cmdline.c hypervisor/debug/log.c hypervisor/debug/serial.c
// LINK: hypervisor/boot/dom0_size.c
// LINK: xen-like/lib/fmt.c xen-like/lib/parse.c xen-like/lib/string.c
// LINK: hypervisor/grant/options.c
/*
 * The command line: which words do what, what is reported of those that do nothing, and the log
 * that reports it. The console is a buffer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "hypervisor/boot/cmdline.h"
#include "hypervisor/boot/dom0_size.h"
#include "hypervisor/debug/console.h"
#include "hypervisor/debug/input.h"
#include "hypervisor/debug/log.h"
#include "hypervisor/debug/trace.h"
#include "hypervisor/grant/grant.h"
#include "hypervisor/time/reference.h"
#include "hypervisor/time/vcpu_time.h"
#include "hypervisor/debug/serial.h"
#include "xen-like/lib/string.h"

struct grants_options grants_options; /* the table's */

static char shown[65536];
static size_t shown_bytes;
static char devices[64];

void console_lock(void)
{
}

void console_unlock(void)
{
}

bool console_at_line_start(void)
{
    return shown_bytes == 0 || shown[shown_bytes - 1] == '\n';
}

void console_write(const char *s, size_t n)
{
    assert_true(shown_bytes + n < sizeof(shown));
    memcpy(shown + shown_bytes, s, n);
    shown_bytes += n;
    shown[shown_bytes] = '\0';
}

const char *input_set_switch(const char *value)
{
    return value[0] == 'a' ? NULL : "a letter";
}

const char *trace_set_mask(const char *value)
{
    return value[0] == '0' ? NULL : "a number";
}

const char *trace_set_pages(const char *value)
{
    return trace_set_mask(value);
}

const char *trace_set_full(const char *value)
{
    return strcmp(value, "keep-last") ? "keep-last" : NULL;
}

const char *reference_choose(const char *name)
{
    return strcmp(name, "hpet") == 0 ? NULL : "a clock";
}

const char *sched_choose_policy(const char *name)
{
    return strcmp(name, "rr") ? "rr" : NULL;
}

const char *domain_tsc_choose(const char *word)
{
    return strcmp(word, "native") == 0 ? NULL : "a mode";
}

const char *console_set_devices(const char *value)
{
    if (strcmp(value, "com7") == 0)
        return "something else";
    strncpy(devices, value, sizeof(devices) - 1);
    return NULL;
}

const char *console_set_serial(unsigned int port, const char *value)
{
    struct serial s = {0};

    assert_in_range(port, 0, 1);
    return serial_parse(&s, value) ? NULL : "a serial line";
}

const char *dom0_set_mem(const char *value)
{
    struct dom0_mem mem = DOM0_MEM_DEFAULT;

    return dom0_mem_parse(&mem, value);
}

const char *dom0_set_max_vcpus(const char *value)
{
    struct dom0_vcpus n;

    return dom0_vcpus_parse(&n, value);
}

static struct options defaults;

static int set_up(void **state)
{
    (void)state;
    options = defaults;
    shown_bytes = 0;
    shown[0] = '\0';
    devices[0] = '\0';
    log_set_threshold("all");
    log_set_guest_threshold("all");
    return 0;
}

static void known_words_take_effect(void **state)
{
    (void)state;
    cmdline_parse("  console=vga,com1\tcom1=9600,8n1 noreboot smap=on no-smep umip "
                  "conring_size=100k loglvl=all dom0_mem=64M,max:128M ");
    assert_string_equal(shown, "");
    assert_string_equal(devices, "vga,com1");
    assert_true(options.noreboot);
    assert_int_equal(options.smap, 1);
    assert_false(options.smep);
    assert_true(options.umip);
    assert_int_equal(options.conring_size, KIB(128));
}

static void switches_have_all_of_xens_forms(void **state)
{
    static const struct {
        const char *text;
        bool noreboot;
        u8 smap;
    } rows[] = {
        {"", false, SMAP_DEFAULT},
        {"noreboot", true, SMAP_DEFAULT},
        {"noreboot=yes", true, SMAP_DEFAULT},
        {"noreboot no-noreboot", false, SMAP_DEFAULT},
        {"noreboot noreboot=false", false, SMAP_DEFAULT},
        {"smap", false, 1},
        {"no-smap", false, 0},
        {"smap=1 smap=0", false, 0},
        {"smap=hvm", false, 0},
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        set_up(state);
        cmdline_parse(rows[i].text);
        assert_string_equal(shown, "");
        assert_int_equal(options.noreboot, rows[i].noreboot);
        assert_int_equal(options.smap, rows[i].smap);
    }
}

static void what_is_not_understood_is_said_and_changes_nothing(void **state)
{
    static const struct {
        const char *text, *said;
    } rows[] = {
        {"colour=red", "unknown option \"colour\" is ignored"},
        {"NOREBOOT", "unknown option \"NOREBOOT\" is ignored"},
        {"no-colour", "unknown option \"no-colour\" is ignored"},
        {"no-console", "unknown option \"no-console\" is ignored"},
        {"no-noreboot=1", "unknown option \"no-noreboot\" is ignored"},
        {"=", "unknown option \"\" is ignored"},
        {"noreboot=2", "\"noreboot=2\" is ignored; expected one of yes, on"},
        {"noreboot=", "\"noreboot=\" is ignored; expected one of yes, on"},
        {"smap=both", "\"smap=both\" is ignored; expected one of yes, on"},
        {"smep=maybe", "\"smep=maybe\" is ignored; expected one of yes, on"},
        {"console=com7", "\"console=com7\" is ignored; expected something else"},
        {"com1=fast", "\"com1=fast\" is ignored; expected a serial line"},
        {"com2", "\"com2=\" is ignored; expected a serial line"},
        {"conring_size=64x", "\"conring_size=64x\" is ignored; expected a size"},
        {"conring_size=1G", "\"conring_size=1G\" is ignored; expected a size"},
        {"loglvl=loud", "\"loglvl=loud\" is ignored; expected none, error"},
        {"guest_loglvl=error/none", "\"guest_loglvl=error/none\" is ignored; expected none, error"},
        {"loglvl=/all", "\"loglvl=/all\" is ignored; expected none, error"},
        {"dom0_mem=lots", "\"dom0_mem=lots\" is ignored; expected "},
        {"first=guests", "\"first=guests\" is ignored; expected dom0 or guest"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        set_up(state);
        cmdline_parse(rows[i].text);
        if (!str_starts_with(shown, "(XEN) command line: ") || !strstr(shown, rows[i].said))
            fail_msg("%s: %s", rows[i].text, shown);
        assert_true(strchr(shown, '\n') == shown + shown_bytes - 1);
        assert_memory_equal(&options, &defaults, sizeof(options));
    }
}

static void a_word_of_any_length_is_survived(void **state)
{
    char text[4096];

    (void)state;
    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 1] = '\0';
    memcpy(text + sizeof(text) - 10, " noreboot", 9);
    cmdline_parse(text);
    assert_non_null(strstr(shown, "a word of 4086 characters is ignored"));
    assert_true(options.noreboot);
    for (size_t n = 250; n < 260; n++) {
        memset(text, 'x', n);
        text[n] = '\0';
        cmdline_parse(text);
    }
}

static void the_console_words_come_first_and_silently(void **state)
{
    (void)state;
    cmdline_parse_console("bad console=com2 smap=1 com1=nonsense noreboot");
    assert_string_equal(shown, "");
    assert_string_equal(devices, "com2");
    assert_memory_equal(&options, &defaults, sizeof(options));
}

static void serial_settings_are_read_in_xens_form(void **state)
{
    static const struct {
        const char *text;
        bool good;
        u16 divisor;
        u8 line;
        u16 base;
    } rows[] = {
        {"115200", true, 1, 0, 0},
        {"9600,8n1", true, 12, 3, 0},
        {"auto", true, 0, 0, 0},
        {"auto,7e2", true, 0, 2 | 4 | 0x18, 0},
        {"115200,8o1", true, 1, 0x0b, 0},
        {"115200,8m1", true, 1, 0x2b, 0},
        {"115200,8s1", true, 1, 0x3b, 0},
        {"115200,8n1,0x2f8,3", true, 1, 3, 0x2f8},
        {"115200/3686400", true, 2, 0, 0},
        {"", false, 0, 0, 0},
        {"0", false, 0, 0, 0},
        {"115200,", false, 0, 0, 0},
        {"115200,8n", false, 0, 0, 0},
        {"115200,9n1", false, 0, 0, 0},
        {"115200,8x1", false, 0, 0, 0},
        {"115200,8n3", false, 0, 0, 0},
        {"115200,8n1,0", false, 0, 0, 0},
        {"115200,8n1,0x10000", false, 0, 0, 0},
        {"115200,8n1,0x3f8,", false, 0, 0, 0},
        {"115200 ", false, 0, 0, 0},
        {"230400", false, 0, 0, 0},
        {"1", false, 0, 0, 0},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct serial s = {0};

        assert_int_equal(serial_parse(&s, rows[i].text), rows[i].good);
        assert_int_equal(s.divisor, rows[i].divisor);
        assert_int_equal(s.line_control, rows[i].line);
        assert_int_equal(s.base, rows[i].base);
    }
}

static void each_line_of_a_message_has_the_prefix(void **state)
{
    (void)state;
    console_write("guest in mid", 12);
    log_info("one %d\ntwo\n", 1);
    log_always("%s", "");
    assert_string_equal(shown, "guest in mid\n(XEN) one 1\n(XEN) two\n(XEN) \n");
}

static void the_threshold_decides_what_is_shown(void **state)
{
    (void)state;
    assert_null(log_set_threshold("warning"));
    assert_null(log_set_guest_threshold("none/error"));
    log_err("e");
    log_warn("w");
    log_info("i");
    log_guest_err("ge");
    log_guest_warn("gw");
    assert_null(log_set_threshold("none"));
    log_err("unseen");
    log_always("always");
    assert_string_equal(shown, "(XEN) e\n(XEN) w\n(XEN) ge\n(XEN) always\n");
}

static void the_ring_keeps_the_newest_and_moves(void **state)
{
    static char big[65536], got[65536];
    u64 begin, next;
    size_t n;

    (void)state;
    log_read(got, sizeof(got), 0, &begin);
    log_info("first");
    assert_int_equal(log_read(got, sizeof(got), begin, &next), 12);
    assert_memory_equal(got, "(XEN) first\n", 12);
    assert_int_equal(log_read(got, sizeof(got), next, &next), 0);
    assert_int_equal(log_read(got, 5, begin, NULL), 5);
    log_set_ring(big, sizeof(big));
    assert_int_equal(log_read(got, sizeof(got), begin, NULL), 12);
    assert_memory_equal(got, "(XEN) first\n", 12);
    for (int i = 0; i < 10000; i++) {
        shown_bytes = 0;
        log_info("line %d", i);
    }
    n = log_read(got, sizeof(got), 0, &next);
    assert_int_equal(n, sizeof(big));
    assert_memory_equal(got + n - 16, "(XEN) line 9999\n", 16);
}

static void grants_are_limited_in_xens_words(void **state)
{
    (void)state;
    cmdline_parse("gnttab=max-ver:1,no-transitive,transfer=off gnttab_max_frames=0x20 "
                  "gnttab_max_maptrack_frames=0");
    assert_int_equal(grants_options.max.version, 1);
    assert_false(grants_options.transitive || grants_options.transfer);
    assert_int_equal(grants_options.max.frames, 32);
    assert_int_equal(grants_options.max.maptrack_frames, 0);
    cmdline_parse("gnttab=transfer,transitive=1,max_ver:2 gnttab_max_maptrack_frames=7");
    assert_int_equal(grants_options.max.version, 2);
    assert_true(grants_options.transitive && grants_options.transfer);
    assert_int_equal(grants_options.max.maptrack_frames, 7);
    assert_int_equal(shown_bytes, 0);
    cmdline_parse("gnttab=max-ver:3 gnttab=v1 gnttab= gnttab=max-ver:1x gnttab=no-transfer=1 "
                  "gnttab_max_frames=0 gnttab_max_frames=9999999 gnttab_max_maptrack_frames=x");
    assert_int_equal(grants_options.max.version, 2);
    assert_true(grants_options.transfer);
    assert_int_equal(grants_options.max.frames, 32);
    assert_non_null(strstr(shown, "gnttab_max_frames=9999999"));
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup(f, set_up)
    const struct CMUnitTest tests[] = {
        TEST(known_words_take_effect),
        TEST(switches_have_all_of_xens_forms),
        TEST(what_is_not_understood_is_said_and_changes_nothing),
        TEST(grants_are_limited_in_xens_words),
        TEST(a_word_of_any_length_is_survived),
        TEST(the_console_words_come_first_and_silently),
        TEST(serial_settings_are_read_in_xens_form),
        TEST(each_line_of_a_message_has_the_prefix),
        TEST(the_threshold_decides_what_is_shown),
        TEST(the_ring_keeps_the_newest_and_moves),
    };

    defaults = options;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
