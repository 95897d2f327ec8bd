/* ping: an ICMP echo of ours, and its answer. (Other people's are answered by lwIP itself.) */
#ifndef GUEST_KERNEL_NETWORK_PING_H
#define GUEST_KERNEL_NETWORK_PING_H

#include "guest-kernel/third_party/lwip/include/lwip/ip4_addr.h"
#include "xen-like/lib/types.h"

#define PING_BYTES_MAX 8000 /* more than a frame: lwIP cuts it, and joins what comes back */

/* Sends one with so many bytes of content and waits for its answer, span nanoseconds at most. True:
 * it came, whole, after *took_ns. For threads other than the network's. */
bool ping(const ip4_addr_t *to, u32 bytes, u64 span_ns, u64 *took_ns);

#endif
