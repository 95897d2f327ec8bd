/*
 * A domain's virtual NUMA topology: domctl's setvnumainfo, for its builder, and memory_op's
 * get_vnumainfo, for the guest (hypervisor/domain/vnuma.h). Orders of checks: Xen's vnuma_init and
 * do_memory_op.
 */
#include "hypercalls/domctl.h"
#include "hypercalls/memory.h"

#include "hypervisor/domain/vnuma.h"
#include "hypervisor/mm/uaccess.h"

static int lists_read(struct vnuma *n, const struct domain *d, const struct xen_domctl_vnuma *from)
{
    n->nr_nodes = from->nr_vnodes;
    n->nr_ranges = from->nr_vmemranges;
    if (guest_read(n->distances, (u64)from->vdistance.p,
                   n->nr_nodes * n->nr_nodes * sizeof(n->distances[0])) ||
        guest_read(n->ranges, (u64)from->vmemrange.p, n->nr_ranges * sizeof(n->ranges[0])) ||
        guest_read(n->vcpu_nodes, (u64)from->vcpu_to_vnode.p,
                   d->max_vcpus * sizeof(n->vcpu_nodes[0])))
        return refuse(XEN_EFAULT, "a list cannot be read");
    for (u32 i = 0; i < d->max_vcpus; i++)
        if (n->vcpu_nodes[i] >= n->nr_nodes)
            return refuse(XEN_E2BIG, "a vcpu on a node that there is not");
    for (u32 i = 0; i < n->nr_nodes; i++) {
        u32 node;

        if (guest_read(&node, (u64)from->vnode_to_pnode.p + i * sizeof(node), sizeof(node)))
            return refuse(XEN_EFAULT, "the list of nodes cannot be read");
        if (node >= NODES_MAX)
            return refuse(XEN_E2BIG, "a node that no machine has");
        n->nodes[i] = (u8)node;
    }
    for (u32 i = 0; i < n->nr_ranges; i++)
        if (n->ranges[i].flags)
            return refuse(XEN_EINVAL, "a range of memory with flags");
    return 0;
}

long domctl_setvnumainfo(struct domain *d, struct xen_domctl *op)
{
    const struct xen_domctl_vnuma *from = &op->u.vnuma;
    struct vnuma *n;
    int rc;

    if (from->nr_vcpus != d->max_vcpus || from->pad || !from->nr_vnodes ||
        from->nr_vnodes > VNODES_MAX || from->nr_vmemranges > VRANGES_MAX)
        return refuse(XEN_EINVAL, "another number of vcpus, no nodes, or too much of something");
    n = vnuma_alloc(d);
    if (!n)
        return refuse(XEN_ENOMEM, "no memory for a topology");
    rc = lists_read(n, d, from);
    if (rc)
        vnuma_free(n);
    else
        vnuma_replace(d, n);
    return rc;
}

/* Where a list goes: a pointer of the caller's own width. */
#define LIST(of) (caller_is_32bit() ? (u32)(of).pad : (of).pad)

static int lists_write(const struct vnuma *n, const struct domain *d,
                       const struct xen_vnuma_topology_info *to)
{
    if (guest_write(LIST(to->vmemrange), n->ranges, n->nr_ranges * sizeof(n->ranges[0])) ||
        guest_write(LIST(to->vdistance), n->distances,
                    n->nr_nodes * n->nr_nodes * sizeof(n->distances[0])) ||
        guest_write(LIST(to->vcpu_to_vnode), n->vcpu_nodes,
                    d->max_vcpus * sizeof(n->vcpu_nodes[0])))
        return refuse(XEN_EFAULT, "a list cannot be written");
    return 0;
}

/* The structure is the same in both widths, but for how much of a pointer counts. */
long memory_vnuma(u64 arg)
{
    struct xen_vnuma_topology_info asked, told;
    const struct vnuma *n;
    struct domain *d;
    int rc;

    if (guest_read(&asked, arg, sizeof(asked)))
        return refuse(XEN_EFAULT, "the argument cannot be read");
    if (asked.pad)
        return refuse(XEN_EINVAL, "the padding is not zero");
    rc = authorise_named(DEED_OWN, asked.domid, &d);
    if (rc)
        return rc;
    n = __atomic_load_n(&d->vnuma, __ATOMIC_ACQUIRE);
    if (!n)
        return refuse(XEN_EOPNOTSUPP, "the domain has no virtual NUMA topology");
    told = asked;
    told.nr_vnodes = n->nr_nodes;
    told.nr_vcpus = d->max_vcpus;
    told.nr_vmemranges = n->nr_ranges;
    if (asked.nr_vnodes < told.nr_vnodes || asked.nr_vcpus < told.nr_vcpus ||
        asked.nr_vmemranges < told.nr_vmemranges)
        rc = refuse(XEN_ENOBUFS, "no room for all of it");
    else
        rc = lists_write(n, d, &asked);
    if (rc && rc != -XEN_ENOBUFS)
        return rc;
    return guest_write(arg, &told, sizeof(told)) ? -XEN_EFAULT : rc;
}
