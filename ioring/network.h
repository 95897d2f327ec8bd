/*
 * What crosses the two rings of a network queue (public io/netif.h), between entries and packets.
 *
 *   tx   the frontend's requests are frames: each of one or several slots, a slot for a piece in
 * one page; the backend answers each slot when it no longer needs the page rx   the frontend's
 * requests are empty pages; the backend's responses say what lies in them, again one or several for
 * a frame
 *
 * Behind a frame's first slot may come slots of extra information (segmentation) that name no page.
 * They use up places in the ring all the same: on tx the backend answers them with a "null", on rx
 * the frontend had put a page there, and may use it again. A slot of extra information lies over
 * the id, so on rx a page is known by its place in the ring: id here, always.
 *
 * A chain of slots is published whole. One that ends in nothing, is longer than any could be, or
 * whose pieces are not in their pages or do not add up, is RING_BROKEN, as with Linux's backend.
 */
#ifndef IORING_NETWORK_H
#define IORING_NETWORK_H

#include "ioring/ring.h"

/* More than the header asks for (XEN_NETIF_NR_SLOTS_MIN): old frontends use a slot or two above. */
#define NETWORK_PIECES_MAX 20
#define NETWORK_EXTRAS_MAX XEN_NETIF_EXTRA_TYPE_MAX
#define NETWORK_HEADER     14u /* of an Ethernet frame: there is no shorter one */

struct network_piece {
    grant_ref_t ref; /* tx, and rx at the backend: the page */
    u16 id;
    u16 offset, bytes; /* offset + bytes is at most a page */
};

struct network_packet {
    u32 bytes; /* of all pieces */
    u16 count; /* pieces: 1 at least */
    u16 extras;
    bool
        checksum_blank; /* the TCP or UDP checksum is to be filled in, its pseudo-header is there */
    bool checksum_good; /* somebody has looked, or it never crossed a wire */
    u8 gso_type;        /* XEN_NETIF_GSO_TYPE_*: a frame that is still to be cut */
    u16 gso_size;       /* into segments with so much payload */
    u16 extra_ids[NETWORK_EXTRAS_MAX];
    struct network_piece pieces[NETWORK_PIECES_MAX];
};

/* Places in a ring that a packet takes. */
static inline u32 network_slots(const struct network_packet *p)
{
    return p->count + (u32)p->extras;
}

/* Packets up to this fit into the pieces. */
#define NETWORK_BYTES_MAX 0xffffu

/* ---- The backend --------------------------------------------------------------------------- */

/*
 * The next frame that the guest sends. 1: there is one; *status is NETIF_RSP_OKAY, or
 * NETIF_RSP_ERROR: a runt, to be answered so. 0: there is none. RING_BROKEN.
 */
s32 network_tx_take(struct ring_back *tx, struct network_packet *p, s16 *status);

/* Answers all its slots: NETIF_RSP_*. */
void network_tx_respond(struct ring_back *tx, const struct network_packet *p, s16 status);

/*
 * Takes empty pages for a frame of p->bytes (and p->gso_type, a slot of extra information): fills
 * in the pieces, from each page's beginning. 1; 0: there are not enough yet, none is taken;
 * RING_BROKEN.
 */
s32 network_rx_take(struct ring_back *rx, struct network_packet *p);

/* The frame is in its pages; or not: a negative @status, and the frontend throws them away. Frames
 * must be answered in the order in which they were taken. */
void network_rx_respond(struct ring_back *rx, const struct network_packet *p, s16 status);

/* ---- The frontend -------------------------------------------------------------------------- */

/* Sends a frame, pieces with ref, id, offset, bytes; network_slots() must be free. */
void network_tx_put(struct ring_front *tx, const struct network_packet *p);

/* 1: the piece with this id is done, the page is ours again. 0: none is. RING_BROKEN. */
s32 network_tx_done(struct ring_front *tx, u16 *id, s16 *status);

/* Offers an empty page; while there is room. Its id: below the ring's size, and no page's that is
 * offered now. */
u16 network_rx_offer(struct ring_front *rx, grant_ref_t page);

/*
 * The next frame that came: pieces say in which pages (id) and where; extra_ids name pages that
 * have come back empty. *status is negative when the frame was lost and only the pages are back. 1,
 * 0: none, RING_BROKEN.
 */
s32 network_rx_received(struct ring_front *rx, struct network_packet *p, s16 *status);

#endif
