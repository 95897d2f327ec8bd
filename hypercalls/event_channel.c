/*
 * event_channel_op: an operation is a structure that is read, checked by the mechanism
 * (hypervisor/event/), and for some written back with the answer. Which structure, and which way,
 * is a table.
 */
#include "hypercalls/authority.h"
#include "hypercalls/hypercalls.h"

#include "hypercalls/continuation.h"
#include "hypervisor/cpu/preempt.h"
#include "hypervisor/event/channel.h"
#include "hypervisor/mm/uaccess.h"

union argument {
    struct evtchn_alloc_unbound alloc_unbound;
    struct evtchn_bind_interdomain bind_interdomain;
    struct evtchn_bind_virq bind_virq;
    struct evtchn_bind_pirq bind_pirq;
    struct evtchn_bind_ipi bind_ipi;
    struct evtchn_status status;
    struct evtchn_bind_vcpu bind_vcpu;
    struct evtchn_reset reset;
    struct evtchn_init_control init_control;
    struct evtchn_expand_array expand_array;
    struct evtchn_set_priority set_priority;
};

/* Beyond Xen's operations: those that were interrupted (the first by Xen's own number for it). */
#define RESET_GOES_ON  (EVTCHNOP_set_priority + 1)
#define EXPAND_GOES_ON 100

#define SHAPE(op, writes) [EVTCHNOP_##op] = {sizeof(struct evtchn_##op), writes}
static const struct {
    u8 bytes; /* 0: there is no such operation */
    bool writes;
} shapes[] = {
    SHAPE(bind_interdomain, true),
    SHAPE(bind_virq, true),
    SHAPE(bind_pirq, true),

    SHAPE(status, true),
    SHAPE(alloc_unbound, true),
    SHAPE(bind_ipi, true),
    SHAPE(bind_vcpu, false),
    SHAPE(reset, false),
    SHAPE(init_control, true),
    SHAPE(expand_array, false),
    SHAPE(set_priority, false),
    [RESET_GOES_ON] = {sizeof(struct evtchn_reset), false},
    [EXPAND_GOES_ON] = {sizeof(struct evtchn_expand_array), false},
};

static int given(int port, evtchn_port_t *to)
{
    if (port < 0)
        return port;
    *to = (u32)port;
    return 0;
}

static int alloc_unbound(struct domain *self, struct evtchn_alloc_unbound *a)
{
    u16 remote = a->remote_dom == DOMID_SELF ? self->id : a->remote_dom;
    struct domain *d;
    int rc = authorise_named(DEED_OWN, a->dom, &d);

    return rc ? rc : given(event_alloc_unbound(d, remote), &a->port);
}

static int bind_interdomain(struct domain *self, struct evtchn_bind_interdomain *a)
{
    struct domain *remote = domain_named(a->remote_dom);

    if (!remote)
        return refuse(XEN_ESRCH, "there is no such domain");
    return given(event_bind_interdomain(self, remote, a->remote_port), &a->local_port);
}

static int status(const struct domain *self, struct evtchn_status *a)
{
    const struct domain *d = a->dom == DOMID_SELF ? self : domain_find(a->dom);
    int r;

    if (!d)
        return refuse(XEN_ESRCH, "there is no such domain");
    r = event_status(d, a);
    return r || d == self ? r : authorise(DEED_OWN, d);
}

static int reset(struct domain *self, const struct evtchn_reset *a, bool goes_on)
{
    struct domain *d;
    int rc = authorise_named(DEED_OWN, a->dom, &d);

    if (rc)
        return rc;
    if (d != self && !domain_is_paused(d))
        return refuse(XEN_EINVAL, "a reset of another domain that is not paused");
    return event_reset(d, goes_on);
}

/* Those whose argument is a port, straight: the most frequent. */
static long port_op(u32 op, u64 arg)
{
    struct domain *d = current->domain;
    evtchn_port_t port;

    if (unlikely(!guest_range_ok(arg, sizeof(port))))
        goto unreadable;
    smap_open();
    GUEST_GET_U32(port, arg, fault);
    smap_close();
    if (likely(op == EVTCHNOP_send))
        return event_send(d, port);
    return op == EVTCHNOP_close ? event_close(d, port) : event_unmask(d, port);
fault:
    smap_close();
unreadable:
    return refuse(XEN_EFAULT, "the argument cannot be read");
}

static int op_do(unsigned long op, union argument *a)
{
    struct domain *d = current->domain;

    switch (op) {
    case EVTCHNOP_alloc_unbound:
        return alloc_unbound(d, &a->alloc_unbound);
    case EVTCHNOP_bind_interdomain:
        return bind_interdomain(d, &a->bind_interdomain);
    case EVTCHNOP_bind_virq:
        return given(event_bind_virq(d, a->bind_virq.virq, a->bind_virq.vcpu), &a->bind_virq.port);
    case EVTCHNOP_bind_pirq:
        return given(event_bind_pirq(d, a->bind_pirq.pirq), &a->bind_pirq.port);
    case EVTCHNOP_bind_ipi:
        return given(event_bind_ipi(d, a->bind_ipi.vcpu), &a->bind_ipi.port);
    case EVTCHNOP_status:
        return status(d, &a->status);
    case EVTCHNOP_bind_vcpu:
        return event_bind_vcpu(d, a->bind_vcpu.port, a->bind_vcpu.vcpu);
    case EVTCHNOP_init_control:
        return event_init_control(d, &a->init_control);
    case EVTCHNOP_expand_array:
    case EXPAND_GOES_ON:
        return event_expand_array(d, a->expand_array.array_gfn, op == EXPAND_GOES_ON);
    case EVTCHNOP_set_priority:
        return event_set_priority(d, a->set_priority.port, a->set_priority.priority);
    default:
        return reset(d, &a->reset, op == RESET_GOES_ON);
    }
}

static u64 op_continued(u64 op)
{
    switch (op) {
    case EVTCHNOP_reset:
        return RESET_GOES_ON;
    case EVTCHNOP_expand_array:
        return EXPAND_GOES_ON;
    default:
        return op;
    }
}

static __attribute__((noinline)) long op_copied(unsigned long op, u64 arg)
{
    union argument a;
    int r;

    if (op >= ARRAY_SIZE(shapes) || !shapes[op].bytes)
        return refuse(XEN_ENOSYS, "no such operation on event channels");
    if (guest_read(&a, arg, shapes[op].bytes))
        return -XEN_EFAULT;
    r = op_do(op, &a);
    if (unlikely(r == RESTART))
        return call_continue(__HYPERVISOR_event_channel_op, op_continued(op), arg, 0, 0);
    return r || !shapes[op].writes ? r : guest_write(arg, &a, shapes[op].bytes);
}

long hc_event_channel_op(unsigned long cmd, unsigned long arg)
{
    switch ((u32)cmd) {
    case EVTCHNOP_send:
    case EVTCHNOP_close:
    case EVTCHNOP_unmask:
        return port_op((u32)cmd, arg);
    default:
        return op_copied((u32)cmd, arg);
    }
}

/* What there was before 0x00030202: the operation's number stands before its structure. */
long hc_event_channel_op_compat(unsigned long arg)
{
    u32 op;
    struct evtchn_op whole;

    if (guest_read(&whole, arg, sizeof(whole)))
        return refuse(XEN_EFAULT, "the argument cannot be read");
    op = whole.cmd;
    if (op > EVTCHNOP_unmask)
        return refuse(XEN_ENOSYS, "no such operation on event channels, for old guests");
    return hc_event_channel_op(op, arg + offsetof(struct evtchn_op, u));
}
