/*
 * How the ring comes and goes. Each end of a device writes its own state and watches the other's
 * (io/blkif.h, "Startup"):
 *
 *      backend        InitWait --------------> Connected ------> Closing, Closed, or it is gone
 *      this frontend           Initialised ->            Connected -> Closed -> Initialising
 *                              ring and port             requests    ring taken back
 *                              offered                               if the disk stays (`online`)
 *
 * One function looks at the backend's state and does what follows from it, whatever came before, in
 * the thread of watches and at the first time in the one that opens. Requests that were not
 * answered when a backend went wait in their slots for the next.
 */
#include "guest-kernel/block/disk.h"
#include "guest-kernel/event/event.h"
#include "guest-kernel/mm/direct_map.h"
#include "guest-kernel/mm/frame.h"
#include "guest-kernel/time/clock.h"
#include "ioring/queue.h"

#define CLOSE_PATIENCE (2 * NS_PER_SECOND)

/* ---- The ring -------------------------------------------------------------------------------- */

/* Pages of a ring that a backend did not give back are its for ever: there are others. */
static void ring_take_back(struct block *block)
{
    bool kept = false;

    for (u32 i = 0; i < RING_PAGES_MAX; i++) {
        if (block->ring_refs[i] != GRANT_NONE && !grant_end(block->ring_refs[i])) {
            block->counts.kept++;
            kept = true;
        }
        block->ring_refs[i] = GRANT_NONE;
    }
    if (kept)
        block->ring_pages = NULL;
}

static bool ring_give(struct block *block)
{
    if (!block->ring_pages)
        block->ring_pages = pfn_to_virt(frame_alloc_run(RING_PAGES_MAX));
    ring_front_init(&block->ring, block->ring_pages, PAGE_SIZE << block->ring_order,
                    block_entry_size(block->layout));
    for (u32 i = 0; i < 1u << block->ring_order; i++) {
        block->ring_refs[i] =
            grant_give(block->device.peer, virt_to_mfn(block->ring_pages + i * PAGE_SIZE), false);
        if (block->ring_refs[i] == GRANT_NONE)
            return false;
    }
    return true;
}

/* What the backend has to know, as a whole. */
static long keys_write(void *arg)
{
    const struct block *block = arg;
    u32 pages = 1u << block->ring_order;
    char key[QUEUE_KEY_SIZE];
    long answer = 0;

    for (u32 i = 0; i < pages && !answer; i++)
        answer = xenbus_write(&block->device, queue_page_key(key, 1, 0, "ring-ref", pages, i), "%u",
                              block->ring_refs[i]);
    if (!answer && pages > 1)
        answer = xenbus_write(&block->device, "ring-page-order", "%u", block->ring_order);
    if (!answer)
        answer = xenbus_write(&block->device, "event-channel", "%u", block->port);
    if (!answer)
        answer = xenbus_write(&block->device, "protocol", "%s", XEN_IO_PROTO_ABI_NATIVE);
    return answer ? answer : xenbus_set_state(&block->device, XenbusStateInitialised);
}

/* why: what those who wait are told; 0: they go on waiting. */
static void link_down(struct block *block, long why)
{
    bool open = lock_take(&block->lock);
    u32 port = block->port;

    block->port = 0;
    block->broken = false;
    requests_stop(block, why);
    lock_release(&block->lock, open);
    if (block->phase == LINK_DOWN)
        return;
    event_close(port);
    ring_take_back(block);
    block->phase = LINK_DOWN;
}

/* The backend lets go of everything once we are Closed; it may still answer. why: as link_down, but
 * those who wait are told now. */
static void link_closing(struct block *block, long why)
{
    bool open = lock_take(&block->lock);

    block->ready = false;
    if (why)
        requests_stop(block, why);
    lock_release(&block->lock, open);
    if (block->phase != LINK_DOWN)
        block->phase = LINK_CLOSING;
    xenbus_set_state(&block->device, XenbusStateClosed);
}

static void link_offer(struct block *block)
{
    u64 order = xenbus_read_number(&block->device, "max-ring-page-order", 0);
    long port = event_alloc_unbound(block->device.peer, requests_event, block);

    if (port < 0)
        return;
    block->port = (u32)port;
    block->ring_order = (u32)MIN(order, (u64)RING_ORDER_MAX);
    block->phase = LINK_OFFERED;
    if (!ring_give(block) || xenstore_transact(keys_write, block))
        link_down(block, 0);
}

/* ---- What the backend says of its disk ------------------------------------------------------- */

static bool properties_read(struct block *block)
{
    const struct xenbus_device *device = &block->device;
    u64 segments = xenbus_read_number(device, "feature-max-indirect-segments", 0);

    block->size.sectors = xenbus_read_number(device, "sectors", 0);
    block->size.read_only = xenbus_read_number(device, "info", 0) & VDISK_READONLY;
    block->can_flush = xenbus_read_number(device, "feature-flush-cache", 0) == 1;
    block->can_barrier = xenbus_read_number(device, "feature-barrier", 0) == 1;
    block->can_discard = xenbus_read_number(device, "feature-discard", 0) == 1;
    block->segments_max =
        (u32)MAX(MIN(segments, (u64)BLOCK_PAGE_SEGMENTS), (u64)BLKIF_MAX_SEGMENTS_PER_REQUEST);
    /* Other sizes are for frontends that say that they want them. */
    return block->size.sectors && xenbus_read_number(device, "sector-size", 0) == BLOCK_SECTOR;
}

