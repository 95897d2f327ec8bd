/*
 * Device directories; devices.h. Keys are written first and the states last, so that who watches a
 * directory finds all in it; in between nobody looks, because all of dom0 is one loop.
 */
#include "dom0/toolstack/devices.h"

#include "dom0/drivers/disk.h"
#include "xen-like/lib/fmt.h"
#include "xen-like/lib/parse.h"
#include "xen-like/lib/string.h"

#define PATH_SIZE   96 /* of a directory and a key */
#define TARGET_SIZE 64 /* of the name of a disk of dom0 */

struct directories {
    domid_t domain;
    u32 id;
    int answer; /* of the first write that failed */
    char frontend[64], backend[64];
};

static struct directories directories_of(domid_t domain, const char *type, u32 id)
{
    struct directories d = {.domain = domain, .id = id};

    fmt_snprintf(d.frontend, sizeof(d.frontend), "/local/domain/%u/device/%s/%u", domain, type, id);
    fmt_snprintf(d.backend, sizeof(d.backend), "/local/domain/0/backend/%s/%u/%u", type, domain,
                 id);
    return d;
}

PRINTF_LIKE(4, 5)
static void key_write(struct directories *d, const char *folder, const char *key,
                      const char *format, ...)
{
    char path[PATH_SIZE], value[XENSTORE_PAYLOAD_MAX / 4];
    va_list args;
    int answer;

    va_start(args, format);
    fmt_vsnprintf(value, sizeof(value), format, args);
    va_end(args);
    fmt_snprintf(path, sizeof(path), "%s/%s", folder, key);
    answer = store_write(path, value);
    if (!d->answer)
        d->answer = answer;
}

static u64 key_number(const char *folder, const char *key, u64 fallback)
{
    char path[PATH_SIZE];

    fmt_snprintf(path, sizeof(path), "%s/%s", folder, key);
    return store_read_number(path, fallback);
}

static void directories_remove(const struct directories *d)
{
    store_remove(d->frontend);
    store_remove(d->backend);
}

static bool is_there(const struct directories *d)
{
    return key_number(d->backend, "state", 0);
}

/* What every device has, after what its kind has: then it begins. Without memory even removing may
 * fail, but without the last line no backend begins, and the guest's end removes what is left. */
static int directories_finish(struct directories *d)
{
    key_write(d, d->backend, "frontend", "%s", d->frontend);
    key_write(d, d->backend, "frontend-id", "%u", d->domain);
    key_write(d, d->backend, "online", "1");
    key_write(d, d->frontend, "backend", "%s", d->backend);
    key_write(d, d->frontend, "backend-id", "0");
    key_write(d, d->frontend, "state", "%u", XenbusStateInitialising);
    if (!d->answer)
        d->answer = store_permit(d->frontend, d->domain, 0);
    if (!d->answer)
        d->answer = store_permit(d->backend, 0, d->domain);
    if (!d->answer)
        key_write(d, d->backend, "state", "%u", XenbusStateInitialising);
    if (d->answer)
        directories_remove(d);
    return d->answer;
}

static int refuse(char *message, int answer, const char *format, ...)
{
    va_list args;

    va_start(args, format);
    fmt_vsnprintf(message, BUILD_REASON_SIZE, format, args);
    va_end(args);
    return answer;
}

/* ---- Disks ------------------------------------------------------------------------------------
 */

/* Whether a device of that path is on the same sectors, and one of both writes. */
static bool disk_conflicts(const char *backend, const struct disk *disk, bool read_only)
{
    char path[PATH_SIZE], value[TARGET_SIZE];
    const struct disk *other;

    fmt_snprintf(path, sizeof(path), "%s/params", backend);
    other = store_read(path, value, sizeof(value)) < 0 ? NULL : disk_find(value);
    if (!other || !disks_overlap(disk, other) || !key_number(backend, "state", 0))
        return false;
    fmt_snprintf(path, sizeof(path), "%s/mode", backend);
    return !read_only || (store_read(path, value, sizeof(value)) > 0 && *value == 'w');
}

