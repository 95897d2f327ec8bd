/*
 * The backend of block devices on a real disk, its frontend in the same domain: what an honest
 * frontend gets (each operation, lists of segments, large rings, both layouts), what a lying one
 * gets (a status, or the end of its device; never more), and what is left when it goes in the
 * middle: no frame in use, and each request answered once by whoever serves its ring next.
 */
#include "dom0/drivers/drivers.h"
#include "guest-kernel/event/event.h"
#include "tests/guests/block-backend/front.h"

#define PART      "vda2"
#define MANY      200u
#define CHECKED   1200u /* sectors that check.py looks at */
#define LIST_PAGE (DATA_MAX - 1)

static struct device *vbd;
static const struct block_statistics *statistics;

static u64 word_of(u64 sector, u32 n)
{
    return (sector * (BLOCK_SECTOR / sizeof(u64)) + n) * 0x9e3779b97f4a7c15ull;
}

static void page_fill(u32 page, u64 sector)
{
    u64 *words = (u64 *)data[page];

    for (u32 n = 0; n < PAGE_SIZE / sizeof(u64); n++)
        words[n] = word_of(sector + n / 64, n % 64);
}

static bool page_is(u32 page, u64 sector)
{
    const u64 *words = (const u64 *)data[page];

    for (u32 n = 0; n < PAGE_SIZE / sizeof(u64); n++) {
        if (words[n] != word_of(sector + n / 64, n % 64))
            return false;
    }
    return true;
}

static void connect(u32 order, const char *protocol)
{
    int answer;

    front_init(order, protocol);
    answer = vbd_class->connect(vbd);
    if (answer)
        guest_panic("the backend does not connect: %d", answer);
}

static void disconnect(const char *name)
{
    vbd_class->disconnect(vbd);
    row_want(name_of(name, "ring-in-use"), front_end(), 0);
}

static void prepare_rows(void)
{
    static const char *const features[] = {"feature-flush-cache",
                                           "feature-barrier",
                                           "feature-discard",
                                           "feature-persistent",
                                           "feature-max-indirect-segments",
                                           "max-ring-page-order",
                                           "multi-queue-max-queues"};
    struct device *other = device_make();

    row("prepare.no-params", vbd_class->prepare(vbd));
    key_set(false, "params", "vdz");
    row("prepare.no-disk", vbd_class->prepare(vbd));
    key_set(false, "params", PART);
    key_set(false, "mode", "w");
    row("prepare.writable", vbd_class->prepare(vbd));
    row("prepare.again", vbd_class->prepare(vbd));
    for (u32 n = 0; n < ARRAY_SIZE(features); n++)
        row(name_of("prepare", features[n]), (s64)key_number(false, features[n]));
    row("prepare.taken", vbd_class->prepare(other));
    key_set(false, "params", "vda");
    row("prepare.overlaps", vbd_class->prepare(other));
    key_set(false, "params", "/dev/vda1");
    row("prepare.other", vbd_class->prepare(other));
    vbd_class->remove(other);
    heap_free(other);
    key_set(false, "params", PART);
}

static void connect_rows(void)
{
    front_init(0, NULL);
    key_set(true, "ring-ref", "%u", 4000u);
    row("connect.bad-ref", vbd_class->connect(vbd));
    key_remove(true, "ring-ref");
    row("connect.no-ref", vbd_class->connect(vbd));
    key_set(true, "ring-ref", "%u", front->refs[0]);
    key_set(true, "event-channel", "%u", 999u);
    row_want("connect.bad-port", vbd_class->connect(vbd) < 0, 1);
    key_set(true, "event-channel", "%u", front->port);
    key_set(true, "protocol", "sparc");
    row("connect.protocol", vbd_class->connect(vbd));
    key_remove(true, "protocol");
    key_set(true, "ring-page-order", "5");
    row("connect.order", vbd_class->connect(vbd));
    key_remove(true, "ring-page-order");
    key_set(true, "multi-queue-num-queues", "5");
    row("connect.queues", vbd_class->connect(vbd));
    key_set(true, "multi-queue-num-queues", "1");
    row("connect.queue-folder", vbd_class->connect(vbd));
    key_remove(true, "multi-queue-num-queues");
    ((struct ring_bytes_sring *)front->pages)->req_prod = 1000;
    row("connect.bad-indices", vbd_class->connect(vbd));
    ((struct ring_bytes_sring *)front->pages)->req_prod = 0;
    row_want("connect.nothing-left", front_end(), 0);
    connect(0, NULL);
    row("connect.sectors", (s64)key_number(false, "sectors"));
    row("connect.sector-size", (s64)key_number(false, "sector-size"));
    row("connect.info", (s64)key_number(false, "info"));
}

