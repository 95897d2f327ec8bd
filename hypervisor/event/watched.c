/*
 * The way of an event that somebody watches: see watched.h. It ends as send.c's does; what is added
 * is that the event is a thing here, which can be shown to whoever wants to know, and that what
 * became of it is found out (XL_SENT_*).
 */
#include "hypervisor/event/intercept.h"

#include "hypervisor/debug/bug.h"
#include "hypervisor/debug/trace.h"
#include "xen-like/abi/trace.h"

#define NO_VCPU 0xffffU

u8 event_watched;

void event_watch(u8 who, bool on)
{
    if (on)
        __atomic_fetch_or(&event_watched, who, __ATOMIC_SEQ_CST);
    else
        __atomic_fetch_and(&event_watched, (u8)~who, __ATOMIC_SEQ_CST);
}

void event_aim(struct event *e, struct domain *to, evtchn_port_t port)
{
    e->end = channel_find(to, port);
    e->port = port;
    e->to = e->end && channel_bond(e->end).kind != EVTCHNSTAT_closed ? to : NULL;
    e->to_vcpu = e->to ? e->end->vcpu : 0;
}

/* It arrives: XL_SENT_*. The guest may unmask the port meanwhile; so it is what was seen. */
u32 event_arrive(const struct event *e)
{
    bool masked, came;

    if (!e->to)
        return XL_SENT_NOBODY;
    masked = event_is_masked(e->to, e->port);
    came = e->routed ? event_raise_for(e->to->vcpus[e->to_vcpu], e->port, e->end, e->priority)
                     : event_raise(e->to, e->port, e->end);
    if (!came)
        return XL_SENT_MERGED;
    return masked ? XL_SENT_MASKED : XL_SENT_RAISED;
}

u32 event_from_who(const struct event *e)
{
    return e->from ? (u32)e->from->id << 16 | e->from_vcpu : XL_TRACE_NOBODY;
}

u32 event_to_who(const struct event *e)
{
    return e->to ? (u32)e->to->id << 16 | e->to_vcpu : XL_TRACE_NOBODY;
}

/* What became of it is known. */
static void event_tell(const struct event *e, u32 outcome)
{
    trace(send, event_from_who(e), e->from_port, event_to_who(e), e->port,
          e->kind | outcome << 8 | e->number << 16);
}

static void event_go(struct event *e)
{
    bool goes = !(event_watched & WATCH_INTERCEPT) || event_intercept(e);

    event_tell(e, goes ? event_arrive(e) : XL_SENT_HELD);
}

/* An end's bond and what belongs to it: read as interdomain_send() does. */
struct far_end {
    union bond bond;
    struct domain *remote;
    void (*notified)(void *data);
    void *data;
};

static struct far_end channel_far_end(const struct channel *c)
{
    struct far_end far;

    do {
        far.bond = channel_bond(c);
        far.remote = ACCESS_ONCE(c->remote);
        far.notified = ACCESS_ONCE(c->notified);
        far.data = ACCESS_ONCE(c->data);
    } while (unlikely(channel_bond(c).word != far.bond.word));
    return far;
}

long event_send_watched(struct domain *d, evtchn_port_t port)
{
    struct channel *c = channel_find(d, port);
    struct event e = {.from = d, .from_port = port, .from_vcpu = NO_VCPU};
    struct far_end far;

    if (!c)
        return refuse(XEN_EINVAL, "there is no such port");
    if (current->domain == d)
        e.from_vcpu = current->id;
    far = channel_far_end(c);
    e.kind = far.bond.kind;
    switch (e.kind) {
    case EVTCHNSTAT_interdomain:
        if (far.bond.hypervisor) {
            far.notified(far.data);
            event_tell(&e, XL_SENT_RAISED);
            return 0;
        }
        event_aim(&e, far.remote, far.bond.number);
        break;
    case EVTCHNSTAT_ipi:
        event_aim(&e, d, port);
        break;
    case EVTCHNSTAT_unbound:
        break;
    default:
        return refuse(XEN_EINVAL, "the port is closed, or only the hypervisor sends on it");
    }
    event_go(&e);
    return 0;
}

void event_come_watched(struct domain *d, evtchn_port_t port)
{
    union bond bond = channel_bond(channel_at(d, port));
    struct event e = {.kind = bond.kind};

    if (bond.kind == EVTCHNSTAT_virq || bond.kind == EVTCHNSTAT_pirq)
        e.number = bond.number;
    event_aim(&e, d, port);
    event_go(&e);
}
