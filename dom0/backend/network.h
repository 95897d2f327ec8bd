/*
 * THE NETWORK BACKEND: class "vif" of backend/device.h. A guest's card is one port of a bridge
 * (bridge/bridge.h) and one or more queues, each a pair of rings (ioring/network.h) and one or two
 * event channels.
 *
 *   guest sends     network_tx.c  takes frames off the tx ring, fetches their headers (one
 * hypercall for all that wait), forwards them; answers a frame when nobody holds it any more:
 * copied, or sent by the card guest receives  network_rx.c  takes an empty page off the rx ring for
 * each frame that the bridge delivers and lets the hypervisor copy into it; without a page it waits
 * in a backlog, which is bounded
 *
 * The guest is believed in nothing. What costs its neighbours something is bounded: frames under
 * way by the size of its tx ring, frames that wait for it by BACKLOG_MAX, addresses by
 * VIF_ADDRESSES, work in one go by VIF_BUDGET.
 */
#ifndef DOM0_BACKEND_NETWORK_H
#define DOM0_BACKEND_NETWORK_H

#include "dom0/bridge/bridge.h"
#include "dom0/loop.h"
#include "dom0/backend/device.h"
#include "dom0/backend/ring_trace.h"

#define VIF_QUEUES_MAX 8   /* what is offered */
#define VIF_ADDRESSES  64  /* that one guest may have behind its card */
#define VIF_BUDGET     64  /* frames of a queue before somebody else has his turn */
#define BACKLOG_MAX    128 /* frames of a queue that wait for pages */

struct vif_counts {
    u64 woken; /* turns of work that events asked for */
    u64 tx_errors, tx_notified;
    u64 rx_dropped, rx_waited, rx_notified;
};

struct vif;

struct vif_queue {
    struct vif *vif;
    struct work work;
    struct granted tx_page, rx_page;
    struct ring_back tx, rx;
    long tx_port, rx_port; /* ours; the same if the guest has but one; 0: none */
    struct list sending;   /* vif_tx: forwarded, not yet answered */
    struct list filling;   /* vif_rx: pages that copies go to, in the ring's order */
    struct list backlog;   /* of struct waiting */
    u32 backlog_count;
};

struct vif {
    struct device device;
    struct list link; /* of all that are connected */
    struct bridge_port port;
    struct vif_queue *queues;
    u32 queue_count;
    bool may_wait;       /* the guest notifies when it has put pages: feature-rx-notify */
    bool wants_checksum; /* it cannot take frames without: feature-no-csum-offload */
    const char *wrong;   /* the guest broke the protocol: this way */
    struct work fail;
    struct vif_counts counts;
};

/* The class; once, before the first guest. */
void network_start(void);

/* All vifs that are connected: NULL at first, NULL behind the last. For who prints counts. */
struct vif *vif_next(struct vif *vif);

/* ---- Between the files of the backend -------------------------------------------------------- */

/* It will be disconnected as soon as nothing else is being done; until then nothing more is taken
 * from it. */
void vif_broke(struct vif *vif, const char *why);

/* The trace is told of a frame that was taken from one of a queue's two rings, or answered: by the
 * id of its first piece. */
static inline u32 vif_trace_number(const struct vif_queue *q, bool rx)
{
    return ring_trace_number(q->vif->device.guest, XL_RING_NETWORK, 2 * q->vif->device.id + rx);
}

static inline u64 vif_trace_id(const struct vif_queue *q, const struct network_packet *p)
{
    return ring_trace_id(p->pieces[0].id, (u32)(q - q->vif->queues));
}

static inline void vif_trace_request(const struct vif_queue *q, bool rx,
                                     const struct network_packet *p)
{
    ring_trace_request(rx ? &q->rx : &q->tx, vif_trace_number(q, rx), vif_trace_id(q, p));
}

static inline void vif_trace_response(const struct vif_queue *q, bool rx,
                                      const struct network_packet *p, s16 status)
{
    ring_trace_response(vif_trace_number(q, rx), vif_trace_id(q, p), status);
}

/* Frames that the guest sends: forwards what the budget allows; true: there are more. */
bool vif_tx_run(struct vif_queue *q);
/* Frames under way no longer belong to the queue, which goes. */
void vif_tx_orphan(struct vif_queue *q);

void vif_deliver(struct bridge_port *port, const struct frame *frame);
/* There may be pages again. */
void vif_rx_run(struct vif_queue *q);
/* Copies have been made: answers. */
void vif_rx_answer(struct vif_queue *q);
void vif_rx_drop(struct vif_queue *q);

#endif