static s16 do_one(u8 operation, u64 sector, u32 pages)
{
    struct block_request r = request_make(operation, sector, 0, pages, 0);

    return front_do(&r);
}

static void operation_rows(const char *group)
{
    u64 start = disk_find(PART)->start;

    page_fill(0, start);
    page_fill(1, start + 8);
    row_want(name_of(group, "write"), do_one(BLKIF_OP_WRITE, 0, 2), 0);
    row_want(name_of(group, "flush"), do_one(BLKIF_OP_FLUSH_DISKCACHE, 0, 0), 0);
    memset(data[0], 0, PAGE_SIZE);
    memset(data[1], 0, PAGE_SIZE);
    row_want(name_of(group, "read"), do_one(BLKIF_OP_READ, 0, 2), 0);
    row_want(name_of(group, "same"), page_is(0, start) && page_is(1, start + 8), 1);
    page_fill(2, start + 16);
    memcpy(data[0], data[2], PAGE_SIZE);
    row_want(name_of(group, "flush-and-write"), do_one(BLKIF_OP_FLUSH_DISKCACHE, 16, 1), 0);
    row_want(name_of(group, "barrier"), do_one(BLKIF_OP_WRITE_BARRIER, 16, 1), 0);
    row_want(name_of(group, "empty-barrier"), do_one(BLKIF_OP_WRITE_BARRIER, 16, 0), 0);
    row_want(name_of(group, "read-3"), do_one(BLKIF_OP_READ, 16, 1), 0);
    row_want(name_of(group, "same-3"), page_is(0, start + 16), 1);
}

static void discard_rows(void)
{
    struct block_request r = {.operation = BLKIF_OP_DISCARD, .sector = 4096, .sectors = 64};

    row_want("discard.done", front_do(&r), 0);
    r.secure = true;
    row_want("discard.secure", front_do(&r), BLKIF_RSP_EOPNOTSUPP);
    r.secure = false;
    r.sector = ~0ull - 5;
    row_want("discard.wild", front_do(&r), BLKIF_RSP_ERROR);
    r.sector = 0;
    r.sectors = 0;
    row_want("discard.nothing", front_do(&r), BLKIF_RSP_ERROR);
}

/* Fills the page of the list; the request names it. */
static struct block_request indirect_make(u8 operation, u64 sector, u32 count)
{
    struct blkif_request_segment *list = (struct blkif_request_segment *)data[LIST_PAGE];
    struct block_request r = {.operation = operation,
                              .sector = sector,
                              .count = (u16)count,
                              .indirect = true,
                              .pages = {data_refs[LIST_PAGE]}};

    for (u32 n = 0; n < count; n++)
        list[n] = (struct blkif_request_segment){.gref = data_refs[n % LIST_PAGE],
                                                 .last_sect = BLOCK_PAGE_SECTORS - 1};
    return r;
}

static void indirect_rows(void)
{
    struct blkif_request_segment *list = (struct blkif_request_segment *)data[LIST_PAGE];
    u64 start = disk_find(PART)->start;
    struct block_request r = indirect_make(BLKIF_OP_WRITE, 32, 32);
    u32 wrong = 0;

    for (u32 n = 0; n < 32; n++)
        page_fill(n, start + 32 + n * 8);
    row_want("indirect.write", front_do(&r), 0);
    for (u32 n = 0; n < 32; n++)
        memset(data[n], 0, PAGE_SIZE);
    r.operation = BLKIF_OP_READ;
    row_want("indirect.read", front_do(&r), 0);
    for (u32 n = 0; n < 32; n++)
        wrong += !page_is(n, start + 32 + n * 8);
    row_want("indirect.wrong", wrong, 0);
    r.count = 33;
    row_want("indirect.too-many", front_do(&r), BLKIF_RSP_ERROR);
    r.count = 0;
    row_want("indirect.none", front_do(&r), BLKIF_RSP_ERROR);
    r.count = 2;
    r.pages[0] = 4000;
    row_want("indirect.bad-page", front_do(&r), BLKIF_RSP_ERROR);
    r.pages[0] = data_refs[LIST_PAGE];
    list[1].gref = 4000;
    row_want("indirect.bad-ref", front_do(&r), BLKIF_RSP_ERROR);
    list[1].gref = data_refs[1];
    list[1].first_sect = 200;
    row_want("indirect.upside-down", front_do(&r), BLKIF_RSP_ERROR);
}