/* A domain that has the disk already, where that would be a danger; DOMID_INVALID: none. */
static domid_t disk_user(const struct disk *disk, bool read_only)
{
    char folder[64] = "/local/domain/0/backend/" DEVICE_DISK, domain[16], id[16];

    for (u32 i = 0; !store_child(folder, i, domain, sizeof(domain)); i++) {
        char guest[64];

        fmt_snprintf(guest, sizeof(guest), "%s/%s", folder, domain);
        for (u32 k = 0; !store_child(guest, k, id, sizeof(id)); k++) {
            char device[PATH_SIZE];

            fmt_snprintf(device, sizeof(device), "%s/%s", guest, id);
            if (disk_conflicts(device, disk, read_only)) {
                fmt_snprintf(device, sizeof(device), "%s/%s/frontend-id", guest, id);
                return (domid_t)store_read_number(device, DOMID_INVALID);
            }
        }
    }
    return DOMID_INVALID;
}

static void disk_write(struct directories *d, const struct disk_spec *disk, const char *target)
{
    const char *type = disk->cdrom ? "cdrom" : "disk";

    key_write(d, d->backend, "params", "%s", target);
    key_write(d, d->backend, "type", "phy");
    key_write(d, d->backend, "dev", "%.*s", disk->vdev.length, disk->vdev.at);
    key_write(d, d->backend, "mode", "%c", disk->read_only ? 'r' : 'w');
    key_write(d, d->backend, "device-type", "%s", type);
    key_write(d, d->backend, "discard-enable", "%u", disk->discard);
    key_write(d, d->backend, "bootable", "1");
    key_write(d, d->backend, "removable", "%u", disk->cdrom);
    key_write(d, d->frontend, "virtual-device", "%u", disk->number);
    key_write(d, d->frontend, "device-type", "%s", type);
}

int disk_attach(domid_t domain, const struct disk_spec *disk, char message[BUILD_REASON_SIZE])
{
    struct directories d = directories_of(domain, DEVICE_DISK, disk->number);
    const struct disk *on;
    char target[TARGET_SIZE];
    domid_t user;

    fmt_snprintf(target, sizeof(target), "%.*s", disk->target.length, disk->target.at);
    on = disk->target.length < TARGET_SIZE ? disk_find(target) : NULL;
    if (!on)
        return refuse(message, -XEN_ENODEV, "%s: the control domain has no such disk", target);
    if (is_there(&d))
        return refuse(message, -XEN_EEXIST, "domain %u has a disk %.*s already", domain,
                      disk->vdev.length, disk->vdev.at);
    user = disk_user(on, disk->read_only);
    if (user != DOMID_INVALID)
        return refuse(message, -XEN_EBUSY, "%s: domain %u uses it, and one of both would write",
                      target, user);
    disk_write(&d, disk, target);
    if (!directories_finish(&d))
        return 0;
    return refuse(message, d.answer, "%s: cannot be entered in the xenstore", target);
}

/* ---- Network cards ----------------------------------------------------------------------------
 */

/* Xen's range for addresses, and a number that the guest's name decides. */
static void mac_make(u8 mac[6], const char *name, u32 id)
{
    u32 hash = 2166136261u; /* FNV-1a */

    for (; *name; name++)
        hash = (hash ^ (u8)*name) * 16777619u;
    hash = (hash ^ id) * 16777619u;
    mac[0] = 0x00;
    mac[1] = 0x16;
    mac[2] = 0x3e;
    mac[3] = hash >> 16 & 0x7f;
    mac[4] = (u8)(hash >> 8);
    mac[5] = (u8)hash;
}

static void card_write(struct directories *d, const struct vif_spec *vif, const u8 mac[6])
{
    static const char default_bridge[] = BRIDGE_DEFAULT;
    struct slice bridge = vif->bridge;
    char text[18];

    if (!bridge.at)
        bridge = (struct slice){default_bridge, (int)sizeof(default_bridge) - 1};
    fmt_snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", mac[0], mac[1], mac[2],
                 mac[3], mac[4], mac[5]);
    key_write(d, d->backend, "mac", "%s", text);
    key_write(d, d->backend, "bridge", "%.*s", bridge.length, bridge.at);
    if (vif->ip.at)
        key_write(d, d->backend, "ip", "%.*s", vif->ip.length, vif->ip.at);
    key_write(d, d->backend, "handle", "%u", d->id);
    key_write(d, d->backend, "script", "vif-bridge");
    key_write(d, d->backend, "type", "vif");
    key_write(d, d->frontend, "handle", "%u", d->id);
    key_write(d, d->frontend, "mac", "%s", text);
}

