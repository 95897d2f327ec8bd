/*
 * What a block request costs from the frontend's ring to the disk and back: `make bench-io`. The
 * frontend runs in this domain, too, so a row counts it, the backend, the driver and the
 * hypervisor's part, but no switch between domains. Time in which the domain has nothing to do is
 * not counted: the disk is not what is measured. Rows that are no times say so in their names.
 */
#include "guest-kernel/event/event.h"
#include "guest-kernel/time/clock.h"
#include "guest-kernel/time/runstate.h"
#include "tests/guests/block-backend/front.h"
#include "tests/guests/settle.h"

#define ROUNDS       20u
#define BATCH        64u
#define LIST_PAGE    (DATA_MAX - 1)
#define INDIRECT     32u
#define PART_PAGES   1000u /* what is read and written, in pages */
#define SCATTERED(n) ((n)*7919u % PART_PAGES)

static const struct block_statistics *statistics;
static struct vcpu_runstate_info runstate;

/* The TSC, had it stood still while the vcpu was blocked. */
static u64 ticks_now(void)
{
    u64 blocked = runstate_snapshot(&runstate).time[RUNSTATE_blocked];

    return tsc_read() - blocked * (tsc_frequency() / 1000) / (NS_PER_SECOND / 1000);
}

/* Which request is the n-th of a kind. */
struct kind {
    const char *name;
    u8 operation;
    u32 pages, batch;
    bool scattered;
};

static struct block_request kind_request(const struct kind *kind, u32 n)
{
    u32 place = kind->scattered ? SCATTERED(n) : n * kind->pages % (PART_PAGES - kind->pages);
    bool indirect = kind->pages > BLKIF_MAX_SEGMENTS_PER_REQUEST;
    u32 first = indirect ? 0 : n % 4 * kind->pages;
    struct block_request r;

    if (!indirect)
        return request_make(kind->operation, place * BLOCK_PAGE_SECTORS, first, kind->pages,
                            n % IDS);
    r = request_make(kind->operation, place * BLOCK_PAGE_SECTORS, 0, 0, n % IDS);
    r.indirect = true;
    r.count = (u16)kind->pages;
    r.pages[0] = data_refs[LIST_PAGE];
    return r;
}

static u64 round_ticks(const struct kind *kind, u32 round)
{
    u64 start = ticks_now();

    for (u32 n = 0; n < kind->batch; n++) {
        struct block_request r = kind_request(kind, round * kind->batch + n);

        front_put(&r);
    }
    front_wait();
    return ticks_now() - start;
}

static void kind_rows(const struct kind *kind)
{
    struct block_statistics before;
    u64 ticks = 0, count = ROUNDS * kind->batch;

    round_ticks(kind, 0); /* warms up */
    before = *statistics;
    for (u32 n = 0; n < ROUNDS; n++)
        ticks += round_ticks(kind, n);
    row_bench(kind->name, count, ticks);
    row_bench(name_of(kind->name, "notifications-per-1000"), count,
              1000 * (statistics->notifications_received - before.notifications_received +
                      statistics->notifications_answered - before.notifications_answered));
    row_bench(name_of(kind->name, "lists-copied-per-1000"), count,
              1000 * (statistics->copies - before.copies));
    row_want(name_of(kind->name, "failed"), front->failed, 0);
}

static void list_make(void)
{
    struct blkif_request_segment *list = (struct blkif_request_segment *)data[LIST_PAGE];

    for (u32 n = 0; n < INDIRECT; n++)
        list[n] = (struct blkif_request_segment){.gref = data_refs[n],
                                                 .last_sect = BLOCK_PAGE_SECTORS - 1};
}

void bench_rows(const struct block_statistics *counted)
{
    static const struct kind kinds[] = {
        {"block-read-4k", BLKIF_OP_READ, 1, BATCH, false},
        {"block-read-4k-scattered", BLKIF_OP_READ, 1, BATCH, true},
        {"block-write-4k", BLKIF_OP_WRITE, 1, BATCH, false},
        {"block-read-44k", BLKIF_OP_READ, 11, BATCH, false},
        {"block-read-128k-indirect", BLKIF_OP_READ, INDIRECT, BATCH, false},
        {"block-read-4k-alone", BLKIF_OP_READ, 1, 1, false},
        {"block-flush-alone", BLKIF_OP_FLUSH_DISKCACHE, 0, 1, false},
    };

    statistics = counted;
    emulator_settle();
    runstate_register(&runstate);
    list_make();
    for (u32 n = 0; n < ARRAY_SIZE(kinds); n++)
        kind_rows(&kinds[n]);
}