static void lie_rows(void)
{
    struct block_request r = request_make(BLKIF_OP_READ, 0, 0, 1, 0);
    u64 sectors = disk_find(PART)->sectors;

    r.sector = sectors;
    row_want("lie.beyond", front_do(&r), BLKIF_RSP_ERROR);
    r.sector = sectors - 7;
    row_want("lie.half-beyond", front_do(&r), BLKIF_RSP_ERROR);
    r.sector = ~0ull;
    row_want("lie.wraps", front_do(&r), BLKIF_RSP_ERROR);
    r.sector = 0;
    r.segments[0].gref = 4000;
    row_want("lie.bad-ref", front_do(&r), BLKIF_RSP_ERROR);
    r.segments[0].gref = 0xffffffffu;
    row_want("lie.wild-ref", front_do(&r), BLKIF_RSP_ERROR);
    r.segments[0].gref = data_refs[0];
    r.segments[0].first_sect = 5;
    r.segments[0].last_sect = 4;
    row_want("lie.upside-down", front_do(&r), BLKIF_RSP_ERROR);
    r.segments[0].last_sect = 8;
    row_want("lie.out-of-page", front_do(&r), BLKIF_RSP_ERROR);
    r.count = 0;
    row_want("lie.no-segments", front_do(&r), BLKIF_RSP_ERROR);
    r.count = 1;
    front_put(&r);
    ((u8 *)ring_entry(&front->ring.ring, front->ring.req_prod - 1))[1] = 12;
    front_wait();
    row_want("lie.too-many", front->status[0], BLKIF_RSP_ERROR);
    r.operation = 77;
    row_want("lie.operation", front_do(&r), BLKIF_RSP_EOPNOTSUPP);
    row_want("lie.still-good", do_one(BLKIF_OP_READ, 0, 1), 0);
    row_want("lie.failures", failures, 0);
    row_want("lie.in-use", data_end(), 0);
    data_grant(true);
    row_want("lie.read-to-read-only", do_one(BLKIF_OP_READ, 0, 1), BLKIF_RSP_ERROR);
    page_fill(0, disk_find(PART)->start);
    row_want("lie.write-from-read-only", do_one(BLKIF_OP_WRITE, 0, 1), 0);
    row_want("lie.in-use-2", data_end(), 0);
    data_grant(false);
}

static void many_put(u8 operation)
{
    for (u32 n = 0; n < MANY; n++) {
        struct block_request r = request_make(operation, 400 + n % 50 * 16, n % 50, 2, n);

        front_put(&r);
    }
}

static void many_rows(void)
{
    u64 before = statistics->notifications_received + statistics->notifications_answered;
    u64 start = disk_find(PART)->start;
    u32 wrong = 0;

    for (u32 n = 0; n < 50; n += 2) {
        page_fill(n, start + 400 + n * 16);
        page_fill(n + 1, start + 408 + n * 16);
    }
    for (u32 n = 0; n < 50; n += 2) {
        struct block_request r = request_make(BLKIF_OP_WRITE, 400 + n * 16, n, 2, n);

        front_put(&r);
    }
    front_wait();
    row_want("many.written", front->failed, 0);
    many_put(BLKIF_OP_READ);
    front_wait();
    row_want("many.answered", front->answered, MANY + 25);
    row_want("many.failed", front->failed, 0);
    row_want("many.twice", front->twice, 0);
    before = statistics->notifications_received + statistics->notifications_answered - before;
    row_want("many.few-notifications", before < MANY / 2, 1);
    for (u32 n = 0; n < 50; n += 2) {
        struct block_request r = request_make(BLKIF_OP_READ, 400 + n * 16, 52, 2, n);

        front_do(&r);
        wrong += !page_is(52, start + 400 + n * 16) || !page_is(53, start + 408 + n * 16);
    }
    row_want("many.wrong", wrong, 0);
}

