/* One thread: waits for the frontend, maps its ring, then serves until it is stopped. */
#include "tests/guests/block-front/backend.h"
#include "guest-kernel/time/clock.h"
#include "ioring/block.h"
#include "ioring/queue.h"
#include "tests/guests/fake_store.h"
#include "tests/guests/grants.h"

#define OURSELVES        0
#define HELD_MAX         256
#define PAGES            (4 + BLOCK_PAGE_SEGMENTS + 2)
#define PAGE_OF_SEGMENTS 4
#define FIRST_SEGMENT    5
#define PAGE_HELD        6
#define FRONTEND         "device/vbd/51712/"
#define NO_HANDLE        0xffffffffu

struct backend backend;
u8 backend_disk[DISK_SECTORS * BLOCK_SECTOR] __attribute__((aligned(PAGE_SIZE)));

static struct ring_back ring;
static const struct block_layout *layout;
static struct thread *server;
static grant_handle_t ring_handles[4], held_handle = NO_HANDLE;
static u32 ring_pages;
static long port;
static volatile bool stopping;
static struct block_request held[HELD_MAX];

static void set(const char *key, u64 value)
{
    char path[FAKE_PATH];

    fmt_snprintf(path, sizeof(path), "%s/%s", backend.directory, key);
    fake_set(path, "%" F64 "u", value);
}

static u32 frontend_number(const char *key)
{
    char path[FAKE_PATH], value[FAKE_PATH];
    u32 number = 0;

    fmt_snprintf(path, sizeof(path), FRONTEND "%s", key);
    for (const char *c = fake_get(path, value); *c; c++)
        number = number * 10 + (u32)(*c - '0');
    return number;
}

void backend_make(void)
{
    fake_set(FRONTEND "backend", "%s", backend.directory);
    fake_set(FRONTEND "backend-id", "%u", OURSELVES);
    fake_set(FRONTEND "state", "%u", XenbusStateInitialising);
    set("online", 1);
    set("state", XenbusStateInitialising);
}

static void on_port(u32 from, void *data)
{
    (void)from, (void)data;
    backend.events++;
    thread_wake(server);
}

/* ---- Serving --------------------------------------------------------------------------------- */

static bool segment_copy(const struct blkif_request_segment *segment, u8 *disk, bool to_disk)
{
    u32 bytes = (segment->last_sect - segment->first_sect + 1u) * BLOCK_SECTOR;
    grant_handle_t handle;
    u8 *memory = (u8 *)scratch_page(FIRST_SEGMENT) + segment->first_sect * BLOCK_SECTOR;

    if (ref_map(OURSELVES, segment->gref, to_disk, FIRST_SEGMENT, &handle) != GNTST_okay)
        return false;
    if (to_disk)
        memcpy(disk, memory, bytes);
    else
        memcpy(memory, disk, bytes);
    if (backend.lie != LIE_KEEPS_MAPPED)
        return ref_unmap(handle, FIRST_SEGMENT) == GNTST_okay;
    map_page(scratch_page(FIRST_SEGMENT), 0); /* the grant stays in use */
    backend.lie = LIE_NONE;
    return true;
}

static s16 transfer(const struct block_request *request)
{
    const struct blkif_request_segment *segments = request->segments;
    grant_handle_t handle = NO_HANDLE;
    u8 *disk = backend_disk + request->sector * BLOCK_SECTOR;
    bool good = true;
    u64 sectors;

    if (request->indirect) {
        if (ref_map(OURSELVES, request->pages[0], true, PAGE_OF_SEGMENTS, &handle) != GNTST_okay)
            return BLKIF_RSP_ERROR;
        segments = scratch_page(PAGE_OF_SEGMENTS);
    }
    sectors = block_segments_sum(segments, request->count);
    good = sectors && request->sector + sectors <= DISK_SECTORS &&
           request->sector + sectors <= BAD_SECTOR;
    for (u32 i = 0; i < request->count && good; i++) {
        good = segment_copy(&segments[i], disk, request->operation == BLKIF_OP_WRITE);
        disk += (segments[i].last_sect - segments[i].first_sect + 1u) * BLOCK_SECTOR;
    }
    if (handle != NO_HANDLE)
        ref_unmap(handle, PAGE_OF_SEGMENTS);
    backend.segments += request->count;
    return good ? BLKIF_RSP_OKAY : BLKIF_RSP_ERROR;
}

static s16 request_do(const struct block_request *request)
{
    switch (request->operation) {
    case BLKIF_OP_FLUSH_DISKCACHE:
        backend.flushes++;
        return backend.flush ? BLKIF_RSP_OKAY : BLKIF_RSP_EOPNOTSUPP;
    case BLKIF_OP_DISCARD:
        backend.discards++;
        backend.discarded += request->sectors;
        return BLKIF_RSP_OKAY;
    default:
        return transfer(request);
    }
}

