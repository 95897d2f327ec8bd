/*
 * The block frontend (guest-kernel/block) against a backend in the same kernel: what it asks for in
 * which pieces, what many threads get from one ring, and what becomes of those who wait when the
 * backend goes, comes back as another one, lies, or does not answer at all.
 */
#include "guest-kernel/block/block.h"
#include "guest-kernel/core/report.h"
#include "guest-kernel/time/clock.h"
#include "guest-kernel/xenbus/xenbus.h"
#include "tests/guests/block-front/backend.h"
#include "tests/guests/fake_store.h"
#include "tests/guests/pattern.h"

#define SLICE       (2 * NS_PER_MILLISECOND)
#define FIRST_PLACE "/backend/vbd/0/51712"
#define OTHER_PLACE "/backend/vbd/1/51712"
#define BATCH       16
#define THREADS     4
#define ROUNDS      60
#define PAGES       96

static u8 *buffer; /* PAGES pages, at a page's beginning */
static struct block *disk;

static void backend_states(enum xenbus_state state)
{
    char path[FAKE_PATH];

    fmt_snprintf(path, sizeof(path), "%s/state", backend.directory);
    fake_set(path, "%u", state);
}

static enum xenbus_state our_state(void)
{
    char value[FAKE_PATH];

    return (enum xenbus_state)(*fake_get("device/vbd/51712/state", value) - '0');
}

static bool reaches(enum xenbus_state state)
{
    for (u32 i = 0; i < 1000 && our_state() != state; i++)
        thread_sleep(NS_PER_MILLISECOND);
    return our_state() == state;
}

static bool grows(const volatile u32 *count, u32 to)
{
    for (u32 i = 0; i < 1000 && *count < to; i++)
        thread_sleep(NS_PER_MILLISECOND);
    return *count >= to;
}

static bool connections_reach(u64 count)
{
    for (u32 i = 0; i < 1000 && block_counts(disk)->connections < count; i++)
        thread_sleep(NS_PER_MILLISECOND);
    return block_counts(disk)->connections >= count;
}

/* ---- One after the other --------------------------------------------------------------------- */

/* Writes and reads back; so many requests were needed for the writing. */
static void say_transfer(const char *name, u64 sector, u32 at, u32 sectors, u32 requests)
{
    u64 bytes = (u64)sectors * BLOCK_SECTOR;
    u32 before = backend.requests;
    char row[64];

    fill(buffer + at, bytes, sectors);
    fmt_snprintf(row, sizeof(row), "%s.write", name);
    row_want(row, block_write(disk, sector, buffer + at, sectors), 0);
    fmt_snprintf(row, sizeof(row), "%s.requests", name);
    row_want(row, backend.requests - before, requests);
    fmt_snprintf(row, sizeof(row), "%s.on-disk", name);
    row_want(row, filled(backend_disk + sector * BLOCK_SECTOR, bytes, sectors), true);
    memset(buffer, 0x55, PAGES * PAGE_SIZE);
    fmt_snprintf(row, sizeof(row), "%s.read", name);
    row_want(row, block_read(disk, sector, buffer + at, sectors), 0);
    fmt_snprintf(row, sizeof(row), "%s.right", name);
    row_want(row,
             filled(buffer + at, bytes, sectors) && buffer[at + bytes] == 0x55 &&
                 (!at || buffer[at - 1] == 0x55),
             true);
}

static void say_pieces(void)
{
    u64 copied;

    say_transfer("one-sector", 3, 0, 1, 1);
    say_transfer("over-a-page", 5, 3 * BLOCK_SECTOR, 7, 1);
    say_transfer("eleven-pages", 16, 0, 88, 1);
    say_transfer("one-more", 16, 0, 89, 2);
    say_transfer("shifted", 16, BLOCK_SECTOR, 88, 2);
    say_transfer("more-than-the-ring", 100, 0, 700, 8);
    copied = block_counts(disk)->copied;
    row_want("aligned.copied", (s64)copied, 0);
    say_transfer("unaligned", 16, 8, 20, 1);
    row_want("unaligned.copied", (s64)(block_counts(disk)->copied - copied), 2 * 20 * BLOCK_SECTOR);
}

