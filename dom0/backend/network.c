/*
 * Class "vif": what a frontend is told, how it connects and how it is let go; see network.h. The
 * keys are those of the public io/netif.h.
 */
#include "dom0/backend/network.h"

#include "dom0/bridge/nic_port.h"
#include "dom0/mm/heap.h"
#include "guest-kernel/event/event.h"
#include "ioring/queue.h"

#define BRIDGE_DEFAULT "xenbr0"
#define NO_PORT        (~0u)

static struct list vifs = LIST_INIT(vifs);

struct vif *vif_next(struct vif *vif)
{
    struct list *next = vif ? vif->link.next : vifs.next;

    return next == &vifs ? NULL : LIST_ENTRY(next, struct vif, link);
}

static void vif_fail(struct work *work)
{
    struct vif *vif = CONTAINER_OF(work, struct vif, fail);

    device_fail(&vif->device, vif->wrong);
}

void vif_broke(struct vif *vif, const char *why)
{
    if (!vif->wrong)
        work_raise(&vif->fail);
    vif->wrong = why;
}

/* An event, or what the last turn left over. */
static void queue_run(struct work *work)
{
    struct vif_queue *q = CONTAINER_OF(work, struct vif_queue, work);
    bool more;

    if (q->vif->wrong)
        return;
    q->vif->counts.woken++;
    vif_rx_run(q);
    more = vif_tx_run(q);
    bridge_flush();
    if (!q->vif->wrong && !more) {
        s32 waiting = ring_back_final_check(&q->tx, 1);

        more = waiting > 0;
        if (waiting < 0)
            vif_broke(q->vif, "tx ring");
    }
    if (more)
        work_raise(&q->work);
}

static void ring_answer(struct ring_back *ring, long port, u64 *notified)
{
    if (ring->rsp_prod != ring->rsp_pushed && ring_back_push(ring)) {
        ++*notified;
        event_send((u32)port);
    }
}

static void vif_flush(struct bridge_port *port)
{
    struct vif *vif = CONTAINER_OF(port, struct vif, port);

    for (u32 i = 0; i < vif->queue_count; i++) {
        struct vif_queue *q = &vif->queues[i];

        vif_rx_answer(q);
        ring_answer(&q->rx, q->rx_port, &vif->counts.rx_notified);
        ring_answer(&q->tx, q->tx_port, &vif->counts.tx_notified);
    }
}

/* ---- Connecting ------------------------------------------------------------------------------ */

static int vif_prepare(struct device *device)
{
    static const char *const able[] = {"feature-sg", "feature-rx-copy",
                                       "feature-split-event-channels"};
    struct vif *vif = CONTAINER_OF(device, struct vif, device);
    int answer = device_write(device, "multi-queue-max-queues", "%u", VIF_QUEUES_MAX);

    for (u32 i = 0; i < ARRAY_SIZE(able) && !answer; i++)
        answer = device_write(device, able[i], "1");
    if (!answer)
        answer = device_write(device, "feature-rx-flip", "0");
    if (!answer) /* what a script says on other systems: the card is in its bridge */
        answer = device_write(device, "hotplug-status", "connected");
    work_init(&vif->fail, vif_fail);
    list_init(&vif->link);
    return answer;
}

/* A number that the frontend wrote for this queue. */
static u32 key_number(const struct vif_queue *q, const char *name)
{
    char key[QUEUE_KEY_SIZE];
    u32 index = (u32)(q - q->vif->queues);

    queue_key(key, q->vif->queue_count, index, name);
    return (u32)device_read_number(&q->vif->device, true, key, NO_PORT);
}

/* Maps a ring and joins it. */
static int ring_connect(const struct vif_queue *q, const char *name, struct granted *page,
                        struct ring_back *ring, u32 entry_size)
{
    grant_ref_t ref = key_number(q, name);
    int answer = granted_map(page, q->vif->device.guest, &ref, 1, true);

    if (answer)
        return answer;
    return ring_back_attach(ring, page->at, PAGE_SIZE, entry_size) ? -XEN_EINVAL : 0;
}

static int port_connect(struct vif_queue *q, u32 remote, long *port)
{
    long answer =
        event_bind_interdomain(q->vif->device.guest, remote, work_raise_on_event, &q->work);

    if (answer < 0)
        return (int)answer;
    *port = answer;
    return 0;
}

