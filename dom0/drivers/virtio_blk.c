/*
 * A virtio disk. A request is a chain: a header that the device reads, the data, a byte that it
 * writes at the end. The data lies wherever the caller's segments say, perhaps in a guest's frames;
 * header, byte, and the table that holds the chain are in a slot of ours, one for each request that
 * the device may have at once. Who finds no slot waits in a list.
 *
 *   slot, 1 KiB:  | header | status | range to discard | table: header, data..., status |
 *
 * Segments that adjoin in the machine become one.
 */
#include "dom0/drivers/virtio_blk.h"

#include "dom0/drivers/disk.h"
#include "dom0/drivers/virtio.h"
#include "dom0/mm/heap.h"
#include "guest-kernel/mm/direct_map.h"
#include "guest-kernel/mm/frame.h"
#include "xen-like/lib/fmt.h"

#define FEATURE_SEGMENTS_MAX (1ull << 2)
#define FEATURE_READ_ONLY    (1ull << 5)
#define FEATURE_BLOCK_SIZE   (1ull << 6)
#define FEATURE_FLUSH        (1ull << 9)
#define FEATURE_DISCARD      (1ull << 13)
#define FEATURES                                                                                   \
    (FEATURE_SEGMENTS_MAX | FEATURE_READ_ONLY | FEATURE_BLOCK_SIZE | FEATURE_FLUSH |               \
     FEATURE_DISCARD)

#define CONFIG_CAPACITY     0
#define CONFIG_SEGMENTS_MAX 12
#define CONFIG_BLOCK_SIZE   20
#define CONFIG_DISCARD_MAX  36

#define TYPE_READ    0u
#define TYPE_WRITE   1u
#define TYPE_FLUSH   4u
#define TYPE_DISCARD 11u

#define STATUS_OK          0u
#define STATUS_UNSUPPORTED 2u

#define SLOT_BYTES 1024u
#define TABLE_MAX  61u
#define PIECES_MAX (TABLE_MAX - 2) /* of data */

struct slot {
    struct {
        u32 type, reserved;
        u64 sector;
    } header;
    u8 status;
    struct {
        u64 sector;
        u32 sectors, flags;
    } discard __attribute__((aligned(8)));
    u64 discarded; /* sectors: the device may take only so many at once */
    struct virtq_descriptor table[TABLE_MAX];
} __attribute__((aligned(16)));

_Static_assert(sizeof(struct slot) <= SLOT_BYTES, "slots are found by their number");

struct virtio_blk {
    struct disk disk;
    struct virtio virtio;
    struct virtq queue;
    u64 discard_max;
    struct list waiting; /* requests for which there was no slot */
    struct work broken;  /* the device is stopped, and something waits */
    struct in_slot {
        struct slot *slot;
        struct disk_request *request; /* NULL: the slot is free */
    } slots[VIRTQ_MAX];
    u16 free[VIRTQ_MAX], free_count; /* numbers of free slots */
};

static u64 machine_of(const void *at)
{
    return mfn_to_address(virt_to_mfn(at)) + (uintptr_t)at % PAGE_SIZE;
}

static struct virtq_piece piece_of(const void *at, u32 bytes, bool device_writes)
{
    return (struct virtq_piece){machine_of(at), bytes, device_writes};
}

/* The request's segments behind pieces[count]; the count after them. */
static u32 segments_add(const struct disk_request *r, struct virtq_piece *pieces, u32 count)
{
    u32 first = count;

    for (u32 n = 0; n < r->count; n++) {
        const struct disk_segment *s = &r->segments[n];

        if (count > first && pieces[count - 1].address + pieces[count - 1].bytes == s->address)
            pieces[count - 1].bytes += s->bytes;
        else
            pieces[count++] = (struct virtq_piece){s->address, s->bytes, r->operation == DISK_READ};
    }
    return count;
}

