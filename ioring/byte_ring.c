/* Bytes over rings: see byte_ring.h. */
#include "ioring/byte_ring.h"

#include "xen-like/lib/string.h"

static struct byte_ring ring_attach(char *bytes, u32 size, u32 *ours, u32 *theirs)
{
    return (struct byte_ring){bytes, size, theirs, ours, ACCESS_ONCE(*ours)};
}

void console_attach_frontend(struct byte_channel *c, struct xencons_interface *page)
{
    c->receive = ring_attach(page->in, sizeof(page->in), &page->in_cons, &page->in_prod);
    c->send = ring_attach(page->out, sizeof(page->out), &page->out_prod, &page->out_cons);
}

void console_attach_backend(struct byte_channel *c, struct xencons_interface *page)
{
    c->receive = ring_attach(page->out, sizeof(page->out), &page->out_cons, &page->out_prod);
    c->send = ring_attach(page->in, sizeof(page->in), &page->in_prod, &page->in_cons);
}

void xenstore_attach_client(struct byte_channel *c, struct xenstore_domain_interface *page)
{
    c->receive = ring_attach(page->rsp, sizeof(page->rsp), &page->rsp_cons, &page->rsp_prod);
    c->send = ring_attach(page->req, sizeof(page->req), &page->req_prod, &page->req_cons);
}

void xenstore_attach_server(struct byte_channel *c, struct xenstore_domain_interface *page)
{
    c->receive = ring_attach(page->req, sizeof(page->req), &page->req_cons, &page->req_prod);
    c->send = ring_attach(page->rsp, sizeof(page->rsp), &page->rsp_prod, &page->rsp_cons);
}

static void ring_advance(struct byte_ring *r, u32 count)
{
    r->at += count;
    index_publish(r->ours, r->at);
}

/* The piece of @count bytes from our index on that lies before the ring's end. */
static u32 first_piece(const struct byte_ring *r, u32 count)
{
    return MIN(count, r->size - r->at % r->size);
}

s32 byte_ring_take(struct byte_ring *r, void *to, u32 max)
{
    u32 waiting = index_read(r->theirs) - r->at, count = MIN(waiting, max), piece;

    if (waiting > r->size)
        return RING_BROKEN;
    piece = first_piece(r, count);
    memcpy(to, r->bytes + r->at % r->size, piece);
    memcpy((char *)to + piece, r->bytes, count - piece);
    if (count)
        ring_advance(r, count);
    return (s32)count;
}

s32 byte_ring_room(const struct byte_ring *r)
{
    u32 waiting = r->at - index_read(r->theirs);

    return waiting > r->size ? RING_BROKEN : (s32)(r->size - waiting);
}

s32 byte_ring_put(struct byte_ring *r, const void *from, u32 count)
{
    s32 room = byte_ring_room(r);
    u32 piece;

    if (room < 0)
        return room;
    count = MIN(count, (u32)room);
    piece = first_piece(r, count);
    memcpy(r->bytes + r->at % r->size, from, piece);
    memcpy(r->bytes, (const char *)from + piece, count - piece);
    if (count)
        ring_advance(r, count);
    return (s32)count;
}
