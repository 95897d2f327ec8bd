/*
 * Physical interrupts of a domain: its own numbers for the machine's (cpu/irq.h), and which port
 * each of them is bound to (public/physdev.h, public/event_channel.h).
 *
 * An interrupt becomes an event once, and not again before the guest has said PHYSDEVOP_eoi, unless
 * it is of a kind that cannot storm (pirq.c says how that is done and why it is safe).
 * EVTCHNOP_unmask is not that call: it concerns the port alone, as on Xen.
 *
 * Errors are -XEN_E....  The lock is irq_lock, which ranks above LOCK_EVENTS.
 */
#ifndef HYPERVISOR_EVENT_PIRQ_H
#define HYPERVISOR_EVENT_PIRQ_H

#include "xen-like/abi/xen.h"

struct domain;
struct irq;

/* Of a domain. irq_lock. */
struct domain_pirqs {
    s32 *table;       /* the interrupt that a number stands for; PIRQ_FREE, PIRQ_RESERVED. Made when
                         the first is needed */
    u32 count;        /* of the numbers there may be: Xen's figure */
    bool end_unmasks; /* PHYSDEVOP_pirq_eoi_gmfn_v1: an end unmasks the port too */
    unsigned long *ends; /* the guest's page with a bit for each that needs an end; NULL: none.
                            Holds both references */
};

#define PIRQ_FREE     0
#define PIRQ_RESERVED (-1) /* given out, or unmapped while it still has a port */

/* The beginning and the end of a domain's. Its ports are closed before the end. */
void pirqs_init(struct domain *d);
void pirqs_destroy(struct domain *d);

/*
 * EVTCHNOP_bind_pirq: from now on, events on @port. -EINVAL: there is no such number; -EPERM:
 * nothing is mapped to it; -EEXIST: it has a port; -EBUSY: somebody else has the interrupt, the
 * hypervisor itself for one; -ENOSPC: no vector. Whether the guest would share makes no difference:
 * an interrupt is bound by one domain. And the port is closed: no interrupts any more. The caller
 * holds the events lock.
 */
int pirq_bind(struct domain *d, u32 pirq, evtchn_port_t port);
void pirq_unbind(struct domain *d, u32 pirq);

/* PHYSDEVOP_eoi: -EINVAL when nothing has this number. And for all whose port is not masked. No
 * lock is held. */
int pirq_end(struct domain *d, u32 pirq);
void pirqs_end_unmasked(struct domain *d);

/*
 * With irq_lock held, PHYSDEVOP_map_pirq, unmap_pirq, get_free_pirq. @pirq: the number that is
 * wanted, negative for any; the answer is the one it is, or an error of Xen's (physdev.h does not
 * tell them): -EPERM, -EINVAL, -EEXIST, -ENOSPC, -ENOMEM, and those of irq_set_message. @irq: a
 * line, or for a message its number or -1 for a new one; of which device and entry stands in @map.
 */
int pirq_map_line(struct domain *d, u32 irq, int pirq);
int pirq_map_message(struct domain *d, int irq, const struct physdev_map_pirq *map, u32 sbdf);
int pirq_unmap(struct domain *d, u32 pirq);
int pirq_reserve(struct domain *d, bool line);

/* Likewise. The interrupt that a number stands for; NULL: none. */
struct irq *pirq_find(const struct domain *d, u32 pirq);

/* Likewise. Name the page of ends: -EINVAL, -EBUSY. */
int pirqs_set_page(struct domain *d, u64 mfn, bool end_unmasks);

#endif
