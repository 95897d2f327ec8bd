/*
 * Ports: which are free, what each is bound to, and how a binding ends. channel.h says what keeps
 * this safe beside senders, who take no lock.
 *
 * Structures of channels are allocated a page at a time when a port is needed and none below is
 * free, and kept until the domain's end. A word of bits for each page finds the lowest free port,
 * which is the one that a guest gets, without looking at every channel.
 */
#include "hypervisor/event/channel.h"

#include "hypervisor/cpu/preempt.h"
#include "hypervisor/debug/bug.h"
#include "hypervisor/debug/trace.h"
#include "hypervisor/event/fifo.h"
#include "hypervisor/event/intercept.h"
#include "hypervisor/event/pirq.h"
#include "hypervisor/event/two_level.h"
#include "hypervisor/mm/alloc.h"
#include "xen-like/lib/string.h"

#define PAGES_AT_ONCE 64U /* given back */

struct spinlock events_lock = SPINLOCK(LOCK_EVENTS);

/* Structures for the next ports after those that there are. 0 or -ENOMEM. */
static int channels_add(struct domain *d)
{
    struct domain_events *e = &d->events;
    struct channel_group **group = &e->groups[e->ports / CHANNELS_PER_GROUP];
    struct channel_page *page;

    if (e->limit <= PORTS_FEW)
        *group = (struct channel_group *)e->few;
    if (!*group && !(*group = pages_alloc(order_for(sizeof(**group)))))
        return refuse(XEN_ENOMEM, "no memory for event channels");
    page = channel_page(d, e->ports);
    page->channels = pages_alloc(0);
    if (!page->channels)
        return refuse(XEN_ENOMEM, "no memory for event channels");
    __atomic_store_n(&e->ports, e->ports + CHANNELS_PER_PAGE, __ATOMIC_RELEASE);
    return 0;
}

/* In the FIFO ABI a port that was closed is nobody's until the guest has taken it from its queue; a
 * guest may leave them all there. */
int channel_free_port(struct domain *d)
{
    struct domain_events *e = &d->events;
    u32 limit = MIN(e->limit, e->fifo ? EVTCHN_FIFO_NR_CHANNELS : two_level_ports(d));
    evtchn_port_t port = e->search, found;

    e->search = 0;
    if (d->dying)
        return refuse(XEN_EINVAL, "a domain that ends gets no event channels");
    for (; port < limit; port += CHANNELS_PER_PAGE) {
        if (port == e->ports && channels_add(d))
            return -XEN_ENOMEM;
        for (u64 free = ~channel_page(d, port)->used; free; free &= free - 1) {
            found = port + (u32)__builtin_ctzl(free);
            if (found < limit && !(e->fifo && fifo_is_linked(d, found)))
                return (int)found;
        }
        if (e->fifo && preempt_point(8)) {
            e->search = port + CHANNELS_PER_PAGE;
            return RESTART;
        }
    }
    return refuse(XEN_ENOSPC, "no port is free");
}

static void pending_clear(struct domain *d, evtchn_port_t port)
{
    if (d->events.fifo)
        fifo_clear(d, port, channel_at(d, port));
    else
        bit_drop(d->shared->evtchn_pending, port);
}

static void bind_record(const struct domain *d, evtchn_port_t port, union bond bond, u32 vcpu)
{
    trace(bind, (u32)d->id << 16 | vcpu, port, bond.kind, bond.domain, bond.number);
}

void channel_bind(struct domain *d, evtchn_port_t port, union bond bond, u32 vcpu)
{
    struct channel *c = channel_at(d, port);

    bind_record(d, port, bond, vcpu);
    pending_clear(d, port);
    channel_page(d, port)->used |= 1UL << port % CHANNELS_PER_PAGE;
    d->events.bound++;
    d->events.settles = false; /* a reset that goes on has senders of this port to wait for */
    c->binding++;
    c->vcpu = vcpu;
    c->priority = EVTCHN_FIFO_PRIORITY_DEFAULT;
    __atomic_store_n(&c->bond.word, bond.word, __ATOMIC_RELEASE);
}

static void channel_free(struct domain *d, evtchn_port_t port)
{
    struct channel *c = channel_at(d, port);

    trace(close, d->id, port);
    __atomic_store_n(&c->bond.word, 0, __ATOMIC_RELEASE);
    c->vcpu = 0;
    pending_clear(d, port);
    channel_page(d, port)->used &= ~(1UL << port % CHANNELS_PER_PAGE);
    d->events.bound--;
}

/* A binding that has one end. */
static int single_bind(struct domain *d, union bond bond, u32 vcpu)
{
    int port;

    spin_lock(&events_lock);
    port = channel_free_port(d);
    if (port > 0)
        channel_bind(d, (u32)port, bond, vcpu);
    spin_unlock(&events_lock);
    return port;
}

int event_alloc_unbound(struct domain *d, u16 remote)
{
    return single_bind(d, (union bond){.kind = EVTCHNSTAT_unbound, .domain = remote}, 0);
}

