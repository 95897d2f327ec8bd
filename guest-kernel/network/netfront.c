/*
 * The rings' life: made for one backend, used until it goes or fails, taken back, made anew for the
 * next. See netfront.h.
 */
#include "guest-kernel/network/netfront.h"
#include "guest-kernel/event/event.h"
#include "guest-kernel/mm/direct_map.h"
#include "guest-kernel/mm/frame.h"
#include "guest-kernel/third_party/lwip/include/lwip/etharp.h"
#include "guest-kernel/third_party/lwip/include/netif/ethernet.h"
#include "xen-like/lib/string.h"

static bool netfront_poll(struct network_poll *poll)
{
    struct netfront *n = CONTAINER_OF(poll, struct netfront, poll);
    bool any = false;

    n->counters.polls++;
    if (n->open)
        any |= netfront_send_poll(n);
    if (n->open)
        any |= netfront_receive_poll(n);
    return any;
}

static void netfront_flush(struct network_poll *poll)
{
    struct netfront *n = CONTAINER_OF(poll, struct netfront, poll);

    if (n->open)
        netfront_send_flush(n);
}

static err_t interface_init(struct netif *netif)
{
    netif->name[0] = 'e';
    netif->name[1] = 'n';
    netif->hostname = "mini";
    netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_ETHERNET;
    netif->output = etharp_output;
    netif->linkoutput = netfront_send;
    return ERR_OK;
}

bool netfront_init(struct netfront *n, const u8 mac[6], u16 mtu)
{
    n->poll.poll = netfront_poll;
    n->poll.flush = netfront_flush;
    if (!netfront_receive_init(n) ||
        !netif_add_noaddr(&n->netif, n, interface_init, ethernet_input))
        return false;
    memcpy(n->netif.hwaddr, mac, 6);
    n->netif.hwaddr_len = 6;
    n->netif.mtu = mtu;
    netif_set_default(&n->netif);
    network_poll_add(&n->poll);
    return true;
}

static void on_event(u32 port, void *data)
{
    struct netfront *n = data;

    (void)port;
    n->counters.events++;
    network_wake();
}

/* A page for a ring, granted. */
static long ring_make(struct netfront *n, struct ring_front *ring, u32 entry_size, void **page,
                      grant_ref_t *ref)
{
    if (!*page)
        *page = pfn_to_virt(frame_alloc());
    memset(*page, 0, PAGE_SIZE);
    ring_front_init(ring, *page, PAGE_SIZE, entry_size);
    *ref = grant_give(n->peer, virt_to_mfn(*page), false);
    return *ref == GRANT_NONE ? -XEN_ENOSPC : 0;
}

/* A ring's page that the backend still has is its for ever; the next ring takes another. */
static void ring_drop(struct netfront *n, void **page, grant_ref_t *ref)
{
    if (*ref != GRANT_NONE && !grant_end(*ref)) {
        n->counters.pages_held++;
        *page = NULL;
    }
    *ref = GRANT_NONE;
}

static long ports_make(struct netfront *n, bool two_ports)
{
    long tx = event_alloc_unbound(n->peer, on_event, n), rx = tx;

    if (tx < 0)
        return tx;
    if (two_ports && (rx = event_alloc_unbound(n->peer, on_event, n)) < 0) {
        event_close((u32)tx);
        return rx;
    }
    n->port_tx = (u32)tx;
    n->port_rx = (u32)rx;
    return 0;
}

long netfront_open(struct netfront *n, domid_t peer, bool two_ports)
{
    long answer;

    n->peer = peer;
    n->failure = NULL;
    n->rx_ref = GRANT_NONE;
    answer = ring_make(n, &n->tx, sizeof(union netif_tx_sring_entry), &n->tx_page, &n->tx_ref);
    if (!answer)
        answer = ring_make(n, &n->rx, sizeof(union netif_rx_sring_entry), &n->rx_page, &n->rx_ref);
    if (!answer)
        answer = ports_make(n, two_ports);
    if (answer) {
        ring_drop(n, &n->tx_page, &n->tx_ref);
        ring_drop(n, &n->rx_page, &n->rx_ref);
        return answer;
    }
    netfront_send_open(n);
    n->open = true;
    netfront_receive_offer(n);
    return 0;
}

void netfront_link_up(struct netfront *n)
{
    u16 flags = NETIF_CHECKSUM_ENABLE_ALL;

    if (!n->open)
        return;
    if (n->checksum_offload)
        flags &= (u16) ~(NETIF_CHECKSUM_GEN_TCP | NETIF_CHECKSUM_GEN_UDP);
    NETIF_SET_CHECKSUM_CTRL(&n->netif, flags);
    n->counters.connections++;
    netif_set_link_up(&n->netif);
}

void netfront_close(struct netfront *n)
{
    if (!n->open)
        return;
    n->open = false;
    netif_set_link_down(&n->netif);
    event_close(n->port_tx);
    if (n->port_rx != n->port_tx)
        event_close(n->port_rx);
    netfront_send_close(n);
    netfront_receive_close(n);
    ring_drop(n, &n->tx_page, &n->tx_ref);
    ring_drop(n, &n->rx_page, &n->rx_ref);
}

void netfront_fail(struct netfront *n, const char *why)
{
    n->failure = why;
    netfront_close(n);
    if (n->closed)
        n->closed(n);
}
