/* lwIP's surroundings, as far as somebody else than lwIP calls them. */
#ifndef GUEST_KERNEL_NETWORK_LWIP_PORT_H
#define GUEST_KERNEL_NETWORK_LWIP_PORT_H

#include "xen-like/lib/types.h"

/* Before lwip_init. False: there is too little memory for its heap. */
bool lwip_port_init(void);

#endif
