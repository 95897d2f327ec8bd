/*
 * Physical interrupts of a domain: its own numbers for the machine's (cpu/irq.h), and which port
 * each of them is bound to (public/physdev.h, public/event_channel.h).
 *
 * An interrupt becomes an event once, and not again before the guest has said PHYSDEVOP_eoi, unless
 * it is of a kind that cannot storm (pirq.c says how that is done and why it is safe).
 * EVTCHNOP_unmask is not that call: it concerns the port alone, as on Xen.
 *
 * All of these take the lock of interrupts, which ranks above LOCK_EVENTS; errors are -XEN_E...
 */
#ifndef HYPERVISOR_EVENT_PIRQ_H
#define HYPERVISOR_EVENT_PIRQ_H

#include "xen-like/abi/xen.h"

struct domain;

struct pirq;

/* Of a domain. The lock of interrupts. */
struct domain_pirqs {
    struct pirq *table;  /* made when the first one is needed */
    u32 count;           /* of the numbers there may be */
    bool end_unmasks;    /* PHYSDEVOP_pirq_eoi_gmfn_v1: an end unmasks the port too */
    unsigned long *ends; /* the guest's page with a bit for each that needs an end; NULL: none */
};

/* The beginning and the end of a domain's. Its ports are closed before the end. */
void pirqs_init(struct domain *d);
void pirqs_destroy(struct domain *d);

/*
 * EVTCHNOP_bind_pirq: from now on, events on @port. -EINVAL: there is no such number; -EPERM:
 * nothing is mapped to it (or it may not be used); -EEXIST: it has a port; -EBUSY: somebody else
 * has the interrupt, the hypervisor itself for one; -ENOSPC, -ENOMEM. Whether the guest would share
 * makes no difference: an interrupt is bound by one domain. The caller holds the domain's events
 * lock.
 */
int pirq_bind(struct domain *d, u32 pirq, evtchn_port_t port);

/* Its port is closed: no interrupts any more. Likewise. */
void pirq_unbind(struct domain *d, u32 pirq);

#endif
