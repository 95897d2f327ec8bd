/*
 * Sending. A frame of lwIP's is a chain of pieces in memory; each is cut at page ends, and each cut
 * is a slot: a grant, an id, and where it lies. The last slot has the frame; it is freed with it,
 * but since answers may come in any order, each slot holds the frame by a count of its own.
 *
 * lwIP knows that a frame it has sent may still be in use (its count is above 1) and does not touch
 * it, nor send it again.
 */
#include "guest-kernel/mm/direct_map.h"
#include "guest-kernel/network/netfront.h"
#include "guest-kernel/third_party/lwip/include/lwip/inet_chksum.h"
#include "guest-kernel/third_party/lwip/include/lwip/prot/ethernet.h"
#include "guest-kernel/third_party/lwip/include/lwip/prot/ip.h"
#include "guest-kernel/third_party/lwip/include/lwip/prot/ip4.h"
#include "guest-kernel/third_party/lwip/include/lwip/prot/tcp.h"
#include "guest-kernel/third_party/lwip/include/lwip/prot/udp.h"
#include "guest-kernel/core/hypercall.h"
#include "guest-kernel/event/event.h"

/* Linux's backend takes no more, and the public header asks for this many. */
#define PIECES_MAX XEN_NETIF_NR_SLOTS_MIN

/* Ethernet, IP without options, TCP with all. */
#define HEADERS_MAX (SIZEOF_ETH_HDR + IP_HLEN + 60)

void netfront_send_open(struct netfront *n)
{
    for (u16 id = 0; id < NETFRONT_SLOTS; id++)
        n->sent[id] = (struct netfront_sent){.ref = GRANT_NONE, .next_free = (u16)(id + 1)};
    n->sent_free = 0;
    n->sent_count = 0;
}

static void slot_free(struct netfront *n, u16 id)
{
    struct netfront_sent *s = &n->sent[id];

    s->ref = GRANT_NONE;
    s->next_free = n->sent_free;
    n->sent_free = id;
    n->sent_count--;
    pbuf_free(s->frame);
}

/* Cuts the frame into pieces with places only; false: there are too many. */
static bool pieces_cut(const struct pbuf *frame, struct network_packet *p)
{
    for (const struct pbuf *part = frame; part; part = part->next) {
        u32 done = 0;

        while (done < part->len) {
            u64 at = (unsigned long)part->payload + done;
            u32 bytes = MIN(part->len - done, (u32)(PAGE_SIZE - at % PAGE_SIZE));

            if (p->count == PIECES_MAX)
                return false;
            p->pieces[p->count++] =
                (struct network_piece){.offset = (u16)(at % PAGE_SIZE), .bytes = (u16)bytes};
            done += bytes;
        }
    }
    return true;
}

/* In the order of pieces_cut. False: the grant table is full, and all grants are taken back. */
static bool pieces_grant(struct netfront *n, struct pbuf *frame, struct network_packet *p)
{
    u32 i = 0;

    for (const struct pbuf *part = frame; part; part = part->next) {
        for (u32 done = 0; done < part->len; done += p->pieces[i++].bytes) {
            const u8 *at = (const u8 *)part->payload + done;
            grant_ref_t ref = grant_give(n->peer, virt_to_mfn(at), true);

            if (ref == GRANT_NONE) {
                while (i--)
                    grant_end(p->pieces[i].ref); /* nobody was told of it */
                return false;
            }
            p->pieces[i].ref = ref;
        }
    }
    return true;
}

/*
 * A TCP or UDP frame whose checksum is left to others has in its place the sum of the
 * pseudo-header: who completes it only adds up. Answers whether this is such a frame. (A fragment
 * is not: its sum is not in it.)
 */
static bool checksum_prepare(struct pbuf *frame)
{
    u8 *ether = frame->payload;
    struct ip_hdr *ip = (struct ip_hdr *)(ether + SIZEOF_ETH_HDR);
    u32 header, place, sum;

    if (frame->len < SIZEOF_ETH_HDR + IP_HLEN || ether[12] != 8 || ether[13] != 0)
        return false;
    header = IPH_HL_BYTES(ip);
    place = IPH_PROTO(ip) == IP_PROTO_TCP   ? offsetof(struct tcp_hdr, chksum)
            : IPH_PROTO(ip) == IP_PROTO_UDP ? offsetof(struct udp_hdr, chksum)
                                            : 0;
    if (!place || (IPH_OFFSET(ip) & lwip_htons(IP_OFFMASK | IP_MF)) ||
        frame->len < SIZEOF_ETH_HDR + header + place + sizeof(u16))
        return false;
    sum = (u16)~inet_chksum(&ip->src, 8);
    sum += lwip_htons(IPH_PROTO(ip)) + lwip_htons((u16)(lwip_ntohs(IPH_LEN(ip)) - header));
    sum = (sum & 0xffff) + (sum >> 16);
    sum = (sum & 0xffff) + (sum >> 16);
    *(u16 *)((u8 *)ip + header + place) = (u16)sum;
    return true;
}

