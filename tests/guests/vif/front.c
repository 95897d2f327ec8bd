/* See front.h. */
#include "tests/guests/vif/front.h"

#include "dom0/mm/heap.h"
#include "guest-kernel/event/event.h"
#include "guest-kernel/grant/grant.h"
#include "guest-kernel/mm/frame.h"
#include "ioring/queue.h"
#include "tests/guests/common.h"

static const struct device_class *class;
static struct front *fronts[8];

/* ---- The directories, as device.c would read them -------------------------------------------- */

int device_class_add(const struct device_class *added)
{
    class = added;
    return 0;
}

void device_fail(struct device *device, const char *why)
{
    fronts[device->id]->failed = why;
    fronts[device->id]->connected = false;
    class->disconnect(device);
}

long device_read(const struct device *device, bool frontend, const char *key, char *to, size_t size)
{
    (void)device, (void)frontend, (void)key, (void)to, (void)size;
    return -XEN_ENOENT;
}

u64 device_read_number(const struct device *device, bool frontend, const char *key, u64 fallback)
{
    const struct front *f = fronts[device->id];

    if (!frontend)
        return fallback;
    if (strcmp(key, "tx-ring-ref") == 0)
        return f->tx_ref;
    if (strcmp(key, "rx-ring-ref") == 0)
        return f->rx_ref;
    if (strcmp(key, "event-channel") == 0)
        return (u64)f->port;
    if (strcmp(key, "request-rx-copy") == 0 || strcmp(key, "feature-rx-notify") == 0)
        return 1;
    return fallback;
}

int device_write(const struct device *device, const char *key, const char *format, ...)
{
    (void)device, (void)key, (void)format;
    return 0;
}

/* ---- The frontend ---------------------------------------------------------------------------- */

static void front_event(u32 port, void *data)
{
    struct front *f = data;

    (void)port;
    f->events++;
}

static void *page_grant(grant_ref_t *ref)
{
    pfn_t pfn = frame_alloc_zeroed();

    *ref = grant_give(0, pfn_to_mfn(pfn), false);
    return pfn_to_virt(pfn);
}

struct front *front_make(u32 id)
{
    struct front *f = heap_alloc(sizeof(*f));

    f->id = id;
    f->vif = heap_alloc(class->size);
    f->vif->device = (struct device){.class = class, .guest = 0, .id = id};
    fronts[id] = f;
    for (u32 i = 0; i < ARRAY_SIZE(f->buffers); i++)
        f->buffers[i] = page_grant(&f->buffer_refs[i]);
    class->prepare(&f->vif->device);
    return f;
}

static void page_offer(struct front *f, void *page, grant_ref_t ref)
{
    u16 id = network_rx_offer(&f->rx, ref);

    f->offered[id] = page;
    f->offered_refs[id] = ref;
}

int front_connect(struct front *f)
{
    int answer;

    f->tx_page = page_grant(&f->tx_ref);
    f->rx_page = page_grant(&f->rx_ref);
    ring_front_init(&f->tx, f->tx_page, PAGE_SIZE, sizeof(union netif_tx_sring_entry));
    ring_front_init(&f->rx, f->rx_page, PAGE_SIZE, sizeof(union netif_rx_sring_entry));
    f->port = event_alloc_unbound(0, front_event, f);
    f->failed = NULL;
    f->sent = f->answered = f->errors = f->received = f->lost = 0;
    answer = class->connect(&f->vif->device);
    f->connected = answer == 0;
    for (u32 i = 0; i < FRONT_PAGES && f->connected; i++) {
        grant_ref_t ref;
        void *page = page_grant(&ref);

        page_offer(f, page, ref);
    }
    if (f->connected && ring_front_push(&f->rx))
        event_send((u32)f->port);
    return answer;
}

int front_backend_restart(struct front *f)
{
    class->disconnect(&f->vif->device);
    class->prepare(&f->vif->device);
    return class->connect(&f->vif->device);
}

void front_disconnect(struct front *f)
{
    if (f->connected)
        class->disconnect(&f->vif->device);
    f->connected = false;
    event_close((u32)f->port);
}

static u32 grant_drop(grant_ref_t *ref)
{
    if (*ref == GRANT_NONE)
        return 0;
    if (!grant_end(*ref))
        return 1;
    *ref = GRANT_NONE;
    return 0;
}

u32 front_grants_end(struct front *f)
{
    u32 used = grant_drop(&f->tx_ref) + grant_drop(&f->rx_ref);

    for (u32 i = 0; i < ARRAY_SIZE(f->buffers); i++)
        used += grant_drop(&f->buffer_refs[i]);
    for (u32 i = 0; i < ARRAY_SIZE(f->offered); i++)
        used += f->offered[i] ? grant_drop(&f->offered_refs[i]) : 0;
    return used;
}

int front_again(struct front *f)
{
    for (u32 i = 0; i < ARRAY_SIZE(f->buffers); i++)
        f->buffers[i] = page_grant(&f->buffer_refs[i]);
    memset(f->offered, 0, sizeof(f->offered));
    return front_connect(f);
}

bool front_send(struct front *f, const void *bytes, u32 length, bool bad_piece)
{
    u32 at = f->sent % 128 * 2, first = MIN(length, 200u);
    struct network_packet p = {
        .bytes = length, .count = length > first ? 2 : 1, .checksum_blank = f->blank};

    if (ring_front_room(&f->tx) < 2 || f->sent - f->answered >= 128)
        return false;
    memcpy(f->buffers[at], bytes, first);
    memcpy(f->buffers[at + 1], (const u8 *)bytes + first, length - first);
    p.pieces[0] = (struct network_piece){f->buffer_refs[at], (u16)at, 0, (u16)first};
    p.pieces[1] = (struct network_piece){bad_piece ? 0xfffff : f->buffer_refs[at + 1],
                                         (u16)(at + 1), 0, (u16)(length - first)};
    network_tx_put(&f->tx, &p);
    f->sent++;
    return true;
}

void front_push(struct front *f)
{
    if (ring_front_push(&f->tx))
        event_send((u32)f->port);
}

void front_poll(struct front *f)
{
    struct network_packet p;
    s16 status;
    u16 id;

    if (!f->connected)
        return;
    while (network_tx_done(&f->tx, &id, &status) == 1) {
        f->answered += id % 2 == 0; /* the first of two */
        f->errors += status != NETIF_RSP_OKAY;
    }
    ring_front_final_check(&f->tx, 1);
    while (network_rx_received(&f->rx, &p, &status) == 1) {
        void *page = f->offered[p.pieces[0].id];
        grant_ref_t ref = f->offered_refs[p.pieces[0].id];

        f->offered[p.pieces[0].id] = NULL;
        if (status < 0)
            f->lost++;
        else
            f->received++;
        if (status == NETIF_RSP_OKAY && f->frame)
            f->frame(f, (u8 *)page + p.pieces[0].offset, p.bytes);
        page_offer(f, page, ref);
    }
    if (ring_front_push(&f->rx))
        event_send((u32)f->port);
    ring_front_final_check(&f->rx, 1);
}
