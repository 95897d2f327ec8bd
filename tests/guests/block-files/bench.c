/*
 * What a block request costs from a guest's thread to the disk and back: `make bench-io`. Two
 * domains, so all is counted: frontend, backend, driver, hypervisor, and the switches between the
 * domains; but no wait, for the disk answers at once (its contents are not looked at). A row's unit
 * is in its name: a request, or a KiB; rows that are no times say so.
 */
#include "tests/guests/block-files/bench.h"
#include "guest-kernel/block/block.h"
#include "guest-kernel/core/report.h"
#include "guest-kernel/event/event.h"
#include "guest-kernel/mm/direct_map.h"
#include "guest-kernel/mm/frame.h"
#include "guest-kernel/time/clock.h"
#include "xen-like/lib/fmt.h"

#define ALONE    64u /* requests, one after the other */
#define DEPTH    16u
#define ROUNDS   8u
#define SPAN     8192u /* sectors that are used */
#define SEQUENCE 512u  /* pages in one transfer */

static struct block *disk;
static u8 *buffer;
static struct block_counts before;
static u64 start;

static void begin(void)
{
    before = *block_counts(disk);
    start = tsc_read();
}

/* One row for the time, two for what went with it. */
static void end(const char *name, const char *unit, u64 count)
{
    const struct block_counts *after = block_counts(disk);
    u64 ticks = tsc_read() - start, requests = after->requests - before.requests;
    char row[80];

    fmt_snprintf(row, sizeof(row), "%s-%s", name, unit);
    row_bench(row, count, ticks);
    fmt_snprintf(row, sizeof(row), "%s-notifications-of-100-requests", name);
    row_bench(row, requests, 100 * (after->notifications - before.notifications));
    fmt_snprintf(row, sizeof(row), "%s-events-of-100-requests", name);
    row_bench(row, requests, 100 * (after->events - before.events));
}

static u64 random_sector(void)
{
    static u32 seed = 1;

    seed = seed * 1103515245 + 12345;
    return (seed >> 8) % (SPAN / BLOCK_PAGE_SECTORS) * BLOCK_PAGE_SECTORS;
}

static void one_by_one(const char *name, u8 operation)
{
    begin();
    for (u32 i = 0; i < ALONE; i++) {
        struct block_io io = {.operation = operation,
                              .sector = random_sector(),
                              .buffer = buffer,
                              .count = BLOCK_PAGE_SECTORS};

        block_submit(disk, &io, 1);
        if (block_wait(disk, &io))
            row_text(name, "failed");
    }
    end(name, "each", ALONE);
}

static void many_at_once(const char *name, u8 operation)
{
    struct block_io ios[DEPTH];

    begin();
    for (u32 round = 0; round < ROUNDS; round++) {
        for (u32 i = 0; i < DEPTH; i++)
            ios[i] = (struct block_io){.operation = operation,
                                       .sector = random_sector(),
                                       .buffer = buffer + i * PAGE_SIZE,
                                       .count = BLOCK_PAGE_SECTORS};
        block_submit(disk, ios, DEPTH);
        for (u32 i = 0; i < DEPTH; i++) {
            if (block_wait(disk, &ios[i]))
                row_text(name, "failed");
        }
    }
    end(name, "each", ROUNDS * DEPTH);
}

static void in_sequence(const char *name, bool write)
{
    u32 sectors = SEQUENCE * BLOCK_PAGE_SECTORS;

    begin();
    for (u64 at = 0; at + sectors <= SPAN; at += sectors) {
        if (write ? block_write(disk, at, buffer, sectors) : block_read(disk, at, buffer, sectors))
            row_text(name, "failed");
    }
    end(name, "kib", SPAN * BLOCK_SECTOR / KIB(1));
}

void bench(void)
{
    if (block_open(&disk, 0)) {
        row_text("bench", "no disk");
        return;
    }
    buffer = pfn_to_virt(frame_alloc_run(SEQUENCE));
    in_sequence("block-warm", true);
    one_by_one("block-read-alone", BLKIF_OP_READ);
    one_by_one("block-write-alone", BLKIF_OP_WRITE);
    many_at_once("block-read-random", BLKIF_OP_READ);
    many_at_once("block-write-random", BLKIF_OP_WRITE);
    in_sequence("block-read-sequence", false);
    in_sequence("block-write-sequence", true);
    row_bench("block-bytes-copied-of-100", block_counts(disk)->segments * PAGE_SIZE,
              100 * block_counts(disk)->copied);
    block_close(disk);
}
