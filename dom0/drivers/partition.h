/*
 * PARTITION TABLES: the PC's old one (MBR, with a chain of logical partitions) and GPT (UEFI
 * specification, chapter 5). Pure: how sectors are read is the caller's business.
 *
 * A table may have been written by a guest, to do harm: each number is held against the disk's
 * size, every walk ends, and what does not fit is passed over.
 */
#ifndef DOM0_DRIVERS_PARTITION_H
#define DOM0_DRIVERS_PARTITION_H

#include "xen-like/lib/types.h"

struct partition_reader {
    u64 sectors; /* of 512 bytes, as all numbers here */
    u32 block_size;
    void *page; /* PAGE_SIZE bytes, to read to */
    /* Reads @bytes (whole blocks, at most a page) to page; only within the disk. */
    bool (*read)(struct partition_reader *reader, u64 sector, u32 bytes);
    /* Number as in "vda1": 1 to 4 primary, from 5 on logical; with GPT the place in its table. */
    void (*found)(struct partition_reader *reader, u32 number, u64 start, u64 sectors);
};

void partitions_read(struct partition_reader *reader);

#endif