static void say_others(void)
{
    row_want("flush", block_flush(disk), 0);
    row_want("flush.seen", backend.flushes, 1);
    row_want("discard", block_discard(disk, 8, 100), 0);
    row_want("discard.seen", (s64)backend.discarded, 100);
    row_want("beyond", block_read(disk, DISK_SECTORS, buffer, 1), -XEN_EINVAL);
    row_want("beyond.last", block_write(disk, DISK_SECTORS - 1, buffer, 2), -XEN_EINVAL);
    row_want("beyond.far", block_read(disk, ~0ull, buffer, 1), -XEN_EINVAL);
    row_want("nothing", block_read(disk, 1, buffer, 0), -XEN_EINVAL);
    row_want("error", block_read(disk, BAD_SECTOR, buffer, 1), -XEN_EIO);
    row_want("error.of-one-piece", block_read(disk, BAD_SECTOR - 299, buffer, 300), -XEN_EIO);
    backend.flush = false;
    row_want("flush.not-supported-after-all", block_flush(disk), 0);
    row_want("flush.seen-once-more", backend.flushes, 2);
    block_flush(disk);
    row_want("flush.and-no-more", backend.flushes, 2);
}

/* ---- Many at once ---------------------------------------------------------------------------- */

static void say_batch(void)
{
    struct block_io ios[BATCH];
    const struct block_counts *counts = block_counts(disk);
    u64 notifications, events;
    u32 asked;
    bool good = true;

    thread_sleep(5 * NS_PER_MILLISECOND); /* the backend is asleep */
    notifications = counts->notifications;
    events = counts->events;
    asked = backend.events;
    for (u32 i = 0; i < BATCH; i++) {
        ios[i] = (struct block_io){.operation = BLKIF_OP_WRITE,
                                   .sector = 64 + i,
                                   .buffer = buffer + i * PAGE_SIZE,
                                   .count = 1};
        fill(buffer + i * PAGE_SIZE, BLOCK_SECTOR, i);
    }
    block_submit(disk, ios, BATCH);
    for (u32 i = 0; i < BATCH; i++)
        good &= !block_wait(disk, &ios[i]);
    for (u32 i = 0; i < BATCH; i++)
        good &= filled(backend_disk + (64 + i) * BLOCK_SECTOR, BLOCK_SECTOR, i);
    row_want("batch.good", good, true);
    row_want("batch.notifications", (s64)(counts->notifications - notifications), 1);
    row_want("batch.events-at-the-backend", backend.events - asked, 1);
    row_want("batch.events-back", (s64)(counts->events - events), 1);
}

static u32 wrong;

/* Each thread has a part of the disk, and pages of its own. */
static void hammer(void *arg)
{
    u32 me = (u32)(uintptr_t)arg, seed = me + 1;
    u8 *mine = buffer + me * 20 * PAGE_SIZE;

    for (u32 i = 0; i < ROUNDS; i++) {
        u32 sectors = 1 + (seed = seed * 1103515245 + 12345, seed >> 16) % 150;
        u64 sector = me * 400 + seed % 200;
        u32 at = i % 5 ? BLOCK_SECTOR * (seed % 8) : 13;
        u64 bytes = sectors * BLOCK_SECTOR;

        sectors = (u32)MIN((u64)sectors, (19 * PAGE_SIZE - at) / BLOCK_SECTOR);
        bytes = sectors * BLOCK_SECTOR;
        fill(mine + at, bytes, seed);
        if (block_write(disk, sector, mine + at, sectors))
            __atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
        memset(mine, 0, 20 * PAGE_SIZE);
        if (block_read(disk, sector, mine + at, sectors) || !filled(mine + at, bytes, seed))
            __atomic_fetch_add(&wrong, 1, __ATOMIC_RELAXED);
    }
}

static struct thread *hammers[THREADS];

static void hammers_start(void)
{
    wrong = 0;
    for (u64 i = 0; i < THREADS; i++)
        hammers[i] = thread_create(&vcpu_boot, hammer, (void *)(uintptr_t)i);
}

static void hammers_join(const char *name)
{
    for (u32 i = 0; i < THREADS; i++)
        thread_join(hammers[i]);
    row_want(name, wrong, 0);
}

static void say_threads(void)
{
    backend.slow = true;
    hammers_start();
    hammers_join("threads.wrong");
    backend.slow = false;
}

/* ---- Backends come and go -------------------------------------------------------------------- */

static long late_answer;

