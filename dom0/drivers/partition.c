/*
 * Reading partition tables; partition.h says from whom. A disk with a GPT has an old table, too,
 * with one partition of its own type over all: whoever knows only old tables keeps off.
 */
#include "dom0/drivers/partition.h"

#include "xen-like/lib/string.h"

#define SECTOR 512u

#define MBR_ENTRIES      4
#define MBR_SIGNATURE    0xaa55
#define MBR_ACTIVE       0x80
#define MBR_LOGICAL_MAX  256 /* of a chain that a guest may have made endless */
#define TYPE_EXTENDED    0x05
#define TYPE_EXTENDED_LB 0x0f
#define TYPE_EXTENDED_LX 0x85
#define TYPE_GPT         0xee

struct mbr_entry {
    u8 status, first_chs[3], type, last_chs[3];
    u32 start, sectors;
} __attribute__((packed));

struct mbr {
    u8 code[446];
    struct mbr_entry entries[MBR_ENTRIES];
    u16 signature;
} __attribute__((packed));

#define GPT_SIGNATURE   0x5452415020494645ull /* "EFI PART" */
#define GPT_HEADER_MIN  92u
#define GPT_ENTRY_MIN   128u
#define GPT_ENTRIES_MAX 8192u

struct gpt_header {
    u64 signature;
    u32 revision, bytes, header_crc, reserved;
    u64 here, other, first_usable, last_usable;
    u8 disk[16];
    u64 table;
    u32 entries, entry_bytes, table_crc;
} __attribute__((packed));

struct gpt_entry {
    u64 type[2], identity[2], first, last;
} __attribute__((packed));

static bool within_disk(const struct partition_reader *r, u64 start, u64 sectors)
{
    return sectors && sectors <= r->sectors && start <= r->sectors - sectors;
}

static bool read_at(struct partition_reader *r, u64 sector, u32 bytes)
{
    return within_disk(r, sector, bytes / SECTOR) && r->read(r, sector, bytes);
}

static void found(struct partition_reader *r, u32 number, u64 start, u64 sectors)
{
    if (start && within_disk(r, start, sectors))
        r->found(r, number, start, sectors);
}

/* ---- The old table --------------------------------------------------------------------------- */

static bool is_extended(const struct mbr_entry *e)
{
    return e->sectors &&
           (e->type == TYPE_EXTENDED || e->type == TYPE_EXTENDED_LB || e->type == TYPE_EXTENDED_LX);
}

/* The first sector of a file system has the same signature, and anything where entries would be. */
static bool mbr_read(struct partition_reader *r, u64 sector, struct mbr *mbr)
{
    if (!read_at(r, sector, r->block_size))
        return false;
    memcpy(mbr, r->page, sizeof(*mbr));
    for (int n = 0; n < MBR_ENTRIES; n++) {
        if (mbr->entries[n].status & ~MBR_ACTIVE)
            return false;
    }
    return mbr->signature == MBR_SIGNATURE;
}

/* Each table of the chain has one partition, told from its own sector on, and the place of the next
 * table, told from the chain's beginning on. Forward only, so that it is no circle. */
static void logical_read(struct partition_reader *r, u64 unit, const struct mbr_entry *extended,
                         u32 *number)
{
    u64 chain = extended->start * unit, at = chain, next;
    struct mbr mbr;

    for (int n = 0; n < MBR_LOGICAL_MAX && mbr_read(r, at, &mbr); n++) {
        const struct mbr_entry *own = &mbr.entries[0], *link = &mbr.entries[1];

        if (own->type && !is_extended(own)) {
            found(r, *number, at + own->start * unit, own->sectors * unit);
            ++*number;
        }
        next = chain + link->start * unit;
        if (!is_extended(link) || next <= at || link->start >= extended->sectors)
            return;
        at = next;
    }
}

static void primary_read(struct partition_reader *r, const struct mbr *mbr)
{
    u64 unit = r->block_size / SECTOR;
    u32 logical = MBR_ENTRIES + 1;

    for (u32 n = 0; n < MBR_ENTRIES; n++) {
        const struct mbr_entry *e = &mbr->entries[n];

        if (is_extended(e))
            logical_read(r, unit, e, &logical);
        else if (e->type)
            found(r, n + 1, e->start * unit, e->sectors * unit);
    }
}

/* ---- GPT ------------------------------------------------------------------------------------- */

/* CRC-32 as in UEFI 5.3.2 (and in gzip), going on from `crc`; begins and ends with 0. */
static u32 crc32(u32 crc, const void *bytes, u32 count)
{
    const u8 *at = bytes;

    crc = ~crc;
    while (count--) {
        crc ^= *at++;
        for (int bit = 0; bit < 8; bit++)
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320u : 0);
    }
    return ~crc;
}

static bool gpt_header_read(struct partition_reader *r, u64 block, struct gpt_header *h)
{
    u64 unit = r->block_size / SECTOR;
    struct gpt_header *there = r->page;

    if (!read_at(r, block * unit, r->block_size))
        return false;
    *h = *there;
    if (h->signature != GPT_SIGNATURE || h->here != block || h->bytes < GPT_HEADER_MIN ||
        h->bytes > r->block_size || h->entry_bytes < GPT_ENTRY_MIN || PAGE_SIZE % h->entry_bytes ||
        !h->entries || h->entries > GPT_ENTRIES_MAX || h->table >= r->sectors / unit)
        return false;
    there->header_crc = 0;
    return crc32(0, there, h->bytes) == h->header_crc;
}

static void entry_found(struct partition_reader *r, u32 number, const struct gpt_entry *e)
{
    u64 unit = r->block_size / SECTOR, blocks = r->sectors / unit;

    if ((e->type[0] || e->type[1]) && e->first <= e->last && e->last < blocks)
        found(r, number, e->first * unit, (e->last - e->first + 1) * unit);
}

/* Reads the table page by page; its entries are told if `tell`. Its CRC, or nothing that fits. */
static bool gpt_table_read(struct partition_reader *r, const struct gpt_header *h, bool tell)
{
    u32 bytes = h->entries * h->entry_bytes, crc = 0, here;
    u64 start = h->table * (r->block_size / SECTOR);

    for (u32 done = 0; done < bytes; done += here) {
        here = MIN(bytes - done, (u32)PAGE_SIZE);
        if (!read_at(r, start + done / SECTOR, ALIGN_UP(here, r->block_size)))
            return false;
        crc = crc32(crc, r->page, here);
        for (u32 at = 0; tell && at < here; at += h->entry_bytes)
            entry_found(r, (done + at) / h->entry_bytes + 1,
                        (const struct gpt_entry *)((u8 *)r->page + at));
    }
    return crc == h->table_crc;
}

/* The second copy, at the disk's end, is for when the first is damaged. */
static void gpt_read(struct partition_reader *r)
{
    u64 blocks = r->sectors / (r->block_size / SECTOR);
    struct gpt_header h;

    if ((gpt_header_read(r, 1, &h) && gpt_table_read(r, &h, false)) ||
        (gpt_header_read(r, blocks - 1, &h) && gpt_table_read(r, &h, false)))
        gpt_table_read(r, &h, true);
}

void partitions_read(struct partition_reader *r)
{
    struct mbr mbr;

    if (r->block_size > PAGE_SIZE || !mbr_read(r, 0, &mbr))
        return;
    for (int n = 0; n < MBR_ENTRIES; n++) {
        if (mbr.entries[n].type == TYPE_GPT) {
            gpt_read(r);
            return;
        }
    }
    primary_read(r, &mbr);
}
