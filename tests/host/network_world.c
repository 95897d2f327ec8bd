/* See network_world.h. */
#include "tests/host/network_world.h"

#include "dom0/backend/ring_trace.h"
#include "dom0/bridge/nic_port.h"
#include "dom0/mm/heap.h"
#include "guest-kernel/event/event.h"
#include "guest-kernel/time/clock.h"

#define GRANTS 65536
#define KEYS   32

u64 world_time = 1;
long heap_blocks;
struct list nics = LIST_INIT(nics);

static const struct device_class *class;
static struct list raised = LIST_INIT(raised);
static struct {
    u8 *page;
    domid_t owner;
} grants[GRANTS];
static grant_ref_t next_grant;
static struct guest *guests[64];
static struct {
    struct guest *guest;
    void *work;
} ports[256];
static struct {
    domid_t id;
    char key[QUEUE_KEY_SIZE];
    u64 value;
} keys[256];
static u32 key_count;

/* ---- What the backend has around it ---------------------------------------------------------- */

void *heap_alloc(u64 bytes)
{
    heap_blocks++;
    return calloc(1, bytes ? bytes : 1);
}

void heap_free(void *block)
{
    heap_blocks -= block != NULL;
    free(block);
}

u32 ring_trace_quiet; /* every record is asked for */

void ring_trace_put_request(const struct ring_back *ring, u32 number, u64 id)
{
    (void)id;
    assert_int_equal(number >> 12 & 15, XL_RING_NETWORK);
    assert_true(ring->req_seen - ring->rsp_prod <= ring->ring.size);
}

void ring_trace_put_response(u32 number, u64 id, s16 status)
{
    (void)id;
    (void)status;
    assert_int_equal(number >> 12 & 15, XL_RING_NETWORK);
}

u64 time_now_ns(void)
{
    return world_time;
}

void work_init(struct work *work, void (*run)(struct work *work))
{
    work->run = run;
    list_init(&work->link);
}

void work_raise(struct work *work)
{
    if (list_is_empty(&work->link))
        list_add_tail(&raised, &work->link);
}

void work_drop(struct work *work)
{
    list_remove(&work->link);
}

void work_raise_on_event(u32 port, void *data)
{
    (void)port;
    work_raise(data);
}

void world_work(void)
{
    for (struct list *link; (link = list_take_first(&raised));) {
        struct work *work = LIST_ENTRY(link, struct work, link);

        work->run(work);
    }
}

int device_class_add(const struct device_class *added)
{
    class = added;
    return 0;
}

static struct guest *guest_of(const struct device *device)
{
    return guests[device->guest];
}

void device_fail(struct device *device, const char *why)
{
    assert_non_null(why);
    guest_of(device)->failed = why;
    class->disconnect(device);
}

long device_read(const struct device *device, bool frontend, const char *key, char *to, size_t size)
{
    (void)device, (void)frontend, (void)key, (void)to, (void)size;
    return -XEN_ENOENT;
}

u64 device_read_number(const struct device *device, bool frontend, const char *key, u64 fallback)
{
    assert_true(frontend);
    for (u32 i = 0; i < key_count; i++)
        if (keys[i].id == device->guest && strcmp(keys[i].key, key) == 0)
            return keys[i].value;
    return fallback;
}

int device_write(const struct device *device, const char *key, const char *format, ...)
{
    (void)device, (void)key, (void)format;
    return 0;
}

int nic_port_add(struct bridge *bridge, struct nic *nic)
{
    (void)bridge, (void)nic;
    return 0;
}

/* ---- Events ---------------------------------------------------------------------------------- */

long event_bind_interdomain(domid_t domain, u32 remote, event_handler *fn, void *data)
{
    assert_ptr_equal(fn, work_raise_on_event);
    if (remote >= ARRAY_SIZE(ports) || !remote)
        return -XEN_EINVAL;
    ports[remote].guest = guests[domain];
    ports[remote].work = data;
    return remote;
}

long event_send(u32 port)
{
    assert_non_null(ports[port].guest);
    ports[port].guest->notified++;
    return 0;
}

void work_close_port(struct work *work, u32 port)
{
    assert_ptr_equal(ports[port].work, work);
    assert_non_null(ports[port].guest);
    ports[port].guest = NULL;
    ports[port].work = NULL;
}

/* ---- Grants ---------------------------------------------------------------------------------- */

static u8 *grant_page(domid_t domain, grant_ref_t ref)
{
    return ref < GRANTS && grants[ref].owner == domain ? grants[ref].page : NULL;
}

int granted_map(struct granted *g, domid_t domain, const grant_ref_t *refs, u32 count,
                bool writable)
{
    assert_int_equal(count, 1);
    assert_true(writable);
    g->at = grant_page(domain, refs[0]);
    return g->at ? 0 : -XEN_EINVAL;
}

void granted_unmap(struct granted *g)
{
    g->at = NULL;
}