static int ports_connect(struct vif_queue *q)
{
    u32 both = key_number(q, "event-channel"), tx = key_number(q, "event-channel-tx");
    int answer = port_connect(q, tx == NO_PORT ? both : tx, &q->tx_port);

    if (answer)
        return answer;
    if (tx != NO_PORT)
        return port_connect(q, key_number(q, "event-channel-rx"), &q->rx_port);
    q->rx_port = q->tx_port;
    return 0;
}

static int queue_connect(struct vif_queue *q)
{
    int answer;

    answer =
        ring_connect(q, "tx-ring-ref", &q->tx_page, &q->tx, sizeof(union netif_tx_sring_entry));
    if (!answer)
        answer =
            ring_connect(q, "rx-ring-ref", &q->rx_page, &q->rx, sizeof(union netif_rx_sring_entry));
    if (!answer)
        answer = ports_connect(q);
    return answer;
}

static void queue_disconnect(struct vif_queue *q)
{
    if (q->rx_port && q->rx_port != q->tx_port)
        work_close_port(&q->work, (u32)q->rx_port);
    if (q->tx_port)
        work_close_port(&q->work, (u32)q->tx_port);
    work_drop(&q->work);
    vif_tx_orphan(q);
    vif_rx_drop(q);
    granted_unmap(&q->tx_page);
    granted_unmap(&q->rx_page);
}

static void vif_disconnect(struct device *device)
{
    struct vif *vif = CONTAINER_OF(device, struct vif, device);

    bridge_flush(); /* no copy is under way to it any more */
    bridge_port_remove(&vif->port);
    work_drop(&vif->fail);
    list_remove(&vif->link);
    for (u32 i = 0; i < vif->queue_count; i++)
        queue_disconnect(&vif->queues[i]);
    heap_free(vif->queues);
    vif->queues = NULL;
    vif->queue_count = 0;
}

static int queues_make(struct vif *vif)
{
    u64 count = device_read_number(&vif->device, true, "multi-queue-num-queues", 1);

    if (!count || count > VIF_QUEUES_MAX)
        return -XEN_EINVAL;
    vif->queues = heap_alloc(count * sizeof(*vif->queues));
    if (!vif->queues)
        return -XEN_ENOMEM;
    vif->queue_count = (u32)count;
    for (u32 i = 0; i < count; i++) {
        struct vif_queue *q = &vif->queues[i];

        q->vif = vif;
        work_init(&q->work, queue_run);
        list_init(&q->sending);
        list_init(&q->filling);
        list_init(&q->backlog);
    }
    return 0;
}

static bool frontend_says(const struct vif *vif, const char *key)
{
    return device_read_number(&vif->device, true, key, 0) == 1;
}

static int vif_attach(struct vif *vif)
{
    int answer;

    if (!frontend_says(vif, "request-rx-copy"))
        return -XEN_EOPNOTSUPP; /* giving away pages in place of copies is not offered */
    vif->may_wait = frontend_says(vif, "feature-rx-notify");
    vif->wants_checksum = frontend_says(vif, "feature-no-csum-offload");
    answer = queues_make(vif);
    for (u32 i = 0; i < vif->queue_count && !answer; i++)
        answer = queue_connect(&vif->queues[i]);
    return answer;
}

static int vif_connect(struct device *device)
{
    struct vif *vif = CONTAINER_OF(device, struct vif, device);
    char name[sizeof(((struct bridge *)0)->name)];
    struct bridge *bridge;
    int answer;

    if (device_read(device, false, "bridge", name, sizeof(name)) <= 0)
        memcpy(name, BRIDGE_DEFAULT, sizeof(BRIDGE_DEFAULT));
    bridge = bridge_get(name);
    vif->wrong = NULL;
    answer = bridge ? vif_attach(vif) : -XEN_ENOMEM;
    if (answer) {
        vif_disconnect(device);
        return answer;
    }
    vif->port.deliver = vif_deliver;
    vif->port.flush = vif_flush;
    bridge_port_add(bridge, &vif->port, VIF_ADDRESSES);
    list_add_tail(&vifs, &vif->link);
    for (u32 i = 0; i < vif->queue_count; i++)
        work_raise(&vif->queues[i].work); /* what was put before we came */
    return 0;
}

static const struct device_class vif_class = {.type = "vif",
                                              .size = sizeof(struct vif),
                                              .prepare = vif_prepare,
                                              .connect = vif_connect,
                                              .disconnect = vif_disconnect};

void network_start(void)
{
    struct bridge *bridge = bridge_get(BRIDGE_DEFAULT);

    LIST_FOR_EACH(l, &nics)
    {
        if (bridge)
            nic_port_add(bridge, LIST_ENTRY(l, struct nic, link));
    }
    device_class_add(&vif_class);
}
