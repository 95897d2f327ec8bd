/*
 * memory_op: what a domain has, may have, and what the machine's memory looks like.
 *
 * The command word has two parts: the operation in its low six bits, and above them the number of
 * extents that are already done. Xen puts it there when it interrupts itself in a long list; guests
 * pass zero, and most operations refuse anything else. (The two masks are not in the public
 * headers, but guests can see them.)
 */
#include "hypercalls/hypercalls.h"
#include "hypercalls/memory.h"

#include "hypervisor/boot/memory.h"
#include "hypervisor/domain/shared32.h"
#include "hypervisor/mm/uaccess.h"

#define OP_MASK ((1UL << MEMORY_OP_BITS) - 1)

/* current_reservation and maximum_reservation in pages, and maximum_gpfn, which a PV guest keeps
 * itself. */
static long reservation_query(u32 op, u64 arg)
{
    struct xen_memory_domain who;
    struct domain *d;
    int rc;

    if (guest_read(&who, arg, sizeof(who)))
        return refuse(XEN_EFAULT, "the argument cannot be read");
    rc = authorise_named(DEED_OWN, who.domid, &d);
    if (rc)
        return rc;
    if (op == XENMEM_maximum_gpfn) /* of one that ends the shared page may go any time */
        return d->dying ? 0 : (long)shared_max_pfn(d);
    return (long)(op == XENMEM_current_reservation ? ACCESS_ONCE(d->tot_pages) : d->max_pages);
}

static long operate(u32 op, u64 arg)
{
    switch (op) {
    case XENMEM_maximum_ram_page:
        return (long)m2p_frames;
    case XENMEM_current_reservation:
    case XENMEM_maximum_reservation:
    case XENMEM_maximum_gpfn:
        return reservation_query(op, arg);
    case XENMEM_memory_map:
        return memory_own_map(arg);
    case XENMEM_set_memory_map:
        return memory_set_map(arg);
    case XENMEM_set_pod_target:
    case XENMEM_get_pod_target:
        return memory_pod_target(arg);
    case XENMEM_remove_from_physmap:
        return memory_physmap_remove(arg);
    case XENMEM_get_vnumainfo:
        return memory_vnuma(arg);
    case XENMEM_get_sharing_freed_pages: /* none: frames are not shared by content */
    case XENMEM_get_sharing_shared_pages:
        return 0;
    case XENMEM_claim_pages:
        return caller_is_32bit() ? refuse(XEN_ENOSYS, "Xen does not translate claims")
                                 : memory_claim(arg);
    case XENMEM_reserved_device_memory_map:
        return memory_reserved_by_devices(arg);
    case XENMEM_machphys_compat_mfn_list:
        return memory_machphys_list(arg, true);
    case XENMEM_exchange:
        return memory_exchange(arg);
    case XENMEM_machine_memory_map:
        return memory_machine_map(arg);
    case XENMEM_machphys_mapping:
        return memory_machphys_mapping(arg);
    case XENMEM_machphys_mfn_list:
        return memory_machphys_list(arg, caller_is_32bit());
    default:
        return refuse(XEN_ENOSYS, "no such operation");
    }
}

long hc_memory_op(unsigned long cmd, unsigned long arg)
{
    u32 op = cmd & OP_MASK;
    u64 done = cmd >> MEMORY_OP_BITS;

    switch (op) {
    case XENMEM_increase_reservation:
    case XENMEM_decrease_reservation:
    case XENMEM_populate_physmap:
        return memory_reservation(op, done, arg);
    case XENMEM_add_to_physmap:
        return memory_physmap_add(done, arg);
    case XENMEM_add_to_physmap_batch:
        return memory_physmap_add_batch(done, arg);
    case XENMEM_acquire_resource:
        return memory_acquire_resource(done, arg);
    case XENMEM_access_op:
        return memory_access(arg);
    case XENMEM_maximum_ram_page:
    case XENMEM_current_reservation:
    case XENMEM_maximum_reservation:
    case XENMEM_maximum_gpfn:
    case XENMEM_exchange:
    case XENMEM_remove_from_physmap:
    case XENMEM_get_vnumainfo:
    case XENMEM_claim_pages:
    case XENMEM_reserved_device_memory_map:
        if (done)
            return refuse(XEN_EINVAL, "the command word has unknown bits");
        break;
    default: /* to Xen these are commands of other numbers, which it does not have */
        if (done)
            return refuse(XEN_ENOSYS, "no such operation");
    }
    return operate(op, arg);
}