/* The frame, and each slot counts as one who uses it. */
static void slots_take(struct netfront *n, struct pbuf *frame, struct network_packet *p)
{
    for (u32 i = 0; i < p->count; i++) {
        u16 id = n->sent_free;

        n->sent_free = n->sent[id].next_free;
        n->sent[id].ref = p->pieces[i].ref;
        n->sent[id].frame = frame;
        p->pieces[i].id = id;
        pbuf_ref(frame);
    }
    n->sent_count += p->count;
}

/* All that one round of the network's thread sends is one notification at most. */
void netfront_send_flush(struct netfront *n)
{
    if (n->tx.req_prod != n->tx.req_pushed && ring_front_push(&n->tx)) {
        n->counters.tx_notifications++;
        event_send(n->port_tx);
    }
}

static err_t frame_send(struct netfront *n, struct pbuf *frame, struct network_packet *p)
{
    if (ring_front_room(&n->tx) < p->count) {
        netfront_send_flush(n);
        netfront_send_poll(n);
    }
    if (!n->open || ring_front_room(&n->tx) < p->count)
        return ERR_MEM;
    p->bytes = frame->tot_len;
    p->checksum_blank = n->checksum_offload && checksum_prepare(frame);
    if (!pieces_grant(n, frame, p))
        return ERR_MEM;
    slots_take(n, frame, p);
    network_tx_put(&n->tx, p);
    n->counters.tx_frames++;
    n->counters.tx_slots += p->count;
    n->counters.tx_bytes += p->bytes;
    return ERR_OK;
}

/*
 * Is it to be sent from where it lies? Not if its memory is lent for the call only; not in too many
 * pieces; and not if a page ends within its headers: backends look for them in the first piece.
 */
static bool cut_as_it_lies(const struct pbuf *frame, struct network_packet *p)
{
    for (const struct pbuf *part = frame; part; part = part->next) {
        if (PBUF_NEEDS_COPY(part))
            return false;
    }
    return pieces_cut(frame, p) && p->pieces[0].bytes >= MIN(frame->len, HEADERS_MAX);
}

/* A copy that lies well; NULL: no memory. */
static struct pbuf *copy_make(const struct pbuf *frame)
{
    struct pbuf *copy = pbuf_alloc(PBUF_RAW, (u16)(frame->tot_len + HEADERS_MAX), PBUF_RAM);
    u64 left;

    if (!copy)
        return NULL;
    left = PAGE_SIZE - (unsigned long)copy->payload % PAGE_SIZE;
    if (left < HEADERS_MAX)
        pbuf_remove_header(copy, left); /* it begins with the next page */
    pbuf_realloc(copy, frame->tot_len);
    pbuf_copy(copy, frame);
    return copy;
}

static err_t copy_send(struct netfront *n, const struct pbuf *frame)
{
    struct network_packet p = {0};
    struct pbuf *copy = copy_make(frame);
    err_t answer = ERR_MEM;

    if (!copy)
        return answer;
    n->counters.tx_copied++;
    n->counters.tx_copied_bytes += frame->tot_len;
    if (pieces_cut(copy, &p))
        answer = frame_send(n, copy, &p);
    pbuf_free(copy);
    return answer;
}

/* lwIP's linkoutput. What is one too many now is lost, as on any wire; TCP sends it again. */
err_t netfront_send(struct netif *netif, struct pbuf *frame)
{
    struct netfront *n = netif->state;
    struct network_packet p = {0};
    err_t answer = ERR_IF;

    if (n->open)
        answer = cut_as_it_lies(frame, &p) ? frame_send(n, frame, &p) : copy_send(n, frame);
    if (answer != ERR_OK)
        n->counters.tx_dropped++;
    return answer;
}

/* Takes answers until there are none. */
static bool answers_take(struct netfront *n)
{
    bool any = false;
    s16 status;
    s32 answer;
    u16 id;

    while ((answer = network_tx_done(&n->tx, &id, &status)) == 1) {
        any = true;
        if (id >= NETFRONT_SLOTS || n->sent[id].ref == GRANT_NONE) {
            netfront_fail(n, "it answered what was not sent");
            return true;
        }
        if (!grant_end(n->sent[id].ref)) {
            netfront_fail(n, "it answered, and holds the page still");
            return true;
        }
        n->counters.tx_errors += status < 0;
        slot_free(n, id);
    }
    if (answer < 0) {
        netfront_fail(n, "more answers than there was sent");
        return true;
    }
    return any;
}

/* The next event comes when half of what is out is back: frames are freed in bulk, and whoever
 * sends looks first. */
bool netfront_send_poll(struct netfront *n)
{
    bool any = answers_take(n);

    while (n->open && n->sent_count && ring_front_final_check(&n->tx, n->sent_count / 2 + 1))
        any |= answers_take(n);
    return any;
}

/* What is held still is never freed: neither the grant, nor the frame. */
void netfront_send_close(struct netfront *n)
{
    for (u16 id = 0; id < NETFRONT_SLOTS; id++) {
        if (n->sent[id].ref == GRANT_NONE)
            continue;
        if (grant_end(n->sent[id].ref))
            slot_free(n, id);
        else
            n->counters.pages_held++;
    }
}
