/* Within files/: which disk FatFs reads and writes; NULL: none. */
#ifndef GUEST_KERNEL_FILES_FAT_DISK_H
#define GUEST_KERNEL_FILES_FAT_DISK_H

#include "guest-kernel/block/block.h"

extern struct block *fat_disk;

#endif
