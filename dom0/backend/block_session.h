/*
 * A SESSION: what is between a frontend that has connected and its going. It ends at once when the
 * device is disconnected (no ring is touched any more), but it stays until the last of its requests
 * has come back from the disk: only then are the guest's frames let go.
 *
 * While an ended session still has requests at a disk, no other serves the same sectors: a write
 * of the old one might otherwise land on a newer one of a successor, who was given the same
 * unanswered requests in its ring.
 */
#ifndef DOM0_BACKEND_BLOCK_SESSION_H
#define DOM0_BACKEND_BLOCK_SESSION_H

#include "dom0/backend/block.h"
#include "dom0/drivers/disk.h"
#include "dom0/mm/granted.h"
#include "ioring/block.h"

/* Of an indirect request; as many as Linux asks for if not told otherwise. */
#define SESSION_SEGMENTS_MAX 32u
#define SESSION_QUEUES_MAX   4u
#define SESSION_RING_ORDER   4u /* at most 2^this pages for one ring */

struct block_queue {
    struct block_session *session;
    struct granted pages;
    struct ring_back ring;
    u32 port;
    struct work work;
    struct list finished; /* jobs whose frames are to be let go */
    struct list order;    /* all jobs, as they were taken: so they are answered */
};

struct block_session {
    struct list link;                    /* among sessions */
    struct device *device;               /* NULL: it has ended */
    struct block_statistics *statistics; /* the device's */
    struct disk *disk;
    bool writable;
    domid_t guest;
    const struct block_layout *layout;
    struct block_job *barrier; /* nothing is taken until it is answered */
    bool barrier_begun;
    u32 under_way; /* jobs beside the barrier */
    u32 holds;     /* the device's, one of each job, one of who is working on it */
    u32 count;
    struct block_queue queues[];
};

/* Without queues yet; NULL without memory. */
struct block_session *session_new(struct device *device, struct block_statistics *statistics,
                                  struct disk *disk, const struct block_layout *layout, u32 queues);

/* Maps the next queue's ring and binds its port. 0 or a negative errno. */
int session_add_queue(struct block_session *s, const grant_ref_t *refs, u32 pages, u32 port);

/* Looks at all rings: when all is set up, or when something has gone that was waited for. */
void session_wake(struct block_session *s);

/* The device lets go of it: its rings and ports are given back. */
void session_end(struct block_session *s);

/* One hold less; the last frees it. */
void session_put(struct block_session *s);

/* Are the sectors still at work for one that has ended? */
bool session_must_wait(const struct block_session *s);

/* A queue's work (block_queue.c). */
void queue_run(struct work *work);

#endif
