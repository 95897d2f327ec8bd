/*
 * Within block/: what one disk is. requests.c has what is on the ring, link.c how the ring comes
 * and goes, block.c what others call.
 */
#ifndef GUEST_KERNEL_BLOCK_DISK_H
#define GUEST_KERNEL_BLOCK_DISK_H

#include "guest-kernel/block/block.h"
#include "guest-kernel/core/lock.h"
#include "guest-kernel/grant/grant.h"
#include "guest-kernel/sched/mutex.h"
#include "guest-kernel/xenbus/xenbus.h"

#define RING_ORDER_MAX 2 /* log2 of the ring's pages that we ask for at most */
#define RING_PAGES_MAX (1u << RING_ORDER_MAX)
#define BOUNCE_PAGES   16u

/*
 * A request: of an io the piece that fits into one. In the list of unused ones, or flying: then the
 * backend has its number.
 */
struct slot {
    struct list link;
    struct block_io *io; /* NULL: nobody waits any more */
    bool flying;
    u32 first, sectors; /* of the io */
    u32 count;          /* segments that are granted, and where they are written down: */
    struct blkif_request_segment *segments;
    struct blkif_request_segment own[BLKIF_MAX_SEGMENTS_PER_REQUEST];
    struct blkif_request_segment *page; /* for more of them; NULL before the first time */
    grant_ref_t page_ref;               /* while it flies */
};

/* Who speaks to the backend, and in what state. Written under `linking`. */
enum phase {
    LINK_DOWN,
    LINK_OFFERED, /* ring and port are in the store */
    LINK_UP,
    LINK_CLOSING /* the backend is about to go: it may still answer */
};

struct block {
    struct lock lock; /* guards what the handler shares: ring to counts */
    struct ring_front ring;
    const struct block_layout *layout;
    struct slot *slots;
    u32 slot_count, flying;
    struct list unused;  /* slots */
    struct list waiting; /* ios that are not requests yet */
    bool ready;          /* requests may be put */
    bool broken;         /* the backend broke the protocol */
    u32 segments_max;
    u32 port; /* 0: no ring */
    struct block_counts counts;

    struct mutex linking; /* guards what follows */
    enum phase phase;
    struct xenbus_device device;
    char frontend_key[96], backend_key[160]; /* what the watches are on */
    struct xenstore_watch frontend_watch, backend_watch;
    bool frontend_watched, backend_watched;
    bool refused; /* no new connection */
    u8 *ring_pages;
    grant_ref_t ring_refs[RING_PAGES_MAX];
    u32 ring_order;
    u64 patience;          /* ns */
    struct thread *opener; /* waits for ready */
    struct block_size size;
    bool can_flush, can_barrier, can_discard;

    struct mutex bouncing;
    u8 *bounce; /* BOUNCE_PAGES pages */
};

/* requests.c. Those marked so are called with the lock held. */
void requests_init(struct block *block);
void requests_start(struct block *block);          /* lock: the ring is there */
void requests_stop(struct block *block, long why); /* lock: 0: they are sent anew later */
void requests_put(struct block *block);            /* lock */
void requests_event(u32 port, void *block);        /* the port's handler */
bool io_over(const struct block_io *io);           /* lock */
/* Lock. Gives up what can be given up; false: the backend has some of its memory mapped. */
bool io_abandon(struct block *block, struct block_io *io, long why);

/* link.c: looks at the backend's state and does what follows from it. linking held. */
void link_look(struct block *block);
/* The end: both are Closed afterwards, or the backend does not answer. */
void link_close(struct block *block);
/* The device is found. */
long link_open(struct block *block);

#endif
