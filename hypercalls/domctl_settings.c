/*
 * domctl: what a toolstack sets of a domain: its name and its time of day, what of the machine it
 * may use, what it hears, where it would be placed best.
 *
 * Of ports, frames and interrupts one can only give, or take from others, what one has oneself.
 */
#include "hypercalls/domctl.h"

#include "hypercalls/authority.h"
#include "hypercalls/bitmap.h"
#include "hypervisor/cpu/irq.h"
#include "hypervisor/cpu/pc_ports.h"
#include "hypervisor/domain/hypercall_page.h"
#include "hypervisor/domain/ports.h"
#include "hypervisor/mm/alloc.h"
#include "hypervisor/mm/io_frames.h"
#include "hypervisor/mm/ptype.h"
#include "hypervisor/time/wallclock.h"
#include "xen-like/lib/string.h"

#define NODES     64  /* that Xen's sets have room for; */
#define NODE_ONLY 1UL /* that there are */

long domctl_setdomainhandle(struct domain *d, struct xen_domctl *op)
{
    memcpy(d->handle, op->u.setdomainhandle.handle, sizeof(d->handle));
    return 0;
}

/* A debugger is remembered and shown (getdomaininfo), as by a Xen without one of its own. */
long domctl_setdebugging(struct domain *d, struct xen_domctl *op)
{
    if (d == current->domain)
        return refuse(XEN_EINVAL, "nobody debugs himself");
    d->debugged = op->u.setdebugging.enable;
    return 0;
}

long domctl_settimeoffset(struct domain *d, struct xen_domctl *op)
{
    d->time.offset_seconds = op->u.settimeoffset.time_offset_seconds;
    if (!d->dying) /* or its shared page may have gone */
        wallclock_publish(d);
    return 0;
}

long domctl_subscribe(struct domain *d, struct xen_domctl *op)
{
    d->suspend_port = op->u.subscribe.port;
    return 0;
}

long domctl_set_virq_handler(struct domain *d, struct xen_domctl *op)
{
    u32 virq = op->u.set_virq_handler.virq;

    if (virq >= NR_VIRQS || !virq_is_global(virq))
        return refuse(XEN_EINVAL, "no VIRQ of the whole machine");
    virq_handler_set(virq, d);
    return 0;
}

long domctl_hypercall_init(struct domain *d, struct xen_domctl *op)
{
    mfn_t m = MFN(op->u.hypercall_init.gmfn);
    struct frame *f = frame_get_mfn(m, d);
    long rc = 0;

    if (!f)
        return refuse(XEN_EINVAL, "no frame of the domain");
    if (frame_get_and_type(m, d, FT_WRITABLE)) {
        rc = refuse(XEN_EPERM, "a frame that is no writable memory");
    } else {
        hypercall_page_fill(mfn_to_virt(m), d->is_32bit);
        frame_put_and_type(f);
    }
    frame_put(f);
    return rc;
}

long domctl_ioport_permission(struct domain *d, struct xen_domctl *op)
{
    u32 first = op->u.ioport_permission.first_port, count = op->u.ioport_permission.nr_ports;
    long rc = authorise(DEED_CONTROL, d);

    if (first + count <= first || first + count > IO_PORTS)
        return refuse(XEN_EINVAL, "a range of ports that is none");
    if (rc)
        return rc;
    if (!ports_allowed(current->domain, first, count))
        return refuse(XEN_EPERM, "nobody gives what he has not himself");
    if (op->u.ioport_permission.allow_access)
        return ports_allow(d, first, count) ? 0 : refuse(XEN_ENOMEM, "no memory for ports");
    ports_deny(d, first, count);
    return 0;
}

long domctl_iomem_permission(struct domain *d, struct xen_domctl *op)
{
    const struct xen_domctl_iomem_permission *p = &op->u.iomem_permission;
    u64 last = p->first_mfn + p->nr_mfns - 1;
    long rc = authorise(DEED_CONTROL, d);

    if (last < p->first_mfn)
        return refuse(XEN_EINVAL, "a range of frames that is none");
    return rc ? rc : io_frames_permit(current->domain, d, p->first_mfn, last, p->allow_access);
}

/* An interrupt is anybody's to whom it was mapped (PHYSDEVOP_map_pirq), which only the control
 * domain does: there is nothing else to permit. */
long domctl_irq_permission(struct domain *d, struct xen_domctl *op)
{
    const struct irq *irq;

    if (op->u.irq_permission.pirq >= current->domain->pirqs.count)
        return refuse(XEN_EINVAL, "there is no such interrupt");
    spin_lock(&irq_lock);
    irq = pirq_find(current->domain, op->u.irq_permission.pirq);
    spin_unlock(&irq_lock);
    return irq ? authorise(DEED_CONTROL, d) : refuse(XEN_EPERM, "nobody gives what he has not");
}

/* Kept and shown: all memory is as near as can be. */
long domctl_setnodeaffinity(struct domain *d, struct xen_domctl *op)
{
    unsigned long nodes;
    long rc = bitmap_ask(&nodes, NODES, &op->u.nodeaffinity.nodemap);

    if (rc)
        return rc;
    if (!(nodes & NODE_ONLY))
        return refuse(XEN_EINVAL, "no such node is there");
    d->nodes = nodes == ~0UL ? 0 : nodes;
    return 0;
}

long domctl_getnodeaffinity(struct domain *d, struct xen_domctl *op)
{
    const unsigned long nodes = d->nodes ? d->nodes : NODE_ONLY;

    return bitmap_answer(&op->u.nodeaffinity.nodemap, &nodes, NODES);
}
