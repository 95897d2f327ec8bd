/*
 * Block devices by the xenstore: what the toolstack and the frontend have written is read here,
 * and what the frontend must know is written.
 *
 *   ours, before InitWait    params and mode were the toolstack's; features, limits
 *   theirs, then             ring-ref (ring-ref0..., queue-0/...), event-channel, protocol
 *   ours, before Connected   sectors, sector-size, info
 */
#include "dom0/backend/block_session.h"

#include "xen-like/lib/fmt.h"

#define NOT_THERE       (~0ull)
#define PAGES_MAX       (1u << SESSION_RING_ORDER)
#define KEY_SIZE        48
#define DIRECT_SEGMENTS BLKIF_MAX_SEGMENTS_PER_REQUEST

struct vbd {
    struct device device;
    struct list link; /* among vbds, once it has a disk */
    struct disk *disk;
    bool writable;
    struct block_session *session; /* NULL: not connected */
    struct block_statistics statistics;
};

static struct list vbds = LIST_INIT(vbds);

static struct vbd *vbd_of(const struct device *device)
{
    return CONTAINER_OF(device, struct vbd, device);
}

const struct block_statistics *block_statistics(const struct device *device)
{
    return &vbd_of(device)->statistics;
}

/* A disk or range that one may write belongs to him alone. A device whose directory is gone but
 * which nobody has told of it yet is not in the way. */
static bool disk_is_taken(const struct vbd *vbd, const struct disk *disk)
{
    char params[KEY_SIZE];

    LIST_FOR_EACH(link, &vbds)
    {
        struct vbd *other = LIST_ENTRY(link, struct vbd, link);

        if (other == vbd || !disks_overlap(other->disk, disk))
            continue;
        if ((vbd->writable || other->writable) &&
            device_read(&other->device, false, "params", params, sizeof(params)) != -XEN_ENOENT)
            return true;
    }
    return false;
}

/* "vda1", perhaps as the path of a device file. */
static struct disk *disk_of_params(const struct device *device)
{
    char params[STORE_PATH_MAX];

    if (device_read(device, false, "params", params, sizeof(params)) < 0)
        return NULL;
    return disk_find(str_starts_with(params, "/dev/") ? params + strlen("/dev/") : params);
}

static int features_write(const struct device *device, const struct disk *disk)
{
    bool may_discard = device_read_number(device, false, "discard-enable", 1);
    struct {
        const char *key;
        u32 value;
    } keys[] = {
        {"feature-flush-cache", disk->can_flush},
        {"feature-barrier", disk->can_flush},
        {"feature-discard", may_discard && disk->can_discard},
        {"discard-granularity", disk->block_size},
        {"discard-alignment", 0},
        {"discard-secure", 0},
        {"feature-persistent", 0},
        {"feature-max-indirect-segments", MIN(SESSION_SEGMENTS_MAX, disk->segments_max)},
        {"max-ring-page-order", SESSION_RING_ORDER},
        {"multi-queue-max-queues", SESSION_QUEUES_MAX},
    };
    int answer = 0;

    for (u32 n = 0; n < ARRAY_SIZE(keys) && !answer; n++)
        answer = device_write(device, keys[n].key, "%u", keys[n].value);
    return answer;
}

static int vbd_prepare(struct device *device)
{
    struct vbd *vbd = vbd_of(device);
    struct disk *disk = disk_of_params(device);
    char mode[KEY_SIZE] = "";

    device_read(device, false, "mode", mode, sizeof(mode));
    if (!disk)
        return -XEN_ENOENT;
    vbd->writable = mode[0] == 'w';
    if (vbd->writable && disk->read_only)
        return -XEN_EROFS;
    if (disk->segments_max < DIRECT_SEGMENTS)
        return -XEN_EOPNOTSUPP;
    if (disk_is_taken(vbd, disk))
        return -XEN_EBUSY;
    if (!vbd->disk)
        list_add_tail(&vbds, &vbd->link);
    vbd->disk = disk;
    return features_write(device, disk);
}

static u64 read_queue_number(const struct device *device, const char *folder, const char *key)
{
    char path[KEY_SIZE];

    fmt_snprintf(path, sizeof(path), "%s%s", folder, key);
    return device_read_number(device, true, path, NOT_THERE);
}

