/*
 * What crosses a block ring (public io/blkif.h): requests to read, write, flush and discard, and
 * their responses, between the bytes of an entry and a form that is the same for all of them.
 *
 * The frontend chooses in whose layout it writes (its key `protocol`): 64-bit and 32-bit kernels
 * align differently, the structures say the same. Here that is a table of offsets, and one decoder.
 *
 * A decoded request is as good as this layer can know: a known operation, a count of segments that
 * is possible, segments that lie in their page, sectors that add up. What only an owner can know
 * (does the sector exist, is the grant good, is the disk read-only) is not asked here.
 */
#ifndef IORING_BLOCK_H
#define IORING_BLOCK_H

#include "ioring/ring.h"
#include "xen-like/abi/blkif_other_width.h"

/* The ABI's unit, whatever the disk's own sectors are (blkif.h, note on sector-size). */
#define BLOCK_SECTOR       512u
#define BLOCK_PAGE_SECTORS (PAGE_SIZE / BLOCK_SECTOR)

/* Segments in a page of them, and in as many pages as an indirect request can name. */
#define BLOCK_PAGE_SEGMENTS ((u32)(PAGE_SIZE / sizeof(struct blkif_request_segment)))
#define BLOCK_SEGMENTS_MAX  (BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST * BLOCK_PAGE_SEGMENTS)

/* Room for a request or a response of any layout. */
union block_entry {
    struct blkif_request request;
    struct blkif_request_indirect indirect;
    struct blkif_response response;
    struct blkif_other_request other;
    u8 bytes[MAX(sizeof(struct blkif_request), sizeof(struct blkif_other_request))];
};

struct block_layout; /* one of the two */

/* By the value of the frontend's key `protocol`; "" or NULL where there is none: ours. NULL: it is
 * not one that we know. */
const struct block_layout *block_layout_find(const char *protocol);

/* Of a ring's entry: for ring_front_init and ring_back_attach. */
u32 block_entry_size(const struct block_layout *layout);

struct block_request {
    u64 id;       /* the frontend's, to be sent back */
    u64 sector;   /* where it begins on the disk */
    u64 sectors;  /* how many; of an indirect request not known before its segments are */
    u8 operation; /* BLKIF_OP_*, never INDIRECT: that is in @indirect */
    bool indirect, secure;
    u16 handle;
    u16 count; /* segments */
    struct blkif_request_segment segments[BLKIF_MAX_SEGMENTS_PER_REQUEST];
    grant_ref_t pages[BLKIF_MAX_INDIRECT_PAGES_PER_REQUEST]; /* if indirect: where they are */
};

/* How many pages of segments an indirect request of @count has. */
static inline u32 block_indirect_pages(u32 count)
{
    return (count + BLOCK_PAGE_SEGMENTS - 1) / BLOCK_PAGE_SEGMENTS;
}

/* How many sectors the segments name, 0: one of them reaches out of its page or is upside down. */
u64 block_segments_sum(const struct blkif_request_segment *segments, u32 count);

/* ---- The backend --------------------------------------------------------------------------- */

/*
 * The next request, decoded. 1: there is one, and *status is BLKIF_RSP_OKAY, or what to answer at
 * once: EOPNOTSUPP to an operation that nobody knows, ERROR to one that is malformed (more segments
 * than possible or, indirect, than @indirect_max). id and operation are good in any case. 0: there
 * is none; RING_BROKEN.
 */
s32 block_request_take(struct ring_back *ring, const struct block_layout *layout, u32 indirect_max,
                       struct block_request *to, s16 *status);

void block_response_put(struct ring_back *ring, const struct block_layout *layout,
                        const struct block_request *request, s16 status);

/* ---- The frontend -------------------------------------------------------------------------- */

/* Only while the ring has room. */
void block_request_put(struct ring_front *ring, const struct block_layout *layout,
                       const struct block_request *request);

/* 1: *id is answered by *status; 0: nothing is; RING_BROKEN. */
s32 block_response_take(struct ring_front *ring, const struct block_layout *layout, u64 *id,
                        s16 *status);

/* ---- The entry's bytes: what the functions above are made of -------------------------------- */

s16 block_request_decode(const struct block_layout *layout, const union block_entry *entry,
                         u32 indirect_max, struct block_request *to);
void block_request_encode(const struct block_layout *layout, const struct block_request *request,
                          union block_entry *entry);

#endif