#define BARRIERS 60u
#define EACH     7u /* one of so many is a barrier */

/* Pairs of requests, one of them a barrier, that were not answered in their order. */
static u32 barriers_overtaken(void)
{
    u32 wrong = 0;

    for (u32 n = 0; n < BARRIERS; n++) {
        for (u32 later = n + 1; later < BARRIERS; later++)
            wrong += (!(n % EACH) || !(later % EACH)) && front->place[n] > front->place[later];
    }
    return wrong;
}

/* What comes before a barrier is done before it, what comes after is not even begun. Reads are
 * larger first, so that they would be overtaken. */
static void barrier_rows(void)
{
    for (u32 n = 0; n < BARRIERS; n++) {
        bool barrier = !(n % EACH);
        struct block_request r =
            request_make(barrier ? BLKIF_OP_WRITE_BARRIER : BLKIF_OP_READ, 2000 + n * 88, n % EACH,
                         barrier ? n / EACH % 2 : 11 - n % EACH, n);

        front_put(&r);
    }
    front_wait();
    row_want("barriers.answered", front->answered, front->put);
    row_want("barriers.failed", front->failed, 0);
    row_want("barriers.overtaken", barriers_overtaken(), 0);
}

/* Steps of the loop that do not sleep, whatever there is to do. */
static void steps(u32 count)
{
    while (count--) {
        work_raise(&front->work);
        loop_step();
    }
}

/* Until the disk has let go of all. */
static void settle(void)
{
    while (data_end())
        steps(1);
    work_drop(&front->work);
}

/* The frontend goes while its requests are at the disk. */
static void death_rows(void)
{
    connect(2, NULL);
    many_put(BLKIF_OP_READ);
    front_push();
    steps(3); /* the backend takes a batch, and the disk has it */
    vbd_class->disconnect(vbd);
    row_want("death.ring-in-use", front_end(), 0);
    row_want("death.data-in-use", data_end() > 0, 1);
    settle();
    row_want("death.settled", data_end(), 0);
    data_grant(false);
}

/* The backend goes, and one that comes after it serves the same ring. */
static void restart_rows(void)
{
    connect(2, NULL);
    many_put(BLKIF_OP_READ);
    for (u32 n = 0; n < 5; n++) {
        front_push();
        steps(3);
        vbd_class->disconnect(vbd);
        work_close_port(&front->work, front->port);
        front->port = (u32)event_alloc_unbound(DOMID_SELF, work_raise_on_event, &front->work);
        key_set(true, "event-channel", "%u", front->port);
        if (vbd_class->connect(vbd))
            guest_panic("the backend does not connect again");
        work_raise(&front->work);
    }
    front_wait();
    row_want("restart.answered", front->answered, MANY);
    row_want("restart.failed", front->failed, 0);
    row_want("restart.twice", front->twice, 0);
    disconnect("restart");
}

static void wild_rows(void)
{
    static const u32 wild[] = {1000, 0x80000000u, 0xfffffff0u};

    for (u32 n = 0; n < ARRAY_SIZE(wild); n++) {
        u32 before = failures;

        connect(0, NULL);
        do_one(BLKIF_OP_READ, 0, 1);
        ((struct ring_bytes_sring *)front->pages)->req_prod += wild[n];
        event_send(front->port);
        while (failures == before)
            loop_step();
        row_want(name_nth("wild", "ring-in-use", n), front_end(), 0);
    }
    row_want("wild.failures", failures, ARRAY_SIZE(wild));
    row_want("wild.data-in-use", data_end(), 0);
    data_grant(false);
}

