/*
 * A client's ring (public io/xs_wire.h): requests in, answers and events out, in pieces as they
 * come and as there is room. Everything that the other end writes is looked at once, in private
 * memory; what makes no sense ends the connection, with the reason in the page (docs/xenstore.md).
 */
#include "dom0/xenstore/client.h"

#include "dom0/mm/heap.h"
#include "guest-kernel/time/clock.h"
#include "xen-like/lib/string.h"

/* In one go: then others have their turn. A message may cost a hundred times what another does. */
#define MESSAGES_MAX 32
#define TURN_NS      NS_PER_MILLISECOND

/* Puts what there is room for of a message. 1: all of it; 0; RING_BROKEN. */
static int outgoing_put(struct outgoing *out, struct byte_ring *to)
{
    while (out->moved < out->bytes) {
        u32 head = (u32)sizeof(out->head);
        bool in_head = out->moved < head;
        const char *from =
            in_head ? (char *)&out->head + out->moved : out->payload + (out->moved - head);
        s32 n = byte_ring_put(to, from, (in_head ? head : out->bytes) - out->moved);

        if (n <= 0)
            return n;
        out->moved += (u32)n;
    }
    return 1;
}

/* False: the ring is broken. */
static bool queue_move(struct client *client, bool *more)
{
    struct outgoing *out;

    for (u32 i = 0; (out = client_next(client)); i++) {
        int rc;

        if (i == MESSAGES_MAX) {
            *more = true;
            break;
        }
        rc = outgoing_put(out, &client->ring.send);
        if (rc < 0)
            return false;
        if (!rc)
            break;
        outgoing_done(out);
    }
    return true;
}

/* A message that comes whole, as most do, needs no memory of its own. */
static struct xs_message arriving;

/* What has come of a message waits for the rest. False: there is no memory for it. */
static bool message_keep(struct client *client)
{
    client->in = heap_alloc(sizeof(*client->in));
    if (client->in)
        memcpy(client->in, &arriving, sizeof(arriving));
    return client->in;
}

/* What the guest did wrong, if a message is broken. */
static u32 break_reason(const struct xs_message *m)
{
    return m->moved >= sizeof(m->head) && m->head.len > XENSTORE_PAYLOAD_MAX
               ? XENSTORE_ERROR_PROTO
               : XENSTORE_ERROR_RINGIDX;
}

/* Whether a request has come and was answered. *error is set if the connection has ended. */
static bool request_move(struct client *client, u32 *error)
{
    struct xs_message *m = client->in;
    int rc;

    if (!m) {
        m = &arriving;
        m->moved = 0;
    }
    rc = xs_receive(m, &client->ring.receive);
    if (rc < 0)
        *error = break_reason(m);
    else if (!rc && m->moved && !client->in && !message_keep(client))
        *error = XENSTORE_ERROR_COMM;
    if (rc <= 0)
        return false;
    request_answer(client, m);
    heap_free(client->in);
    client->in = NULL;
    return true;
}

u32 client_serve(struct client *client, bool *moved, bool *more)
{
    u32 sent = client->ring.send.at, received = client->ring.receive.at;
    u32 error = XENSTORE_ERROR_NONE;
    u64 end = time_now_ns() + TURN_NS;

    *more = false;
    for (u32 i = 0;; i++) {
        if (!queue_move(client, more))
            return XENSTORE_ERROR_RINGIDX;
        if (i == MESSAGES_MAX || (i && time_now_ns() >= end))
            *more = true;
        if (*more || !client_is_heard(client) || !request_move(client, &error))
            break;
    }
    *moved |= client->ring.send.at != sent || client->ring.receive.at != received;
    return error;
}