static void link_up(struct block *block)
{
    bool open;

    if (!properties_read(block)) {
        block->refused = true;
        return link_closing(block, -XEN_EIO);
    }
    block->phase = LINK_UP;
    block->counts.connections++;
    xenbus_set_state(&block->device, XenbusStateConnected);
    open = lock_take(&block->lock);
    requests_start(block);
    lock_release(&block->lock, open);
    if (block->opener)
        thread_wake(block->opener);
}

/* ---- Watching -------------------------------------------------------------------------------- */

static void on_backend(struct xenstore_watch *watch)
{
    struct block *block = CONTAINER_OF(watch, struct block, backend_watch);

    mutex_take(&block->linking);
    link_look(block);
    mutex_release(&block->linking);
}

static void backend_watch(struct block *block, const char *directory)
{
    if (block->backend_watched)
        xenstore_unwatch(&block->backend_watch, block->backend_key);
    fmt_snprintf(block->backend_key, sizeof(block->backend_key), "%s/state", directory);
    block->backend_watched = !xenstore_watch(&block->backend_watch, block->backend_key, on_backend);
}

/* The directory may have been made anew, for another backend. */
static void on_frontend(struct xenstore_watch *watch)
{
    struct block *block = CONTAINER_OF(watch, struct block, frontend_watch);
    char before[sizeof(block->device.backend)];
    long answer;

    mutex_take(&block->linking);
    str_copy(before, block->device.backend, sizeof(before));
    answer = xenbus_find_again(&block->device);
    if (!answer && strcmp(before, block->device.backend)) {
        link_down(block, 0);
        backend_watch(block, block->device.backend);
    }
    link_look(block);
    mutex_release(&block->linking);
}

/* Both are Closed: is the disk to be connected again? */
static void link_again(struct block *block)
{
    if (xenbus_read_number(&block->device, "online", 1) == 1)
        xenbus_set_state(&block->device, XenbusStateInitialising);
}

void link_look(struct block *block)
{
    enum xenbus_state theirs = xenbus_backend_state(&block->device);

    if (block->broken && block->phase == LINK_UP)
        return link_closing(block, -XEN_EIO);
    switch (theirs) {
    case XenbusStateInitWait:
    case XenbusStateInitialised:
        if (block->phase == LINK_UP || block->phase == LINK_CLOSING) /* it began anew */
            link_down(block, 0);
        if (block->phase == LINK_DOWN && !block->refused)
            link_offer(block);
        break;
    case XenbusStateConnected:
        if (block->phase == LINK_OFFERED)
            link_up(block);
        break;
    case XenbusStateClosing:
        link_closing(block, 0);
        break;
    case XenbusStateClosed:
        link_down(block, 0);
        if (!block->refused)
            link_again(block);
        break;
    case XenbusStateUnknown: /* the directory is gone: nothing is written, it would be made anew */
        link_down(block, 0);
        break;
    default:
        break;
    }
}

long link_open(struct block *block)
{
    long answer;

    for (u32 i = 0; i < RING_PAGES_MAX; i++)
        block->ring_refs[i] = GRANT_NONE;
    /* What an earlier kernel of this domain left is given up, and the backend begins anew. */
    answer = xenbus_set_state(&block->device, XenbusStateInitialising);
    fmt_snprintf(block->frontend_key, sizeof(block->frontend_key), "%s/backend",
                 block->device.frontend);
    if (!answer)
        answer = xenstore_watch(&block->frontend_watch, block->frontend_key, on_frontend);
    block->frontend_watched = !answer;
    if (!answer)
        backend_watch(block, block->device.backend);
    return answer;
}

void link_close(struct block *block)
{
    u32 gone = 1u << XenbusStateClosed | 1u << XenbusStateInitWait;
    u64 until = time_now_ns() + CLOSE_PATIENCE;

    mutex_take(&block->linking);
    block->refused = true;
    if (block->phase != LINK_DOWN)
        xenbus_set_state(&block->device, XenbusStateClosing);
    mutex_release(&block->linking);
    if (block->frontend_watched)
        xenstore_unwatch(&block->frontend_watch, block->frontend_key);
    if (block->backend_watched)
        xenstore_unwatch(&block->backend_watch, block->backend_key);
    /* Some backends let go when we are Closing, some when we are Closed. */
    xenbus_wait_until(&block->device, gone | 1u << XenbusStateClosing, until);
    if (xenbus_backend_state(&block->device) != XenbusStateUnknown)
        xenbus_set_state(&block->device, XenbusStateClosed);
    xenbus_wait_until(&block->device, gone, until);
    link_down(block, -XEN_EIO);
}
