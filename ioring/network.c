/* Network packets on rings: see network.h. */
#include "ioring/network.h"

_Static_assert(NETWORK_PIECES_MAX >= XEN_NETIF_NR_SLOTS_MIN, "what a backend must take");
_Static_assert(NETWORK_PIECES_MAX *PAGE_SIZE >= NETWORK_BYTES_MAX, "a frame fits its pieces");
_Static_assert(offsetof(struct netif_tx_sring, ring) == offsetof(struct ring_bytes_sring, ring),
               "a tx ring has the shape of rings");
_Static_assert(offsetof(struct netif_rx_sring, ring) == offsetof(struct ring_bytes_sring, ring),
               "an rx ring has the shape of rings");
_Static_assert(sizeof(struct netif_extra_info) <= sizeof(union netif_rx_sring_entry),
               "extra information lies in one slot");

/* All but ids and pieces, which are written as they are found. */
static void packet_clear(struct network_packet *p)
{
    memset(p, 0, offsetof(struct network_packet, extra_ids));
}

static void piece_add(struct network_packet *p, struct network_piece piece)
{
    p->pieces[p->count++] = piece;
}

static bool pieces_fit_pages(const struct network_packet *p)
{
    for (u32 i = 0; i < p->count; i++)
        if (p->pieces[i].offset + (u32)p->pieces[i].bytes > PAGE_SIZE)
            return false;
    return true;
}

/* One slot of extra information: what it says of segmentation is kept, the rest needs nothing. */
static bool extra_read(struct network_packet *p, const struct netif_extra_info *e, u32 index)
{
    if (p->extras == NETWORK_EXTRAS_MAX || e->type == XEN_NETIF_EXTRA_TYPE_NONE ||
        e->type >= XEN_NETIF_EXTRA_TYPE_MAX)
        return false;
    p->extra_ids[p->extras++] = (u16)index;
    if (e->type == XEN_NETIF_EXTRA_TYPE_GSO) {
        p->gso_type = e->u.gso.type;
        p->gso_size = e->u.gso.size;
        return p->gso_size &&
               (p->gso_type == XEN_NETIF_GSO_TYPE_TCPV4 || p->gso_type == XEN_NETIF_GSO_TYPE_TCPV6);
    }
    return true;
}

static struct netif_extra_info extra_of(const struct network_packet *p)
{
    return (struct netif_extra_info){.type = XEN_NETIF_EXTRA_TYPE_GSO,
                                     .u.gso = {.size = p->gso_size, .type = p->gso_type}};
}

/* ---- The backend --------------------------------------------------------------------------- */

static bool tx_extras_take(struct ring_back *tx, struct network_packet *p)
{
    struct netif_extra_info extra;

    do {
        if (ring_back_take(tx, &extra, sizeof(extra)) != 1 || !extra_read(p, &extra, 0))
            return false;
    } while (extra.flags & XEN_NETIF_EXTRA_FLAG_MORE);
    return true;
}

s32 network_tx_take(struct ring_back *tx, struct network_packet *p, s16 *status)
{
    struct netif_tx_request r;
    u32 first; /* bytes of the first piece: what the others leave of the whole */
    s32 answer = ring_back_take(tx, &r, sizeof(r));

    if (answer <= 0)
        return answer;
    packet_clear(p);
    p->bytes = first = r.size;
    p->checksum_blank = r.flags & NETTXF_csum_blank;
    p->checksum_good = r.flags & (NETTXF_csum_blank | NETTXF_data_validated);
    piece_add(p, (struct network_piece){r.gref, r.id, r.offset, 0});
    if ((r.flags & NETTXF_extra_info) && !tx_extras_take(tx, p))
        return RING_BROKEN;
    while (r.flags & NETTXF_more_data) {
        if (p->count == NETWORK_PIECES_MAX || ring_back_take(tx, &r, sizeof(r)) != 1 ||
            r.size > first)
            return RING_BROKEN;
        first -= r.size;
        piece_add(p, (struct network_piece){r.gref, r.id, r.offset, r.size});
    }
    p->pieces[0].bytes = (u16)first;
    *status = p->bytes < NETWORK_HEADER ? NETIF_RSP_ERROR : NETIF_RSP_OKAY;
    return pieces_fit_pages(p) ? 1 : RING_BROKEN;
}

static void tx_answer(struct ring_back *tx, u16 id, s16 status)
{
    ring_back_put(tx, &(struct netif_tx_response){id, status}, sizeof(struct netif_tx_response));
}

void network_tx_respond(struct ring_back *tx, const struct network_packet *p, s16 status)
{
    for (u32 i = 0; i < p->count; i++) {
        tx_answer(tx, p->pieces[i].id, status);
        for (u32 k = 0; i == 0 && k < p->extras; k++)
            tx_answer(tx, 0, NETIF_RSP_NULL);
    }
}

