/*
 * What is on the ring. An io becomes as many requests as it needs, as room comes; each has a slot,
 * whose number is the request's id. All that a response is held against is in the slot, so a
 * backend that answers what it was not asked, or twice, is seen.
 *
 * A request flies from its grants to its response. Only when the grants were taken back is the
 * memory the owner's again: a backend unmaps before it answers. One that does not keeps the
 * references, which are counted and never given again.
 */
#include "guest-kernel/block/disk.h"
#include "guest-kernel/event/event.h"
#include "guest-kernel/mm/direct_map.h"
#include "guest-kernel/mm/frame.h"

/* ---- Grants ---------------------------------------------------------------------------------- */

/* The refs that could not be taken back stay, and count tells how many there are. */
static void segments_end(struct slot *slot)
{
    u32 kept = 0;

    for (u32 i = 0; i < slot->count; i++) {
        if (!grant_end(slot->segments[i].gref))
            slot->segments[kept++] = slot->segments[i];
    }
    slot->count = kept;
}

/* One segment in each page of the piece. */
static bool segments_give(struct block *block, struct slot *slot)
{
    bool read_only = slot->io->operation == BLKIF_OP_WRITE;
    u64 at = (unsigned long)slot->io->buffer + (u64)slot->first * BLOCK_SECTOR;
    u64 end = at + (u64)slot->sectors * BLOCK_SECTOR;

    for (slot->count = 0; at < end; slot->count++) {
        struct blkif_request_segment *segment = &slot->segments[slot->count];
        u64 next = MIN(end, ALIGN_DOWN(at, PAGE_SIZE) + PAGE_SIZE);

        segment->gref =
            grant_give(block->device.peer, virt_to_mfn((void *)(unsigned long)at), read_only);
        segment->first_sect = (u8)(at % PAGE_SIZE / BLOCK_SECTOR);
        segment->last_sect = (u8)((next - 1) % PAGE_SIZE / BLOCK_SECTOR);
        if (segment->gref == GRANT_NONE)
            break;
        at = next;
    }
    if (at < end)
        segments_end(slot);
    return at >= end;
}

static bool has_data(const struct block_io *io)
{
    return io->operation == BLKIF_OP_READ || io->operation == BLKIF_OP_WRITE;
}

/* More segments than a request holds are in a page of their own, which the backend may only read.
 */
static bool segments_place(struct block *block, struct slot *slot)
{
    u64 start = (unsigned long)slot->io->buffer + (u64)slot->first * BLOCK_SECTOR;
    u64 pages = (start % PAGE_SIZE + (u64)slot->sectors * BLOCK_SECTOR + PAGE_SIZE - 1) / PAGE_SIZE;

    slot->segments = slot->own;
    slot->page_ref = GRANT_NONE;
    if (pages <= ARRAY_SIZE(slot->own))
        return true;
    if (!slot->page)
        slot->page = pfn_to_virt(frame_alloc());
    slot->segments = slot->page;
    slot->page_ref = grant_give(block->device.peer, virt_to_mfn(slot->page), true);
    return slot->page_ref != GRANT_NONE;
}

/* The slot's memory is ours again; false: but for what the backend kept. */
static bool slot_ground(struct block *block, struct slot *slot)
{
    u32 kept;

    segments_end(slot);
    kept = slot->count;
    block->counts.kept += kept;
    slot->count = 0;
    if (slot->page_ref != GRANT_NONE && !grant_end(slot->page_ref)) {
        block->counts.kept++;
        slot->page = NULL; /* and with the reference the page */
    }
    slot->page_ref = GRANT_NONE;
    block->flying -= slot->flying;
    slot->flying = false;
    return !kept;
}

/* ---- Requests -------------------------------------------------------------------------------- */

/* Lock. As much of the io as one request takes, in a slot. */
static struct slot *piece_take(struct block *block, struct block_io *io)
{
    struct list *first = list_take_first(&block->unused);
    struct slot *slot = first ? LIST_ENTRY(first, struct slot, link) : NULL;
    u64 start = (unsigned long)io->buffer + (u64)io->sent * BLOCK_SECTOR;
    u32 room = block->segments_max * BLOCK_PAGE_SECTORS - start % PAGE_SIZE / BLOCK_SECTOR;

    if (!slot)
        return NULL;
    slot->io = io;
    slot->first = io->sent;
    slot->sectors = has_data(io) ? MIN(io->count - io->sent, room) : io->count;
    io->sent += slot->sectors;
    io->flying++;
    if (io->sent == io->count)
        list_remove(&io->link);
    return slot;
}

/* Lock. The io may vanish as soon as the lock is released. */
static void slot_end(struct block *block, struct slot *slot, long status)
{
    struct block_io *io = slot->io;

    slot->io = NULL;
    list_add_head(&block->unused, &slot->link);
    if (!io)
        return;
    io->flying--;
    if (status && !io->status)
        io->status = status;
    if (io->status)
        list_remove(&io->link); /* what is not asked yet will not be */
    if (io_over(io) && io->waiter)
        thread_wake(io->waiter);
}

/* Lock. The io waits again, from this sector on. */
static void slot_undo(struct block *block, struct slot *slot, u32 from)
{
    struct block_io *io = slot->io;

    slot->io = NULL;
    list_add_head(&block->unused, &slot->link);
    io->flying--;
    io->sent = from;
    list_remove(&io->link);
    list_add_head(&block->waiting, &io->link);
}

