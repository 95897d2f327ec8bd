/*
 * The second door to Xen's public headers: what travels in shared pages between two guests, which
 * the hypervisor proper knows nothing of. For ioring/ and its users.
 */
#ifndef XEN_LIKE_ABI_IO_H
#define XEN_LIKE_ABI_IO_H

#include "xen-like/abi/xen.h"

#include <xen/io/blkif.h>
#include <xen/io/console.h>
#include <xen/io/netif.h>
#include <xen/io/protocols.h>
#include <xen/io/ring.h>
#include <xen/io/xenbus.h>
#include <xen/io/xs_wire.h>

#endif
