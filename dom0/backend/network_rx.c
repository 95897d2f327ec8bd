/*
 * What guests receive: see network.h. Pages are used in the order in which they were offered, and
 * answered in that order, because frontends know a page by its place in the ring.
 */
#include "dom0/backend/network.h"

#include "dom0/mm/heap.h"

/* A page that is being filled. */
struct vif_rx {
    struct list link; /* of the queue's filling, or of the unused */
    struct frame_owner *owner;
    struct network_packet packet;
    u32 copies;
    s16 statuses[NETWORK_PIECES_MAX];
};

/* A frame that waits for a page. */
struct waiting {
    struct list link;
    struct frame *frame; /* stored */
};

static struct list unused = LIST_INIT(unused);

static struct vif_rx *rx_make(void)
{
    struct list *link = list_take_first(&unused);

    return link ? LIST_ENTRY(link, struct vif_rx, link) : heap_alloc(sizeof(struct vif_rx));
}

/* True: the frame has found a page, or there is no hope for it. */
static bool frame_fill(struct vif_queue *q, const struct frame *frame)
{
    struct vif_rx *rx = rx_make();
    s32 answer = 1;

    if (!rx)
        return true;
    rx->packet.bytes = frame->bytes;
    rx->packet.checksum_blank = frame->checksum_blank;
    rx->packet.checksum_good = frame->checksum_good;
    rx->packet.gso_type = XEN_NETIF_GSO_TYPE_NONE;
    answer = network_rx_take(&q->rx, &rx->packet);
    if (answer <= 0) {
        list_add_head(&unused, &rx->link);
        if (answer < 0)
            vif_broke(q->vif, "rx ring");
        return answer < 0;
    }
    vif_trace_request(q, true, &rx->packet);
    rx->copies =
        frame_copy_to_guest(frame, q->vif->device.guest, rx->packet.pieces[0].ref, rx->statuses);
    frame_hold(frame);
    rx->owner = frame->owner;
    list_add_tail(&q->filling, &rx->link);
    bridge_port_touch(&q->vif->port);
    return true;
}

/* May one more frame wait? Only for a guest that will tell us when there are pages. */
static bool has_room(const struct vif_queue *q)
{
    return q->vif->may_wait && q->backlog_count < BACKLOG_MAX;
}

/* Takes the hold that the caller has on a stored frame. */
static void frame_wait(struct vif_queue *q, struct frame *stored)
{
    struct waiting *w = stored && has_room(q) ? heap_alloc(sizeof(*w)) : NULL;

    if (!w) {
        q->vif->counts.rx_dropped++;
        if (stored)
            owner_release(stored->owner);
        return;
    }
    q->vif->counts.rx_waited++;
    w->frame = stored;
    list_add_tail(&q->backlog, &w->link);
    q->backlog_count++;
    work_raise(&q->work); /* asks to be told of new pages */
}

/* A conversation stays in one queue, so that its frames stay in order. */
static struct vif_queue *queue_for(struct vif *vif, const struct frame *frame)
{
    u32 sum = 0;

    if (vif->queue_count == 1)
        return vif->queues;
    for (u32 at = 26; at < MIN(frame->head_bytes, 38u); at++) /* IPv4's addresses, then ports */
        sum = sum * 31 + frame->head[at];
    return &vif->queues[(sum * 0x9e3779b1u >> 16) % vif->queue_count];
}

/* Its bytes with a checksum, which is not yet in them. */
static void frame_complete(struct vif_queue *q, const struct frame *frame)
{
    struct frame *stored = frame_store(frame, true);

    if (stored && list_is_empty(&q->backlog) && frame_fill(q, stored))
        owner_release(stored->owner);
    else
        frame_wait(q, stored);
}

void vif_deliver(struct bridge_port *port, const struct frame *frame)
{
    struct vif *vif = CONTAINER_OF(port, struct vif, port);
    struct vif_queue *q = queue_for(vif, frame);

    if (vif->wrong)
        return;
    if (frame->checksum_blank && vif->wants_checksum)
        frame_complete(q, frame);
    else if (!list_is_empty(&q->backlog) || !frame_fill(q, frame)) /* none overtakes another */
        frame_wait(q, has_room(q) ? frame_store(frame, false) : NULL);
}

void vif_rx_run(struct vif_queue *q)
{
    while (!list_is_empty(&q->backlog) && !q->vif->wrong) {
        struct waiting *w = LIST_ENTRY(q->backlog.next, struct waiting, link);

        if (!frame_fill(q, w->frame)) {
            s32 pages = ring_back_final_check(&q->rx, 1);

            if (pages < 0)
                vif_broke(q->vif, "rx ring");
            if (pages <= 0)
                return;
            continue;
        }
        list_remove(&w->link);
        q->backlog_count--;
        owner_release(w->frame->owner);
        heap_free(w);
    }
}

static s16 rx_status(const struct vif_rx *rx)
{
    for (u32 i = 0; i < rx->copies; i++)
        if (rx->statuses[i] != GNTST_okay)
            return NETIF_RSP_ERROR;
    return NETIF_RSP_OKAY;
}

void vif_rx_answer(struct vif_queue *q)
{
    struct list *link;

    while ((link = list_take_first(&q->filling))) {
        struct vif_rx *rx = LIST_ENTRY(link, struct vif_rx, link);
        s16 status = rx_status(rx);

        network_rx_respond(&q->rx, &rx->packet, status);
        vif_trace_response(q, true, &rx->packet, status);
        owner_release(rx->owner);
        list_add_head(&unused, &rx->link);
    }
}

void vif_rx_drop(struct vif_queue *q)
{
    struct list *link;

    while ((link = list_take_first(&q->backlog))) {
        struct waiting *w = LIST_ENTRY(link, struct waiting, link);

        owner_release(w->frame->owner);
        heap_free(w);
    }
    q->backlog_count = 0;
}
