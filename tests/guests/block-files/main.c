/*
 * A guest with three disks that dom0 serves from one real disk: what the frontend, dom0's backend
 * and its driver make of each other, with no fake in between. Files on the first, which the host
 * reads afterwards and checks; many threads on the second; the third is read-only.
 *
 * With `bench` on the command line: bench.c.
 */
#include "guest-kernel/core/report.h"
#include "guest-kernel/event/event.h"
#include "guest-kernel/files/files.h"
#include "guest-kernel/mm/direct_map.h"
#include "guest-kernel/mm/frame.h"
#include "guest-kernel/time/clock.h"
#include "guest-kernel/xenbus/xenbus.h"
#include "tests/guests/block-files/bench.h"
#include "tests/guests/pattern.h"
#include "xen-like/lib/fmt.h"
#include "xen-like/lib/string.h"

#define SLICE     (2 * NS_PER_MILLISECOND)
#define BIG       MIB(1)
#define THREADS   4
#define ROUNDS    25
#define AREA      2048u /* sectors for each thread */
#define PAGES     20u   /* of each thread's buffer */
#define LONG_NAME "A name that is longer than eight and three.text"

/* ---- Files ----------------------------------------------------------------------------------- */

static void count_entry(const struct file_entry *entry, void *data)
{
    u32 *found = data;

    found[0] += !entry->folder;
    found[1] += entry->folder && !strcmp(entry->name, "folder");
    found[2] += !strcmp(entry->name, LONG_NAME);
}

static void say_copy(u8 *buffer)
{
    long length = file_read("hello.txt", 0, buffer, BIG);
    u32 first = 0, second = 1;

    row_want("copy.read", length > 1000, true);
    row_want("copy.write", file_write("copy.txt", buffer, (size_t)length), 0);
    row_want("copy.sum", file_checksum("HELLO.TXT", &first) | file_checksum("copy.txt", &second),
             0);
    row_want("copy.same-sum", first == second, true);
    memset(buffer, 0, 100);
    row_want("copy.end", file_read("copy.txt", (u64)length - 10, buffer, 100), 10);
    row_want("copy.beyond", file_read("copy.txt", (u64)length + 10, buffer, 100), 0);
}

static void say_big(u8 *buffer)
{
    u32 crc;

    fill(buffer, BIG, 4711);
    row_want("big.write", file_write("folder/big.bin", buffer, BIG), 0);
    memset(buffer, 0, BIG);
    row_want("big.read", file_read("folder/big.bin", 0, buffer, BIG), (s64)BIG);
    row_want("big.same", filled(buffer, BIG, 4711), true);
    /* At an address that cannot be granted piece by piece. */
    memset(buffer, 0, BIG);
    row_want("big.read-unaligned", file_read("folder/big.bin", 0, buffer + 3, BIG - 8), BIG - 8);
    row_want("big.same-unaligned", filled(buffer + 3, BIG - 8, 4711), true);
    row_want("big.sum", file_checksum("folder/big.bin", &crc), 0);
    row_hex("big.crc", crc);
}

static void say_refused(u8 *buffer)
{
    u32 crc, found[3] = {0};

    row_want("none.read", file_read("none.txt", 0, buffer, 10), -XEN_ENOENT);
    row_want("none.folder", file_read("none/none.txt", 0, buffer, 10), -XEN_ENOENT);
    row_want("none.sum", file_checksum("none.txt", &crc), -XEN_ENOENT);
    row_want("none.remove", file_remove("none.txt"), -XEN_ENOENT);
    row_want("folder.read", file_read("folder", 0, buffer, 10), -XEN_EISDIR);
    row_want("folder.write", file_write("folder", buffer, 10), -XEN_EISDIR);
    row_want("name.wrong", file_write("a*b", buffer, 10), -XEN_EINVAL);
    row_want("name.long", file_write(LONG_NAME, "long\n", 5), 0);
    row_want("list", files_list("", count_entry, found), 0);
    row_want("list.files", found[0], 3);
    row_want("list.folder", found[1], 1);
    row_want("list.long-name", found[2], 1);
    row_want("list.nowhere", files_list("nowhere", count_entry, found), -XEN_ENOENT);
}

