/*
 * A RING OF REQUESTS AND RESPONSES in memory that a frontend and a backend share, in the shape that
 * the public io/ring.h gives it: four indices, then a power of two of entries. The frontend puts
 * requests, the backend takes them and puts each one's response into a place whose request it has
 * taken.
 *
 *                    front takes           back takes          front puts
 *                        v                     v                   v
 *     ..... free .....  | responses | at work | requests waiting  | .... free .....
 *                    rsp_cons    rsp_prod   req_cons           req_prod
 *                    private      shared    private             shared
 *
 *     rsp_cons <= rsp_prod <= req_cons <= req_prod <= rsp_cons + size          (1)
 *
 * Indices count entries since the beginning and wrap at 2^32; an entry's place is its index modulo
 * the size. Of each end's two indices only the producer's is shared.
 *
 * What makes the other end harmless: all of ours is private (the structures below) and only
 * published, never read back; its index is held against (1) before use, and should it be impossible
 * the answer is RING_BROKEN, nothing moves, and the owner disconnects; an entry is copied out once,
 * so that what was checked is what is used.
 *
 * NOTIFICATIONS are suppressed by two more shared words: an end that is about to sleep writes into
 * its event index for which entry it wants to be woken (`final_check`), and the producer asks, when
 * it pushes, whether it has just passed that index (`push` answers true: notify).
 *
 *     front_push:  req_prod = new  | full    | reads req_event       back_final_check:
 *                                  | barrier |                       req_event = cons + 1 | full
 *     so that one of the two sees the other's store                  reads req_prod       | barrier
 *
 * Either the producer sees that it must wake, or the consumer that it must not sleep. The rule for
 * a consumer is thus: take until there is nothing, final_check, and sleep only if that answered 0.
 * ring.pml is this protocol as a model, which `make check` lets spin walk through in all orders.
 *
 * No function here waits, notifies, or checks for a caller's mistakes. One end is one thread's.
 */
#ifndef IORING_RING_H
#define IORING_RING_H

#include "ioring/index.h"
#include "xen-like/abi/io.h"
#include "xen-like/lib/string.h"

/* struct ring_bytes_sring: the shape, of entries without form. */
DEFINE_RING_TYPES(ring_bytes, u8, u8);

struct ring {
    struct ring_bytes_sring *shared;
    u32 size;       /* entries: a power of two */
    u32 entry_size; /* bytes: of the larger of request and response */
};

struct ring_front {
    struct ring ring;
    u32 req_prod, req_pushed; /* put, and of these published */
    u32 rsp_cons, rsp_seen;   /* taken, and known to be there */
};

struct ring_back {
    struct ring ring;
    u32 rsp_prod, rsp_pushed;
    u32 req_cons, req_seen;
};

/* How many entries a ring in @bytes of shared memory has: as many as fit, down to a power of two.
 */
static inline u32 ring_entries(size_t bytes, u32 entry_size)
{
    size_t fit = (bytes - offsetof(struct ring_bytes_sring, ring)) / entry_size;
    u32 size = 1;

    while (size * 2 <= fit)
        size *= 2;
    return size;
}

static inline struct ring ring_at(void *pages, size_t bytes, u32 entry_size)
{
    return (struct ring){pages, ring_entries(bytes, entry_size), entry_size};
}

static inline void *ring_entry(const struct ring *r, u32 index)
{
    return (u8 *)r->shared + offsetof(struct ring_bytes_sring, ring) +
           (size_t)(index & (r->size - 1)) * r->entry_size;
}

/* Copies an entry out, here and only here: a compiler may not look into the ring again later. */
static inline void ring_copy_out(const struct ring *r, u32 index, void *to, size_t bytes)
{
    memcpy(to, ring_entry(r, index), bytes);
    asm volatile("" ::: "memory");
}

/* Has the producer, who published @old before and now @new, passed the other's @event? */
static inline bool ring_passes(u32 old, u32 new, u32 event)
{
    return new - event < new - old;
}

/* ---- The frontend --------------------------------------------------------------------------- */

/* A new ring in pages that nobody uses yet: the frontend's are also the shared words to set up. */
static inline void ring_front_init(struct ring_front *f, void *pages, size_t bytes, u32 entry_size)
{
    *f = (struct ring_front){.ring = ring_at(pages, bytes, entry_size)};
    memset(pages, 0, offsetof(struct ring_bytes_sring, ring));
    f->ring.shared->req_event = f->ring.shared->rsp_event = 1;
}

/* How many requests may still be put. */
static inline u32 ring_front_room(const struct ring_front *f)
{
    return f->ring.size - (f->req_prod - f->rsp_cons);
}

