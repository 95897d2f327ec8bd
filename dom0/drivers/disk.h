/*
 * A disk as backends see it, whoever drives it (virtio_blk.h). Requests name machine memory: the
 * device reads and writes it itself, so a guest's granted frames need no copy.
 *
 * disk_submit never waits. done is called from dom0's loop, exactly once for each request that was
 * taken, never within disk_submit.
 */
#ifndef DOM0_DRIVERS_DISK_H
#define DOM0_DRIVERS_DISK_H

#include "dom0/loop.h"

#define SECTOR_SIZE 512u

enum disk_operation {
    DISK_READ,
    DISK_WRITE,
    DISK_FLUSH,
    DISK_DISCARD,
};

/* A piece of machine memory: at most up to the end of its page. */
struct disk_segment {
    u64 address;
    u32 bytes; /* a multiple of SECTOR_SIZE */
};

struct disk_request {
    struct list link; /* this and place are the driver's */
    u64 place;        /* on the whole disk: of the sector below */
    enum disk_operation operation;
    u64 sector, sectors;                 /* on the disk, in units of SECTOR_SIZE */
    const struct disk_segment *segments; /* READ and WRITE: they add up to sectors */
    u32 count;
    void (*done)(struct disk_request *request, int answer); /* 0 or a negative errno */
};

struct disk {
    struct list link; /* in disks, in the order in which they were found */
    const char *name; /* "vda" */
    u64 sectors;
    u32 block_size; /* bytes: all requests are whole blocks; a multiple of SECTOR_SIZE */
    bool read_only, can_flush, can_discard;
    u32 segments_max;   /* for one request */
    struct disk *whole; /* of a range: the disk that it is in, where it has sector `start` */
    u64 start;
    void (*submit)(struct disk *disk, struct disk_request *request);
    void (*poll)(struct disk *disk); /* does what its interrupt would */
};

/* Have the two any sector in common? */
static inline bool disks_overlap(const struct disk *a, const struct disk *b)
{
    return a->whole == b->whole && a->start < b->start + b->sectors &&
           b->start < a->start + a->sectors;
}

extern struct list disks;

/* Also ranges of a disk are disks: "vda1" a partition, "vda@2048+8192" sectors by number, of a disk
 * or of a partition. NULL: there is none. The answer stays good for ever. */
struct disk *disk_find(const char *name);

/* 0: taken; -EINVAL: not within the disk, no whole blocks or the segments do not add up; -EROFS;
 * -EOPNOTSUPP. A full device is no error: the request waits its turn. */
int disk_submit(struct disk *disk, struct disk_request *request);

/* For start-up, before the loop runs: reads sectors into own memory, within a page; waits. */
int disk_read_now(struct disk *disk, u64 sector, void *to, u32 bytes);

/* For drivers: a disk is found; its partitions are, too. name in the order of finding: "vda". */
void disk_add(struct disk *disk);

#endif
