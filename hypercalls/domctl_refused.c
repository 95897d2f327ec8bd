/*
 * domctl: operations on what paravirtual domains do not have (virtualization hardware, an IOMMU)
 * and what this machine is not asked for. Each answers as Xen does, which is not always the same:
 * toolstacks tell by it what is missing.
 */
#include "hypercalls/domctl.h"

#include "hypercalls/authority.h"
#include "hypervisor/cpu/features.h"

#define ALWAYS(name, errno, rule)                                                                  \
    long domctl_##name(struct domain *d, struct xen_domctl *op)                                    \
    {                                                                                              \
        (void)d, (void)op;                                                                         \
        return refuse(errno, rule);                                                                \
    }

ALWAYS(gethvmcontext, XEN_EINVAL, "a domain without virtualization hardware")
ALWAYS(gethvmcontext_partial, XEN_EINVAL, "a domain without virtualization hardware")
ALWAYS(sethvmcontext, XEN_EINVAL, "a domain without virtualization hardware")
ALWAYS(bind_pt_irq, XEN_EINVAL, "a domain without virtualization hardware")
ALWAYS(unbind_pt_irq, XEN_EINVAL, "a domain without virtualization hardware")
ALWAYS(set_broken_page_p2m, XEN_EINVAL, "a domain without virtualization hardware")
ALWAYS(debug_op, XEN_EINVAL, "a domain without virtualization hardware")
ALWAYS(vmtrace_op, XEN_EINVAL, "a domain that was not made to be traced")
ALWAYS(get_paging_mempool_size, XEN_EOPNOTSUPP, "a domain without virtualization hardware")
ALWAYS(set_paging_mempool_size, XEN_EOPNOTSUPP, "a domain without virtualization hardware")
ALWAYS(assign_device, XEN_EOPNOTSUPP, "no IOMMU is in use")
ALWAYS(test_assign_device, XEN_EOPNOTSUPP, "no IOMMU is in use")
ALWAYS(deassign_device, XEN_EOPNOTSUPP, "no IOMMU is in use")
ALWAYS(get_device_group, XEN_EOPNOTSUPP, "no IOMMU is in use")
ALWAYS(psr_cmt_op, XEN_ENODEV, "the use of caches is not measured")
ALWAYS(ioport_mapping, XEN_EOPNOTSUPP, "a domain without virtualization hardware")

/* Such a domain maps device memory by itself, once it may (iomem_permission). */
long domctl_memory_mapping(struct domain *d, struct xen_domctl *op)
{
    const struct xen_domctl_memory_mapping *m = &op->u.memory_mapping;
    u64 last = m->first_mfn + m->nr_mfns - 1, limit = 1UL << (features.phys_bits - PAGE_SHIFT);

    if (last < m->first_mfn || m->first_mfn >= limit || last >= limit ||
        m->first_gfn + m->nr_mfns - 1 < m->first_gfn)
        return refuse(XEN_EINVAL, "a range of frames that is none");
    return authorise(DEED_CONTROL, d);
}

long domctl_set_target(struct domain *d, struct xen_domctl *op)
{
    struct domain *target = domain_find((u16)op->u.set_target.target);

    if (!target || op->u.set_target.target >= DOMID_FIRST_RESERVED)
        return refuse(XEN_ESRCH, "there is no such target");
    return d == target ? refuse(XEN_EINVAL, "its own device model")
                       : refuse(XEN_EOPNOTSUPP, "the target needs no device model");
}

long domctl_vm_event_op(struct domain *d, struct xen_domctl *op)
{
    const struct xen_domctl_vm_event_op *event = &op->u.vm_event_op;
    long rc;

    if (event->op == XEN_VM_EVENT_GET_VERSION) {
        op->u.vm_event_op.u.version = VM_EVENT_INTERFACE_VERSION;
        return 0;
    }
    if (!d)
        return refuse(XEN_ESRCH, "there is no such domain");
    rc = authorise(DEED_CONTROL, d);
    if (rc)
        return rc;
    if (d == current->domain || (!d->dying && !domain_vcpu(d, 0)))
        return refuse(XEN_EINVAL, "one's own events, or those of nobody");
    if (d->dying)
        return 0;
    if (event->mode != XEN_DOMCTL_VM_EVENT_OP_MONITOR)
        return refuse(XEN_ENOSYS, "no such ring of events");
    switch (event->op) {
    case XEN_VM_EVENT_ENABLE:
        return refuse(XEN_EOPNOTSUPP, "a paravirtual domain has no page for the ring");
    case XEN_VM_EVENT_DISABLE:
        return refuse(XEN_EINVAL, "there is no ring");
    case XEN_VM_EVENT_RESUME:
        return refuse(XEN_ENODEV, "there is no ring");
    default:
        return refuse(XEN_ENOSYS, "no such operation on a ring of events");
    }
}

/* Which events a domain has that can be watched: a paravirtual one has none. */
long domctl_monitor_op(struct domain *d, struct xen_domctl *op)
{
    struct xen_domctl_monitor_op *monitor = &op->u.monitor_op;

    if (d == current->domain)
        return refuse(XEN_EPERM, "nobody watches himself");
    switch (monitor->op) {
    case XEN_DOMCTL_MONITOR_OP_GET_CAPABILITIES:
        monitor->event = 0;
        return 0;
    case XEN_DOMCTL_MONITOR_OP_CONTROL_REGISTERS:
        return 0;
    case XEN_DOMCTL_MONITOR_OP_EMULATE_EACH_REP:
        return refuse(XEN_EINVAL, "nothing of this domain is emulated for a watcher");
    case XEN_DOMCTL_MONITOR_OP_ENABLE:
    case XEN_DOMCTL_MONITOR_OP_DISABLE:
        if (monitor->event > 31)
            return refuse(XEN_EINVAL, "no such event");
        /* fallthrough */
    default:
        return refuse(XEN_EOPNOTSUPP, "no event of this domain can be watched");
    }
}

/* Remembered by nobody: it would matter to a vcpu whose event nobody takes. */
long domctl_set_access_required(struct domain *d, struct xen_domctl *op)
{
    (void)op;
    return d == current->domain ? refuse(XEN_EPERM, "nobody watches himself") : 0;
}

long domctl_psr_alloc(struct domain *d, struct xen_domctl *op)
{
    (void)d;
    return op->u.psr_alloc.cmd > XEN_DOMCTL_PSR_GET_MBA_THRTL
               ? refuse(XEN_EOPNOTSUPP, "no such cache or operation")
               : refuse(XEN_ENODEV, "caches are not divided");
}

/* An NMI; the others are buttons of machines that such a domain does not have. */
long domctl_sendtrigger(struct domain *d, struct xen_domctl *op)
{
    struct vcpu *v = domain_vcpu(d, op->u.sendtrigger.vcpu);

    if (!v)
        return refuse(XEN_ESRCH, "there is no such vcpu");
    switch (op->u.sendtrigger.trigger) {
    case XEN_DOMCTL_SENDTRIGGER_NMI:
        __atomic_fetch_or(&v->work, WORK_NMI, __ATOMIC_RELEASE);
        vcpu_kick(v);
        return 0;
    case XEN_DOMCTL_SENDTRIGGER_POWER:
    case XEN_DOMCTL_SENDTRIGGER_SLEEP:
        return refuse(XEN_EINVAL, "a paravirtual domain has no such button");
    default:
        return refuse(XEN_ENOSYS, "there is no such trigger");
    }
}
