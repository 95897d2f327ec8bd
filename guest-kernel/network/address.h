/*
 * An interface's address: from DHCP, or from the command line as ip=ADDRESS/BITS[,GATEWAY].
 * For threads other than the network's; the interface's link must be up.
 */
#ifndef GUEST_KERNEL_NETWORK_ADDRESS_H
#define GUEST_KERNEL_NETWORK_ADDRESS_H

#include "guest-kernel/third_party/lwip/include/lwip/netif.h"
#include "xen-like/lib/types.h"

struct address {
    ip4_addr_t ip, mask, gateway; /* gateway 0: none */
};

/* Reads what stands behind ip=. */
bool address_parse(const char *text, struct address *address);

/* The interface has this address from now on. */
void address_set(struct netif *netif, const struct address *address);

/* Asks DHCP's servers, for span nanoseconds at most. False: none has given an address; it goes on
 * asking all the same. The lease is kept up by lwIP. */
bool address_obtain(struct netif *netif, u64 span_ns);

/* The name of the boot file that the server has told, if any: "" if not. Of some use as the place
 * where a machine finds what is meant for it. */
const char *address_boot_file(const struct netif *netif);

#endif