/* Lock. False: there are no grants for it. */
static bool slot_send(struct block *block, struct slot *slot)
{
    const struct block_io *io = slot->io;
    struct block_request request = {.id = (u64)(slot - block->slots),
                                    .sector = io->sector + slot->first,
                                    .sectors = slot->sectors,
                                    .operation = io->operation};

    slot->count = 0;
    if (has_data(io) && (!segments_place(block, slot) || !segments_give(block, slot))) {
        slot_ground(block, slot);
        return false;
    }
    request.count = (u16)slot->count;
    request.indirect = slot->page_ref != GRANT_NONE;
    request.pages[0] = slot->page_ref;
    if (!request.indirect)
        memcpy(request.segments, slot->own, slot->count * sizeof(slot->own[0]));
    block_request_put(&block->ring, block->layout, &request);
    slot->flying = true;
    block->flying++;
    block->counts.requests++;
    block->counts.segments += slot->count;
    return true;
}

void requests_put(struct block *block)
{
    bool put = false;

    while (block->ready && ring_front_room(&block->ring) && !list_is_empty(&block->waiting)) {
        struct slot *slot =
            piece_take(block, LIST_ENTRY(block->waiting.next, struct block_io, link));

        if (!slot)
            break;
        if (slot_send(block, slot)) {
            put = true;
        } else if (block->flying) {
            slot_undo(block, slot, slot->first); /* those that fly have what it needs */
            break;
        } else {
            slot_end(block, slot, -XEN_ENOSPC);
        }
    }
    if (put && ring_front_push(&block->ring)) {
        block->counts.notifications++;
        event_send(block->port);
    }
}

/* ---- Responses ------------------------------------------------------------------------------- */

static long status_errno(s16 status)
{
    return status == BLKIF_RSP_OKAY         ? 0
           : status == BLKIF_RSP_EOPNOTSUPP ? -XEN_EOPNOTSUPP
                                            : -XEN_EIO;
}

/* Lock. False: nobody asked for this. */
static bool response_take(struct block *block, u64 id, s16 status)
{
    struct slot *slot = id < block->slot_count ? &block->slots[id] : NULL;

    if (!slot || !slot->flying)
        return false;
    if (!slot_ground(block, slot))
        status = BLKIF_RSP_ERROR; /* it may change what it answered */
    slot_end(block, slot, status_errno(status));
    return true;
}

/* Lock. All there are; true: there will be an event for the next. */
static bool responses_take(struct block *block)
{
    s32 answer;
    s16 status;
    u64 id;

    do {
        while ((answer = block_response_take(&block->ring, block->layout, &id, &status)) > 0) {
            if (!response_take(block, id, status))
                return false;
        }
        if (!answer)
            answer = ring_front_final_check(&block->ring, 1);
    } while (answer > 0);
    return !answer;
}

void requests_event(u32 port, void *data)
{
    struct block *block = data;
    bool open = lock_take(&block->lock);

    if (port == block->port && !block->broken) {
        block->counts.events++;
        if (responses_take(block)) {
            requests_put(block);
        } else {
            block->broken = true;
            block->ready = false;
            xenstore_watch_look(&block->backend_watch);
        }
    }
    lock_release(&block->lock, open);
}

/* ---- Beginning and end ----------------------------------------------------------------------- */

void requests_init(struct block *block)
{
    u64 bytes;

    block->layout = block_layout_find(XEN_IO_PROTO_ABI_NATIVE);
    block->slot_count = ring_entries(RING_PAGES_MAX * PAGE_SIZE, block_entry_size(block->layout));
    bytes = ALIGN_UP(block->slot_count * sizeof(struct slot), PAGE_SIZE);
    block->slots = pfn_to_virt(frame_alloc_run(bytes >> PAGE_SHIFT));
    memset(block->slots, 0, bytes);
    list_init(&block->unused);
    list_init(&block->waiting);
    for (u32 i = 0; i < block->slot_count; i++) {
        block->slots[i].page_ref = GRANT_NONE;
        list_add_tail(&block->unused, &block->slots[i].link);
    }
}

void requests_start(struct block *block)
{
    block->ready = true;
    requests_put(block);
}

void requests_stop(struct block *block, long why)
{
    block->ready = false;
    for (u32 i = block->slot_count; i-- > 0;) {
        struct slot *slot = &block->slots[i];

        if (!slot->flying)
            continue;
        slot_ground(block, slot);
        /* Another backend may take pieces of another size: all of it, from its beginning. */
        if (slot->io && !slot->io->status && !why)
            slot_undo(block, slot, 0);
        else
            slot_end(block, slot, why);
    }
    for (struct list *first; why && (first = list_take_first(&block->waiting));)
        io_abandon(block, LIST_ENTRY(first, struct block_io, link), why);
}

bool io_over(const struct block_io *io)
{
    return !io->flying && (io->sent == io->count || io->status);
}

bool io_abandon(struct block *block, struct block_io *io, long why)
{
    bool held = false;

    list_remove(&io->link); /* of those that wait */
    if (!io->status)
        io->status = why;
    for (u32 i = 0; i < block->slot_count; i++) {
        struct slot *slot = &block->slots[i];

        if (slot->io != io)
            continue;
        segments_end(slot);
        held |= slot->count;
        if (slot->count)
            continue;
        slot->io = NULL; /* its response, if there is one, is nobody's */
        io->flying--;
    }
    if (!held && io->waiter)
        thread_wake(io->waiter);
    return !held;
}
