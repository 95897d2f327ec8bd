/*
 * A domain's virtual NUMA topology: nodes, how far they are from each other, which memory and which
 * vcpus each has. It is what the domain's builder says, and goes to the guest as it came; the
 * machine here is one node, whatever it says.
 *
 * One that is replaced is freed when every CPU has been quiescent: who has found it may read it
 * until his hypercall ends, without a lock (it goes to guest memory from where it is).
 */
#ifndef HYPERVISOR_DOMAIN_VNUMA_H
#define HYPERVISOR_DOMAIN_VNUMA_H

#include "hypervisor/cpu/smp.h"
#include "hypervisor/domain/domain.h"
#include "hypervisor/mm/alloc.h"

/* Xen's limits: distances, and ranges, have room in a page each. */
#define VNODES_MAX  32U
#define VRANGES_MAX (PAGE_SIZE / sizeof(struct xen_vmemrange))

struct vnuma {
    struct quiesce replaced;
    unsigned order; /* pages, as a power of two */
    u32 nr_nodes, nr_ranges;
    u8 nodes[VNODES_MAX]; /* of the machine: where each is to be */
    u32 distances[VNODES_MAX * VNODES_MAX];
    struct xen_vmemrange ranges[VRANGES_MAX];
    u32 vcpu_nodes[]; /* domain.max_vcpus */
};

/* With room for @d's vcpus, or NULL. */
static inline struct vnuma *vnuma_alloc(const struct domain *d)
{
    unsigned order = order_for(sizeof(struct vnuma) + d->max_vcpus * sizeof(u32));
    struct vnuma *n = pages_alloc(order);

    if (n)
        n->order = order;
    return n;
}

static inline void vnuma_free(struct vnuma *n)
{
    pages_free(n, n->order);
}

static inline void vnuma_unused(struct quiesce *q)
{
    vnuma_free((struct vnuma *)((u8 *)q - offsetof(struct vnuma, replaced)));
}

/* @n, or NULL, is @d's from now on. One caller at a time: domctl_lock. */
static inline void vnuma_replace(struct domain *d, struct vnuma *n)
{
    struct vnuma *old = d->vnuma;

    __atomic_store_n(&d->vnuma, n, __ATOMIC_RELEASE);
    if (old)
        quiesce(&old->replaced, vnuma_unused);
}

#endif
