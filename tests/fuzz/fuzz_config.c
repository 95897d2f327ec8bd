/*
 * The readers of what dom0 is given, under a fuzzer: an input is taken as an archive, as the text
 * of an xl.cfg, as a list of CPUs and as a device's specification. No byte outside of it is read,
 * no text is longer than the room that was asked for, and every "no" has its reason.
 */
#include "dom0/toolstack/archive.h"
#include "dom0/toolstack/config.h"
#include "dom0/toolstack/config_devices.h"
#include "tests/fuzz/replay.h"

static void list_check(const struct text_list *list, const char *room, u64 size)
{
    const char *text = list->first;

    for (u32 i = 0; i < list->count; i++) {
        assert_in_range(text - room, 0, size - 1);
        text += strnlen(text, size - (u64)(text - room)) + 1;
        assert_in_range(text - room, 1, size);
    }
}

static void config_try(const char *text, u64 size)
{
    u64 room_size = config_room(text, size);
    char *room = malloc(room_size), message[CONFIG_LINE_SIZE];
    struct domain_config c;

    if (config_read(&c, "f", text, size, room, message)) {
        assert_true(*c.name && *c.kernel && c.memory_kib && c.vcpus);
        assert_true(!c.maxvcpus || c.maxvcpus >= c.vcpus);
        list_check(&c.cpus, room, room_size);
        list_check(&c.cpus_soft, room, room_size);
        list_check(&c.disk, room, room_size);
        list_check(&c.vif, room, room_size);
        if (c.cmdline)
            assert_in_range(strlen(c.cmdline), 0, room_size);
    } else {
        assert_true(message[0]);
    }
    free(room);
}

static void archive_try(struct blob archive)
{
    const u8 *end = (const u8 *)archive.bytes + archive.size;
    struct archive_file file;
    const char *why;

    for (u64 at = 0; archive_next(archive, &at, &file, &why);) {
        const u8 *bytes = file.data.bytes;

        assert_in_range(end - bytes, file.data.size, archive.size);
        config_try((const char *)bytes, file.data.size);
    }
}

static void cpus_try(const char *bytes, u64 size)
{
    char *text = malloc(size + 1);
    u8 bitmap[8];

    memcpy(text, bytes, size);
    text[size] = '\0';
    if (config_cpus(text, bitmap, 64))
        assert_true(config_cpus(text, NULL, 0));
    free(text);
}

static void slice_check(struct slice s, const char *text, u64 size)
{
    if (!s.at)
        return;
    assert_in_range(s.at - text, 0, size);
    assert_in_range(s.length, 0, size - (u64)(s.at - text));
}

/* The specifications of devices, of a text of their own. */
static void devices_try(const char *bytes, u64 size)
{
    char *text = malloc(size + 1);
    struct disk_spec disk;
    struct vif_spec vif;

    memcpy(text, bytes, size);
    text[size] = '\0';
    if (!disk_spec_read(text, &disk)) {
        assert_true(disk.target.length && disk.number);
        slice_check(disk.target, text, size);
        slice_check(disk.vdev, text, size);
    }
    if (!vif_spec_read(text, &vif)) {
        slice_check(vif.bridge, text, size);
        slice_check(vif.ip, text, size);
    }
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    archive_try((struct blob){data, size});
    config_try((const char *)data, size);
    cpus_try((const char *)data, size);
    devices_try((const char *)data, size);
    return 0;
}
