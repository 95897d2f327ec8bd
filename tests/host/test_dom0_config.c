// LINK: dom0/toolstack/config.c dom0/toolstack/config_text.c dom0/toolstack/config_cpus.c
// LINK: dom0/toolstack/config_fields.c dom0/toolstack/config_disk.c dom0/toolstack/config_vif.c
// LINK: xen-like/lib/fmt.c xen-like/lib/parse.c xen-like/lib/string.c
/*
 * The reader of xl.cfg: its form, its keys, what the keys say of each other, and the messages, each
 * of which names file, line and what is wrong. The room is exactly as large as config_room says, so
 * that the address sanitizer sees a byte too many.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "dom0/toolstack/config.h"
#include "xen-like/lib/string.h"

static struct domain_config config;
static char message[CONFIG_LINE_SIZE];
static void *room;

static bool read_text(const char *text)
{
    u64 size = strlen(text);
    char *copy = malloc(size ? size : 1); /* without its NUL: files have none */
    bool fine;

    memcpy(copy, text, size);
    free(room);
    room = malloc(config_room(copy, size));
    fine = config_read(&config, "a.cfg", copy, size, room, message);
    free(copy);
    return fine;
}

static void list_is(struct text_list list, u32 count, const char *const *texts)
{
    const char *text = list.first;

    assert_int_equal(list.count, count);
    for (u32 i = 0; i < count; i++, text += strlen(text) + 1)
        assert_string_equal(text, texts[i]);
}

static int room_free(void **state)
{
    (void)state;
    free(room);
    room = NULL;
    return 0;
}

#define BASE "name='n';kernel='k';"

static void a_file_as_people_write_it(void **state)
{
    (void)state;
    assert_true(read_text("# a guest\n"
                          "name = \"web1\"   # its name\n"
                          "\n"
                          "type='pv'; kernel = 'vmlinuz'\n"
                          "\tramdisk = \"initrd.gz\"\r\n"
                          "extra = \"console=hvc0 quiet\"\n"
                          "root = '/dev/xvda1 ro'\n"
                          "memory = 256\n"
                          "maxmem = 0x200\n"
                          "vcpus = 2\n"
                          "maxvcpus = '4'\n"
                          "cpu_weight = 512\n"
                          "cap = 50\n"
                          "cpus = \"0-3,^1\"\n"
                          "cpus_soft = [ '0', # the first\n"
                          "              2,\n"
                          "            ]\n"
                          "on_poweroff = 'destroy'\n"
                          "on_reboot = 'rename-restart'\n"
                          "on_crash = \"preserve\"\n"
                          "on_watchdog = 'coredump-restart'\n"
                          "uuid = '06ed00fe-1162-4fc4-b5d8-11993ee4a8b9'"));
    assert_string_equal(message, "");
    assert_string_equal(config.name, "web1");
    assert_string_equal(config.kernel, "vmlinuz");
    assert_string_equal(config.ramdisk, "initrd.gz");
    assert_string_equal(config.cmdline, "root=/dev/xvda1 ro console=hvc0 quiet");
    assert_int_equal(config.memory_kib, 256 * 1024);
    assert_int_equal(config.maxmem_kib, 512 * 1024);
    assert_int_equal(config.vcpus, 2);
    assert_int_equal(config.maxvcpus, 4);
    assert_int_equal(config.weight, 512);
    assert_int_equal(config.cap, 50);
    list_is(config.cpus, 1, (const char *[]){"0-3,^1"});
    list_is(config.cpus_soft, 2, (const char *[]){"0", "2"});
    assert_int_equal(config.on_poweroff, ACTION_DESTROY);
    assert_int_equal(config.on_reboot, ACTION_RENAME_RESTART);
    assert_int_equal(config.on_crash, ACTION_PRESERVE);
    assert_int_equal(config.on_watchdog, ACTION_COREDUMP_RESTART);
    assert_int_equal(config.uuid[0], 0x06);
    assert_int_equal(config.uuid[15], 0xb9);
}

static void what_is_not_said_is_as_in_xl(void **state)
{
    (void)state;
    assert_true(read_text(BASE));
    assert_null(config.ramdisk);
    assert_null(config.cmdline);
    assert_int_equal(config.memory_kib, 32 * 1024);
    assert_int_equal(config.vcpus, 1);
    assert_int_equal(config.weight + config.cap + config.cpus.count, 0);
    assert_int_equal(config.on_poweroff, ACTION_DESTROY);
    assert_int_equal(config.on_reboot, ACTION_RESTART);
    assert_int_equal(config.on_crash, ACTION_DESTROY);
    assert_true(read_text(BASE "maxmem=64"));
    assert_int_equal(config.memory_kib, 64 * 1024);
}

