// LINK: dom0/drivers/partition.c
/*
 * Partition tables, good ones and such as a guest might write to do harm: whatever is in the
 * sectors, only what lies on the disk is read and found, and reading ends.
 */
#include "dom0/drivers/partition.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SECTORS     4096u
#define SECTOR      512u
#define FOUND_MAX   9000u
#define READS_MAX   100000u
#define GPT_ENTRIES 128u

static u8 disk[SECTORS * SECTOR];
static u8 page[PAGE_SIZE];

static struct {
    u32 number;
    u64 start, sectors;
} list[FOUND_MAX];
static u32 count, reads;

static bool sectors_read(struct partition_reader *r, u64 sector, u32 bytes)
{
    assert_true(bytes && bytes <= PAGE_SIZE && bytes % r->block_size == 0);
    assert_true(sector < SECTORS && bytes <= (SECTORS - sector) * SECTOR);
    assert_true(++reads < READS_MAX);
    memcpy(r->page, disk + sector * SECTOR, bytes);
    return true;
}

static void partition_found(struct partition_reader *r, u32 number, u64 start, u64 sectors)
{
    (void)r;
    assert_true(start && sectors && start < SECTORS && sectors <= SECTORS - start);
    assert_true(count < FOUND_MAX);
    list[count].number = number;
    list[count].start = start;
    list[count++].sectors = sectors;
}

static void table_read(u32 block_size)
{
    struct partition_reader r = {.sectors = SECTORS,
                                 .block_size = block_size,
                                 .page = page,
                                 .read = sectors_read,
                                 .found = partition_found};

    count = reads = 0;
    partitions_read(&r);
}

static void assert_found(u32 n, u32 number, u64 start, u64 sectors)
{
    assert_true(n < count);
    assert_int_equal(list[n].number, number);
    assert_int_equal(list[n].start, start);
    assert_int_equal(list[n].sectors, sectors);
}

static void put32(u64 at, u32 value)
{
    memcpy(disk + at, &value, sizeof(value));
}

static void put64(u64 at, u64 value)
{
    memcpy(disk + at, &value, sizeof(value));
}

static void mbr_entry(u64 sector, u32 n, u8 type, u32 start, u32 sectors)
{
    u64 at = sector * SECTOR + 446 + n * 16;

    disk[at + 4] = type;
    put32(at + 8, start);
    put32(at + 12, sectors);
    disk[sector * SECTOR + 510] = 0x55;
    disk[sector * SECTOR + 511] = 0xaa;
}

static void primary_partitions(void **state)
{
    (void)state;
    memset(disk, 0, sizeof(disk));
    table_read(SECTOR);
    assert_int_equal(count, 0);
    mbr_entry(0, 0, 0x83, 64, 100);
    mbr_entry(0, 2, 0x0c, 200, 0);           /* empty */
    mbr_entry(0, 3, 0x0c, SECTORS - 10, 10); /* up to the end */
    table_read(SECTOR);
    assert_int_equal(count, 2);
    assert_found(0, 1, 64, 100);
    assert_found(1, 4, SECTORS - 10, 10);
    mbr_entry(0, 3, 0x0c, SECTORS - 10, 11);
    mbr_entry(0, 1, 0x83, 0, 50); /* over the table itself */
    mbr_entry(0, 2, 0x83, 0xfffffff0u, 0x20);
    table_read(SECTOR);
    assert_int_equal(count, 1);
    mbr_entry(0, 2, 0x83, 1, 0xffffffffu);
    table_read(SECTOR);
    assert_int_equal(count, 1);
    table_read(4096); /* the same numbers in larger blocks */
    assert_int_equal(count, 1);
    assert_found(0, 1, 512, 800);
}

static void what_is_no_table(void **state)
{
    (void)state;
    memset(disk, 0, sizeof(disk));
    mbr_entry(0, 0, 0x83, 64, 100);
    disk[511] = 0;
    table_read(SECTOR);
    assert_int_equal(count, 0);
    mbr_entry(0, 0, 0x83, 64, 100);
    disk[446 + 16] = 0x41; /* text of a boot sector where a status would be */
    table_read(SECTOR);
    assert_int_equal(count, 0);
}

static void logical_partitions(void **state)
{
    (void)state;
    memset(disk, 0, sizeof(disk));
    mbr_entry(0, 0, 0x83, 64, 36);
    mbr_entry(0, 1, 0x05, 100, 1000);
    mbr_entry(100, 0, 0x83, 2, 50);
    mbr_entry(100, 1, 0x05, 60, 100); /* from the chain's beginning */
    mbr_entry(160, 0, 0x83, 3, 40);
    table_read(SECTOR);
    assert_int_equal(count, 3);
    assert_found(0, 1, 64, 36);
    assert_found(1, 5, 102, 50);
    assert_found(2, 6, 163, 40);
    mbr_entry(160, 1, 0x05, 0, 100); /* back to the first */
    table_read(SECTOR);
    assert_int_equal(count, 3);
    mbr_entry(160, 1, 0x05, 60, 100); /* to itself */
    table_read(SECTOR);
    assert_int_equal(count, 3);
    mbr_entry(160, 1, 0x05, 1000, 100); /* out of the chain's range */
    table_read(SECTOR);
    assert_int_equal(count, 3);
}