static void batch_add(struct granted_copies *batch, const gnttab_copy_t *op, s16 *status)
{
    if (batch->count == GRANTED_BATCH)
        granted_copies_flush(batch);
    batch->statuses[batch->count] = status;
    batch->ops[batch->count++] = *op;
}

void granted_copy_add(struct granted_copies *batch, const gnttab_copy_t *op, s16 *status)
{
    batch_add(batch, op, status);
}

void granted_copy(struct granted_copies *batch, domid_t domain, grant_ref_t ref, u32 offset,
                  const void *own, u32 bytes, bool to_guest, s16 *status)
{
    struct gnttab_copy_ptr guest = {.u.ref = ref, .domid = domain, .offset = (u16)offset};
    struct gnttab_copy_ptr ours = {
        .u.gmfn = (u64)own / PAGE_SIZE, .domid = DOMID_SELF, .offset = (u16)((u64)own % PAGE_SIZE)};
    gnttab_copy_t op = {.source = to_guest ? ours : guest,
                        .dest = to_guest ? guest : ours,
                        .len = (u16)bytes,
                        .flags = to_guest ? GNTCOPY_dest_gref : GNTCOPY_source_gref};

    batch_add(batch, &op, status);
}

static u8 *copy_end(const struct gnttab_copy_ptr *end, bool by_ref, u32 length)
{
    u8 *page;

    if (!by_ref)
        return (u8 *)(end->u.gmfn * PAGE_SIZE + end->offset);
    page = grant_page(end->domid, end->u.ref);
    return page && end->offset + length <= PAGE_SIZE ? page + end->offset : NULL;
}

void granted_copies_flush(struct granted_copies *batch)
{
    for (u32 i = 0; i < batch->count; i++) {
        const gnttab_copy_t *op = &batch->ops[i];
        u8 *from = copy_end(&op->source, op->flags & GNTCOPY_source_gref, op->len);
        u8 *to = copy_end(&op->dest, op->flags & GNTCOPY_dest_gref, op->len);

        if (from && to)
            memcpy(to, from, op->len);
        *batch->statuses[i] = from && to ? GNTST_okay : GNTST_bad_gntref;
    }
    batch->count = 0;
}

void granted_maps_flush(struct granted_maps *batch)
{
    assert_int_equal(batch->count, 0);
}

void granted_unmaps_flush(struct granted_unmaps *batch)
{
    assert_int_equal(batch->count, 0);
}

/* ---- Guests ---------------------------------------------------------------------------------- */

void world_start(void)
{
    if (!class)
        network_start();
    next_grant = 1;
    key_count = 0;
}

void world_end(void)
{
    world_work();
    for (u32 i = 0; i < ARRAY_SIZE(guests); i++)
        if (guests[i])
            guest_end(guests[i]);
    for (u32 i = 0; i < ARRAY_SIZE(ports); i++)
        assert_null(ports[i].guest);
    for (u32 i = 0; i < GRANTS; i++) {
        free(grants[i].page);
        grants[i].page = NULL;
    }
}

u8 *guest_page(struct guest *g, grant_ref_t *ref)
{
    assert_true(next_grant < GRANTS);
    *ref = next_grant++;
    grants[*ref].page = aligned_alloc(PAGE_SIZE, PAGE_SIZE);
    grants[*ref].owner = g->id;
    memset(grants[*ref].page, 0xaa, PAGE_SIZE);
    return grants[*ref].page;
}

void grant_take_back(grant_ref_t ref)
{
    free(grants[ref].page);
    grants[ref].page = NULL;
}

struct guest *guest_make(domid_t id)
{
    struct guest *g = calloc(1, sizeof(*g));

    g->id = id;
    g->vif = calloc(1, class->size);
    g->vif->device.class = class;
    g->vif->device.guest = id;
    guests[id] = g;
    assert_int_equal(class->prepare(&g->vif->device), 0);
    return g;
}

static void key_set(const struct guest *g, u32 queue, const char *name, u64 value)
{
    keys[key_count].id = g->id;
    queue_key(keys[key_count].key, g->queues, queue, name);
    keys[key_count++].value = value;
}

static void key_set_top(const struct guest *g, const char *name, u64 value)
{
    keys[key_count].id = g->id;
    queue_key(keys[key_count].key, 1, 0, name);
    keys[key_count++].value = value;
}

