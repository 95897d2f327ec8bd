/*
 * Dom0's driver of a disk, without any guest: what it finds, what it refuses, and that sectors are
 * where they were written. More requests than the device takes at once are under way, their memory
 * scattered in all ways; the image is looked at from outside afterwards (check.py), because a
 * driver that reads what it wrote has not shown where it wrote it.
 */
#include "dom0/drivers/disk.h"
#include "dom0/drivers/drivers.h"
#include "dom0/mm/heap.h"
#include "guest-kernel/event/event.h"
#include "tests/guests/common.h"

#define MANY         300u /* more than a queue has entries */
#define EACH_PAGES   2u
#define EACH_SECTORS (EACH_PAGES * PAGE_SIZE / SECTOR_SIZE)
#define SEGMENTS_MAX 64u

/* A request with memory of its own. */
struct job {
    struct disk_request request;
    struct disk_segment segments[SEGMENTS_MAX];
    pfn_t pages[EACH_PAGES];
    int answer;
};

static struct job *jobs;
static u32 under_way;

static void job_done(struct disk_request *request, int answer)
{
    CONTAINER_OF(request, struct job, request)->answer = answer;
    under_way--;
}

/* The job's memory in pieces of so many sectors, each within its page. */
static void job_cut(struct job *job, u32 sectors, u32 piece)
{
    u32 count = 0;

    for (u32 at = 0; at < sectors;) {
        u32 in_page = at % (PAGE_SIZE / SECTOR_SIZE);
        u32 some = MIN(MIN(piece, sectors - at), (u32)(PAGE_SIZE / SECTOR_SIZE) - in_page);

        job->segments[count].address =
            mfn_to_address(pfn_to_mfn(job->pages[at * SECTOR_SIZE / PAGE_SIZE])) +
            in_page * SECTOR_SIZE;
        job->segments[count++].bytes = some * SECTOR_SIZE;
        at += some;
    }
    job->request.segments = job->segments;
    job->request.count = count;
}

static int job_start(struct disk *disk, struct job *job, enum disk_operation operation, u64 sector,
                     u64 sectors)
{
    int answer;

    job->request.operation = operation;
    job->request.sector = sector;
    job->request.sectors = sectors;
    job->request.done = job_done;
    job->answer = 1;
    under_way++;
    answer = disk_submit(disk, &job->request);
    if (answer)
        under_way--;
    return answer;
}

static void jobs_wait(void)
{
    while (under_way)
        loop_step();
}

static int job_do(struct disk *disk, struct job *job, enum disk_operation operation, u64 sector,
                  u64 sectors)
{
    int answer = job_start(disk, job, operation, sector, sectors);

    jobs_wait();
    return answer ? answer : job->answer;
}

static u64 word_of(u64 sector, u32 n)
{
    return (sector * (SECTOR_SIZE / sizeof(u64)) + n) * 0x9e3779b97f4a7c15ull;
}

static u64 *job_sector(struct job *job, u32 n)
{
    u8 *page = pfn_to_virt(job->pages[n * SECTOR_SIZE / PAGE_SIZE]);

    return (u64 *)(page + n * SECTOR_SIZE % PAGE_SIZE);
}

static void job_fill(struct job *job, u64 sector)
{
    for (u32 s = 0; s < EACH_SECTORS; s++) {
        for (u32 n = 0; n < SECTOR_SIZE / sizeof(u64); n++)
            job_sector(job, s)[n] = word_of(sector + s, n);
    }
}

/* How many sectors are not what was written. */
static u32 job_differs(struct job *job, u64 sector)
{
    u32 wrong = 0;

    for (u32 s = 0; s < EACH_SECTORS; s++) {
        bool same = true;

        for (u32 n = 0; n < SECTOR_SIZE / sizeof(u64); n++)
            same &= job_sector(job, s)[n] == word_of(sector + s, n);
        wrong += !same;
    }
    return wrong;
}

static void disk_rows(void)
{
    LIST_FOR_EACH(link, &disks)
    {
        struct disk *d = LIST_ENTRY(link, struct disk, link);

        row_want(name_of(d->name, "sectors"), (s64)d->sectors, (s64)d->sectors);
        row(name_of(d->name, "start"), (s64)d->start);
        row(name_of(d->name, "read-only"), d->read_only);
        row(name_of(d->name, "flush"), d->can_flush);
        row(name_of(d->name, "discard"), d->can_discard);
        row(name_of(d->name, "segments"), d->segments_max);
    }
}

static void find_rows(void)
{
    static const char *const names[] = {"vda",
                                        "vda1",
                                        "vda2",
                                        "vda3",
                                        "vda@2048+16",
                                        "vda2@8+8",
                                        "vda2@8+0",
                                        "vda@0",
                                        "vda@0+8x",
                                        "vda@99999999+1",
                                        "vda2@0+99999999",
                                        "vdz",
                                        "@0+1",
                                        "",
                                        "vda@+1",
                                        "vda@18446744073709551615+2"};

    for (u32 n = 0; n < ARRAY_SIZE(names); n++) {
        struct disk *d = disk_find(names[n]);

        row(name_of("find", names[n]), d ? (s64)d->start : -1);
    }
    row_want("find.again", disk_find("vda2@8+8") == disk_find("vda2@8+8"), 1);
}

static void first_sector_rows(struct disk *disk)
{
    job_cut(&jobs[0], 1, 1);
    row("first.read", job_do(disk, &jobs[0], DISK_READ, 0, 1));
    row_hex("first.signature", ((u16 *)job_sector(&jobs[0], 0))[255]);
}