static void the_command_line_is_one_or_two_keys(void **state)
{
    (void)state;
    assert_true(read_text(BASE "root='a'"));
    assert_string_equal(config.cmdline, "root=a");
    assert_true(read_text(BASE "extra='b'"));
    assert_string_equal(config.cmdline, "b");
    assert_true(read_text(BASE "cmdline='c';extra='b';root='a'"));
    assert_string_equal(config.cmdline, "c");
    assert_true(read_text(BASE "cmdline=''"));
    assert_string_equal(config.cmdline, "");
}

static void later_settings_replace_and_plus_adds(void **state)
{
    (void)state;
    assert_true(read_text(BASE "extra='a'\nextra='b'"));
    assert_string_equal(config.cmdline, "b");
    assert_true(read_text(BASE "extra='a'\nextra += ' b'\nextra+=' c'"));
    assert_string_equal(config.cmdline, "a b c");
    assert_true(read_text(BASE "extra+='a'\nextra='b'\nextra+='c'"));
    assert_string_equal(config.cmdline, "bc");
    assert_true(read_text(BASE "cpus=['1']\ncpus+=['2','3']\ncpus+=[]"));
    list_is(config.cpus, 3, (const char *[]){"1", "2", "3"});
    assert_false(read_text(BASE "\ncpus=['1']\ncpus+='2'"));
    assert_string_equal(message, "a.cfg:3: += between a list and a single value");
}

/* += to the root and the extra: the most that texts are copied. */
static void there_is_room_for_all_copies(void **state)
{
    char text[4096] = BASE, *end = text + sizeof(BASE) - 1;

    (void)state;
    for (int i = 0; i < 100; i++) {
        memcpy(end, "extra+='x';root+=1;", 19);
        end += 19;
    }
    *end = '\0';
    assert_true(read_text(text));
    assert_int_equal(strlen(config.cmdline), 5 + 100 + 1 + 100);
}

static void texts_have_escapes(void **state)
{
    (void)state;
    assert_true(read_text(BASE "extra='\\a\\b\\f\\n\\r\\t\\v\\\\\\\"\\'\\x41\\102\\7'"));
    assert_string_equal(config.cmdline, "\a\b\f\n\r\t\v\\\"'AB\a");
    assert_true(read_text(BASE "extra=\"it's # ; [\""));
    assert_string_equal(config.cmdline, "it's # ; [");
}

static void what_means_nothing_is_told_and_passed_over(void **state)
{
    (void)state;
    assert_true(read_text(BASE "\nfirmware = 'x'"));
    assert_string_equal(message, "a.cfg:2: firmware means nothing here and is passed over");
}

static void devices_are_kept_as_they_are_said(void **state)
{
    (void)state;
    assert_true(
        read_text(BASE "\n\nvif = ['bridge=x', '']\ndisk=['vda1,raw,xvda,w', 'vda2,,xvdb']"));
    assert_string_equal(message, "");
    list_is(config.disk, 2, (const char *[]){"vda1,raw,xvda,w", "vda2,,xvdb"});
    list_is(config.vif, 2, (const char *[]){"bridge=x", ""});
}

static void every_mistake_has_its_line(void **state)
{
    static const struct {
        const char *text, *message;
    } cases[] = {
        {"", "a.cfg: name: is missing"},
        {BASE "\ndisk=['vda,raw,xvda',\n'x']", "a.cfg:2: disk: \"x\": the vdev is missing"},
        {BASE "\n\nvif=['', 'mac=1']",
         "a.cfg:3: vif: \"mac=1\": mac is no address (00:16:3e:01:02:03)"},
        {"name='x'", "a.cfg: kernel: is missing"},
        {"\nname=''", "a.cfg:2: name: is missing"},
        {"name", "a.cfg:1: after a key, = is expected"},
        {"name = ", "a.cfg:1: here a value is expected: a \"text\", a number or ["},
        {"name = x", "a.cfg:1: here a value is expected: a \"text\", a number or ["},
        {"\n= 'x'", "a.cfg:2: here a key is expected"},
        {"1 = 'x'", "a.cfg:1: here a key is expected"},
        {"name='x", "a.cfg:1: a text has no end on its line"},
        {"name='x\ny'", "a.cfg:1: a text has no end on its line"},
        {"name=\"x'", "a.cfg:1: a text has no end on its line"},
        {"name='\\q'", "a.cfg:1: an escape in a text is not known"},
        {"name='\\", "a.cfg:1: an escape in a text is not known"},
        {"name='\\0'", "a.cfg:1: a character's number is missing or not 1 to 255"},
        {"name='\\777'", "a.cfg:1: a character's number is missing or not 1 to 255"},
        {"name='\\x'", "a.cfg:1: a character's number is missing or not 1 to 255"},
        {"name='x' kernel='k'", "a.cfg:1: after a value, the end of the line or ; is expected"},
        {"\ncpus=['1'\n'2']", "a.cfg:3: in a list, expected a comma or ]"},
        {"\ncpus=['1',\n", "a.cfg:2: this list has no ]"},
        {"cpus=[", "a.cfg:1: this list has no ]"},
        {"cpus=[,]", "a.cfg:1: here a value is expected: a \"text\", a number or ["},
        {BASE "memory='x'", "a.cfg:1: memory: \"x\" is no number"},
        {BASE "memory=12q", "a.cfg:1: memory: \"12q\" is no number"},
        {BASE "memory=-1", "a.cfg:1: memory: \"-1\" is no number"},
        {BASE "memory=99999999999999999999",
         "a.cfg:1: memory: \"99999999999999999999\" is no number"},
        {BASE "memory=0", "a.cfg:1: memory: must be 1 to 1073741824"},
        {BASE "vcpus=0", "a.cfg:1: vcpus: must be 1 to 8192"},
        {BASE "cpu_weight=65536", "a.cfg:1: cpu_weight: must be 1 to 65535"},
        {BASE "\nmemory=64\nmaxmem=63", "a.cfg:3: maxmem: is less than memory"},
        {BASE "\nvcpus=4\nmaxvcpus=3", "a.cfg:3: maxvcpus: are less than vcpus"},
        {BASE "vcpus=['1']", "a.cfg:1: vcpus: a list is not expected here"},
        {BASE "\ntype='hvm'", "a.cfg:2: type: only \"pv\" is there, not \"hvm\""},
        {BASE "\nbuilder='hvm'", "a.cfg:2: type: only \"pv\" is there, not \"hvm\""},
        {BASE "\nuuid='06ed'", "a.cfg:2: uuid: \"06ed\" is none"},
        {BASE "cpus='x'", "a.cfg:1: cpus: \"x\" is no list of CPUs"},
        {BASE "cpus_soft=['1','3-2']", "a.cfg:1: cpus_soft: \"3-2\" is no list of CPUs"},
        {BASE "on_crash='explode'", "a.cfg:1: on_crash: \"explode\" is none of destroy, restart, "
                                    "rename-restart, preserve, coredump-destroy, coredump-restart"},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        assert_false(read_text(cases[i].text));
        assert_string_equal(message, cases[i].message);
    }
    assert_true(read_text(BASE "builder='generic'"));
    assert_true(read_text(BASE "type='pv'\nbuilder='hvm'"));
}