static u32 discard_add(struct virtio_blk *b, struct slot *slot, const struct disk_request *r,
                       struct virtq_piece *pieces, u32 count)
{
    u64 left = r->sectors - slot->discarded;

    slot->discard.sector = r->place + slot->discarded;
    slot->discard.sectors = (u32)MIN(left, b->discard_max);
    slot->discard.flags = 0;
    pieces[count] = piece_of(&slot->discard, sizeof(slot->discard), false);
    return count + 1;
}

/* Gives the request in a slot to the device; false: there are too few descriptors now. */
static bool slot_give(struct virtio_blk *b, struct in_slot *in)
{
    static const u32 types[] = {[DISK_READ] = TYPE_READ,
                                [DISK_WRITE] = TYPE_WRITE,
                                [DISK_FLUSH] = TYPE_FLUSH,
                                [DISK_DISCARD] = TYPE_DISCARD};
    bool indirect = b->virtio.features & VIRTIO_INDIRECT;
    struct virtq_piece pieces[TABLE_MAX];
    struct disk_request *r = in->request;
    struct slot *slot = in->slot;
    u32 count = 1;

    slot->header.type = types[r->operation];
    slot->header.sector = r->operation <= DISK_WRITE ? r->place : 0;
    pieces[0] = piece_of(&slot->header, sizeof(slot->header), false);
    if (r->operation <= DISK_WRITE)
        count = segments_add(r, pieces, count);
    else if (r->operation == DISK_DISCARD)
        count = discard_add(b, slot, r, pieces, count);
    pieces[count++] = piece_of(&slot->status, sizeof(slot->status), true);
    return virtq_give(&b->queue, pieces, count, in, indirect ? slot->table : NULL,
                      machine_of(slot->table));
}

static bool request_start(struct virtio_blk *b, struct disk_request *r)
{
    struct in_slot *in;

    if (!b->free_count)
        return false;
    in = &b->slots[b->free[b->free_count - 1]];
    in->request = r;
    in->slot->discarded = 0;
    if (!slot_give(b, in)) {
        in->request = NULL;
        return false;
    }
    b->free_count--;
    return true;
}

static void waiting_start(struct virtio_blk *b)
{
    struct list *link;

    while ((link = list_take_first(&b->waiting))) {
        if (request_start(b, LIST_ENTRY(link, struct disk_request, link)))
            continue;
        list_add_head(&b->waiting, link);
        return;
    }
}

static void slot_end(struct virtio_blk *b, struct in_slot *in, int answer)
{
    struct disk_request *r = in->request;

    in->request = NULL;
    b->free[b->free_count++] = (u16)(in - b->slots);
    r->done(r, answer);
}

/* The device is done with what it was given of a slot's request. */
static void slot_done(struct virtio_blk *b, struct in_slot *in)
{
    struct slot *slot = in->slot;
    u8 status = ACCESS_ONCE(slot->status);

    if (in->request->operation == DISK_DISCARD && status == STATUS_OK) {
        slot->discarded += slot->discard.sectors;
        if (slot->discarded < in->request->sectors && slot_give(b, in))
            return;
    }
    slot_end(b, in,
             status == STATUS_OK            ? 0
             : status == STATUS_UNSUPPORTED ? -XEN_EOPNOTSUPP
                                            : -XEN_EIO);
}

/* A device that has lost its mind is stopped, and with it all that it was given. */
static void disk_break(struct virtio_blk *b)
{
    struct list *link;

    virtio_reset(&b->virtio);
    for (u32 n = 0; n < VIRTQ_MAX; n++) {
        if (b->slots[n].request)
            slot_end(b, &b->slots[n], -XEN_EIO);
    }
    while ((link = list_take_first(&b->waiting))) {
        struct disk_request *r = LIST_ENTRY(link, struct disk_request, link);

        r->done(r, -XEN_EIO);
    }
}

/* Later requests fare alike, but not within their submission. */
static void broken_run(struct work *work)
{
    disk_break(CONTAINER_OF(work, struct virtio_blk, broken));
}

