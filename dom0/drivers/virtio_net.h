/* Network cards behind virtio (specification 1.0, section 5.1): found ones are in nics (nic.h). */
#ifndef DOM0_DRIVERS_VIRTIO_NET_H
#define DOM0_DRIVERS_VIRTIO_NET_H

#include "xen-like/lib/types.h"

#define VIRTIO_NET_TYPE 1

/* Drives the function, if it can. */
void virtio_net_start(u16 bdf);

#endif
