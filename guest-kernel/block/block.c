/*
 * What others call. A transfer is an io on the caller's stack; its thread waits until the port's
 * handler says that it is over. A buffer that is not aligned as the ABI's segments want it goes
 * through a few pages of the disk's own, a piece at a time.
 */
#include "guest-kernel/block/disk.h"
#include "guest-kernel/mm/direct_map.h"
#include "guest-kernel/mm/frame.h"
#include "guest-kernel/time/clock.h"

#define OPEN_PATIENCE (10 * NS_PER_SECOND)
#define PATIENCE      (30 * NS_PER_SECOND)
#define LOOK_AGAIN    (NS_PER_SECOND / 10) /* whether the backend has unmapped a buffer */

static struct block *block_new(void)
{
    _Static_assert(sizeof(struct block) <= PAGE_SIZE, "a disk is a page");
    struct block *block = pfn_to_virt(frame_alloc_zeroed());

    list_init(&block->linking.waiters);
    list_init(&block->bouncing.waiters);
    requests_init(block);
    block->bounce = pfn_to_virt(frame_alloc_run(BOUNCE_PAGES));
    block->opener = thread_self();
    block->patience = PATIENCE;
    return block;
}

static void run_free(void *first, u64 bytes)
{
    for (u64 at = 0; first && at < bytes; at += PAGE_SIZE)
        frame_free(virt_to_pfn((u8 *)first + at));
}

/* Pages that a backend kept are not among these. */
static void block_free(struct block *block)
{
    for (u32 i = 0; i < block->slot_count; i++) {
        if (block->slots[i].page)
            frame_free(virt_to_pfn(block->slots[i].page));
    }
    run_free(block->slots, block->slot_count * sizeof(struct slot));
    run_free(block->ring_pages, RING_PAGES_MAX * PAGE_SIZE);
    run_free(block->bounce, BOUNCE_PAGES * PAGE_SIZE);
    frame_free(virt_to_pfn(block));
}

static void block_end(struct block *block)
{
    link_close(block);
    block_free(block);
}

static bool wait_ready(const struct block *block, u64 until)
{
    while (!ACCESS_ONCE(block->ready) && time_now_ns() < until)
        thread_wait_until(until);
    return block->ready;
}

long block_open(struct block **to, u32 index)
{
    struct xenbus_device device;
    struct block *block;
    long answer = xenbus_find(&device, "vbd", index);

    *to = NULL;
    if (!answer)
        answer = grant_init();
    if (answer)
        return answer == -XEN_ENOENT ? -XEN_ENODEV : answer;
    block = block_new();
    block->device = device;
    answer = link_open(block);
    if (!answer && !wait_ready(block, time_now_ns() + OPEN_PATIENCE))
        answer = -XEN_ETIMEDOUT;
    block->opener = NULL;
    if (answer)
        block_end(block);
    else
        *to = block;
    return answer;
}

long block_close(struct block *block)
{
    long answer = block->size.read_only ? 0 : block_flush(block);

    block_end(block);
    return answer;
}

void block_set_patience(struct block *block, u64 ns)
{
    block->patience = ns;
}

struct block_size block_size(const struct block *block)
{
    return block->size;
}

const struct block_counts *block_counts(const struct block *block)
{
    return &block->counts;
}

/* ---- Transfers ------------------------------------------------------------------------------- */

static long io_check(const struct block *block, const struct block_io *io)
{
    bool flush =
        io->operation == BLKIF_OP_FLUSH_DISKCACHE || io->operation == BLKIF_OP_WRITE_BARRIER;

    if (io->operation != BLKIF_OP_READ && block->size.read_only)
        return -XEN_EROFS;
    if (flush)
        return 0;
    if (!io->count || io->sector > block->size.sectors ||
        io->count > block->size.sectors - io->sector || (unsigned long)io->buffer % BLOCK_SECTOR)
        return -XEN_EINVAL;
    return io->operation == BLKIF_OP_DISCARD && !block->can_discard ? -XEN_EOPNOTSUPP : 0;
}

void block_submit(struct block *block, struct block_io *ios, u32 count)
{
    bool open = lock_take(&block->lock);

    for (u32 i = 0; i < count; i++) {
        struct block_io *io = &ios[i];

        io->waiter = NULL;
        io->sent = io->flying = 0;
        list_init(&io->link);
        io->status = io_check(block, io);
        if (!io->count)
            io->count = 1; /* a flush is one request */
        if (!io->status)
            list_add_tail(&block->waiting, &io->link);
    }
    requests_put(block);
    lock_release(&block->lock, open);
}

long block_wait(struct block *block, struct block_io *io)
{
    u64 until = time_now_ns() + block->patience;
    bool open = lock_take(&block->lock);

    io->waiter = thread_self();
    while (!io_over(io)) {
        if (time_now_ns() >= until) {
            io_abandon(block, io, -XEN_ETIMEDOUT);
            until = time_now_ns() + LOOK_AGAIN;
            continue;
        }
        lock_release(&block->lock, open);
        thread_wait_until(until);
        open = lock_take(&block->lock);
    }
    list_remove(&io->link);
    lock_release(&block->lock, open);
    return io->status;
}

static long io_do(struct block *block, u8 operation, u64 sector, void *buffer, u32 count)
{
    struct block_io io = {
        .operation = operation, .sector = sector, .buffer = buffer, .count = count};

    block_submit(block, &io, 1);
    return block_wait(block, &io);
}

/* A piece at a time through pages of our own. */
static long io_bounce(struct block *block, u8 operation, u64 sector, u8 *buffer, u32 count)
{
    long answer = 0;

    mutex_take(&block->bouncing);
    while (count && !answer) {
        u32 piece = MIN(count, BOUNCE_PAGES * BLOCK_PAGE_SECTORS);
        u64 bytes = (u64)piece * BLOCK_SECTOR;

        if (operation == BLKIF_OP_WRITE)
            memcpy(block->bounce, buffer, bytes);
        answer = io_do(block, operation, sector, block->bounce, piece);
        if (operation == BLKIF_OP_READ && !answer)
            memcpy(buffer, block->bounce, bytes);
        block->counts.copied += bytes;
        sector += piece;
        buffer += bytes;
        count -= piece;
    }
    mutex_release(&block->bouncing);
    return answer;
}

static long transfer(struct block *block, u8 operation, u64 sector, void *buffer, u32 count)
{
    if ((unsigned long)buffer % BLOCK_SECTOR)
        return io_bounce(block, operation, sector, buffer, count);
    return io_do(block, operation, sector, buffer, count);
}

long block_read(struct block *block, u64 sector, void *buffer, u32 count)
{
    return transfer(block, BLKIF_OP_READ, sector, buffer, count);
}

long block_write(struct block *block, u64 sector, const void *buffer, u32 count)
{
    return transfer(block, BLKIF_OP_WRITE, sector, (void *)buffer, count);
}

/* A backend that offers neither, or says so only now, has nothing that could be lost. */
long block_flush(struct block *block)
{
    u8 operation = block->can_flush ? BLKIF_OP_FLUSH_DISKCACHE : BLKIF_OP_WRITE_BARRIER;
    long answer = 0;

    if (block->can_flush || block->can_barrier)
        answer = io_do(block, operation, 0, NULL, 0);
    if (answer == -XEN_EOPNOTSUPP)
        block->can_flush = block->can_barrier = false;
    return answer == -XEN_EOPNOTSUPP ? 0 : answer;
}

long block_discard(struct block *block, u64 sector, u32 count)
{
    return io_do(block, BLKIF_OP_DISCARD, sector, NULL, count);
}