/* Only while there is room. The backend sees it after a push. */
static inline void ring_front_put(struct ring_front *f, const void *request, size_t bytes)
{
    memcpy(ring_entry(&f->ring, f->req_prod++), request, bytes);
}

/* Publishes what was put. True: the backend wants to be notified. */
static inline bool ring_front_push(struct ring_front *f)
{
    u32 old = f->req_pushed;

    f->req_pushed = f->req_prod;
    index_publish_ordered(&f->ring.shared->req_prod, f->req_prod);
    return ring_passes(old, f->req_prod, index_read_ordered(&f->ring.shared->req_event));
}

/* How many responses wait, or RING_BROKEN: more than there are requests without one. */
static inline s32 ring_front_waiting(struct ring_front *f)
{
    u32 prod = index_read(&f->ring.shared->rsp_prod);

    if (prod - f->rsp_cons > f->req_pushed - f->rsp_cons)
        return RING_BROKEN;
    f->rsp_seen = prod;
    return (s32)(prod - f->rsp_cons);
}

/* Takes a response: 1 there was one, 0 there is none now, RING_BROKEN. */
static inline s32 ring_front_take(struct ring_front *f, void *response, size_t bytes)
{
    s32 waiting;

    if (f->rsp_cons == f->rsp_seen && (waiting = ring_front_waiting(f)) <= 0)
        return waiting;
    ring_copy_out(&f->ring, f->rsp_cons++, response, bytes);
    return 1;
}

/*
 * Before sleep: how many responses wait now (do not sleep), 0 (the backend will notify when
 * @after more of them are there; mostly 1), or RING_BROKEN.
 */
static inline s32 ring_front_final_check(struct ring_front *f, u32 after)
{
    s32 waiting = ring_front_waiting(f);

    if (waiting)
        return waiting;
    index_publish_ordered(&f->ring.shared->rsp_event, f->rsp_cons + after);
    (void)index_read_ordered(&f->ring.shared->rsp_prod); /* what is read next is no older */
    return ring_front_waiting(f);
}

/* ---- The backend ---------------------------------------------------------------------------- */

/* How many requests wait, or RING_BROKEN: more than fit beside those whose responses the frontend
 * cannot have seen. */
static inline s32 ring_back_waiting(struct ring_back *b)
{
    u32 prod = index_read(&b->ring.shared->req_prod);

    if (prod - b->req_cons > b->ring.size - (b->req_cons - b->rsp_pushed))
        return RING_BROKEN;
    b->req_seen = prod;
    return (s32)(prod - b->req_cons);
}

/*
 * The backend joins: a ring that is new, or that an earlier backend left. What that one took and
 * did not answer is taken again. That is right only if it answered in the order in which it had
 * taken, and pushed what it put: a response lies over some request, and these two rules say over
 * its own. 0, or RING_BROKEN: the indices are impossible.
 */
static inline s32 ring_back_attach(struct ring_back *b, void *pages, size_t bytes, u32 entry_size)
{
    *b = (struct ring_back){.ring = ring_at(pages, bytes, entry_size)};
    b->rsp_prod = b->rsp_pushed = b->req_cons = b->req_seen = index_read(&b->ring.shared->rsp_prod);
    return MIN(ring_back_waiting(b), 0);
}

/* Takes a request: 1 there was one, 0 there is none now, RING_BROKEN. */
static inline s32 ring_back_take(struct ring_back *b, void *request, size_t bytes)
{
    s32 waiting;

    if (b->req_cons == b->req_seen && (waiting = ring_back_waiting(b)) <= 0)
        return waiting;
    ring_copy_out(&b->ring, b->req_cons++, request, bytes);
    return 1;
}

/* Before sleep, as ring_front_final_check. */
static inline s32 ring_back_final_check(struct ring_back *b, u32 after)
{
    s32 waiting = ring_back_waiting(b);

    if (waiting)
        return waiting;
    index_publish_ordered(&b->ring.shared->req_event, b->req_cons + after);
    (void)index_read_ordered(&b->ring.shared->req_prod);
    return ring_back_waiting(b);
}

/* At most one for each request taken. The frontend sees it after a push. */
static inline void ring_back_put(struct ring_back *b, const void *response, size_t bytes)
{
    memcpy(ring_entry(&b->ring, b->rsp_prod++), response, bytes);
}

/* Publishes what was put. True: the frontend wants to be notified. */
static inline bool ring_back_push(struct ring_back *b)
{
    u32 old = b->rsp_pushed;

    b->rsp_pushed = b->rsp_prod;
    index_publish_ordered(&b->ring.shared->rsp_prod, b->rsp_prod);
    return ring_passes(old, b->rsp_prod, index_read_ordered(&b->ring.shared->rsp_event));
}

#endif
