/* The I/O ports of a domain: see ports.h. */
#include "hypervisor/domain/ports.h"

#include "hypervisor/cpu/pc_ports.h"
#include "hypervisor/mm/alloc.h"
#include "xen-like/lib/bitmap.h"

bool ports_allow(struct domain *d, u32 first, u32 count)
{
    if (!d->ports)
        d->ports = pages_alloc(order_for(IO_PORTS / 8));
    for (u32 port = first; d->ports && port < first + count; port++)
        bitmap_set_atomic(d->ports, port);
    return d->ports;
}

void ports_deny(struct domain *d, u32 first, u32 count)
{
    for (u32 port = first; d->ports && port < MIN(first + count, IO_PORTS); port++)
        bitmap_clear_atomic(d->ports, port);
}

bool ports_allowed(const struct domain *d, u32 first, u32 count)
{
    if (!d->ports || first + count > IO_PORTS)
        return false;
    for (u32 port = first; port < first + count; port++)
        if (!bitmap_test(d->ports, port))
            return false;
    return true;
}
