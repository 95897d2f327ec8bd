/* Messages over a ring, in pieces: see xenstore_message.h. */
#include "ioring/xenstore_message.h"

#include "xen-like/lib/string.h"

#define HEAD_BYTES ((u32)sizeof(struct xsd_sockmsg))

/* Where the byte number m->moved lies, and how many there are from there on of what it belongs to:
 * the header, or the payload of a message whose header is known. */
static char *place(struct xs_message *m, u32 *left)
{
    if (m->moved < HEAD_BYTES) {
        *left = HEAD_BYTES - m->moved;
        return (char *)&m->head + m->moved;
    }
    *left = HEAD_BYTES + m->head.len - m->moved;
    return m->payload + (m->moved - HEAD_BYTES);
}

int xs_receive(struct xs_message *m, struct byte_ring *from)
{
    for (;;) {
        u32 left;
        char *to = place(m, &left);
        s32 n;

        if (!left)
            break;
        n = byte_ring_take(from, to, left);
        if (n <= 0)
            return n;
        m->moved += (u32)n;
        if (m->moved >= HEAD_BYTES && m->head.len > XENSTORE_PAYLOAD_MAX)
            return RING_BROKEN;
    }
    m->payload[m->head.len] = '\0';
    return 1;
}

int xs_send(struct xs_message *m, struct byte_ring *to)
{
    for (;;) {
        u32 left;
        const char *from = place(m, &left);
        s32 n;

        if (!left)
            return 1;
        n = byte_ring_put(to, from, left);
        if (n <= 0)
            return n;
        m->moved += (u32)n;
    }
}

void xs_begin(struct xs_message *m, u32 type, u32 req_id, u32 tx_id)
{
    m->head = (struct xsd_sockmsg){.type = type, .req_id = req_id, .tx_id = tx_id};
    m->moved = 0;
}

bool xs_append(struct xs_message *m, const void *bytes, u32 count)
{
    if (count > XENSTORE_PAYLOAD_MAX - m->head.len)
        return false;
    memcpy(m->payload + m->head.len, bytes, count);
    m->head.len += count;
    return true;
}

bool xs_append_string(struct xs_message *m, const char *s)
{
    return xs_append(m, s, (u32)strlen(s) + 1);
}

bool xs_append_text(struct xs_message *m, const char *s)
{
    return xs_append(m, s, (u32)strlen(s));
}

const char *xs_next_string(const struct xs_message *m, u32 *at)
{
    const char *s = m->payload + *at;
    u32 left = m->head.len - *at, length = (u32)strnlen(s, left);

    if (length == left)
        return NULL;
    *at += length + 1;
    return s;
}