static void refusal(struct disk *disk, const char *name, enum disk_operation operation, u64 sector,
                    u64 sectors)
{
    row(name_of("refused", name), job_do(disk, &jobs[0], operation, sector, sectors));
}

static void refusal_rows(struct disk *disk)
{
    struct job *job = &jobs[0];
    u64 end = disk->sectors;

    job_cut(job, 2, 1);
    refusal(disk, "no-sectors", DISK_READ, 0, 0);
    refusal(disk, "too-few-segments", DISK_READ, 0, 3);
    refusal(disk, "too-many-segments", DISK_READ, 0, 1);
    refusal(disk, "beyond", DISK_READ, end, 2);
    refusal(disk, "half-beyond", DISK_WRITE, end - 1, 2);
    refusal(disk, "wraps", DISK_WRITE, ~0ull, 2);
    refusal(disk, "wraps-more", DISK_WRITE, 2, ~0ull - 1);
    refusal(disk, "discard-beyond", DISK_DISCARD, end - 1, 2);
    job->segments[1].bytes = 0;
    refusal(disk, "empty-segment", DISK_READ, 0, 1);
    job->segments[1].bytes = 100;
    refusal(disk, "crooked-segment", DISK_READ, 0, 2);
    job_cut(job, 2, 2);
    job->segments[0].address += PAGE_SIZE - SECTOR_SIZE;
    refusal(disk, "segment-crosses", DISK_READ, 0, 2);
    job->request.count = disk->segments_max + 1;
    refusal(disk, "many-segments", DISK_READ, 0, disk->segments_max + 1);
    job_cut(job, 2, 1);
    refusal(disk, "none-of-these", DISK_READ, end - 2, 2);
    job->segments[0].bytes = 2 * SECTOR_SIZE; /* what its count says does not matter for these */
    refusal(disk, "flush", DISK_FLUSH, ~0ull, ~0ull);
}

/* Each cuts its memory in another way. */
static void many_start(const char *name, struct disk *disk, enum disk_operation operation, u32 cut)
{
    u32 refused = 0;

    for (u32 n = 0; n < MANY; n++) {
        job_cut(&jobs[n], EACH_SECTORS, 1 + (n + cut) % 8);
        refused += job_start(disk, &jobs[n], operation, n * EACH_SECTORS, EACH_SECTORS) != 0;
    }
    row_want(name_of(name, "refused"), refused, 0);
    row_want(name_of(name, "under-way"), under_way, MANY);
    jobs_wait();
}

static u32 many_failed(void)
{
    u32 failed = 0;

    for (u32 n = 0; n < MANY; n++)
        failed += jobs[n].answer != 0;
    return failed;
}

static void many_rows(struct disk *disk)
{
    u32 wrong = 0;

    for (u32 n = 0; n < MANY; n++)
        job_fill(&jobs[n], disk->start + n * EACH_SECTORS);
    many_start("writes", disk, DISK_WRITE, 0);
    row_want("writes.failed", many_failed(), 0);
    row_want("writes.flush", job_do(disk, &jobs[0], DISK_FLUSH, 0, 0), 0);
    for (u32 n = 0; n < MANY; n++) {
        for (u32 p = 0; p < EACH_PAGES; p++)
            memset(pfn_to_virt(jobs[n].pages[p]), 0x55, PAGE_SIZE);
    }
    many_start("reads", disk, DISK_READ, 3);
    row_want("reads.failed", many_failed(), 0);
    for (u32 n = 0; n < MANY; n++)
        wrong += job_differs(&jobs[n], disk->start + n * EACH_SECTORS);
    row_want("reads.wrong-sectors", wrong, 0);
}

/* Sectors that were discarded hold anything; what is beside them must be as it was. */
static void discard_rows(struct disk *disk)
{
    u64 hole = 5 * EACH_SECTORS;

    row("discard.hole", job_do(disk, &jobs[0], DISK_DISCARD, hole, EACH_SECTORS));
    for (s64 side = -1; side <= 1; side += 2) {
        u64 sector = hole + (u64)(side * (s64)EACH_SECTORS);

        job_cut(&jobs[0], EACH_SECTORS, 8);
        row_want(name_nth("discard", "read", (unsigned long)(side + 1)),
                 job_do(disk, &jobs[0], DISK_READ, sector, EACH_SECTORS), 0);
        row_want(name_nth("discard", "beside", (unsigned long)(side + 1)),
                 job_differs(&jobs[0], disk->start + sector), 0);
    }
}

static void jobs_make(void)
{
    jobs = heap_alloc(MANY * sizeof(*jobs));
    for (u32 n = 0; jobs && n < MANY; n++) {
        for (u32 p = 0; p < EACH_PAGES; p++)
            jobs[n].pages[p] = frame_alloc_zeroed();
    }
    if (!jobs)
        guest_panic("no memory");
}

void guest_main(void)
{
    struct disk *whole, *part;

    event_init(EVENT_TWO_LEVEL);
    loop_init();
    drivers_start();
    jobs_make();
    disk_rows();
    whole = disk_find("vda");
    part = disk_find("vda2");
    if (!whole || !part)
        guest_panic("there is no disk");
    find_rows();
    first_sector_rows(whole);
    refusal_rows(part);
    many_rows(part);
    discard_rows(part);
    guest_end();
}
