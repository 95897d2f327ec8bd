/*
 * A frame on its way through the bridge. Its beginning (all headers that anybody looks at) is in
 * our own memory; the rest is either there, too, or still in the pages that a guest granted, from
 * where it is copied once, by the hypervisor, to where it goes, or sent by the card itself.
 *
 *   small, or from a card   head ......................... all of it
 *   from a guest            head ... | packet: pieces in the guest's pages (all of it again)
 *
 * A frame is lent: when deliver (bridge.h) returns, it may be gone. Who needs it longer holds its
 * owner; one without an owner lasts until the next bridge_flush and no longer, so it is stored.
 *
 * All copies and mappings of a round are in one batch each (transfer), whoever they are for: that
 * is one hypercall for many frames.
 */
#ifndef DOM0_BRIDGE_FRAME_H
#define DOM0_BRIDGE_FRAME_H

#include "dom0/mm/granted.h"
#include "ioring/network.h"

/* Header, tag of a VLAN, 1500 bytes: what crosses an Ethernet. */
#define FRAME_MAX 1518u
/* Headers: Ethernet, tag, IPv6 or IPv4 with all options, TCP with all options. */
#define FRAME_HEAD 128u

struct frame_owner {
    u32 holds;
    void (*released)(struct frame_owner *owner); /* the last one let go */
};

struct frame {
    const u8 *head; /* in the direct map, within a page */
    u32 head_bytes, bytes;
    bool checksum_blank, checksum_good; /* as in network.h */
    const struct network_packet *packet;
    domid_t guest; /* whose pages packet names */
    struct frame_owner *owner;
};

struct transfer {
    struct granted_copies copies;
    struct granted_maps maps;
    struct granted_unmaps unmaps;
    u64 bytes_copied, frames_mapped;
};

extern struct transfer transfer;

/* Sends what is in the three batches. */
void transfer_flush(void);

static inline bool frame_is_ours(const struct frame *f)
{
    return f->head_bytes == f->bytes;
}

static inline void frame_hold(const struct frame *f)
{
    if (f->owner)
        f->owner->holds++;
}

static inline void owner_release(struct frame_owner *owner)
{
    if (owner && --owner->holds == 0)
        owner->released(owner);
}

/* Adds the copies that bring the frame into a guest's page, from its beginning; a status for each:
 * there is room for NETWORK_PIECES_MAX. How many there are. */
u32 frame_copy_to_guest(const struct frame *f, domid_t guest, grant_ref_t page, s16 *statuses);

/*
 * All of it in memory of our own, with an owner that the caller holds; flushes the copies so far if
 * it must fetch. With fill, no checksum is left to others. NULL: there is no memory, or the guest's
 * pages cannot be read.
 */
struct frame *frame_store(const struct frame *f, bool fill);

/*
 * Where the checksum of TCP or UDP begins to be counted, and where from there it is written. False:
 * the frame is neither, or its headers are not all in head.
 */
bool frame_checksum_place(const struct frame *f, u32 *start, u32 *offset);

/* Writes the checksum; the pseudo-header's sum is in its place already. */
void frame_checksum_fill(u8 *bytes, u32 length, u32 start, u32 offset);

#endif
