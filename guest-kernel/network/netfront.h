/*
 * NETFRONT, a guest's network card: two rings with a backend in another domain (ioring/network.h,
 * public io/netif.h), below an interface of lwIP's.
 *
 * Nothing is copied on this side. A frame that lwIP sends is granted where it lies, page by page,
 * and kept until the backend has answered all of its slots. A frame that comes lies in pages that
 * were granted empty; lwIP gets the pages themselves, and when it has freed one, that goes back to
 * the ring. So there are as many pages as the ring has places, and the ring is kept full but for
 * what lwIP still holds.
 *
 * The backend may be wrong, or wicked: what it can do is lose frames and change those that it has.
 * When it answers what was not asked, or says that it is done with a page and holds it still, the
 * netfront is closed (`failure` says why); pages that are still held then are never used again.
 *
 * Two layers: the rings (netfront_open, for the network's thread), and the life by xenbus
 * (netfront_connect.c).
 */
#ifndef GUEST_KERNEL_NETWORK_NETFRONT_H
#define GUEST_KERNEL_NETWORK_NETFRONT_H

#include "guest-kernel/grant/grant.h"
#include "guest-kernel/network/network.h"
#include "guest-kernel/third_party/lwip/include/lwip/netif.h"
#include "guest-kernel/third_party/lwip/include/lwip/pbuf.h"
#include "ioring/network.h"

#define NETFRONT_SLOTS 256u /* places of either ring: as many as fit a page */

/* A page to receive into. */
struct netfront_page {
    struct pbuf_custom pbuf; /* while lwIP has it */
    struct netfront *owner;
    struct list link; /* among the idle */
    void *at;
    grant_ref_t ref; /* while it is offered */
};

/* A slot that was sent. */
struct netfront_sent {
    grant_ref_t ref; /* GRANT_NONE: free */
    u16 next_free;
    struct pbuf *frame; /* with its last slot: the whole */
};

struct netfront_counters {
    u64 tx_frames, tx_slots, tx_bytes, tx_notifications, tx_dropped, tx_errors;
    u64 tx_copied, tx_copied_bytes; /* frames that could not be sent from where they lay */
    u64 rx_frames, rx_slots, rx_bytes, rx_notifications, rx_errors;
    u64 events, polls, connections;
    u64 pages_held; /* given up, since a backend did not let go of them */
};

struct netfront {
    struct netif netif;
    struct network_poll poll;
    struct netfront_counters counters;
    const char *failure;                /* of the backend; NULL: none since it was opened */
    void (*closed)(struct netfront *n); /* if set, called when a failure has closed it */

    domid_t peer;
    bool open;
    bool checksum_offload; /* the backend takes frames without TCP's and UDP's checksums */
    u32 port_tx, port_rx;  /* the same, unless there are two */

    struct ring_front tx, rx;
    void *tx_page, *rx_page; /* NULL: none */
    grant_ref_t tx_ref, rx_ref;

    struct netfront_sent sent[NETFRONT_SLOTS];
    u16 sent_free; /* first of the chain; NETFRONT_SLOTS: none */
    u32 sent_count;

    struct netfront_page pages[NETFRONT_SLOTS];
    struct netfront_page *offered[NETFRONT_SLOTS]; /* by place in the ring */
    struct list idle;
    u32 idle_count;
};

/* Before all else; n is zeroed. Adds the interface to lwIP, its link down. In the network's thread.
 * False: out of memory. */
bool netfront_init(struct netfront *n, const u8 mac[6], u16 mtu);

/* Makes rings and ports for a backend in @peer, and offers pages. In the network's thread. 0 or a
 * negative errno, and nothing is left of it. */
long netfront_open(struct netfront *n, domid_t peer, bool two_ports);

/* The backend is there: frames may be sent. In the network's thread. */
void netfront_link_up(struct netfront *n);

/* Takes everything back, harmless if it is closed. In the network's thread. */
void netfront_close(struct netfront *n);

/* ---- Between the files of netfront ---- */

void netfront_fail(struct netfront *n, const char *why);

void netfront_send_open(struct netfront *n);
err_t netfront_send(struct netif *netif, struct pbuf *frame);
bool netfront_send_poll(struct netfront *n);  /* false: nothing came */
void netfront_send_flush(struct netfront *n); /* what was sent is published */
void netfront_send_close(struct netfront *n);

bool netfront_receive_init(struct netfront *n);
bool netfront_receive_poll(struct netfront *n);
void netfront_receive_offer(struct netfront *n); /* all idle pages */
void netfront_receive_close(struct netfront *n);

#endif