s32 network_rx_take(struct ring_back *rx, struct network_packet *p)
{
    u32 left = p->bytes;
    s32 waiting = ring_back_waiting(rx);

    p->extras = p->gso_type != XEN_NETIF_GSO_TYPE_NONE;
    p->count = (u16)((p->bytes + PAGE_SIZE - 1) / PAGE_SIZE);
    if (waiting < (s32)network_slots(p))
        return MIN(waiting, 0);
    for (u32 slot = 0; slot < network_slots(p); slot++) {
        struct netif_rx_request r;
        u32 piece = slot ? slot - p->extras : 0, bytes = MIN(left, (u32)PAGE_SIZE);

        (void)ring_back_take(rx, &r, sizeof(r));
        if (slot == 1 && p->extras) {
            p->extra_ids[0] = r.id;
            continue;
        }
        p->pieces[piece] = (struct network_piece){r.gref, r.id, 0, (u16)bytes};
        left -= bytes;
    }
    return 1;
}

static u16 rx_flags(const struct network_packet *p, u32 piece)
{
    u16 flags = piece + 1 < p->count ? NETRXF_more_data : 0;

    if (piece)
        return flags;
    if (p->checksum_blank)
        flags |= NETRXF_csum_blank | NETRXF_data_validated;
    if (p->checksum_good)
        flags |= NETRXF_data_validated;
    return p->extras ? flags | NETRXF_extra_info : flags;
}

void network_rx_respond(struct ring_back *rx, const struct network_packet *p, s16 status)
{
    for (u32 i = 0; i < p->count; i++) {
        const struct network_piece *piece = &p->pieces[i];
        struct netif_rx_response r = {piece->id, piece->offset, rx_flags(p, i),
                                      status < 0 ? status : (s16)piece->bytes};

        ring_back_put(rx, &r, sizeof(r));
        if (i == 0 && p->extras) {
            struct netif_extra_info extra = extra_of(p);

            ring_back_put(rx, &extra, sizeof(extra));
        }
    }
}

/* ---- The frontend -------------------------------------------------------------------------- */

static u16 tx_flags(const struct network_packet *p, u32 piece)
{
    u16 flags = piece + 1 < p->count ? NETTXF_more_data : 0;

    if (piece)
        return flags;
    if (p->checksum_blank)
        flags |= NETTXF_csum_blank | NETTXF_data_validated;
    if (p->checksum_good)
        flags |= NETTXF_data_validated;
    return p->extras ? flags | NETTXF_extra_info : flags;
}

void network_tx_put(struct ring_front *tx, const struct network_packet *p)
{
    for (u32 i = 0; i < p->count; i++) {
        const struct network_piece *piece = &p->pieces[i];
        struct netif_tx_request r = {piece->ref, piece->offset, tx_flags(p, i), piece->id,
                                     i ? piece->bytes : (u16)p->bytes};

        ring_front_put(tx, &r, sizeof(r));
        if (i == 0 && p->extras) {
            struct netif_extra_info extra = extra_of(p);

            ring_front_put(tx, &extra, sizeof(extra));
        }
    }
}

s32 network_tx_done(struct ring_front *tx, u16 *id, s16 *status)
{
    struct netif_tx_response r;
    s32 answer;

    do {
        answer = ring_front_take(tx, &r, sizeof(r));
        if (answer <= 0)
            return answer;
    } while (r.status == NETIF_RSP_NULL);
    *id = r.id;
    *status = r.status;
    return 1;
}

u16 network_rx_offer(struct ring_front *rx, grant_ref_t page)
{
    u16 id = (u16)(rx->req_prod & (rx->ring.size - 1));

    ring_front_put(rx, &(struct netif_rx_request){id, 0, page}, sizeof(struct netif_rx_request));
    return id;
}

/* Takes one response and the place that it had. */
static s32 rx_take(struct ring_front *rx, void *response, u16 *id)
{
    *id = (u16)(rx->rsp_cons & (rx->ring.size - 1));
    return ring_front_take(rx, response, sizeof(struct netif_rx_response));
}

static bool rx_extras_take(struct ring_front *rx, struct network_packet *p)
{
    union {
        struct netif_extra_info extra;
        struct netif_rx_response response;
    } slot;
    u16 id;

    do {
        if (rx_take(rx, &slot, &id) != 1 || !extra_read(p, &slot.extra, id))
            return false;
    } while (slot.extra.flags & XEN_NETIF_EXTRA_FLAG_MORE);
    return true;
}

s32 network_rx_received(struct ring_front *rx, struct network_packet *p, s16 *status)
{
    struct netif_rx_response r;
    u16 id;
    s32 answer = rx_take(rx, &r, &id);

    if (answer <= 0)
        return answer;
    packet_clear(p);
    *status = NETIF_RSP_OKAY;
    p->checksum_blank = r.flags & NETRXF_csum_blank;
    p->checksum_good = r.flags & (NETRXF_csum_blank | NETRXF_data_validated);
    for (;;) {
        u16 bytes = r.status < 0 ? 0 : (u16)r.status;

        *status = MIN(*status, r.status);
        p->bytes += bytes;
        piece_add(p, (struct network_piece){0, id, r.offset, bytes});
        if (p->count == 1 && (r.flags & NETRXF_extra_info) && !rx_extras_take(rx, p))
            return RING_BROKEN;
        if (!(r.flags & NETRXF_more_data))
            return pieces_fit_pages(p) ? 1 : RING_BROKEN;
        if (p->count == NETWORK_PIECES_MAX || rx_take(rx, &r, &id) != 1)
            return RING_BROKEN;
    }
}