int event_bind_ipi(struct domain *d, u32 vcpu)
{
    if (!domain_vcpu(d, vcpu))
        return refuse(XEN_ENOENT, "an IPI is for a vcpu that there is");
    return single_bind(d, (union bond){.kind = EVTCHNSTAT_ipi}, vcpu);
}

/* Bound before it is opened: its first interrupt may come at once, elsewhere. */
int event_bind_pirq(struct domain *d, u32 pirq)
{
    int port, r;

    spin_lock(&events_lock);
    port = r = channel_free_port(d);
    if (port > 0) {
        channel_bind(d, (u32)port, (union bond){.kind = EVTCHNSTAT_pirq, .number = pirq}, 0);
        r = pirq_bind(d, pirq, (u32)port);
        if (r)
            channel_free(d, (u32)port);
    }
    spin_unlock(&events_lock);
    return r ? r : port;
}

int event_hypervisor_bind(struct domain *d, void (*notified)(void *data), void *data)
{
    int port;

    spin_lock(&events_lock);
    port = channel_free_port(d);
    if (port > 0) {
        struct channel *c = channel_at(d, (u32)port);

        c->notified = notified;
        c->data = data;
        channel_bind(
            d, (u32)port,
            (union bond){.kind = EVTCHNSTAT_interdomain, .hypervisor = true, .number = (u32)port},
            0);
    }
    spin_unlock(&events_lock);
    return port;
}

/* Its remote end waits for just this domain, which has somebody to send to? */
static bool awaits(const struct domain *remote, evtchn_port_t port, const struct domain *d)
{
    const struct channel *c = channel_find(remote, port);

    return c && c->bond.kind == EVTCHNSTAT_unbound && c->bond.domain == d->id &&
           domain_vcpu(remote, 0);
}

static int interdomain_bind(struct domain *d, struct domain *remote, evtchn_port_t remote_port)
{
    int port = channel_free_port(d);
    struct channel *ours, *theirs;
    union bond bond = {.kind = EVTCHNSTAT_interdomain};

    if (port < 0)
        return port;
    if (!awaits(remote, remote_port, d))
        return refuse(XEN_EINVAL, "the remote port does not wait for this domain");
    ours = channel_at(d, (u32)port);
    theirs = channel_at(remote, remote_port);
    ours->remote = remote;
    bond.domain = remote->id;
    bond.number = remote_port;
    channel_bind(d, (u32)port, bond, 0);
    theirs->binding++;
    theirs->remote = d;
    bond.domain = d->id;
    bond.number = (u32)port;
    bind_record(remote, remote_port, bond, theirs->vcpu);
    __atomic_store_n(&theirs->bond.word, bond.word, __ATOMIC_RELEASE);
    return port;
}

/* What the other end sent before is lost; so it is taken to have sent something. */
int event_bind_interdomain(struct domain *d, struct domain *remote, evtchn_port_t remote_port)
{
    int port;

    spin_lock(&events_lock);
    port = interdomain_bind(d, remote, remote_port);
    spin_unlock(&events_lock);
    if (port > 0)
        event_come(d, (u32)port, channel_at(d, (u32)port));
    return port;
}

int event_bind_vcpu(struct domain *d, evtchn_port_t port, u32 vcpu)
{
    struct channel *c = channel_find(d, port);
    u8 kind;
    bool fixed;

    if (!domain_vcpu(d, vcpu))
        return refuse(XEN_ENOENT, "there is no such vcpu");
    if (!c)
        return refuse(XEN_EINVAL, "there is no such port");
    spin_lock(&events_lock);
    kind = c->bond.kind;
    fixed = kind == EVTCHNSTAT_closed || kind == EVTCHNSTAT_ipi ||
            (kind == EVTCHNSTAT_virq && !virq_is_global(c->bond.number));
    if (!fixed)
        c->vcpu = vcpu;
    spin_unlock(&events_lock);
    return fixed ? refuse(XEN_EINVAL, "the port is closed, or its vcpu cannot be changed") : 0;
}

/* The other end of what is closed waits again. */
static void remote_end_leave(const struct domain *d, const struct channel *c)
{
    union bond waits = {.kind = EVTCHNSTAT_unbound, .domain = d->id};

    if (!c->bond.hypervisor)
        __atomic_store_n(&channel_at(c->remote, c->bond.number)->bond.word, waits.word,
                         __ATOMIC_RELEASE);
}

static void virq_leave(struct domain *d, const struct channel *c)
{
    u32 virq = c->bond.number;

    ACCESS_ONCE(d->vcpus[virq_is_global(virq) ? 0 : c->vcpu]->events.virqs[virq]) = 0;
}

