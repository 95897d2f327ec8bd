/*
 * A virtio network card: a queue of empty buffers that it fills, kept full; and a queue of frames
 * that it sends, whose memory is the caller's, perhaps a guest's. Before each frame stands a header
 * that says what is left to the card.
 *
 *   received:  buffer, half a page:  | header | frame |       longer ones go on in the next buffer
 *   sent:      slot:  | header | table: header, segments... |
 *
 * Frames that come in are never left unfinished (no checksum to be filled in, nothing to be cut):
 * that is not agreed on with the device, because who receives is told only bytes.
 */
#include "dom0/drivers/virtio_net.h"

#include "dom0/drivers/nic.h"
#include "dom0/drivers/virtio.h"
#include "dom0/mm/heap.h"
#include "guest-kernel/mm/direct_map.h"
#include "guest-kernel/mm/frame.h"
#include "xen-like/lib/fmt.h"
#include "xen-like/lib/string.h"

#define FEATURE_CHECKSUM (1ull << 0)
#define FEATURE_MAC      (1ull << 5)
#define FEATURE_TSO4     (1ull << 11)
#define FEATURE_TSO6     (1ull << 12)
#define FEATURE_MERGED   (1ull << 15)
#define FEATURES         (FEATURE_CHECKSUM | FEATURE_MAC | FEATURE_TSO4 | FEATURE_TSO6 | FEATURE_MERGED)

#define QUEUE_RECEIVE 0
#define QUEUE_SEND    1

#define HEADER_CHECKSUM 1u
#define SEGMENT_TCP4    1u
#define SEGMENT_TCP6    4u
#define TCP_HEADER_MIN  20u

struct header {
    u8 flags, segment_type;
    u16 header_bytes, segment_size, checksum_start, checksum_offset;
    u16 buffers; /* received: over so many it goes */
};

#define BUFFER_BYTES 2048u

struct buffer {
    struct header header;
    u8 bytes[BUFFER_BYTES - sizeof(struct header)];
};

#define PIECES_MAX (1 + NIC_SEGMENTS_MAX)
#define SLOT_BYTES 512u

struct slot {
    struct header header;
    struct nic_frame *frame; /* NULL: the slot is free */
    struct virtq_descriptor table[PIECES_MAX] __attribute__((aligned(16)));
};

_Static_assert(sizeof(struct slot) <= SLOT_BYTES, "slots are cut from frames");

struct virtio_net {
    struct nic nic;
    struct virtio virtio;
    struct virtq receive, send;
    struct list waiting; /* frames for which there was no slot */
    struct slot *slots[VIRTQ_MAX], *free[VIRTQ_MAX];
    u32 free_count;
    u8 *gathered; /* a frame that came over several buffers */
};

static u64 machine_of(const void *at)
{
    return mfn_to_address(virt_to_mfn(at)) + (uintptr_t)at % PAGE_SIZE;
}

static void buffer_give(struct virtio_net *n, struct buffer *buffer)
{
    struct virtq_piece piece = {machine_of(buffer), BUFFER_BYTES, true};

    virtq_give(&n->receive, &piece, 1, buffer, NULL, 0);
}

static void frame_received(struct virtio_net *n, const u8 *bytes, u32 length)
{
    n->nic.frames_received++;
    if (n->nic.received)
        n->nic.received(&n->nic, bytes, length);
}

/* The rest of a frame lies in the next buffers, without headers; all have come at once. */
static void rest_gather(struct virtio_net *n, const struct buffer *first, u32 bytes)
{
    u32 length = MIN(bytes - (u32)sizeof(first->header), (u32)sizeof(first->bytes)), more;

    memcpy(n->gathered, first->bytes, length);
    for (u32 left = first->header.buffers - 1u; left; left--) {
        struct buffer *next = virtq_take(&n->receive, &more);

        if (!next)
            return;
        if (more <= BUFFER_BYTES && length + more <= NIC_FRAME_MAX)
            memcpy(n->gathered + length, next, more);
        length += more;
        buffer_give(n, next);
    }
    if (length <= NIC_FRAME_MAX)
        frame_received(n, n->gathered, length);
}

static void buffer_take(struct virtio_net *n, struct buffer *buffer, u32 bytes)
{
    bool merged = n->virtio.features & FEATURE_MERGED && buffer->header.buffers > 1;

    if (bytes > sizeof(buffer->header) && bytes <= BUFFER_BYTES) {
        if (merged)
            rest_gather(n, buffer, bytes);
        else
            frame_received(n, buffer->bytes, bytes - (u32)sizeof(buffer->header));
    }
    buffer_give(n, buffer);
}

static void header_fill(struct header *h, const struct nic_frame *f)
{
    *h = (struct header){0};
    if (f->wants_checksum) {
        h->flags = HEADER_CHECKSUM;
        h->checksum_start = f->checksum_start;
        h->checksum_offset = f->checksum_offset;
    }
    if (f->segment_size) {
        h->segment_type = f->is_ipv6 ? SEGMENT_TCP6 : SEGMENT_TCP4;
        h->segment_size = f->segment_size;
        h->header_bytes = (u16)(f->checksum_start + TCP_HEADER_MIN);
    }
}