int guest_connect(struct guest *g, u32 queues)
{
    u32 kept = 0;

    for (u32 i = 0; i < key_count; i++)
        if (keys[i].id != g->id)
            keys[kept++] = keys[i];
    key_count = kept;
    g->queues = queues;
    g->failed = NULL;
    key_set_top(g, "multi-queue-num-queues", queues);
    key_set_top(g, "request-rx-copy", !g->no_copy);
    key_set_top(g, "feature-rx-notify", !g->no_notify);
    key_set_top(g, "feature-no-csum-offload", g->no_checksum);
    for (u32 i = 0; i < MIN(queues, (u32)GUEST_QUEUES); i++) {
        struct guest_queue *q = &g->queue[i];
        grant_ref_t tx, rx;

        q->tx_page = guest_page(g, &tx);
        q->rx_page = guest_page(g, &rx);
        ring_front_init(&q->tx, q->tx_page, PAGE_SIZE, sizeof(union netif_tx_sring_entry));
        ring_front_init(&q->rx, q->rx_page, PAGE_SIZE, sizeof(union netif_rx_sring_entry));
        q->next_id = 0;
        key_set(g, i, "tx-ring-ref", tx);
        key_set(g, i, "rx-ring-ref", rx);
        if (i == 0) {
            key_set(g, i, "event-channel", g->id * 4u);
        } else {
            key_set(g, i, "event-channel-tx", g->id * 4u + 1);
            key_set(g, i, "event-channel-rx", g->id * 4u + 2);
        }
    }
    return class->connect(&g->vif->device);
}

void guest_disconnect(struct guest *g)
{
    class->disconnect(&g->vif->device);
}

int guest_backend_restart(struct guest *g)
{
    class->disconnect(&g->vif->device);
    class->prepare(&g->vif->device);
    return class->connect(&g->vif->device);
}

void guest_end(struct guest *g)
{
    guest_disconnect(g);
    guests[g->id] = NULL;
    for (u32 i = 1; i < next_grant; i++)
        if (grants[i].owner == g->id)
            grant_take_back(i);
    free(g->vif);
    free(g);
}

void guest_kick(struct guest *g)
{
    for (u32 p = g->id * 4u; p < g->id * 4u + 3; p++)
        if (ports[p].work)
            work_raise(ports[p].work);
}

void guest_offer(struct guest *g, u32 pages)
{
    for (u32 i = 0; i < g->queues; i++) {
        struct guest_queue *q = &g->queue[i];

        for (u32 n = pages; n && ring_front_room(&q->rx); n--) {
            grant_ref_t ref;
            u8 *page = guest_page(g, &ref);
            u16 id = network_rx_offer(&q->rx, ref);

            q->offered[id] = page;
            q->offered_ref[id] = ref;
        }
        if (ring_front_push(&q->rx))
            guest_kick(g);
    }
}

void guest_send(struct guest *g, const u8 *bytes, u32 length, u32 pieces, int bad, bool blank)
{
    struct guest_queue *q = &g->queue[0];
    struct network_packet p = {.bytes = length, .count = (u16)pieces, .checksum_blank = blank};
    u32 at = 0;

    assert_true(ring_front_room(&q->tx) >= pieces);
    for (u32 i = 0; i < pieces; i++) {
        u32 part = i + 1 == pieces ? length - at : MAX(length / pieces, 5u);
        u16 id = (u16)(q->next_id++ % GUEST_PAGES);
        grant_ref_t ref;
        u8 *page = guest_page(g, &ref);

        memcpy(page + 40 * i, bytes + at, part);
        p.pieces[i] =
            (struct network_piece){bad == (int)i ? 60000 : ref, id, (u16)(40 * i), (u16)part};
        q->sent_ref[id] = ref;
        at += part;
    }
    network_tx_put(&q->tx, &p);
    if (ring_front_push(&q->tx))
        guest_kick(g);
}

u32 guest_sent(struct guest *g)
{
    u32 count = 0;
    s32 answer;
    u16 id;

    while ((answer = network_tx_done(&g->queue[0].tx, &id, &g->last_status)) == 1) {
        grant_take_back(g->queue[0].sent_ref[id]);
        count++;
    }
    assert_int_equal(answer, 0);
    return count;
}

long guest_receive(struct guest *g, u8 *to, bool *blank)
{
    for (u32 i = 0; i < g->queues; i++) {
        struct guest_queue *q = &g->queue[i];
        struct network_packet p;
        s16 status;
        u32 at = 0;

        if (network_rx_received(&q->rx, &p, &status) != 1)
            continue;
        for (u32 k = 0; k < p.count; k++) {
            u32 id = p.pieces[k].id;

            memcpy(to + at, q->offered[id] + p.pieces[k].offset, p.pieces[k].bytes);
            at += p.pieces[k].bytes;
            grant_take_back(q->offered_ref[id]);
        }
        if (blank)
            *blank = p.checksum_blank;
        return status < 0 ? -2 : (long)p.bytes;
    }
    return -1;
}

void frame_make(u8 *bytes, u32 length, u8 to, u8 from, u32 seed)
{
    memset(bytes, to == 0xff ? 0xff : 0, 6);
    if (to != 0xff)
        bytes[5] = to;
    memset(bytes + 6, 0, 6);
    bytes[11] = from;
    for (u32 i = 12; i < length; i++)
        bytes[i] = (u8)((i * 7 + seed) ^ (seed >> 8));
}