static int channel_close(struct domain *d, evtchn_port_t port)
{
    const struct channel *c = channel_at(d, port);

    switch (c->bond.kind) {
    case EVTCHNSTAT_closed:
        return -XEN_EINVAL;
    case EVTCHNSTAT_interdomain:
        remote_end_leave(d, c);
        break;
    case EVTCHNSTAT_virq:
        virq_leave(d, c);
        break;
    case EVTCHNSTAT_pirq:
        pirq_unbind(d, c->bond.number);
        break;
    default:
        break;
    }
    channel_free(d, port);
    return 0;
}

int event_close(struct domain *d, evtchn_port_t port)
{
    int closed;

    if (!channel_find(d, port))
        return refuse(XEN_EINVAL, "there is no such port");
    spin_lock(&events_lock);
    closed = channel_close(d, port);
    spin_unlock(&events_lock);
    return closed ? refuse(XEN_EINVAL, "the port is closed already") : 0;
}

static void senders_left(struct quiesce *q)
{
    struct domain_events *e = (void *)((u8 *)q - offsetof(struct domain_events, left));

    __atomic_store_n(&e->leaving, false, __ATOMIC_RELEASE);
}

/* All ports are closed; but who found one open on another CPU may be about to set a bit in pages
 * that are given back now, and could be anything the next moment. RESTART: he may be still. */
static int reset_end(struct domain *d)
{
    struct domain_events *e = &d->events;

    if (e->fifo && cpus_online > 1 && __atomic_load_n(&e->leaving, __ATOMIC_ACQUIRE))
        return RESTART;
    if (e->fifo && cpus_online > 1 && !e->settles) {
        e->settles = e->leaving = true;
        quiesce(&e->left, senders_left);
        return RESTART;
    }
    return fifo_end(d);
}

int event_reset(struct domain *d, bool goes_on)
{
    struct domain_events *e = &d->events;
    evtchn_port_t port;
    int r = 0;

    spin_lock(&events_lock);
    port = goes_on ? e->reset : !e->reset;
    e->settles &= goes_on;
    e->reset = MAX(e->reset, port);
    for (; port && port < e->ports && e->bound; port++) {
        channel_close(d, port);
        if (preempt_point(4)) {
            e->reset = port + 1;
            r = RESTART;
            break;
        }
    }
    if (!port) {
        r = refuse(XEN_EBUSY, "a reset is being done, or none is");
    } else if (!r) {
        r = e->bound ? refuse(XEN_EAGAIN, "a port was bound meanwhile") : reset_end(d);
        e->reset = r == RESTART ? e->ports : 0;
    }
    spin_unlock(&events_lock);
    return r;
}

int event_status(const struct domain *d, struct evtchn_status *status)
{
    const struct channel *c = channel_find(d, status->port);
    union bond bond;

    if (!c)
        return refuse(XEN_EINVAL, "there is no such port");
    bond = channel_bond(c);
    status->status = bond.kind;
    status->vcpu = c->vcpu;
    if (bond.kind == EVTCHNSTAT_virq || bond.kind == EVTCHNSTAT_pirq)
        status->u.virq = bond.number; /* which is where a pirq stands, too */
    else if (bond.kind == EVTCHNSTAT_unbound || bond.kind == EVTCHNSTAT_interdomain) {
        status->u.unbound.dom = bond.domain; /* likewise */
        if (bond.kind == EVTCHNSTAT_interdomain)
            status->u.interdomain.port = bond.number;
    }
    return 0;
}

bool events_init(struct domain *d, u32 limit)
{
    pirqs_init(d);
    d->events.limit = limit;
    if (channels_add(d))
        return false;
    channel_page(d, 0)->used = 1; /* port 0 is none */
    return true;
}

/* Who binds is refused when the domain is dying, so the ports that are open get fewer. */
int events_close(struct domain *d)
{
    struct domain_events *e = &d->events;
    int rc = intercept_leave(d);

    spin_lock(&events_lock);
    for (; !rc && e->closed < e->ports && e->bound; e->closed++) {
        channel_close(d, e->closed);
        rc = preempt_point(4) ? RESTART : 0;
    }
    spin_unlock(&events_lock);
    if (!rc)
        virq_handler_gone(d); /* it hears nothing any more */
    return rc;
}

int events_release(struct domain *d)
{
    int rc;

    spin_lock(&events_lock);
    rc = fifo_end(d);
    spin_unlock(&events_lock);
    if (!rc)
        pirqs_destroy(d);
    return rc;
}

bool events_free(struct domain *d)
{
    struct domain_events *e = &d->events;

    for (u32 n = 0; e->ports && n < PAGES_AT_ONCE; n++) {
        e->ports -= CHANNELS_PER_PAGE;
        pages_free(channel_page(d, e->ports)->channels, 0);
    }
    if (e->ports)
        return false;
    for (unsigned i = 0; i < EVENT_GROUPS && e->groups[i] && e->limit > PORTS_FEW; i++)
        pages_free(e->groups[i], order_for(sizeof(*e->groups[i])));
    memset(e->groups, 0, sizeof(e->groups));
    return true;
}