/* Files of a MiB until there is no room; then all of them go. */
static void say_full(u8 *buffer)
{
    char name[16];
    long answer = 0;
    u32 count = 0;

    for (; count < 64 && !answer; count++) {
        fmt_snprintf(name, sizeof(name), "full%u", count);
        answer = file_write(name, buffer, BIG);
    }
    row_want("full", answer, -XEN_ENOSPC);
    answer = 0;
    while (count--) {
        fmt_snprintf(name, sizeof(name), "full%u", count);
        answer |= file_remove(name);
    }
    row_want("full.removed", answer, 0);
    row_want("full.then", file_write("then.txt", "then\n", 5), 0);
}

static void say_files(void)
{
    u8 *buffer = pfn_to_virt(frame_alloc_run(BIG / PAGE_SIZE));
    struct block *disk;

    row_want("not-mounted", file_read("hello.txt", 0, buffer, 1), -XEN_ENODEV);
    row_want("open", block_open(&disk, 0), 0);
    row_want("mount", files_mount(disk), 0);
    row_want("mount.again", files_mount(disk), -XEN_EBUSY);
    say_copy(buffer);
    say_big(buffer);
    say_refused(buffer);
    say_full(buffer);
    row_want("unmount", files_unmount(), 0);
    row_want("kept", (s64)block_counts(disk)->kept, 0);
    row_want("close", block_close(disk), 0);
    row_want("open.again", block_open(&disk, 0), 0);
    row_want("mount.third", files_mount(disk), 0);
    row_want("then", file_read("then.txt", 0, buffer, 100), 5);
    files_unmount();
    row_want("close.again", block_close(disk), 0);
}

/* ---- Sectors --------------------------------------------------------------------------------- */

static struct block *disk_b;
static u32 wrong;

static void hammer(void *arg)
{
    u32 me = (u32)(uintptr_t)arg, seed = me + 1;
    u8 *mine = pfn_to_virt(frame_alloc_run(PAGES));

    for (u32 i = 0; i < ROUNDS; i++) {
        u32 sectors = 1 + (seed = seed * 1103515245 + 12345, seed >> 16) % ((PAGES - 1) * 8);
        u64 sector = me * AREA + seed % (AREA - PAGES * 8);
        u8 *at = mine + BLOCK_SECTOR * (seed % 8);

        fill(at, sectors * BLOCK_SECTOR, seed);
        wrong += block_write(disk_b, sector, at, sectors) != 0;
        memset(mine, 0, PAGES * PAGE_SIZE);
        wrong += block_read(disk_b, sector, at, sectors) != 0;
        wrong += !filled(at, sectors * BLOCK_SECTOR, seed);
    }
}

static void say_sectors(void)
{
    struct thread *threads[THREADS];
    struct block *disk_c;
    u8 *page = pfn_to_virt(frame_alloc());

    row_want("second.open", block_open(&disk_b, 1), 0);
    row_want("second.sectors", (s64)block_size(disk_b).sectors, MIB(8) / BLOCK_SECTOR);
    for (u64 i = 0; i < THREADS; i++)
        threads[i] = thread_create(&vcpu_boot, hammer, (void *)(uintptr_t)i);
    for (u32 i = 0; i < THREADS; i++)
        thread_join(threads[i]);
    row_want("second.wrong", wrong, 0);
    row_want("second.flush", block_flush(disk_b), 0);
    row_want("second.kept", (s64)block_counts(disk_b)->kept, 0);
    row_want("second.copied", (s64)block_counts(disk_b)->copied, 0);
    row_want("second.close", block_close(disk_b), 0);
    row_want("third.open", block_open(&disk_c, 2), 0);
    row_want("third.read-only", block_size(disk_c).read_only, true);
    row_want("third.read", block_read(disk_c, 0, page, 8), 0);
    row_want("third.write", block_write(disk_c, 0, page, 8), -XEN_EROFS);
    row_want("third.mount", files_mount(disk_c), -XEN_ENOENT);
    row_want("third.close", block_close(disk_c), 0);
    row_want("fourth.open", block_open(&disk_c, 3), -XEN_ENODEV);
}

void guest_main(void)
{
    event_init(EVENT_TWO_LEVEL);
    threads_start(SLICE);
    row_want("store", xenstore_init(), 0);
    if (cmdline_has("bench")) {
        bench();
    } else {
        say_files();
        say_sectors();
    }
    guest_end();
}
