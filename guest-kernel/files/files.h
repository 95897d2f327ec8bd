/*
 * Files on a PV disk: one FAT file system at a time, whole files in and out. For threads; any
 * number may ask, one is served.
 *
 * A name may have folders in it ("docs/hello.txt"); case does not matter. Answers are 0, a length,
 * or a negative errno: -ENOENT, -ENOSPC, -EROFS, -EISDIR, -EINVAL (the name cannot be), -ENODEV
 * (nothing is mounted), -EIO.
 */
#ifndef GUEST_KERNEL_FILES_FILES_H
#define GUEST_KERNEL_FILES_FILES_H

#include "guest-kernel/block/block.h"

/* -ENOENT: there is no FAT file system on it. -EBUSY: another disk is mounted. */
long files_mount(struct block *disk);
/* All that was written is on the disk afterwards. The disk stays open. */
long files_unmount(void);

/* From byte `from` on, at most size bytes: how many there were. */
long file_read(const char *name, u64 from, void *to, size_t size);
/* The whole file anew. */
long file_write(const char *name, const void *from, size_t size);
long file_remove(const char *name);

struct file_entry {
    char name[256];
    u64 size;
    bool folder;
};

/* Calls each for all in the folder ("": the first one), in the disk's order. */
long files_list(const char *folder, void (*each)(const struct file_entry *entry, void *data),
                void *data);

/* The CRC-32 of a whole file, as zlib and `cksum -a crc32b` compute it. */
long file_checksum(const char *name, u32 *crc);

#endif
