/*
 * What guests send: see network.h. A frame lives in a vif_tx from the moment it leaves the ring
 * until all who need its pages have let go; then its slots are answered, in whatever order that
 * happens.
 */
#include "dom0/backend/network.h"

#include "dom0/mm/heap.h"

struct vif_tx {
    u8 head[FRAME_HEAD];     /* first, so that with the heap's powers of two it lies in one page */
    struct list link;        /* of the queue's sending, or of the unused */
    struct vif_queue *queue; /* NULL: it is gone, nobody is waiting */
    struct frame_owner owner;
    struct network_packet packet;
    s16 status;
    u32 heads; /* pieces that the head is made of, each with its copy's status */
    s16 head_statuses[NETWORK_PIECES_MAX];
    bool done; /* nobody holds it; it waits for those before it */
};

static struct list unused = LIST_INIT(unused);

static struct vif_tx *tx_first(struct vif_queue *q)
{
    return list_is_empty(&q->sending) ? NULL : LIST_ENTRY(q->sending.next, struct vif_tx, link);
}

static void tx_released(struct frame_owner *owner)
{
    struct vif_tx *tx = CONTAINER_OF(owner, struct vif_tx, owner), *first;
    struct vif_queue *q = tx->queue;

    tx->done = true;
    if (!q) {
        list_add_head(&unused, &tx->link);
        return;
    }
    while ((first = tx_first(q)) && first->done) {
        network_tx_respond(&q->tx, &first->packet, first->status);
        vif_trace_response(q, false, &first->packet, first->status);
        list_remove(&first->link);
        list_add_head(&unused, &first->link);
        bridge_port_touch(&q->vif->port);
    }
}

static struct vif_tx *tx_make(struct vif_queue *q)
{
    struct list *link = list_take_first(&unused);
    struct vif_tx *tx = link ? LIST_ENTRY(link, struct vif_tx, link) : heap_alloc(sizeof(*tx));

    if (!tx)
        return NULL;
    tx->queue = q;
    tx->done = false;
    tx->owner = (struct frame_owner){1, tx_released};
    list_add_tail(&q->sending, &tx->link);
    return tx;
}

static u32 head_bytes(const struct vif_tx *tx)
{
    return MIN(tx->packet.bytes, FRAME_HEAD);
}

/* The first bytes, wherever they lie: a piece may end within the headers. */
static void head_copy(struct vif_tx *tx, domid_t guest)
{
    u32 at = 0, all = head_bytes(tx);

    transfer.bytes_copied += all;
    for (tx->heads = 0; at < all; tx->heads++) {
        const struct network_piece *piece = &tx->packet.pieces[tx->heads];
        u32 bytes = MIN(all - at, (u32)piece->bytes);

        tx->head_statuses[tx->heads] = GNTST_okay;
        if (bytes)
            granted_copy(&transfer.copies, guest, piece->ref, piece->offset, tx->head + at, bytes,
                         false, &tx->head_statuses[tx->heads]);
        at += bytes;
    }
}

static bool head_is_good(const struct vif_tx *tx)
{
    for (u32 i = 0; i < tx->heads; i++)
        if (tx->head_statuses[i] != GNTST_okay)
            return false;
    return true;
}

/* The next frame and its head's copy; NULL: there is none, or the ring is broken. */
static struct vif_tx *tx_take(struct vif_queue *q)
{
    struct vif_tx *tx = tx_make(q);
    s32 answer;

    if (!tx)
        return NULL;
    answer = network_tx_take(&q->tx, &tx->packet, &tx->status);
    if (answer <= 0) {
        list_remove(&tx->link);
        list_add_head(&unused, &tx->link);
        if (answer < 0)
            vif_broke(q->vif, "tx ring");
        return NULL;
    }
    vif_trace_request(q, false, &tx->packet);
    if (tx->packet.bytes > FRAME_MAX || tx->packet.gso_type)
        tx->status = NETIF_RSP_ERROR;
    if (tx->status == NETIF_RSP_OKAY)
        head_copy(tx, q->vif->device.guest);
    return tx;
}

static void tx_forward(struct vif_queue *q, struct vif_tx *tx)
{
    const struct network_packet *p = &tx->packet;
    struct frame frame = {.head = tx->head,
                          .head_bytes = head_bytes(tx),
                          .bytes = p->bytes,
                          .checksum_blank = p->checksum_blank,
                          .checksum_good = p->checksum_good,
                          .packet = p,
                          .guest = q->vif->device.guest,
                          .owner = &tx->owner};

    if (tx->status == NETIF_RSP_OKAY && !head_is_good(tx))
        tx->status = NETIF_RSP_ERROR;
    if (tx->status == NETIF_RSP_OKAY)
        bridge_forward(&q->vif->port, &frame);
    else
        q->vif->counts.tx_errors++;
    owner_release(&tx->owner);
}

bool vif_tx_run(struct vif_queue *q)
{
    struct vif_tx *taken[VIF_BUDGET];
    u32 count = 0;

    while (count < VIF_BUDGET && (taken[count] = tx_take(q)))
        count++;
    granted_copies_flush(&transfer.copies);
    for (u32 i = 0; i < count; i++)
        tx_forward(q, taken[i]);
    if (q->vif->wrong)
        return false;
    return count == VIF_BUDGET;
}

void vif_tx_orphan(struct vif_queue *q)
{
    struct list *link;

    while ((link = list_take_first(&q->sending))) {
        struct vif_tx *tx = LIST_ENTRY(link, struct vif_tx, link);

        tx->queue = NULL;
        if (tx->done)
            list_add_head(&unused, &tx->link);
    }
}