/* As long a chain as a disk can have. */
static void endless_chain(void **state)
{
    (void)state;
    memset(disk, 0, sizeof(disk));
    mbr_entry(0, 0, 0x0f, 1, SECTORS - 1);
    for (u32 at = 1; at + 1 < SECTORS; at++) {
        mbr_entry(at, 0, 0x83, 1, 1);
        mbr_entry(at, 1, 0x0f, at, 1);
    }
    table_read(SECTOR);
    assert_int_equal(count, 256);
}

static u32 crc(const u8 *at, u32 bytes)
{
    u32 sum = ~0u;

    for (u32 n = 0; n < bytes * 8; n++) {
        u32 bit = (sum ^ at[n / 8] >> n % 8) & 1;

        sum = sum >> 1 ^ (bit ? 0xedb88320u : 0);
    }
    return ~sum;
}

static void gpt_seal(u64 header, u64 table, u32 entries, u32 entry_bytes)
{
    u64 at = header * SECTOR;

    memcpy(disk + at, "EFI PART", 8);
    put32(at + 8, 0x10000);
    put32(at + 12, 92);
    put64(at + 24, header);
    put64(at + 72, table);
    put32(at + 80, entries);
    put32(at + 84, entry_bytes);
    put32(at + 88, crc(disk + table * SECTOR, entries * entry_bytes));
    put32(at + 16, 0);
    put32(at + 16, crc(disk + at, 92));
}

static void gpt_entry(u64 table, u32 n, u64 first, u64 last)
{
    u64 at = table * SECTOR + n * 128;

    put64(at, 0x4433ebd0a0a2b9e5ull);
    put64(at + 32, first);
    put64(at + 40, last);
}

static void gpt_make(void)
{
    memset(disk, 0, sizeof(disk));
    mbr_entry(0, 0, 0xee, 1, SECTORS - 1);
    gpt_entry(2, 0, 64, 163);
    gpt_entry(2, 5, 200, 200);
    gpt_entry(2, 127, 300, 299);     /* upside down */
    gpt_entry(2, 126, 300, SECTORS); /* out of the disk */
    gpt_entry(2, 125, 300, ~0ull);
    gpt_seal(1, 2, GPT_ENTRIES, 128);
}

static void gpt_partitions(void **state)
{
    (void)state;
    gpt_make();
    table_read(SECTOR);
    assert_int_equal(count, 2);
    assert_found(0, 1, 64, 100);
    assert_found(1, 6, 200, 1);
    disk[2 * SECTOR + 40]++; /* an entry that the checksum does not know */
    table_read(SECTOR);
    assert_int_equal(count, 0);
    gpt_make();
    disk[SECTOR + 17]++;
    table_read(SECTOR);
    assert_int_equal(count, 0);
}

static void gpt_second_copy(void **state)
{
    (void)state;
    gpt_make();
    memmove(disk + (SECTORS - 33) * SECTOR, disk + 2 * SECTOR, 32 * SECTOR);
    gpt_seal(SECTORS - 1, SECTORS - 33, GPT_ENTRIES, 128);
    memset(disk + SECTOR, 0, SECTOR);
    table_read(SECTOR);
    assert_int_equal(count, 2);
    assert_found(1, 6, 200, 1);
}

static void gpt_refused(void **state)
{
    static const struct {
        u64 table;
        u32 entries, bytes;
    } bad[] = {{2, 0, 128}, {2, 128, 64}, {2, 128, 200}, {2, 128, 0}};

    (void)state;
    for (u32 n = 0; n < ARRAY_SIZE(bad); n++) {
        gpt_make();
        gpt_seal(1, bad[n].table, bad[n].entries, bad[n].bytes);
        table_read(SECTOR);
        assert_int_equal(count, 0);
    }
    gpt_make();
    put64(SECTOR + 72, SECTORS - 1); /* the table would end behind the disk */
    put32(SECTOR + 16, 0);
    put32(SECTOR + 16, crc(disk + SECTOR, 92));
    table_read(SECTOR);
    assert_int_equal(count, 0);
}

/* Bytes at random where it hurts, checksums made good again: only the asserts above judge. */
static void hostile_tables(void **state)
{
    (void)state;
    srand(1);
    for (u32 round = 0; round < 3000; round++) {
        bool gpt = round % 2;

        gpt_make();
        if (!gpt)
            logical_partitions(NULL);
        for (u32 n = 0; n < 1 + round % 8; n++) {
            u64 at = gpt ? 2 * SECTOR + (u64)rand() % 1024 : (u64)rand() % (200 * SECTOR);

            if (at % SECTOR < 510)
                disk[at] = (u8)rand();
        }
        if (gpt)
            gpt_seal(1, 2, (u32)rand() % 200 + 1, 128);
        table_read(SECTOR);
        if (gpt) {
            put32(SECTOR + 12 + (u32)rand() % 19 * 4, (u32)rand());
            put32(SECTOR + 16, 0);
            put32(SECTOR + 16, crc(disk + SECTOR, 92));
            table_read(SECTOR);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(primary_partitions), cmocka_unit_test(what_is_no_table),
        cmocka_unit_test(logical_partitions), cmocka_unit_test(endless_chain),
        cmocka_unit_test(gpt_partitions),     cmocka_unit_test(gpt_second_copy),
        cmocka_unit_test(gpt_refused),        cmocka_unit_test(hostile_tables),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
