/* What a guest has had of its devices: for `top`, and for the end of the demonstration. Figures are
 * the backends' own, since each device was made or its backend was started anew. */
#ifndef DOM0_SHELL_SUMMARY_H
#define DOM0_SHELL_SUMMARY_H

#include "xen-like/abi/xen.h"
#include "xen-like/lib/types.h"

struct device_figures {
    u32 disks, cards;
    u64 requests, reads, writes, sectors_read, sectors_written;   /* of all its disks */
    u64 frames_sent, frames_received, bytes_sent, bytes_received; /* by the guest */
};

/* Of a guest that runs, added up over its devices of a kind. */
void devices_figure(struct device_figures *f, domid_t domain);

/* "; 24 requests to its disk, 33 KiB read, 4 KiB written; 6 frames sent, 5 received" in to[size],
 * without what it has no device for. Before its devices go. */
void summary_devices(char *to, size_t size, domid_t domain);

#endif
