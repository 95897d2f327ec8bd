/*
 * A disk's specification and the names of disks (config_devices.h). Fields without a key are known
 * by their place; target= takes the rest of the text, commas and all.
 */
#include "dom0/toolstack/config_fields.h"
#include "xen-like/lib/string.h"

/* ---- Names of disks ---------------------------------------------------------------------------
 */

#define XVD_MAJOR       202
#define SD_MAJOR        8
#define EXTENDED_DEVICE (1u << 28) /* of xvd: a disk or a partition beyond the 15th */

/* Letters as digits: a is 0, z 25, aa 26. False: there are none, or too many. */
static bool letters_take(struct slice *s, u32 *disk)
{
    u32 value = 0;
    int count = 0;

    for (; count < s->length && s->at[count] >= 'a' && s->at[count] <= 'z' && count < 5; count++)
        value = value * 26 + (u32)(s->at[count] - 'a') + 1;
    *s = (struct slice){s->at + count, s->length - count};
    *disk = value - 1;
    return count;
}

/* Digits up to the slice's end or to @mark; none are 0. */
static bool digits_take(struct slice *s, u32 *value, bool may_lack)
{
    bool any = false;

    for (*value = 0; s->length && *s->at >= '0' && *s->at <= '9' && *value < 1u << 20; any = true) {
        *value = *value * 10 + (u32)(*s->at - '0');
        *s = (struct slice){s->at + 1, s->length - 1};
    }
    return any || may_lack;
}

static bool xvd_number(u32 disk, u32 partition, u32 *number)
{
    *number = disk < 16 && partition < 16 ? XVD_MAJOR << 8 | disk << 4 | partition
                                          : EXTENDED_DEVICE | disk << 8 | partition;
    return disk < 1u << 20 && partition < 256;
}

static bool hd_number(u32 disk, u32 partition, u32 *number)
{
    static const u32 majors[] = {3, 22};

    *number = disk < 4 ? majors[disk / 2] << 8 | (disk & 1) << 6 | partition : 0;
    return disk < 4 && partition < 64;
}

static bool sd_number(u32 disk, u32 partition, u32 *number)
{
    *number = SD_MAJOR << 8 | disk << 4 | partition;
    return disk < 16 && partition < 16;
}

bool vdev_number(struct slice name, u32 *number)
{
    static const struct {
        const char *prefix;
        bool (*make)(u32 disk, u32 partition, u32 *number);
    } kinds[] = {{"xvd", xvd_number}, {"hd", hd_number}, {"sd", sd_number}};
    u32 disk, partition;
    u64 plain;

    for (u32 i = 0; i < ARRAY_SIZE(kinds); i++) {
        if (slice_takes(&name, kinds[i].prefix))
            return letters_take(&name, &disk) && digits_take(&name, &partition, true) &&
                   !name.length && kinds[i].make(disk, partition, number);
    }
    if (slice_takes(&name, "d"))
        return digits_take(&name, &disk, false) &&
               (!name.length || (slice_takes(&name, "p") && name.length)) &&
               digits_take(&name, &partition, true) && !name.length &&
               xvd_number(disk, partition, number);
    if (!slice_number(name, &plain) || !plain || plain >> 29)
        return false;
    *number = (u32)plain;
    return true;
}

/* ---- Disks ------------------------------------------------------------------------------------
 */

static const char *format_take(void *spec, struct slice value)
{
    (void)spec;
    return slice_is(value, "raw") ? NULL : "only format raw is there";
}

static const char *target_take(void *spec, struct slice value)
{
    struct disk_spec *disk = spec;

    slice_takes(&value, "/dev/");
    disk->target = value;
    return value.length ? NULL : "the target is missing";
}

static const char *devtype_take(void *spec, struct slice value)
{
    struct disk_spec *disk = spec;

    disk->cdrom = slice_is(value, "cdrom");
    disk->read_only |= disk->cdrom;
    return disk->cdrom || slice_is(value, "disk") ? NULL : "devtype is disk or cdrom";
}

/* "hdc:cdrom", too: the older way to say devtype=cdrom. */
static const char *vdev_take(void *spec, struct slice value)
{
    struct disk_spec *disk = spec;
    int suffix = (int)strlen(":cdrom");

    if (value.length > suffix && !strncmp(value.at + value.length - suffix, ":cdrom", 6)) {
        value.length -= suffix;
        disk->cdrom = disk->read_only = true;
    }
    disk->vdev = value;
    return vdev_number(value, &disk->number) ? NULL : "the vdev is no name of a disk (xvda, xvdb1)";
}

static const char *access_take(void *spec, struct slice value)
{
    struct disk_spec *disk = spec;
    bool write = slice_is(value, "w") || slice_is(value, "rw");

    if (!write && !slice_is(value, "r") && !slice_is(value, "ro"))
        return "access is one of r, ro, w, rw";
    disk->read_only = !write || disk->cdrom;
    return NULL;
}

static const char *backendtype_take(void *spec, struct slice value)
{
    (void)spec;
    return slice_is(value, "phy") ? NULL : "only backendtype phy is there";
}

static const char *script_refuse(void *spec, struct slice value)
{
    (void)spec;
    (void)value;
    return "no scripts are run here";
}

static const struct field disk_fields[] = {
    {"target", target_take},   {"format", format_take},   {"vdev", vdev_take},
    {"access", access_take},   {"devtype", devtype_take}, {"backendtype", backendtype_take},
    {"backend", backend_take}, {"script", script_refuse}, {NULL, NULL},
};

/* Fields known by their place. */
static const struct field disk_places[] = {
    {"target", target_take}, {"format", format_take}, {"vdev", vdev_take}, {"access", access_take}};

/* Prefixes of a target that say its format: what follows then has no field for that. */
static const char *prefix_take(struct slice *field, bool *is_old)
{
    *is_old =
        slice_takes(field, "phy:") || slice_takes(field, "file:") || slice_takes(field, "raw:");
    return *is_old || !slice_takes(field, "tap") ? NULL : "only format raw is there";
}

/* A field without a key: a flag, or the next place. */
static const char *plain_take(struct disk_spec *disk, struct slice field, u32 *place)
{
    bool is_old = false;
    const char *why;

    if (slice_is(field, "discard") || slice_is(field, "no-discard")) {
        disk->discard = *field.at == 'd';
        return NULL;
    }
    if (slice_is(field, "direct-io-safe"))
        return NULL;
    if (slice_is(field, "cdrom"))
        return devtype_take(disk, field);
    if (*place >= ARRAY_SIZE(disk_places))
        return "there are too many fields";
    why = *place ? NULL : prefix_take(&field, &is_old);
    if (!why && (field.length || !*place)) /* an empty one has not been said */
        why = disk_places[*place].take(disk, field);
    *place += is_old ? 2 : 1;
    return why;
}

const char *disk_spec_read(const char *text, struct disk_spec *disk)
{
    struct slice field, key, value;
    const char *why = NULL;
    u32 place = 0;

    *disk = (struct disk_spec){.discard = true};
    for (const char *rest = text; !why && rest;) {
        const char *from = rest;

        field = field_take(&rest);
        if (!field_split(field, &key, &value)) {
            why = plain_take(disk, field, &place);
        } else if (slice_is(key, "target")) {
            from = value.at;
            rest = NULL;
            why = target_take(disk, slice_trim(from, from + strlen(from)));
        } else {
            const struct field *known = field_find(disk_fields, key);

            why = known ? known->take(disk, value) : "a key is not known";
        }
    }
    if (!why && !disk->target.at)
        why = "the target is missing";
    return why || disk->vdev.at ? why : "the vdev is missing";
}
