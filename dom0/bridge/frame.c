/* Frames in the bridge's hands: see frame.h. */
#include "dom0/bridge/frame.h"

#include "dom0/mm/heap.h"
#include "xen-like/lib/string.h"

struct transfer transfer;

void transfer_flush(void)
{
    granted_copies_flush(&transfer.copies);
    granted_maps_flush(&transfer.maps);
    granted_unmaps_flush(&transfer.unmaps);
}

/* From all of the frame that is at @at, a piece in the guest's pages or all in ours, to op.dest. */
static void copy_add(gnttab_copy_t op, u32 bytes, s16 *status)
{
    op.len = (u16)bytes;
    transfer.bytes_copied += bytes;
    granted_copy_add(&transfer.copies, &op, status);
}

u32 frame_copy_to_guest(const struct frame *f, domid_t guest, grant_ref_t page, s16 *statuses)
{
    gnttab_copy_t op = {.dest = {.u.ref = page, .domid = guest},
                        .source.domid = f->guest,
                        .flags = GNTCOPY_source_gref | GNTCOPY_dest_gref};
    u32 at = 0, count = 0;

    if (frame_is_ours(f)) {
        transfer.bytes_copied += f->bytes;
        granted_copy(&transfer.copies, guest, page, 0, f->head, f->bytes, true, statuses);
        return 1;
    }
    for (u32 i = 0; i < f->packet->count; i++) {
        const struct network_piece *piece = &f->packet->pieces[i];

        if (!piece->bytes)
            continue;
        op.source.u.ref = piece->ref;
        op.source.offset = piece->offset;
        op.dest.offset = (u16)at;
        copy_add(op, piece->bytes, &statuses[count++]);
        at += piece->bytes;
    }
    return count;
}

struct stored {
    struct frame_owner owner;
    struct frame frame;
    u8 bytes[FRAME_MAX];
};

_Static_assert(sizeof(struct stored) <= 2048, "a stored frame lies in one page");

static void stored_released(struct frame_owner *owner)
{
    heap_free(CONTAINER_OF(owner, struct stored, owner));
}

/* All bytes of a guest's frame; false: some of its grants are not. */
static bool frame_fetch(const struct frame *f, u8 *to)
{
    s16 statuses[NETWORK_PIECES_MAX];

    for (u32 i = 0; i < f->packet->count; i++) {
        const struct network_piece *piece = &f->packet->pieces[i];

        statuses[i] = GNTST_okay;
        if (piece->bytes)
            granted_copy(&transfer.copies, f->guest, piece->ref, piece->offset, to, piece->bytes,
                         false, &statuses[i]);
        to += piece->bytes;
    }
    transfer.bytes_copied += f->bytes;
    granted_copies_flush(&transfer.copies);
    for (u32 i = 0; i < f->packet->count; i++)
        if (statuses[i] != GNTST_okay)
            return false;
    return true;
}

struct frame *frame_store(const struct frame *f, bool fill)
{
    struct stored *s = f->bytes <= FRAME_MAX ? heap_alloc(sizeof(*s)) : NULL;
    u32 start, offset;

    if (!s)
        return NULL;
    s->owner = (struct frame_owner){1, stored_released};
    s->frame = *f;
    s->frame.head = s->bytes;
    s->frame.head_bytes = f->bytes;
    s->frame.packet = NULL;
    s->frame.owner = &s->owner;
    if (frame_is_ours(f)) {
        memcpy(s->bytes, f->head, f->bytes);
    } else if (!frame_fetch(f, s->bytes)) {
        heap_free(s);
        return NULL;
    }
    if (fill && f->checksum_blank && frame_checksum_place(&s->frame, &start, &offset)) {
        frame_checksum_fill(s->bytes, f->bytes, start, offset);
        s->frame.checksum_blank = false;
    }
    return &s->frame;
}

static u32 half_at(const u8 *at)
{
    return (u32)at[0] << 8 | at[1];
}

enum {
    TYPE_IPV4 = 0x0800,
    TYPE_IPV6 = 0x86dd,
    TYPE_VLAN = 0x8100,
    PROTOCOL_TCP = 6,
    PROTOCOL_UDP = 17,
    IPV4_HEADER = 20, /* without options */
    IPV6_HEADER = 40,
};

bool frame_checksum_place(const struct frame *f, u32 *start, u32 *offset)
{
    u32 type = half_at(f->head + 12), at = NETWORK_HEADER, protocol = 0;

    if (type == TYPE_VLAN && at + 4 <= f->head_bytes) {
        type = half_at(f->head + at + 2);
        at += 4;
    }
    if (type == TYPE_IPV4 && at + IPV4_HEADER <= f->head_bytes) {
        protocol = f->head[at + 9];
        at += (f->head[at] & 15u) * 4;
    } else if (type == TYPE_IPV6 && at + IPV6_HEADER <= f->head_bytes) {
        protocol = f->head[at + 6];
        at += IPV6_HEADER;
    }
    *start = at;
    *offset = protocol == PROTOCOL_TCP ? 16 : 6;
    return (protocol == PROTOCOL_TCP || protocol == PROTOCOL_UDP) && at + *offset + 2 <= f->bytes;
}

void frame_checksum_fill(u8 *bytes, u32 length, u32 start, u32 offset)
{
    u32 sum = 0, at;

    for (at = start; at + 1 < length; at += 2)
        sum += half_at(bytes + at);
    if (at < length)
        sum += (u32)bytes[at] << 8;
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    sum = ~sum & 0xffff;
    if (!sum)
        sum = 0xffff; /* to UDP 0 means that there is none; to TCP it is the same number */
    bytes[start + offset] = (u8)(sum >> 8);
    bytes[start + offset + 1] = (u8)sum;
}