static void disk_serve(struct virtio_blk *b)
{
    struct in_slot *in;
    u32 bytes;

    do {
        while ((in = virtq_take(&b->queue, &bytes)))
            slot_done(b, in);
        waiting_start(b);
        virtq_tell(&b->queue);
    } while (virtq_wait(&b->queue));
    if (b->queue.broken)
        disk_break(b);
}

static void disk_interrupted(struct pci_interrupt *interrupt)
{
    struct virtio_blk *b = CONTAINER_OF(interrupt, struct virtio_blk, virtio.interrupt);

    if (virtio_interrupted(&b->virtio))
        disk_serve(b);
}

static void blk_poll(struct disk *disk)
{
    disk_serve(CONTAINER_OF(disk, struct virtio_blk, disk));
}

static void blk_submit(struct disk *disk, struct disk_request *request)
{
    struct virtio_blk *b = CONTAINER_OF(disk, struct virtio_blk, disk);

    list_add_tail(&b->waiting, &request->link);
    if (b->queue.broken)
        return work_raise(&b->broken);
    waiting_start(b);
    virtq_tell(&b->queue);
}

/* No more slots than chains: with tables each takes a descriptor, without at least three. */
static void slots_make(struct virtio_blk *b)
{
    u8 *frame = NULL;

    for (u16 n = 0; n < b->queue.size; n++) {
        u32 at = n * SLOT_BYTES % PAGE_SIZE;

        if (!at)
            frame = pfn_to_virt(frame_alloc_zeroed());
        b->slots[n].slot = (struct slot *)(frame + at);
        b->free[b->free_count++] = n;
    }
}

static void limits_read(struct virtio_blk *b)
{
    struct virtio *v = &b->virtio;
    u32 most = v->features & VIRTIO_INDIRECT ? PIECES_MAX : MIN(PIECES_MAX, b->queue.size - 2u);
    u64 told = v->features & FEATURE_SEGMENTS_MAX ? virtio_config(v, CONFIG_SEGMENTS_MAX, 4) : most;

    b->disk.sectors = virtio_config(v, CONFIG_CAPACITY, 8);
    b->disk.block_size = v->features & FEATURE_BLOCK_SIZE
                             ? (u32)virtio_config(v, CONFIG_BLOCK_SIZE, 4)
                             : SECTOR_SIZE;
    b->disk.segments_max = (u32)MIN(told, (u64)most);
    b->disk.read_only = v->features & FEATURE_READ_ONLY;
    b->disk.can_flush = v->features & FEATURE_FLUSH;
    b->discard_max = v->features & FEATURE_DISCARD ? virtio_config(v, CONFIG_DISCARD_MAX, 4) : 0;
    b->disk.can_discard = b->discard_max && !b->disk.read_only;
}

/* "vda" to "vdz", "vdaa"...: as Linux counts. */
static const char *name_make(u32 n)
{
    char name[16];
    u32 at = sizeof(name) - 1;

    name[at] = '\0';
    for (n++; n; n = (n - 1) / 26)
        name[--at] = (char)('a' + (n - 1) % 26);
    name[--at] = 'd';
    name[--at] = 'v';
    return heap_text(name + at);
}

void virtio_blk_start(u16 bdf)
{
    static u32 found;
    struct virtio_blk *b = heap_alloc(sizeof(*b));

    if (!b)
        return;
    list_init(&b->waiting);
    work_init(&b->broken, broken_run);
    b->disk.submit = blk_submit;
    b->disk.poll = blk_poll;
    if (virtio_open(&b->virtio, bdf, FEATURES, disk_interrupted) ||
        virtio_queue(&b->virtio, 0, &b->queue))
        return; /* its interrupt may be bound: the memory stays */
    slots_make(b);
    limits_read(b);
    b->disk.name = name_make(found++);
    virtio_begin(&b->virtio);
    disk_add(&b->disk);
}
