/*
 * Virtual interrupts: what the hypervisor has to tell. Some are each vcpu's own (its timer); the
 * others come once for the machine, are bound on vcpu 0 by whoever is to hear them, and may be
 * moved to another vcpu afterwards.
 */
#include "hypervisor/debug/bug.h"
#include "hypervisor/event/watched.h"

bool virq_is_global(u32 virq)
{
    const u32 own = 1U << VIRQ_TIMER | 1U << VIRQ_DEBUG | 1U << VIRQ_XENOPROF | 1U << VIRQ_XENPMU;

    return !(own >> virq & 1);
}

/* Under events_lock. */
static int virq_bind(struct domain *d, u32 virq, struct vcpu *v)
{
    int port;

    if (v->events.virqs[virq])
        return refuse(XEN_EEXIST, "the VIRQ is bound already");
    port = channel_free_port(d);
    if (port < 0)
        return port;
    channel_bind(d, (u32)port, (union bond){.kind = EVTCHNSTAT_virq, .number = virq}, v->id);
    __atomic_store_n(&v->events.virqs[virq], (u32)port, __ATOMIC_RELEASE);
    return port;
}

int event_bind_virq(struct domain *d, u32 virq, u32 vcpu)
{
    int port;

    if (virq >= NR_VIRQS)
        return refuse(XEN_EINVAL, "there is no such VIRQ");
    if (virq_is_global(virq) && vcpu)
        return refuse(XEN_EINVAL, "a global VIRQ is bound on vcpu 0");
    if (!domain_vcpu(d, vcpu))
        return refuse(XEN_ENOENT, "there is no such vcpu");
    spin_lock(&events_lock);
    port = virq_bind(d, virq, d->vcpus[vcpu]);
    spin_unlock(&events_lock);
    return port;
}

void virq_raise(struct vcpu *v, u32 virq)
{
    evtchn_port_t port = __atomic_load_n(&v->events.virqs[virq], __ATOMIC_ACQUIRE);

    if (port)
        event_come(v->domain, port, channel_at(v->domain, port));
}

/* Who hears a global one; NULL: the control domain. */
static struct domain *handlers[NR_VIRQS];

void virq_handler_set(u32 virq, struct domain *d)
{
    __atomic_store_n(&handlers[virq], d, __ATOMIC_RELEASE);
}

void virq_handler_gone(const struct domain *d)
{
    for (u32 virq = 0; virq < NR_VIRQS; virq++)
        if (handlers[virq] == d)
            virq_handler_set(virq, NULL);
}

/* The vcpu that hears it, if any could. */
static struct vcpu *hearer(u32 virq)
{
    struct domain *d = __atomic_load_n(&handlers[virq], __ATOMIC_ACQUIRE);

    d = d ? d : dom0;
    return d ? domain_vcpu(d, 0) : NULL;
}

bool virq_is_heard(u32 virq)
{
    const struct vcpu *v = hearer(virq);

    return v && ACCESS_ONCE(v->events.virqs[virq]);
}

void virq_raise_global(u32 virq)
{
    struct vcpu *v = hearer(virq);

    if (v)
        virq_raise(v, virq);
}
