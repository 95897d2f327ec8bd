/*
 * Receiving. All pages are in one of three places: idle, offered to the backend (in the ring), or
 * lwIP's, as the memory of a pbuf whose end (page_return) makes it idle again. A page that the
 * backend did not let go of is in none.
 */
#include "guest-kernel/event/event.h"
#include "guest-kernel/mm/direct_map.h"
#include "guest-kernel/mm/frame.h"
#include "guest-kernel/network/netfront.h"

/* Of what comes, these are checked by lwIP unless somebody has vouched for it. */
#define CHECKS (NETIF_CHECKSUM_CHECK_TCP | NETIF_CHECKSUM_CHECK_UDP)

static void page_idle(struct netfront_page *page)
{
    list_add_tail(&page->owner->idle, &page->link);
    page->owner->idle_count++;
}

/* lwIP has freed it. */
static void page_return(struct pbuf *p)
{
    page_idle(CONTAINER_OF(p, struct netfront_page, pbuf.pbuf));
}

bool netfront_receive_init(struct netfront *n)
{
    list_init(&n->idle);
    if (frame_free_count() < 2 * NETFRONT_SLOTS)
        return false;
    for (u32 i = 0; i < NETFRONT_SLOTS; i++) {
        n->pages[i].owner = n;
        n->pages[i].at = pfn_to_virt(frame_alloc());
        n->pages[i].pbuf.custom_free_function = page_return;
        page_idle(&n->pages[i]);
    }
    return true;
}

void netfront_receive_offer(struct netfront *n)
{
    bool any = false;

    while (n->idle_count && ring_front_room(&n->rx)) {
        struct netfront_page *page = LIST_ENTRY(n->idle.next, struct netfront_page, link);

        page->ref = grant_give(n->peer, virt_to_mfn(page->at), false);
        if (page->ref == GRANT_NONE)
            break; /* the table is full: fewer pages, until some grants come back */
        list_remove(&page->link);
        n->idle_count--;
        n->offered[network_rx_offer(&n->rx, page->ref)] = page;
        any = true;
    }
    if (any && ring_front_push(&n->rx)) {
        n->counters.rx_notifications++;
        event_send(n->port_rx);
    }
}

/* The page at that place is ours again; NULL: it is not, and the netfront has failed. */
static struct netfront_page *page_take(struct netfront *n, u16 id)
{
    struct netfront_page *page = n->offered[id];

    n->offered[id] = NULL;
    if (page && grant_end(page->ref))
        return page;
    n->counters.pages_held++;
    netfront_fail(n, "it says that it filled a page, and holds it still");
    return NULL;
}

/* A page with a piece of a frame in it becomes a pbuf at the end of *frame. */
static void page_append(struct netfront_page *page, const struct network_piece *piece,
                        struct pbuf **frame)
{
    struct pbuf *p = pbuf_alloced_custom(PBUF_RAW, piece->bytes, PBUF_REF, &page->pbuf,
                                         (u8 *)page->at + piece->offset, piece->bytes);

    if (*frame)
        pbuf_cat(*frame, p);
    else
        *frame = p;
}

static void frame_deliver(struct netfront *n, const struct network_packet *p, struct pbuf *frame)
{
    n->counters.rx_frames++;
    n->counters.rx_slots += p->count;
    n->counters.rx_bytes += p->bytes;
    if (p->checksum_good)
        n->netif.chksum_flags &= (u16)~CHECKS;
    else
        n->netif.chksum_flags |= CHECKS;
    if (n->netif.input(frame, &n->netif) != ERR_OK)
        pbuf_free(frame);
}

/* Extra information was not asked for (no feature-gso-...), so what comes with it is no frame. */
static bool packet_is_good(const struct network_packet *p, s16 status)
{
    return status >= 0 && !p->extras && p->bytes >= NETWORK_HEADER && p->bytes <= NETWORK_BYTES_MAX;
}

/* Its pages become a frame, or are idle. If one of them cannot be had the netfront is closed, and
 * that has taken care of those that were not yet ours. */
static void packet_take(struct netfront *n, const struct network_packet *p, s16 status)
{
    bool good = packet_is_good(p, status);
    struct netfront_page *page = NULL;
    struct pbuf *frame = NULL;

    for (u32 i = 0; i < p->count + (u32)p->extras && (!i || page); i++) {
        page = page_take(n, i < p->count ? p->pieces[i].id : p->extra_ids[i - p->count]);
        if (page && good && p->pieces[i].bytes)
            page_append(page, &p->pieces[i], &frame);
        else if (page)
            page_idle(page);
    }
    if (good && page) {
        frame_deliver(n, p, frame);
        return;
    }
    n->counters.rx_errors++;
    if (frame)
        pbuf_free(frame);
}

static bool packets_take(struct netfront *n)
{
    struct network_packet p;
    bool any = false;
    s32 answer = 0;
    s16 status;

    while (n->open && (answer = network_rx_received(&n->rx, &p, &status)) == 1) {
        packet_take(n, &p, status);
        any = true;
    }
    if (answer < 0) {
        netfront_fail(n, "what came in the receiving ring is no frame");
        return true;
    }
    return any;
}

bool netfront_receive_poll(struct netfront *n)
{
    bool any = packets_take(n);

    if (n->open)
        netfront_receive_offer(n);
    while (n->open && ring_front_final_check(&n->rx, 1)) {
        any |= packets_take(n);
        if (n->open)
            netfront_receive_offer(n);
    }
    return any;
}

void netfront_receive_close(struct netfront *n)
{
    for (u32 i = 0; i < NETFRONT_SLOTS; i++) {
        struct netfront_page *page = n->offered[i];

        n->offered[i] = NULL;
        if (!page)
            continue;
        if (grant_end(page->ref))
            page_idle(page);
        else
            n->counters.pages_held++;
    }
}