static bool frame_start(struct virtio_net *n, struct nic_frame *frame)
{
    bool indirect = n->virtio.features & VIRTIO_INDIRECT;
    struct virtq_piece pieces[PIECES_MAX];
    struct slot *slot;

    if (!n->free_count)
        return false;
    slot = n->free[n->free_count - 1];
    header_fill(&slot->header, frame);
    slot->frame = frame;
    pieces[0] = (struct virtq_piece){machine_of(&slot->header), sizeof(slot->header), false};
    for (u32 i = 0; i < frame->count; i++)
        pieces[1 + i] =
            (struct virtq_piece){frame->segments[i].address, frame->segments[i].bytes, false};
    if (!virtq_give(&n->send, pieces, 1 + frame->count, slot, indirect ? slot->table : NULL,
                    machine_of(slot->table))) {
        slot->frame = NULL;
        return false;
    }
    n->free_count--;
    return true;
}

static void waiting_start(struct virtio_net *n)
{
    struct list *link;

    while ((link = list_take_first(&n->waiting))) {
        if (frame_start(n, LIST_ENTRY(link, struct nic_frame, link)))
            continue;
        list_add_head(&n->waiting, link);
        return;
    }
}

static void net_send(struct nic *nic, struct nic_frame *frame)
{
    struct virtio_net *n = CONTAINER_OF(nic, struct virtio_net, nic);

    list_add_tail(&n->waiting, &frame->link);
    waiting_start(n);
    virtq_tell(&n->send);
    nic->notifications = n->send.notifications + n->receive.notifications;
}

static void slot_done(struct virtio_net *n, struct slot *slot)
{
    struct nic_frame *frame = slot->frame;

    slot->frame = NULL;
    n->free[n->free_count++] = slot;
    n->nic.frames_sent++;
    frame->sent(frame);
}

/* A device that has lost its mind is stopped; what it was given counts as sent. */
static void card_break(struct virtio_net *n)
{
    struct list *link;

    virtio_reset(&n->virtio);
    n->send.broken = n->receive.broken = true;
    for (u32 i = 0; i < n->send.size; i++) {
        if (n->slots[i]->frame)
            slot_done(n, n->slots[i]);
    }
    while ((link = list_take_first(&n->waiting)))
        LIST_ENTRY(link, struct nic_frame, link)->sent(LIST_ENTRY(link, struct nic_frame, link));
}

static void card_serve(struct virtio_net *n)
{
    struct buffer *buffer;
    struct slot *slot;
    u32 bytes;

    do {
        while ((slot = virtq_take(&n->send, &bytes)))
            slot_done(n, slot);
        waiting_start(n);
        virtq_tell(&n->send);
        while ((buffer = virtq_take(&n->receive, &bytes)))
            buffer_take(n, buffer, bytes);
        virtq_tell(&n->receive);
    } while (virtq_wait(&n->send) | virtq_wait(&n->receive));
    if (n->send.broken || n->receive.broken)
        card_break(n);
}

static void card_interrupted(struct pci_interrupt *interrupt)
{
    struct virtio_net *n = CONTAINER_OF(interrupt, struct virtio_net, virtio.interrupt);

    if (virtio_interrupted(&n->virtio))
        card_serve(n);
}

/* So much zeroed memory as pieces of @each bytes, none of which crosses a page. */
static void *memory_cut(u32 number, u32 each)
{
    static u8 *frame;
    u32 at = number * each % PAGE_SIZE;

    if (!at)
        frame = pfn_to_virt(frame_alloc_zeroed());
    return frame + at;
}

static void memory_make(struct virtio_net *n)
{
    for (u32 i = 0; i < n->receive.size; i++)
        buffer_give(n, memory_cut(i, BUFFER_BYTES));
    for (u32 i = 0; i < n->send.size; i++)
        n->slots[i] = n->free[n->free_count++] = memory_cut(i, SLOT_BYTES);
}

static void abilities_read(struct virtio_net *n)
{
    static u32 found;
    const u8 made_up[sizeof(n->nic.mac)] = {0x02, 0, 0, 0, 0, (u8)found};
    char name[16];
    u64 features = n->virtio.features;

    fmt_snprintf(name, sizeof(name), "eth%u", found++);
    n->nic.name = heap_text(name);
    for (u32 i = 0; i < sizeof(n->nic.mac); i++)
        n->nic.mac[i] = features & FEATURE_MAC ? (u8)virtio_config(&n->virtio, i, 1) : made_up[i];
    n->nic.can_checksum = features & FEATURE_CHECKSUM;
    n->nic.can_segment = n->nic.can_checksum && features & FEATURE_TSO4;
    n->nic.can_segment_ipv6 = n->nic.can_checksum && features & FEATURE_TSO6;
}

void virtio_net_start(u16 bdf)
{
    struct virtio_net *n = heap_alloc(sizeof(*n));

    if (!n)
        return;
    list_init(&n->waiting);
    n->nic.send = net_send;
    n->gathered = heap_alloc(NIC_FRAME_MAX);
    if (!n->gathered || virtio_open(&n->virtio, bdf, FEATURES, card_interrupted) ||
        virtio_queue(&n->virtio, QUEUE_RECEIVE, &n->receive) ||
        virtio_queue(&n->virtio, QUEUE_SEND, &n->send))
        return; /* its interrupt may be bound: the memory stays */
    memory_make(n);
    abilities_read(n);
    virtio_begin(&n->virtio);
    virtq_tell(&n->receive);
    card_serve(n);
    list_add_tail(&nics, &n->nic.link);
}
