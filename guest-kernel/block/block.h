/*
 * PV disks: a frontend (public io/blkif.h) over one ring with a backend, mostly in domain 0.
 *
 * For threads (sched/thread.h): what transfers data waits until it is done, and others run
 * meanwhile. A disk outlives its backend: when that goes away and comes back, the connection is
 * made anew, and what was not answered is asked again; nobody who waits notices but by the time.
 *
 * All is counted in sectors of 512 bytes (BLOCK_SECTOR). Answers are 0 or a negative errno:
 *   -EIO        the backend failed it, or broke the protocol
 *   -EROFS      the disk is read-only
 *   -EINVAL     not within the disk
 *   -EOPNOTSUPP the backend cannot do it
 *   -ETIMEDOUT  no answer in time; all memory is the caller's again
 */
#ifndef GUEST_KERNEL_BLOCK_BLOCK_H
#define GUEST_KERNEL_BLOCK_BLOCK_H

#include "guest-kernel/sched/thread.h"
#include "ioring/block.h"

struct block;

/*
 * Opens the index-th disk that the guest has, and waits until it is connected. Needs
 * xenstore_init. -ENODEV: there is no such disk; -ETIMEDOUT: its backend does not connect.
 */
long block_open(struct block **block, u32 index);
/* Nothing may be under way. What was written is flushed first: that is the answer. */
long block_close(struct block *block);

/* How long block_wait waits; 30 seconds unless told. */
void block_set_patience(struct block *block, u64 ns);

struct block_size {
    u64 sectors;
    bool read_only;
};
struct block_size block_size(const struct block *block);

/*
 * Any count. The backend reads and writes the buffer itself if it begins at a multiple of 512
 * bytes, else there is a copy. (It is granted whole pages, and could look at what else is in them.)
 */
long block_read(struct block *block, u64 sector, void *buffer, u32 count);
long block_write(struct block *block, u64 sector, const void *buffer, u32 count);
/* Afterwards what was written, and answered, outlives a loss of power. */
long block_flush(struct block *block);
/* Nobody needs what is there any more. */
long block_discard(struct block *block, u64 sector, u32 count);

/*
 * Several at once: each of `count` transfers is told to the backend before it is notified, once at
 * most. block_wait waits for one of them and answers how it went; each must be waited for, and its
 * memory stays where it is until then.
 *
 * The wait ends after a while also without an answer, but not as long as the backend has the
 * buffer mapped: it could still change it.
 */
struct block_io {
    u8 operation; /* BLKIF_OP_READ, WRITE, FLUSH_DISKCACHE or DISCARD */
    u64 sector;
    void *buffer; /* at a multiple of 512 bytes */
    u32 count;    /* sectors */
    /* The frontend's: */
    struct list link;
    struct thread *waiter;
    u32 sent, flying; /* sectors that became requests; requests that are not answered */
    long status;
};

void block_submit(struct block *block, struct block_io *ios, u32 count);
long block_wait(struct block *block, struct block_io *io);

/* Since it was opened. */
struct block_counts {
    u64 requests, segments; /* sent to the backend */
    u64 notifications;      /* events sent, */
    u64 events;             /* and received */
    u64 copied;             /* bytes, because of buffers that could not be granted */
    u64 connections;        /* how often a backend connected */
    u64 kept;               /* grants that a backend did not give back */
};
const struct block_counts *block_counts(const struct block *block);

#endif