/* A ring of one page is named by ring-ref, larger ones by ring-ref0 and so on. */
static bool read_refs(const struct device *device, const char *folder, u32 pages, grant_ref_t *refs)
{
    char key[KEY_SIZE];
    u64 ref = read_queue_number(device, folder, "ring-ref");

    if (pages == 1 && ref <= UINT32_MAX) {
        refs[0] = (grant_ref_t)ref;
        return true;
    }
    for (u32 n = 0; n < pages; n++) {
        fmt_snprintf(key, sizeof(key), "ring-ref%u", n);
        ref = read_queue_number(device, folder, key);
        if (ref > UINT32_MAX)
            return false;
        refs[n] = (grant_ref_t)ref;
    }
    return true;
}

static int queue_connect(struct block_session *s, const char *folder, u32 pages)
{
    u64 port = read_queue_number(s->device, folder, "event-channel");
    grant_ref_t refs[PAGES_MAX];

    if (port > UINT32_MAX || !read_refs(s->device, folder, pages, refs))
        return -XEN_EINVAL;
    return session_add_queue(s, refs, pages, (u32)port);
}

static int queues_connect(struct block_session *s, u32 queues, bool folders)
{
    u64 order = device_read_number(s->device, true, "ring-page-order", 0);
    char folder[KEY_SIZE] = "";
    int answer = order > SESSION_RING_ORDER ? -XEN_EINVAL : 0;

    for (u32 n = 0; n < queues && !answer; n++) {
        if (folders)
            fmt_snprintf(folder, sizeof(folder), "queue-%u/", n);
        answer = queue_connect(s, folder, 1u << order);
    }
    return answer;
}

/* What kind of disk: bits VDISK_*. */
static u32 disk_info(const struct vbd *vbd)
{
    char type[KEY_SIZE] = "";

    device_read(&vbd->device, false, "device-type", type, sizeof(type));
    return (vbd->writable ? 0 : VDISK_READONLY) | (strcmp(type, "cdrom") ? 0 : VDISK_CDROM) |
           (device_read_number(&vbd->device, false, "removable", 0) ? VDISK_REMOVABLE : 0);
}

static int disk_write_keys(const struct vbd *vbd)
{
    const struct disk *disk = vbd->disk;
    int answer = device_write(&vbd->device, "sectors", "%" F64 "u", disk->sectors);

    if (!answer)
        answer = device_write(&vbd->device, "sector-size", "%u", disk->block_size);
    if (!answer)
        answer = device_write(&vbd->device, "physical-sector-size", "%u", disk->block_size);
    if (!answer)
        answer = device_write(&vbd->device, "info", "%u", disk_info(vbd));
    return answer;
}

static void vbd_disconnect(struct device *device)
{
    struct vbd *vbd = vbd_of(device);

    if (vbd->session)
        session_end(vbd->session);
    vbd->session = NULL;
}

static int vbd_connect(struct device *device)
{
    struct vbd *vbd = vbd_of(device);
    u64 queues = device_read_number(device, true, "multi-queue-num-queues", 0);
    char protocol[KEY_SIZE] = "";
    const struct block_layout *layout;
    int answer;

    device_read(device, true, "protocol", protocol, sizeof(protocol));
    layout = block_layout_find(protocol);
    if (!layout || queues > SESSION_QUEUES_MAX)
        return -XEN_EINVAL;
    vbd->session =
        session_new(device, &vbd->statistics, vbd->disk, layout, (u32)MAX(queues, (u64)1));
    if (!vbd->session)
        return -XEN_ENOMEM;
    vbd->session->writable = vbd->writable;
    answer = queues_connect(vbd->session, (u32)MAX(queues, (u64)1), queues);
    if (!answer)
        answer = disk_write_keys(vbd);
    if (answer)
        vbd_disconnect(device);
    else
        session_wake(vbd->session);
    return answer;
}

static void vbd_remove(struct device *device)
{
    struct vbd *vbd = vbd_of(device);

    if (vbd->disk)
        list_remove(&vbd->link);
}

const struct device_class block_class = {
    .type = "vbd",
    .size = sizeof(struct vbd),
    .prepare = vbd_prepare,
    .connect = vbd_connect,
    .disconnect = vbd_disconnect,
    .remove = vbd_remove,
};

int block_start(void)
{
    return device_class_add(&block_class);
}