static void write_late(void *arg)
{
    late_answer = block_write(disk, 200, arg, 300);
}

/* Requests are under way; the backend goes without an answer, by `go`; the next one gets them. */
static void say_change(const char *name, void (*go)(void), void (*come)(void))
{
    u64 connections = block_counts(disk)->connections;
    struct thread *writer;
    char row[64];

    fill(buffer, 300 * BLOCK_SECTOR, 99);
    memset(backend_disk + 200 * BLOCK_SECTOR, 0, 300 * BLOCK_SECTOR);
    backend.hold = true;
    writer = thread_create(&vcpu_boot, write_late, buffer);
    fmt_snprintf(row, sizeof(row), "%s.held", name);
    row_want(row, grows(&backend.held, 2), true);
    go();
    backend.hold = false;
    come();
    thread_join(writer);
    fmt_snprintf(row, sizeof(row), "%s.write", name);
    row_want(row, late_answer, 0);
    fmt_snprintf(row, sizeof(row), "%s.on-disk", name);
    row_want(row, filled(backend_disk + 200 * BLOCK_SECTOR, 300 * BLOCK_SECTOR, 99), true);
    fmt_snprintf(row, sizeof(row), "%s.connected-anew", name);
    row_want(row, connections_reach(connections + 1), true);
}

/* It says that it goes, and waits until the frontend is Closed. */
static void go_in_order(void)
{
    backend_states(XenbusStateClosing);
    row_want("closing.frontend", reaches(XenbusStateClosed), true);
    backend_stop();
    backend_states(XenbusStateClosed);
    row_want("closing.frontend-is-ready-again", reaches(XenbusStateInitialising), true);
}

/* Its kernel crashed: the toolstack removes its directory. */
static void go_at_once(void)
{
    backend_stop();
    fake_remove(backend.directory);
    thread_sleep(5 * NS_PER_MILLISECOND);
}

/* It was started again and found the directory as it was. */
static void go_unseen(void)
{
    backend_stop();
}

static void come_again(void)
{
    backend_start();
}

static void come_elsewhere(void)
{
    backend.directory = OTHER_PLACE;
    backend.ring_order = 2;
    backend.indirect = 64;
    backend_make();
    backend_start();
}

static void say_changes(void)
{
    u64 kept;

    say_change("closed", go_in_order, come_again);
    say_change("restarted", go_unseen, come_again);
    say_change("gone", go_at_once, come_elsewhere);
    kept = block_counts(disk)->kept;
    row_want("changes.kept", (s64)kept, 0);
    say_transfer("indirect", 16, 0, 512, 1);
    row_want("indirect.seen", backend.indirect_requests > 0, true);
    say_transfer("indirect.one-more", 16, 0, 513, 2);
    say_transfer("indirect.shifted", 16, BLOCK_SECTOR, 512, 2);
    hammers_start();
    for (u32 i = 0; i < 10; i++) {
        thread_sleep(3 * NS_PER_MILLISECOND);
        backend_stop();
        backend_start();
    }
    hammers_join("restarts.wrong");
}

/* ---- Lies ------------------------------------------------------------------------------------ */

static void say_lie(const char *name, enum lie lie)
{
    char row[64];

    backend.lie = lie;
    fmt_snprintf(row, sizeof(row), "%s.read", name);
    row_want(row, block_read(disk, 1, buffer, 1), -XEN_EIO);
    fmt_snprintf(row, sizeof(row), "%s.disconnects", name);
    row_want(row, reaches(XenbusStateClosed), true);
    backend_stop();
    backend_states(XenbusStateClosed);
    reaches(XenbusStateInitialising);
    backend_start();
    fmt_snprintf(row, sizeof(row), "%s.then", name);
    row_want(row, block_read(disk, 1, buffer, 1), 0);
}

static void say_lies(void)
{
    u64 kept = block_counts(disk)->kept;

    say_lie("unknown-id", LIE_UNKNOWN_ID);
    say_lie("id-too-large", LIE_ID_TOO_LARGE);
    say_lie("answer-twice", LIE_TWICE);
    say_lie("index", LIE_INDEX);
    row_want("lies.kept", (s64)(block_counts(disk)->kept - kept), 0);
    backend.lie = LIE_KEEPS_MAPPED;
    row_want("keeps-mapped.read", block_read(disk, 1, buffer + 90 * PAGE_SIZE, 1), -XEN_EIO);
    row_want("keeps-mapped.kept", (s64)(block_counts(disk)->kept - kept), 1);
    row_want("keeps-mapped.then", block_read(disk, 1, buffer, 1), 0);
}

