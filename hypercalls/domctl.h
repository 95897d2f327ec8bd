/*
 * What the files of domctl share. Each operation has a handler, long domctl_NAME(d, op):
 *
 *   @d   the domain that op->domain names. NULL where that says so: createdomain, and for
 *        getdomaininfo, assign_device, vm_event_op what is special about them
 *   @op  a private copy of the caller's structure. What the handler leaves there is what the caller
 *        finds: when the answer is 0, for operations whose direction has OUT (abi/domctls.h)
 *
 * It answers what the call answers, or RESTART (cpu/preempt.h): the same call again. The caller is
 * privileged and domctl_lock is held, so that no two operations meet; but in operations that ANY
 * may ask for the caller may be anybody, for the handler to refuse (authorise()) in its order.
 */
#ifndef HYPERCALLS_DOMCTL_H
#define HYPERCALLS_DOMCTL_H

#include "hypercalls/hypercalls.h"
#include "hypervisor/cpu/spinlock.h"

extern struct spinlock domctl_lock; /* tried, not waited for: who finds it taken, RESTARTs */

#define DOMCTL_PROTOTYPE(X, name, who, argument, direction, state, sentence)                       \
    DOMCTL_PROTOTYPE_##state(name)
#define DOMCTL_PROTOTYPE_IMPLEMENTED(name)                                                         \
    long domctl_##name(struct domain *d, struct xen_domctl *op);
#define DOMCTL_PROTOTYPE_ABSENT(name)
XL_DOMCTLS(DOMCTL_PROTOTYPE, )

/* What XEN_DOMCTL_getdomaininfo and XEN_SYSCTL_getdomaininfolist say of @d. */
void domain_info(struct domain *d, struct xen_domctl_getdomaininfo *info);

/* The domain of the lowest number that is not below @id, or NULL. */
struct domain *domain_at_least(u32 id);

#endif
