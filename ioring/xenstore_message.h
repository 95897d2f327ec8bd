/*
 * Xenstore's messages, as both ends of a ring write and read them (public io/xs_wire.h): a header,
 * then at most XENSTORE_PAYLOAD_MAX bytes, mostly strings that each end in a NUL.
 *
 * A message is larger than the ring, so it crosses in pieces, whenever there are bytes or room:
 * xs_receive() and xs_send() do what can be done now and say whether that was all. A message is
 * only looked at when it has arrived whole, in private memory, and a NUL of ours stands behind it:
 * whatever the other end wrote, strings in it end.
 */
#ifndef IORING_XENSTORE_MESSAGE_H
#define IORING_XENSTORE_MESSAGE_H

#include "ioring/byte_ring.h"

struct xs_message {
    struct xsd_sockmsg head;
    char payload[XENSTORE_PAYLOAD_MAX + 1];
    u32 moved; /* bytes of head and payload that have crossed the ring */
};

/* Take what has arrived of a message: 1 it is whole, 0 not yet, RING_BROKEN: the other end broke
 * the protocol. A message begins anew when moved is 0, which is the caller's to set. */
int xs_receive(struct xs_message *m, struct byte_ring *from);

/* Put what there is room for: 1 all of it is over, 0 not yet, RING_BROKEN. */
int xs_send(struct xs_message *m, struct byte_ring *to);

/* Begin a message without payload. */
void xs_begin(struct xs_message *m, u32 type, u32 req_id, u32 tx_id);

/* Append @count bytes to the payload. False, and nothing appended: it would be too long. */
bool xs_append(struct xs_message *m, const void *bytes, u32 count);

/* Append a string, with its NUL or without. */
bool xs_append_string(struct xs_message *m, const char *s);
bool xs_append_text(struct xs_message *m, const char *s);

/* The string at *at in the payload, and *at behind it; NULL when there is none, or it has no NUL of
 * its own. *at begins with 0. */
const char *xs_next_string(const struct xs_message *m, u32 *at);

#endif