/* ---- Waiting --------------------------------------------------------------------------------- */

static volatile bool answered;

/* Its patience begins when the backend has the page mapped. */
static void read_mapped(void *arg)
{
    struct block_io io = {.operation = BLKIF_OP_READ, .sector = 1, .buffer = arg, .count = 1};

    block_submit(disk, &io, 1);
    row_want("mapped.held", grows(&backend.held, 1), true);
    late_answer = block_wait(disk, &io);
    answered = true;
}

static void say_patience(void)
{
    struct thread *reader;

    block_set_patience(disk, 20 * NS_PER_MILLISECOND);
    backend.hold = true;
    row_want("patience.read", block_read(disk, 1, buffer, 300), -XEN_ETIMEDOUT);
    row_want("patience.flush", block_discard(disk, 1, 1), -XEN_ETIMEDOUT);
    backend.held = 0; /* their memory is ours: a late answer of success would be a lie */
    backend_release();
    block_set_patience(disk, 30 * NS_PER_SECOND);
    row_want("patience.then", block_read(disk, 1, buffer, 1), 0);
    backend_stop();
    backend_start();
    row_want("patience.next-backend", block_read(disk, 1, buffer, 1), 0);
    block_set_patience(disk, 20 * NS_PER_MILLISECOND);
    backend.hold = backend.hold_maps = true;
    answered = false;
    reader = thread_create(&vcpu_boot, read_mapped, buffer);
    thread_sleep(200 * NS_PER_MILLISECOND);
    row_want("mapped.still-waits", answered, false);
    backend_release();
    thread_join(reader);
    row_want("mapped.answer", late_answer, -XEN_ETIMEDOUT);
    block_set_patience(disk, 30 * NS_PER_SECOND);
    row_want("mapped.then", block_read(disk, 1, buffer, 1), 0);
}

static void backend_follow(void *arg)
{
    (void)arg;
    reaches(XenbusStateClosing);
    backend_stop();
    backend_states(XenbusStateClosed);
}

static long close_with_backend(void)
{
    struct thread *follower = thread_create(&vcpu_boot, backend_follow, NULL);
    long answer = block_close(disk);

    thread_join(follower);
    return answer;
}

static void say_end(void)
{
    u64 before;
    struct block *other;

    for (u32 i = 0; i < 2; i++) {
        before = frame_free_count();
        backend.flush = true;
        row_want(i ? "close.again" : "close", close_with_backend(), 0);
        row_want(i ? "close.again.state" : "close.state", our_state(), XenbusStateClosed);
        backend.info = VDISK_READONLY;
        backend_start();
        row_want(i ? "open.third" : "open.again", block_open(&disk, 0), 0);
    }
    row_want("open.memory", (s64)(frame_free_count() - before), 0);
    row_want("read-only", block_size(disk).read_only, true);
    row_want("read-only.read", block_read(disk, 1, buffer, 1), 0);
    row_want("read-only.write", block_write(disk, 1, buffer, 1), -XEN_EROFS);
    row_want("read-only.close", close_with_backend(), 0);
    backend.sector_size = 4096;
    backend_start();
    row_want("large-sectors.open", block_open(&other, 0), -XEN_ETIMEDOUT);
    row_want("large-sectors.state", our_state(), XenbusStateClosed);
    backend_stop();
}

void guest_main(void)
{
    event_init(EVENT_TWO_LEVEL);
    threads_start(SLICE);
    fake_store_start();
    xenstore_init();
    buffer = pfn_to_virt(frame_alloc_run(PAGES));
    row_want("open.none", block_open(&disk, 0), -XEN_ENODEV);
    backend.directory = FIRST_PLACE;
    backend.flush = backend.discard = true;
    backend_make();
    backend_start();
    row_want("open", block_open(&disk, 0), 0);
    row_want("sectors", (s64)block_size(disk).sectors, DISK_SECTORS);
    row_want("state", our_state(), XenbusStateConnected);
    say_pieces();
    say_others();
    say_batch();
    say_threads();
    say_changes();
    say_lies();
    say_patience();
    say_end();
    guest_end();
}