static void read_only_rows(void)
{
    key_set(false, "mode", "r");
    row_want("read-only.prepare", vbd_class->prepare(vbd), 0);
    connect(0, NULL);
    row("read-only.info", (s64)key_number(false, "info"));
    row_want("read-only.read", do_one(BLKIF_OP_READ, 0, 1), 0);
    row_want("read-only.write", do_one(BLKIF_OP_WRITE, 0, 1), BLKIF_RSP_ERROR);
    row_want("read-only.barrier", do_one(BLKIF_OP_WRITE_BARRIER, 0, 1), BLKIF_RSP_ERROR);
    row_want("read-only.flush", do_one(BLKIF_OP_FLUSH_DISKCACHE, 0, 0), 0);
    row_want("read-only.flush-and-write", do_one(BLKIF_OP_FLUSH_DISKCACHE, 0, 1), BLKIF_RSP_ERROR);
    disconnect("read-only");
    key_set(false, "mode", "w");
    row_want("read-only.prepare-again", vbd_class->prepare(vbd), 0);
}

static void folder_write(u32 n)
{
    char key[32];

    fmt_snprintf(key, sizeof(key), "queue-%u/ring-ref", n);
    key_set(true, key, "%u", fronts[n].refs[0]);
    fmt_snprintf(key, sizeof(key), "queue-%u/event-channel", n);
    key_set(true, key, "%u", fronts[n].port);
}

/* A barrier in one queue holds back the other, too, and lets go of it. */
static void queues_work(void)
{
    for (u32 n = 0; n < 20; n++) {
        struct block_request r =
            request_make(n % 5 ? BLKIF_OP_READ : BLKIF_OP_WRITE_BARRIER, n * 8, n % 5, 1, n);

        front = &fronts[n % 2];
        front_put(&r);
    }
    for (u32 n = 0; n < 2; n++) {
        front = &fronts[n];
        front_push();
    }
    for (u32 n = 0; n < 2; n++) {
        front = &fronts[n];
        front_wait();
        row_want(name_nth("queues", "answered", n), front->answered, front->put);
        row_want(name_nth("queues", "failed", n), front->failed, 0);
    }
}

/* Two queues, each in a folder of its own. */
static void queue_rows(void)
{
    front = &fronts[1];
    front_init(0, NULL);
    front = &fronts[0];
    front_init(0, NULL);
    key_set(true, "multi-queue-num-queues", "2");
    folder_write(0);
    key_remove(true, "ring-ref");
    row("queues.one-missing", vbd_class->connect(vbd));
    folder_write(1);
    row_want("queues.connect", vbd_class->connect(vbd), 0);
    operation_rows("queues");
    front = &fronts[1];
    operation_rows("queues-second");
    queues_work();
    front = &fronts[0];
    disconnect("queues");
    front = &fronts[1];
    row_want("queues-second.ring-in-use", front_end(), 0);
    front = &fronts[0];
}

/* What check.py will look for, last of all. */
static void image_write(void)
{
    u64 start = disk_find(PART)->start;

    connect(0, NULL);
    for (u32 at = 0; at < CHECKED; at += BLOCK_PAGE_SECTORS) {
        page_fill(0, start + at);
        do_one(BLKIF_OP_WRITE, at, 1);
    }
    do_one(BLKIF_OP_FLUSH_DISKCACHE, 0, 0);
    row_want("image.failed", front->failed, 0);
    disconnect("image");
}

/* For `make bench-io`. */
static void bench_main(void)
{
    key_set(false, "params", PART);
    key_set(false, "mode", "w");
    if (vbd_class->prepare(vbd))
        guest_panic("there is no disk");
    connect(2, NULL);
    bench_rows(statistics);
    guest_end();
}

void guest_main(void)
{
    event_init(EVENT_TWO_LEVEL);
    loop_init();
    grant_init();
    drivers_start();
    block_start();
    data_make();
    data_grant(false);
    vbd = device_make();
    statistics = block_statistics(vbd);
    if (cmdline_has("bench"))
        bench_main();
    prepare_rows();
    connect_rows();
    operation_rows("native");
    discard_rows();
    indirect_rows();
    lie_rows();
    disconnect("native");
    connect(0, "x86_32-abi");
    operation_rows("narrow");
    disconnect("narrow");
    connect(2, NULL);
    many_rows();
    barrier_rows();
    disconnect("many");
    row_want("many.data-in-use", data_end(), 0);
    data_grant(false);
    death_rows();
    restart_rows();
    wild_rows();
    read_only_rows();
    queue_rows();
    image_write();
    guest_end();
}
