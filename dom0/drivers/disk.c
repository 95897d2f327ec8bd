/*
 * Disks by name, and ranges of disks: a range is a disk whose requests go to the whole one,
 * `start` sectors further on. What a request may be is looked at here, once, for all drivers: it
 * may have been made of a guest's.
 */
#include "dom0/drivers/disk.h"

#include "dom0/drivers/partition.h"
#include "dom0/mm/heap.h"
#include "guest-kernel/mm/direct_map.h"
#include "guest-kernel/mm/frame.h"
#include "guest-kernel/time/clock.h"
#include "xen-like/lib/fmt.h"
#include "xen-like/lib/parse.h"
#include "xen-like/lib/string.h"

#define NAME_SIZE 64
#define PATIENCE  (5 * NS_PER_SECOND)

struct list disks = LIST_INIT(disks);

static bool segments_are_good(const struct disk_request *r)
{
    u64 bytes = 0;

    for (u32 n = 0; n < r->count; n++) {
        const struct disk_segment *s = &r->segments[n];

        if (!s->bytes || s->bytes % SECTOR_SIZE || s->address % PAGE_SIZE + s->bytes > PAGE_SIZE)
            return false;
        bytes += s->bytes;
    }
    return bytes == r->sectors * SECTOR_SIZE;
}

static bool range_is_good(const struct disk *disk, const struct disk_request *r)
{
    u64 block = disk->block_size / SECTOR_SIZE;

    return r->sectors && r->sectors <= disk->sectors && r->sector <= disk->sectors - r->sectors &&
           !(r->sector % block) && !(r->sectors % block);
}

static int request_check(const struct disk *disk, const struct disk_request *r)
{
    if (r->operation == DISK_FLUSH)
        return disk->can_flush ? 0 : -XEN_EOPNOTSUPP;
    if (r->operation == DISK_DISCARD && !disk->can_discard)
        return -XEN_EOPNOTSUPP;
    if (!range_is_good(disk, r))
        return -XEN_EINVAL;
    if (r->operation != DISK_READ && disk->read_only)
        return -XEN_EROFS;
    if (r->operation == DISK_DISCARD)
        return 0;
    return r->count <= disk->segments_max && segments_are_good(r) ? 0 : -XEN_EINVAL;
}

int disk_submit(struct disk *disk, struct disk_request *request)
{
    int answer = request_check(disk, request);

    if (answer)
        return answer;
    request->place = disk->start + request->sector;
    disk->whole->submit(disk->whole, request);
    return 0;
}

/* A range of a disk that is known; its `whole` is no range itself. */
static struct disk *range_add(struct disk *of, const char *name, u64 start, u64 sectors)
{
    struct disk *range = heap_alloc(sizeof(*range));

    if (!range || start > of->sectors || sectors > of->sectors - start || !sectors) {
        heap_free(range);
        return NULL;
    }
    *range = *of;
    range->name = heap_text(name);
    range->start += start;
    range->sectors = sectors;
    list_add_tail(&disks, &range->link);
    return range;
}

static struct disk *named(const char *name, size_t length)
{
    LIST_FOR_EACH(link, &disks)
    {
        struct disk *disk = LIST_ENTRY(link, struct disk, link);

        if (disk->name && strlen(disk->name) == length && !strncmp(disk->name, name, length))
            return disk;
    }
    return NULL;
}

struct disk *disk_find(const char *name)
{
    struct disk *disk = named(name, strlen(name));
    const char *at = strchr(name, '@');
    u64 start, sectors;

    if (disk || !at)
        return disk;
    disk = named(name, (size_t)(at - name));
    at++;
    if (!disk || !parse_unsigned(at, &at, &start) || *at++ != '+' ||
        !parse_unsigned(at, &at, &sectors) || *at)
        return NULL;
    return range_add(disk, name, start, sectors);
}

struct read_now {
    struct disk_request request;
    struct disk_segment segment;
    bool done;
    int answer;
};

static void read_now_done(struct disk_request *request, int answer)
{
    struct read_now *now = CONTAINER_OF(request, struct read_now, request);

    now->done = true;
    now->answer = answer;
}

static int read_now_wait(struct disk *disk, struct read_now *now)
{
    u64 end = time_now_ns() + PATIENCE;
    int answer = disk_submit(disk, &now->request);

    while (!answer && !now->done && time_now_ns() < end)
        disk->whole->poll(disk->whole);
    return answer ? answer : now->answer;
}

/* What does not come in time stays the device's: its memory is not used again. */
int disk_read_now(struct disk *disk, u64 sector, void *to, u32 bytes)
{
    struct read_now *now = heap_alloc(sizeof(*now));
    int answer;

    if (!now)
        return -XEN_ENOMEM;
    now->answer = -XEN_EIO;
    now->segment.address = mfn_to_address(virt_to_mfn(to)) + (uintptr_t)to % PAGE_SIZE;
    now->segment.bytes = bytes;
    now->request = (struct disk_request){.operation = DISK_READ,
                                         .sector = sector,
                                         .sectors = bytes / SECTOR_SIZE,
                                         .segments = &now->segment,
                                         .count = 1,
                                         .done = read_now_done};
    answer = read_now_wait(disk, now);
    if (now->done || answer != -XEN_EIO)
        heap_free(now);
    return answer;
}

struct scan {
    struct partition_reader reader;
    struct disk *disk;
};

static bool scan_read(struct partition_reader *reader, u64 sector, u32 bytes)
{
    return !disk_read_now(CONTAINER_OF(reader, struct scan, reader)->disk, sector, reader->page,
                          bytes);
}

static void scan_found(struct partition_reader *reader, u32 number, u64 start, u64 sectors)
{
    struct disk *disk = CONTAINER_OF(reader, struct scan, reader)->disk;
    char name[NAME_SIZE];

    fmt_snprintf(name, sizeof(name), "%s%u", disk->name, number);
    range_add(disk, name, start, sectors);
}

void disk_add(struct disk *disk)
{
    static pfn_t page;
    struct scan scan = {.disk = disk,
                        .reader = {.sectors = disk->sectors,
                                   .block_size = disk->block_size,
                                   .read = scan_read,
                                   .found = scan_found}};

    if (!page.n)
        page = frame_alloc();
    scan.reader.page = pfn_to_virt(page);
    disk->whole = disk;
    list_add_tail(&disks, &disk->link);
    partitions_read(&scan.reader);
}
