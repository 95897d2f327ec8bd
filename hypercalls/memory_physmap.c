/*
 * memory_op's operations for other kinds of guest, or on other domains: what a PV guest is told.
 *
 * Placing frames in a physical map and populating it on demand are for guests whose map the
 * hypervisor keeps; a PV guest keeps its own. It is refused, but only after the checks that come
 * before that, in Xen's order: kernels probe with arguments that tell the refusals apart.
 */
#include "hypercalls/memory.h"

#include "hypervisor/cpu/preempt.h"
#include "hypervisor/debug/bug.h"
#include "hypervisor/grant/grant.h"
#include "hypervisor/mm/alloc.h"
#include "hypervisor/mm/uaccess.h"
#include "xen-like/abi/xen.h"

#define EXTENT_MAX UINT16_MAX /* the lists of the two additions have 16-bit sizes */

/* The end of all operations on a physical map. */
static long physmap_refuse(domid_t id)
{
    if (!domain_named(id))
        return refuse(XEN_ESRCH, "there is no such domain");
    return refuse(XEN_EACCES, "a PV guest keeps its physical map itself");
}

long memory_physmap_add(u64 start, u64 arg)
{
    struct xen_add_to_physmap add;

    if (start > EXTENT_MAX)
        return refuse(XEN_EDOM, "the command word has an extent beyond any list");
    if (STRUCT_READ(&add, arg))
        return refuse(XEN_EFAULT, "the argument cannot be read");
    if (add.space == XENMAPSPACE_gmfn_foreign)
        return refuse(XEN_ENOSYS, "frames of other domains are added by lists only");
    return physmap_refuse(add.domid);
}

/* Of a 32-bit guest Xen looks at the lists before anything else. */
static bool batch_ok(const struct xen_add_to_physmap_batch *add)
{
    u64 words = add->size * sizeof(u32), idx, gpfn;

    if (!caller_range_ok((u64)add->idxs.p, words) || !caller_range_ok((u64)add->gpfns.p, words) ||
        !caller_range_ok((u64)add->errs.p, words))
        return false;
    for (u32 i = 0; i < add->size; i++)
        if (word_read(&idx, (u64)add->idxs.p, i) || word_read(&gpfn, (u64)add->gpfns.p, i))
            return false;
    return true;
}

long memory_physmap_add_batch(u64 start, u64 arg)
{
    struct xen_add_to_physmap_batch add;

    if (start > EXTENT_MAX)
        return refuse(XEN_EDOM, "the command word has an extent beyond any list");
    if (STRUCT_READ(&add, arg))
        return refuse(XEN_EFAULT, "the argument cannot be read");
    if (caller_is_32bit() && !batch_ok(&add))
        return refuse(XEN_EFAULT, "a list that is not the guest's");
    if (add.space == XENMAPSPACE_gmfn_range)
        return refuse(XEN_EOPNOTSUPP, "a list of ranges");
    return physmap_refuse(add.domid);
}

long memory_physmap_remove(u64 arg)
{
    struct xen_remove_from_physmap from;

    if (STRUCT_READ(&from, arg))
        return refuse(XEN_EFAULT, "the argument cannot be read");
    return physmap_refuse(from.domid);
}

long memory_pod_target(u64 arg)
{
    struct xen_pod_target target;

    if (STRUCT_READ(&target, arg))
        return refuse(XEN_EFAULT, "the argument cannot be read");
    if (!domain_named(target.domid))
        return refuse(XEN_ESRCH, "there is no such domain");
    return refuse(XEN_EINVAL, "only hardware guests are populated on demand");
}

/* Who must be another domain, named by its number. 0, -ESRCH or -EPERM. */
static int other_find(u16 id, struct domain **d)
{
    *d = domain_find(id);
    if (!*d)
        return refuse(XEN_ESRCH, "there is no such domain");
    return *d == current->domain ? refuse(XEN_EPERM, "the caller himself") : 0;
}

/* Rights to single frames are given to hardware guests, by another domain. */
long memory_access(u64 arg)
{
    struct xen_mem_access_op op;
    struct domain *d;
    int rc;

    if (STRUCT_READ(&op, arg))
        return refuse(XEN_EFAULT, "the argument cannot be read");
    rc = other_find(op.domid, &d);
    return rc ? rc : refuse(XEN_EINVAL, "rights to frames are given to hardware guests only");
}

