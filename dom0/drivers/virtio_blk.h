/* Disks behind virtio (specification 1.0, section 5.2): found ones are in disks (disk.h). */
#ifndef DOM0_DRIVERS_VIRTIO_BLK_H
#define DOM0_DRIVERS_VIRTIO_BLK_H

#include "xen-like/lib/types.h"

#define VIRTIO_BLK_TYPE 2

/* Drives the function, if it can. */
void virtio_blk_start(u16 bdf);

#endif
