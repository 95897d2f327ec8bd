/*
 * The backend of block devices (class "vbd"; public io/blkif.h): guests' requests, done by a disk
 * that dom0 drives. docs/life-of-a-block-request.md goes along with one.
 *
 * No byte of data is copied: the guest's granted frames are mapped for the device alone, which
 * reads and writes them itself. What is copied is an indirect request's list of segments.
 */
#ifndef DOM0_BACKEND_BLOCK_H
#define DOM0_BACKEND_BLOCK_H

#include "dom0/backend/device.h"

struct block_statistics {
    u64 requests, refused; /* taken; of these answered without the disk */
    u64 reads, writes;     /* of them, that went to the disk with data */
    u64 sectors_read, sectors_written;
    u64 segments;                                       /* mapped */
    u64 copies;                                         /* of lists of segments */
    u64 notifications_received, notifications_answered; /* from the guest, to it */
};

/* Makes the class known, after drivers_start. 0 or -ENOMEM. */
int block_start(void);
extern const struct device_class block_class;

/* Since the device was made; device is of this class. */
const struct block_statistics *block_statistics(const struct device *device);

#endif
