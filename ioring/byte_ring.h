/*
 * A ring of bytes in memory that two ends share, each of which need not trust the other: console
 * and xenstore are two of them each, one for either direction.
 *
 *           taken by the consumer          put by the producer
 *                      v                           v
 *      ...  free  free |  a  b  c  d  e  f  g  h   | free  free  ...
 *                     cons                        prod
 *
 * Both indices count bytes since the beginning and wrap at 2^32; the place of one in the ring is
 * its low bits, and prod - cons bytes wait, which must be at most the ring's size.
 *
 * The rules that make the other end harmless: its index is read once for each operation and held
 * against the size before use; our own is kept in private memory and only published, never read
 * back; bytes are copied out once, so that what was checked is what is used. Should the other end's
 * index be impossible, the ring is broken: nothing is moved, and the answer says so.
 *
 * Nothing here notifies: who has moved bytes (an answer above 0) tells the other end in the way he
 * has.
 */
#ifndef IORING_BYTE_RING_H
#define IORING_BYTE_RING_H

#include "ioring/index.h"
#include "xen-like/abi/io.h"

/* One direction, seen from one end. */
struct byte_ring {
    char *bytes;
    u32 size;    /* a power of two */
    u32 *theirs; /* the index that the other end moves */
    u32 *ours;   /* where ours is published */
    u32 at;      /* ours */
};

/* Both directions, seen from one end: what the other end has put is received, what we put is sent.
 */
struct byte_channel {
    struct byte_ring receive, send;
};

/*
 * One end of a shared page. A page may have been in use before (a boot loader, then a kernel), so
 * our indices go on from what is published there; they are read once, now.
 */
void console_attach_frontend(struct byte_channel *c, struct xencons_interface *page);
void console_attach_backend(struct byte_channel *c, struct xencons_interface *page);
void xenstore_attach_client(struct byte_channel *c, struct xenstore_domain_interface *page);
void xenstore_attach_server(struct byte_channel *c, struct xenstore_domain_interface *page);

/* The consumer takes at most @max of the bytes that wait. How many, or RING_BROKEN. */
s32 byte_ring_take(struct byte_ring *r, void *to, u32 max);

/* The producer puts as many of @count bytes as there is room for. How many, or RING_BROKEN. */
s32 byte_ring_put(struct byte_ring *r, const void *from, u32 count);

/* How many bytes the producer may put now, or RING_BROKEN. */
s32 byte_ring_room(const struct byte_ring *r);

#endif