int network_attach(domid_t domain, const char *name, const struct vif_spec *vif,
                   char message[BUILD_REASON_SIZE])
{
    struct directories d = directories_of(domain, DEVICE_NETWORK, vif->devid);
    u8 mac[6];

    if (vif->devid == VIF_DEVID_ANY) {
        u32 id = 0;

        do
            d = directories_of(domain, DEVICE_NETWORK, id++);
        while (is_there(&d));
    }
    if (is_there(&d))
        return refuse(message, -XEN_EEXIST, "domain %u has a network card %u already", domain,
                      d.id);
    if (vif->has_mac)
        memcpy(mac, vif->mac, sizeof(mac));
    else
        mac_make(mac, name, d.id);
    card_write(&d, vif, mac);
    if (!directories_finish(&d))
        return 0;
    return refuse(message, d.answer, "a network card cannot be entered in the xenstore");
}

/* ---- All of a guest ---------------------------------------------------------------------------
 */

int devices_make(domid_t domain, const struct domain_config *config,
                 char message[BUILD_REASON_SIZE])
{
    const char *text = config->disk.first;
    struct disk_spec disk;
    struct vif_spec vif;
    int answer = 0;

    for (u32 i = 0; !answer && i < config->disk.count; i++, text += strlen(text) + 1) {
        disk_spec_read(text, &disk);
        answer = disk_attach(domain, &disk, message);
    }
    text = config->vif.first;
    for (u32 i = 0; !answer && i < config->vif.count; i++, text += strlen(text) + 1) {
        vif_spec_read(text, &vif);
        answer = network_attach(domain, config->name, &vif, message);
    }
    if (answer)
        devices_remove(domain);
    return answer;
}

bool device_at(domid_t domain, const char *type, u32 index, struct device_state *state)
{
    char folder[64], id[16], path[PATH_SIZE];
    struct directories d;
    const char *end;
    u64 number;

    fmt_snprintf(folder, sizeof(folder), "/local/domain/0/backend/%s/%u", type, domain);
    if (store_child(folder, index, id, sizeof(id)) || !parse_unsigned(id, &end, &number))
        return false;
    d = directories_of(domain, type, (u32)number);
    *state = (struct device_state){
        .id = d.id,
        .handle = (s64)key_number(d.frontend,
                                  strcmp(type, DEVICE_DISK) ? "handle" : "virtual-device", ~0ull),
        .state = (s64)key_number(d.frontend, "state", ~0ull),
        .port = (s64)key_number(d.frontend, "event-channel", ~0ull),
        .ring = (s64)key_number(d.frontend, strcmp(type, DEVICE_DISK) ? "tx-ring-ref" : "ring-ref",
                                ~0ull),
        .ring_receive = (s64)key_number(d.frontend, "rx-ring-ref", ~0ull),
    };
    str_copy(state->backend, d.backend, sizeof(state->backend));
    fmt_snprintf(path, sizeof(path), "%s/mac", d.backend);
    if (store_read(path, state->mac, sizeof(state->mac)) < 0)
        state->mac[0] = '\0';
    return true;
}

bool network_find(domid_t domain, const char *word, u32 *id)
{
    struct slice text = {word, (int)strlen(word)};
    struct device_state state;
    u8 wanted[6], mac[6];
    bool by_mac = mac_read(text, wanted);
    const char *end;
    u64 number = 0;

    if (!by_mac && (!parse_unsigned(word, &end, &number) || *end))
        return false;
    for (u32 i = 0; device_at(domain, DEVICE_NETWORK, i, &state); i++) {
        bool same = by_mac && mac_read((struct slice){state.mac, 17}, mac) &&
                    !memcmp(mac, wanted, sizeof(mac));

        *id = state.id;
        if (same || (!by_mac && state.id == number))
            return true;
    }
    return false;
}
