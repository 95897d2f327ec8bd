/* See front.h. Responses are taken by work of the loop, as all else of dom0 is. */
#include "tests/guests/block-backend/front.h"

#include "guest-kernel/event/event.h"

struct front fronts[2], *front = &fronts[0];
u8 *data[DATA_MAX];
grant_ref_t data_refs[DATA_MAX];

void data_make(void)
{
    for (u32 n = 0; n < DATA_MAX; n++)
        data[n] = pfn_to_virt(frame_alloc_zeroed());
}

void data_grant(bool read_only)
{
    for (u32 n = 0; n < DATA_MAX; n++)
        data_refs[n] = grant_give(0, virt_to_mfn(data[n]), read_only);
}

u32 data_end(void)
{
    u32 used = 0;

    for (u32 n = 0; n < DATA_MAX; n++) {
        if (data_refs[n] != GRANT_NONE && grant_end(data_refs[n]))
            data_refs[n] = GRANT_NONE;
        used += data_refs[n] != GRANT_NONE;
    }
    return used;
}

static void response_note(struct front *f, u64 id, s16 status)
{
    if (id >= IDS || !f->under_way[id]) {
        f->twice++;
        return;
    }
    f->under_way[id] = false;
    f->status[id] = status;
    f->place[id] = f->answered;
    f->failed += status != BLKIF_RSP_OKAY;
    f->answered++;
}

static void front_run(struct work *work)
{
    struct front *f = CONTAINER_OF(work, struct front, work);
    s32 some;
    u64 id;
    s16 status;

    do {
        while ((some = block_response_take(&f->ring, f->layout, &id, &status)) > 0)
            response_note(f, id, status);
        if (!some)
            some = ring_front_final_check(&f->ring, 1);
    } while (some > 0);
    f->broken |= some < 0;
}

static void keys_write(const char *protocol)
{
    u32 pages = 1u << front->order;
    char key[16];

    keys_forget(true);
    if (protocol)
        key_set(true, "protocol", "%s", protocol);
    if (front->order)
        key_set(true, "ring-page-order", "%u", front->order);
    for (u32 n = 0; n < pages; n++) {
        fmt_snprintf(key, sizeof(key), "ring-ref%u", n);
        key_set(true, front->order ? key : "ring-ref", "%u", front->refs[n]);
    }
    key_set(true, "event-channel", "%u", front->port);
}

void front_init(u32 order, const char *protocol)
{
    static void *pages[ARRAY_SIZE(fronts)][4];
    void **own = &pages[front - fronts][order];
    u32 count = 1u << order;
    long port;

    if (!*own)
        *own = pfn_to_virt(frame_alloc_run(count));
    *front = (struct front){.layout = block_layout_find(protocol), .pages = *own, .order = order};
    ring_front_init(&front->ring, front->pages, count * PAGE_SIZE, block_entry_size(front->layout));
    for (u32 n = 0; n < count; n++)
        front->refs[n] = grant_give(0, virt_to_mfn((u8 *)front->pages + n * PAGE_SIZE), false);
    work_init(&front->work, front_run);
    port = event_alloc_unbound(DOMID_SELF, work_raise_on_event, &front->work);
    if (port < 0)
        guest_panic("no port for the frontend: %ld", port);
    front->port = (u32)port;
    keys_write(protocol);
}

u32 front_end(void)
{
    u32 used = 0;

    for (u32 n = 0; n < 1u << front->order; n++)
        used += !grant_end(front->refs[n]);
    work_close_port(&front->work, front->port);
    work_drop(&front->work);
    return used;
}

struct block_request request_make(u8 operation, u64 sector, u32 first, u32 pages, u32 id)
{
    struct block_request r = {.operation = operation,
                              .sector = sector,
                              .sectors = pages * BLOCK_PAGE_SECTORS,
                              .count = (u16)pages,
                              .id = id};

    for (u32 n = 0; n < pages; n++) {
        r.segments[n].gref = data_refs[first + n];
        r.segments[n].last_sect = BLOCK_PAGE_SECTORS - 1;
    }
    return r;
}

void front_put(const struct block_request *request)
{
    while (!ring_front_room(&front->ring)) {
        front_push();
        loop_step();
    }
    front->under_way[request->id] = true;
    front->put++;
    block_request_put(&front->ring, front->layout, request);
}

void front_push(void)
{
    if (ring_front_push(&front->ring))
        event_send(front->port);
}

void front_wait(void)
{
    front_push();
    while (front->answered < front->put && !front->broken)
        loop_step();
}

s16 front_do(const struct block_request *request)
{
    front_put(request);
    front_wait();
    return front->status[request->id];
}