static void lists_of_cpus(void **state)
{
    static const struct {
        const char *text;
        u32 cpus;
        int bits; /* -1: refused */
    } cases[] = {
        {"all", 8, 0xff},
        {"0", 8, 0x01},
        {"0-3", 8, 0x0f},
        {"0-3,5,^1", 8, 0x2d},
        {"all,^0", 8, 0xfe},
        {"^0,0", 8, 0x01},
        {"7", 8, 0x80},
        {"8", 8, -1},
        {"0-8", 8, -1},
        {"1,^1", 8, -1},
        {"^1", 8, -1},
        {"", 8, -1},
        {"1,", 8, -1},
        {",1", 8, -1},
        {"1-", 8, -1},
        {"-1", 8, -1},
        {"1 ,2", 8, -1},
        {"2-1", 8, -1},
        {"alls", 8, -1},
        {"4096", 8, -1},
        {"0-4095", 8, 0xff},
        {"nodes:0", 8, -1},
        {"99999999999999999999", 8, -1},
        {"all", 3, 0x07},
        {"2", 3, 0x04},
        {"3", 3, -1},
    };
    u8 bitmap[1];

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        bool fine = config_cpus(cases[i].text, bitmap, cases[i].cpus);

        assert_int_equal(fine ? bitmap[0] : -1, cases[i].bits);
    }
    assert_true(config_cpus("0-3,^9", NULL, 0));
    assert_false(config_cpus("0-3,^", NULL, 0));
}

/* Any file cut anywhere, and any letter in any place: an answer, and no byte outside. */
static void no_cut_and_no_letter_confuses(void **state)
{
    static const char letters[] = "'\"\\[],;=+#\n-0ax\0";
    char text[] = "name='n'\nkernel=\"k\\x41\"; cpus=[ '1', 2 ] # c\nextra+='a'\nextra+='b'";

    (void)state;
    for (size_t at = 0; at < sizeof(text) - 1; at++) {
        char kept = text[at];

        for (size_t i = 0; i < sizeof(letters); i++) {
            text[at] = letters[i];
            assert_true(read_text(text) || message[0]);
        }
        text[at] = kept;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_file_as_people_write_it),
        cmocka_unit_test(what_is_not_said_is_as_in_xl),
        cmocka_unit_test(the_command_line_is_one_or_two_keys),
        cmocka_unit_test(later_settings_replace_and_plus_adds),
        cmocka_unit_test(there_is_room_for_all_copies),
        cmocka_unit_test(texts_have_escapes),
        cmocka_unit_test(what_means_nothing_is_told_and_passed_over),
        cmocka_unit_test(devices_are_kept_as_they_are_said),
        cmocka_unit_test(every_mistake_has_its_line),
        cmocka_unit_test(lists_of_cpus),
        cmocka_unit_test(no_cut_and_no_letter_confuses),
    };

    return cmocka_run_group_tests(tests, NULL, room_free);
}
