/*
 * memory_op's operations for other kinds of guest, or on other domains: what a PV guest is told.
 *
 * Placing frames in a physical map and populating it on demand are for guests whose map the
 * hypervisor keeps; a PV guest keeps its own. It is refused, but only after the checks that come
 * before that, in Xen's order: kernels probe with arguments that tell the refusals apart.
 */
#include "hypercalls/memory.h"

#include "hypervisor/debug/bug.h"
#include "hypervisor/mm/alloc.h"
#include "hypervisor/mm/uaccess.h"
#include "xen-like/abi/xen.h"

#define EXTENT_MAX UINT16_MAX /* the lists of the two additions have 16-bit sizes */

/* The end of all operations on a physical map. */
static long physmap_refuse(domid_t id)
{
    if (!memory_domain(id))
        return refuse(XEN_ESRCH, "there is no such domain");
    return refuse(XEN_EACCES, "a PV guest keeps its physical map itself");
}

long memory_physmap_add(u64 start, u64 arg)
{
    struct xen_add_to_physmap add;

    if (start > EXTENT_MAX)
        return refuse(XEN_EDOM, "the command word has an extent beyond any list");
    if (guest_read(&add, arg, sizeof(add)))
        return refuse(XEN_EFAULT, "the argument cannot be read");
    if (add.space == XENMAPSPACE_gmfn_foreign)
        return refuse(XEN_ENOSYS, "frames of other domains are added by lists only");
    return physmap_refuse(add.domid);
}

long memory_physmap_add_batch(u64 start, u64 arg)
{
    struct xen_add_to_physmap_batch add;

    if (start > EXTENT_MAX)
        return refuse(XEN_EDOM, "the command word has an extent beyond any list");
    if (guest_read(&add, arg, sizeof(add)))
        return refuse(XEN_EFAULT, "the argument cannot be read");
    if (add.space == XENMAPSPACE_gmfn_range)
        return refuse(XEN_EOPNOTSUPP, "a list of ranges");
    return physmap_refuse(add.domid);
}

long memory_physmap_remove(u64 arg)
{
    struct xen_remove_from_physmap from;

    if (guest_read(&from, arg, sizeof(from)))
        return refuse(XEN_EFAULT, "the argument cannot be read");
    return physmap_refuse(from.domid);
}

long memory_pod_target(u64 arg)
{
    struct xen_pod_target target;

    if (guest_read(&target, arg, sizeof(target)))
        return refuse(XEN_EFAULT, "the argument cannot be read");
    if (!memory_domain(target.domid))
        return refuse(XEN_ESRCH, "there is no such domain");
    return refuse(XEN_EINVAL, "only hardware guests are populated on demand");
}

/* No domain has a virtual NUMA topology until its builder gives it one. */
long memory_vnuma(u64 arg)
{
    struct xen_vnuma_topology_info topology;

    if (guest_read(&topology, arg, sizeof(topology)))
        return refuse(XEN_EFAULT, "the argument cannot be read");
    if (topology.pad)
        return refuse(XEN_EINVAL, "the padding is not zero");
    if (!memory_domain(topology.domid))
        return refuse(XEN_ESRCH, "there is no such domain");
    return refuse(XEN_EOPNOTSUPP, "the domain has no virtual NUMA topology");
}

/* Rights to single frames are given to hardware guests, by another domain. */
long memory_access(u64 arg)
{
    struct xen_mem_access_op op;

    if (guest_read(&op, arg, sizeof(op)))
        return refuse(XEN_EFAULT, "the argument cannot be read");
    if (op.domid != current->domain->id)
        return refuse(XEN_ESRCH, "there is no such domain");
    return refuse(XEN_EPERM, "a domain's own frames");
}

/* Without an IOMMU in use no device has claims to fixed memory: a list of none. */
long memory_reserved_by_devices(u64 arg)
{
    struct xen_reserved_device_memory_map map;
    const u64 entry = sizeof(struct xen_reserved_device_memory);

    if (guest_read(&map, arg, sizeof(map)) ||
        !guest_range_ok((u64)map.buffer.p, map.nr_entries * entry))
        return refuse(XEN_EFAULT, "the argument cannot be read");
    if (map.flags & ~(u32)XENMEM_RDM_ALL)
        return refuse(XEN_EINVAL, "unknown flags");
    map.nr_entries = 0;
    if (guest_write(arg, &map, sizeof(map)))
        return refuse(XEN_EFAULT, "the answer cannot be written");
    return 0;
}

/* A toolstack keeps memory free for a domain that it is about to build. */
long memory_claim(u64 arg)
{
    struct xen_memory_reservation r;

    if (guest_read(&r, arg, sizeof(r)))
        return refuse(XEN_EFAULT, "the argument cannot be read");
    if (r.extent_start.p || r.extent_order || r.mem_flags || r.domid != current->domain->id)
        return refuse(XEN_EINVAL, "a claim has a number of frames and a domain, by number");
    if (!current->domain->privileged)
        return refuse(XEN_EPERM, "only the control domain claims memory");
    return domain_claim(current->domain, r.nr_extents);
}

/* Of other domains only, by number; and so far there is none. */
long memory_acquire_resource(u64 arg)
{
    struct xen_mem_acquire_resource want;

    if (guest_read(&want, arg, sizeof(want)))
        return refuse(XEN_EFAULT, "the argument cannot be read");
    if (want.pad)
        return refuse(XEN_EINVAL, "the padding is not zero");
    if (want.frame >> 32 || (want.frame + want.nr_frames) >> 32)
        return refuse(XEN_EINVAL, "no resource is so large");
    if (want.domid != current->domain->id)
        return refuse(XEN_ESRCH, "there is no such domain");
    return refuse(XEN_EPERM, "a domain's own resource");
}
