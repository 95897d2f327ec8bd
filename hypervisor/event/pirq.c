/* Physical interrupts of a domain: see pirq.h. Nothing can be mapped so far. */
#include "hypervisor/event/pirq.h"

#include "hypervisor/domain/domain.h"

void pirqs_init(struct domain *d)
{
    d->pirqs.count = 0;
}

void pirqs_destroy(struct domain *d)
{
    d->pirqs.count = 0;
}

int pirq_bind(struct domain *d, u32 pirq, evtchn_port_t port)
{
    (void)port;
    if (pirq >= d->pirqs.count)
        return refuse(XEN_EINVAL, "there is no such interrupt");
    return refuse(XEN_EPERM, "nothing is mapped to this number");
}

void pirq_unbind(struct domain *d, u32 pirq)
{
    (void)d;
    (void)pirq;
}