static void answer(const struct block_request *request, s16 status)
{
    struct block_request other = *request;
    enum lie lie = backend.lie;

    if (lie != LIE_KEEPS_MAPPED)
        backend.lie = LIE_NONE;
    if (lie == LIE_UNKNOWN_ID)
        other.id = request->id ? request->id - 1 : 31;
    if (lie == LIE_ID_TOO_LARGE)
        other.id = 1000000;
    block_response_put(&ring, layout, &other, status);
    if (lie == LIE_TWICE)
        block_response_put(&ring, layout, &other, status);
    if (lie == LIE_INDEX)
        ring.rsp_prod += 100;
}

static void hold(const struct block_request *request)
{
    if (backend.hold_maps && held_handle == NO_HANDLE)
        ref_map(OURSELVES, request->segments[0].gref, request->operation == BLKIF_OP_WRITE,
                PAGE_HELD, &held_handle);
    held[backend.held % HELD_MAX] = *request;
    backend.held++;
}

/* All there are; true: there will be an event. */
static bool requests_take(void)
{
    struct block_request request;
    s16 status;

    while (block_request_take(&ring, layout, backend.indirect, &request, &status) > 0) {
        backend.requests++;
        backend.indirect_requests += request.indirect;
        if (backend.hold) {
            hold(&request);
            continue;
        }
        if (backend.slow)
            thread_yield();
        answer(&request, status == BLKIF_RSP_OKAY ? request_do(&request) : status);
    }
    if (ring_back_push(&ring))
        event_send((u32)port);
    return ring_back_final_check(&ring, 1) <= 0;
}

/* ---- Coming and going ------------------------------------------------------------------------ */

static bool frontend_ready(void)
{
    return frontend_number("state") == XenbusStateInitialised;
}

static void properties_write(void)
{
    set("sectors", DISK_SECTORS);
    set("sector-size", backend.sector_size ? backend.sector_size : BLOCK_SECTOR);
    set("info", backend.info);
    set("feature-flush-cache", backend.flush);
    set("feature-discard", backend.discard);
    set("feature-max-indirect-segments", backend.indirect);
    set("max-ring-page-order", backend.ring_order);
}

static void ring_connect(void)
{
    char key[QUEUE_KEY_SIZE];

    ring_pages = 1u << frontend_number("ring-page-order");
    for (u32 i = 0; i < ring_pages; i++) {
        u32 ref = frontend_number(queue_page_key(key, 1, 0, "ring-ref", ring_pages, i));

        if (ref_map(OURSELVES, ref, false, i, &ring_handles[i]) != GNTST_okay)
            guest_panic("the backend cannot map the ring");
    }
    layout = block_layout_find(NULL);
    if (ring_back_attach(&ring, scratch_page(0), ring_pages * PAGE_SIZE, block_entry_size(layout)))
        guest_panic("the ring is broken");
    port = event_bind_interdomain(DOMID_SELF, frontend_number("event-channel"), on_port, NULL);
}

static void serve(void *arg)
{
    (void)arg;
    properties_write();
    set("state", XenbusStateInitWait);
    while (!frontend_ready() && !stopping)
        thread_sleep(NS_PER_MILLISECOND);
    if (stopping)
        return;
    ring_connect();
    set("state", XenbusStateConnected);
    while (!stopping) {
        if (requests_take())
            thread_wait();
    }
    event_close((u32)port);
    if (held_handle != NO_HANDLE)
        ref_unmap(held_handle, PAGE_HELD);
    held_handle = NO_HANDLE;
    for (u32 i = 0; i < ring_pages; i++)
        ref_unmap(ring_handles[i], i);
}

void backend_start(void)
{
    scratch_entry(1);
    stopping = false;
    backend.requests = backend.indirect_requests = backend.segments = backend.events = 0;
    backend.held = 0;
    server = thread_create(thread_self()->vcpu, serve, NULL);
}

void backend_stop(void)
{
    stopping = true;
    thread_wake(server);
    thread_join(server);
}

void backend_release(void)
{
    if (held_handle != NO_HANDLE)
        ref_unmap(held_handle, PAGE_HELD);
    held_handle = NO_HANDLE;
    backend.hold = backend.hold_maps = false;
    for (u32 i = 0; i < backend.held; i++)
        answer(&held[i], request_do(&held[i]));
    backend.held = 0;
    if (ring_back_push(&ring))
        event_send((u32)port);
    thread_wake(server);
}
