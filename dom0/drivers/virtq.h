/*
 * A SPLIT VIRTQUEUE, the driver's side (Virtual I/O Device specification 1.0, section 2.4): how
 * buffers go to a virtio device and come back.
 *
 *   descriptors      a piece of memory each, chained: free, or the device's
 *   available ring   first descriptors of chains, in the order in which we gave them; we write it
 *   used ring        the same, in the order in which the device is done with them; it writes it
 *
 * All three are in one page, so nothing here needs frames that lie together. A chain of several
 * pieces may stand in a table of the caller's instead (indirect): then it takes one descriptor.
 * Each side says up to which index it wants no notification (event index), or only whether it wants
 * any (flags), if the device does not know the former.
 *
 * The device is trusted as far as memory goes (it can write to all of it), but what it says is
 * still held against the queue's size: a number that is wrong breaks the queue, not dom0.
 */
#ifndef DOM0_DRIVERS_VIRTQ_H
#define DOM0_DRIVERS_VIRTQ_H

#include "xen-like/lib/types.h"

#define VIRTQ_MAX 128 /* entries: a power of two, all fits in a page */

struct virtq_descriptor {
    u64 address; /* machine */
    u32 bytes;
    u16 flags, next;
};

struct virtq_piece {
    u64 address;
    u32 bytes;
    bool device_writes; /* all pieces that it reads come before */
};

struct virtq_available {
    u16 flags, index;
    u16 chains[VIRTQ_MAX + 1]; /* one more: up to where we want no interrupt */
};

struct virtq_used {
    u16 flags, index;
    struct {
        u32 chain, bytes;
    } done[VIRTQ_MAX];
    u16 wants_none_before;
};

/* As it lies in the page, for a queue of VIRTQ_MAX; of a smaller one the ends are elsewhere. */
struct virtq_page {
    struct virtq_descriptor descriptors[VIRTQ_MAX];
    struct virtq_available available;
    struct virtq_used used __attribute__((aligned(4)));
};

struct virtq {
    struct virtq_page *page;
    u16 size;             /* a power of two, at most VIRTQ_MAX */
    bool event_index;     /* negotiated */
    bool broken;          /* the device said what cannot be */
    u16 free, free_first; /* descriptors; a free one's `next` leads to another */
    u16 given, told, taken;
    void *owners[VIRTQ_MAX]; /* of the chain that begins there */
    volatile u16 *doorbell;  /* number is written to it */
    u16 number;
    u64 notifications; /* that we sent */
};

/* page: zeroed. doorbell and number may be set later. */
void virtq_init(struct virtq *q, struct virtq_page *page, u16 size, bool event_index);

/*
 * Gives a chain of pieces to the device; owner (not NULL) is what virtq_take answers. table NULL:
 * the chain takes @count descriptors of the queue, else it stands in that table of @count entries,
 * at machine address table_at, and takes one. False, and nothing happened: there are too few.
 */
bool virtq_give(struct virtq *q, const struct virtq_piece *pieces, u32 count, void *owner,
                struct virtq_descriptor *table, u64 table_at);

/* Notifies the device of what was given since, if it wants that. */
void virtq_tell(struct virtq *q);

/* What the device is done with, and how much it wrote; NULL: nothing (more). */
void *virtq_take(struct virtq *q, u32 *bytes);

/* After NULL: asks for an interrupt for the next. True: that has come already, take again. */
bool virtq_wait(struct virtq *q);

#endif