/* Without an IOMMU in use no device has claims to fixed memory: a list of none. */
long memory_reserved_by_devices(u64 arg)
{
    struct xen_reserved_device_memory_map map;
    const u64 entry = 2 * caller_word_bytes(); /* struct xen_reserved_device_memory */

    if (STRUCT_READ(&map, arg) || !caller_range_ok((u64)map.buffer.p, map.nr_entries * entry))
        return refuse(XEN_EFAULT, "the argument cannot be read");
    if (map.flags & ~(u32)XENMEM_RDM_ALL)
        return refuse(XEN_EINVAL, "unknown flags");
    map.nr_entries = 0;
    return STRUCT_WRITE(arg, &map);
}

/* A toolstack keeps memory free for a domain that it is about to build. */
long memory_claim(u64 arg)
{
    struct xen_memory_reservation r;
    struct domain *d;
    int rc;

    if (STRUCT_READ(&r, arg))
        return refuse(XEN_EFAULT, "the argument cannot be read");
    d = domain_find(r.domid);
    if (r.extent_start.p || r.extent_order || r.mem_flags || !d)
        return refuse(XEN_EINVAL, "a claim has a number of frames and a domain, by number");
    rc = authorise(DEED_CLAIM, d);
    return rc ? rc : domain_claim(d, r.nr_extents);
}

#define FRAMES_AT_ONCE 32U

/* How many frames a resource has at most: 0, the domain has none of that kind. */
static u32 resource_frames(struct domain *d, const struct xen_mem_acquire_resource *want)
{
    struct grants_size size;

    if (want->type != XENMEM_resource_grant_table)
        return 0;
    grants_size(d, &size);
    switch (want->id) {
    case XENMEM_resource_grant_table_id_shared:
        return size.most;
    case XENMEM_resource_grant_table_id_status:
        return size.status_most;
    default:
        return 0;
    }
}

/* The table grows until it has what is asked for; then it is told, from frame @start on. */
static long grant_frames_acquire(struct domain *d, const struct xen_mem_acquire_resource *want,
                                 u64 start, u64 arg)
{
    const bool status = want->id == XENMEM_resource_grant_table_id_status;
    u32 end = (u32)want->frame + want->nr_frames;
    struct grants_size size;
    int rc = 0;

    if (status && grants_version(d) != 2)
        return refuse(XEN_EINVAL, "frames of status of a table of version 1");
    grants_size(d, &size);
    if (end > (status ? size.status_frames : size.frames))
        rc = grants_grow(d, status ? grants_frames_for_status(end) : end);
    while (!rc && start < want->nr_frames) {
        u32 n = (u32)MIN(want->nr_frames - start, FRAMES_AT_ONCE);
        u64 mfns[FRAMES_AT_ONCE];

        if (!grants_list(d, status, (u32)(want->frame + start), n, mfns))
            return refuse(XEN_EINVAL, "the resource has no such frames");
        rc = words_write((u64)want->frame_list.p, start, mfns, n);
        if (rc)
            return rc;
        start += n;
        rc = start < want->nr_frames && preempt_point(n) ? RESTART : 0;
    }
    if (rc == RESTART)
        return memory_continue(XENMEM_acquire_resource, start, arg);
    return rc ? refuse(XEN_EINVAL, "the table cannot become so large") : 0;
}

/* Pages that the hypervisor keeps for another domain, by its number: its grant table. There is no
 * I/O request page, which are for hardware guests, and no trace buffer. */
long memory_acquire_resource(u64 start, u64 arg)
{
    struct xen_mem_acquire_resource want;
    struct domain *d;
    u32 most;
    int rc;

    if (STRUCT_READ(&want, arg))
        return refuse(XEN_EFAULT, "the argument cannot be read");
    if (want.pad)
        return refuse(XEN_EINVAL, "the padding is not zero");
    if (want.frame >> 32 || (want.frame + want.nr_frames) >> 32)
        return refuse(XEN_EINVAL, "no resource is so large");
    rc = other_find(want.domid, &d);
    if (!rc)
        rc = authorise(DEED_RESOURCE, d);
    if (rc)
        return rc;
    most = resource_frames(d, &want);
    if (!most)
        return refuse(XEN_EINVAL, "a kind of resource that the domain has not");
    if (want.frame_list.p) {
        if (start >= want.nr_frames || want.nr_frames > UINT32_MAX >> MEMORY_OP_BITS)
            return refuse(XEN_EINVAL, "a list of no frames, or a very long one");
        return grant_frames_acquire(d, &want, start, arg);
    }
    if (want.nr_frames || start)
        return refuse(XEN_EINVAL, "frames, and no list to tell them in");
    want.nr_frames = most;
    return STRUCT_WRITE_FIELD(arg, &want, nr_frames);
}
