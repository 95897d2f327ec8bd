/*
 * sysctl: trace buffers (debug/trace.h), as xentrace asks for them. What is in them it reads
 * itself: it maps the frames in the name of DOMID_XEN.
 */
#include "hypercalls/sysctl.h"

#include "hypercalls/bitmap.h"
#include "hypercalls/domctl.h"
#include "hypervisor/cpu/preempt.h"
#include "hypervisor/debug/trace.h"

static long info(struct xen_sysctl_tbuf_op *t)
{
    struct trace_state state;

    trace_state(&state);
    t->evt_mask = state.mask;
    t->buffer_mfn = state.info.n;
    t->size = (u32)(state.info_pages * PAGE_SIZE);
    return 0;
}

static long set_cpus(const struct xen_sysctl_tbuf_op *t)
{
    struct cpu_set cpus = {0};
    int rc = bitmap_ask(cpus.bits, cpus_online, &t->cpu_mask);

    if (!rc)
        trace_set_cpus(&cpus);
    return rc;
}

static long operation(struct xen_sysctl_tbuf_op *t)
{
    switch (t->cmd) {
    case XEN_SYSCTL_TBUFOP_get_info:
        return info(t);
    case XEN_SYSCTL_TBUFOP_set_cpu_mask:
        return set_cpus(t);
    case XEN_SYSCTL_TBUFOP_set_evt_mask:
        trace_set_events(t->evt_mask);
        return 0;
    case XEN_SYSCTL_TBUFOP_set_size:
        return trace_set_size(t->size);
    case XEN_SYSCTL_TBUFOP_enable:
    case XEN_SYSCTL_TBUFOP_disable:
        return trace_enable(t->cmd == XEN_SYSCTL_TBUFOP_enable);
    default:
        return refuse(XEN_EINVAL, "no such operation on trace buffers");
    }
}

long sysctl_tbuf_op(struct xen_sysctl *op)
{
    long rc;

    if (!spin_trylock(&domctl_lock))
        return RESTART;
    rc = operation(&op->u.tbuf_op);
    spin_unlock(&domctl_lock);
    return rc;
}
