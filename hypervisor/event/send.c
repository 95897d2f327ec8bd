/*
 * Sending and receiving: what happens most, without a lock (channel.h says why that is safe). An
 * event goes from the end that it is sent on to the other one, becomes pending there, and if
 * nothing masks it the vcpu gets an upcall. Who sleeps in SCHEDOP_poll for the port is woken,
 * masked or not.
 */
#include "hypervisor/cpu/preempt.h"
#include "hypervisor/debug/bug.h"
#include "hypervisor/debug/trace.h"
#include "hypervisor/event/fifo.h"
#include "hypervisor/event/two_level.h"
#include "hypervisor/event/watched.h"

#define POLLERS_A_UNIT 8 /* vcpus looked at, of work: cpu/preempt.h */

/* If an upcall is pending already, whoever made it so wakes the vcpu. */
void upcall_raise(struct vcpu *v)
{
    if (__atomic_exchange_n(&v->info->evtchn_upcall_pending, 1, __ATOMIC_SEQ_CST))
        return;
    __atomic_fetch_or(&v->work, WORK_EVENT, __ATOMIC_RELEASE);
    if (v != current || ACCESS_ONCE(v->sched.stopped))
        vcpu_kick(v);
}

/* Out of line, so that the path of a send saves no registers for it. */
__attribute__((noinline)) static void pollers_wake(struct domain *d, evtchn_port_t port)
{
    preempt_charge(d->max_vcpus / POLLERS_A_UNIT);
    for (u32 i = 0; i < d->max_vcpus; i++) {
        struct vcpu *v = d->vcpus[i];
        u32 poll = v ? ACCESS_ONCE(v->events.poll) : POLL_NONE;

        if (poll == port || poll == POLL_ANY) {
            event_poll_end(v);
            vcpu_go(v, STOP_BLOCKED);
        }
    }
}

static inline bool raise(struct domain *d, evtchn_port_t port, struct channel *c)
{
    bool came = d->events.words ? fifo_raise(d, port, c) : two_level_raise(d, port, c);

    if (came && unlikely(ACCESS_ONCE(d->events.pollers)))
        pollers_wake(d, port);
    return came;
}

bool event_raise(struct domain *d, evtchn_port_t port, struct channel *c)
{
    return raise(d, port, c);
}

bool event_raise_for(struct vcpu *v, evtchn_port_t port, struct channel *c, u32 priority)
{
    struct domain *d = v->domain;
    const struct channel end = {.vcpu = v->id};
    bool came =
        d->events.words ? fifo_raise_for(v, port, c, priority) : two_level_raise(d, port, &end);

    if (came && ACCESS_ONCE(d->events.pollers))
        pollers_wake(d, port);
    return came;
}

/* The other end is another port, or the hypervisor. What stands beside the bond belongs to it if
 * the bond is still the same after it was read. */
static long interdomain_send(const struct channel *c)
{
    union bond bond;
    struct domain *remote;
    void (*notified)(void *data);
    void *data;

    do {
        bond = channel_bond(c);
        if (bond.kind != EVTCHNSTAT_interdomain)
            return 0; /* closed just now: nobody hears it */
        remote = ACCESS_ONCE(c->remote);
        notified = ACCESS_ONCE(c->notified);
        data = ACCESS_ONCE(c->data);
    } while (unlikely(channel_bond(c).word != bond.word));
    if (unlikely(bond.hypervisor))
        notified(data);
    else
        raise(remote, bond.number, channel_at(remote, bond.number));
    return 0;
}

long event_send(struct domain *d, evtchn_port_t port)
{
    struct channel *c;

    if (unlikely(event_watched))
        return event_send_watched(d, port);
    c = channel_find(d, port);
    if (unlikely(!c))
        return refuse(XEN_EINVAL, "there is no such port");
    switch (channel_bond(c).kind) {
    case EVTCHNSTAT_interdomain:
        return interdomain_send(c);
    case EVTCHNSTAT_ipi:
        raise(d, port, c);
        return 0;
    case EVTCHNSTAT_unbound:
        return 0; /* nobody hears it yet */
    default:
        return refuse(XEN_EINVAL, "the port is closed, or only the hypervisor sends on it");
    }
}

long event_unmask(struct domain *d, evtchn_port_t port)
{
    struct channel *c = channel_find(d, port);

    if (!c)
        return refuse(XEN_EINVAL, "there is no such port");
    if (channel_bond(c).kind == EVTCHNSTAT_closed)
        return 0;
    trace(unmask, TRACE_WHO(current), port);
    if (d->events.words)
        fifo_unmask(d, port, c);
    else
        two_level_unmask(d, port, c);
    return 0;
}

void event_hypervisor_send(struct domain *d, evtchn_port_t port)
{
    struct channel *c = channel_find(d, port);

    if (c && channel_bond(c).hypervisor)
        event_come(d, port, c);
}

void event_pirq_raise(struct domain *d, evtchn_port_t port)
{
    struct channel *c = channel_find(d, port);

    if (c && channel_bond(c).kind == EVTCHNSTAT_pirq)
        event_come(d, port, c);
}

bool event_is_masked(const struct domain *d, evtchn_port_t port)
{
    return d->events.fifo ? fifo_is_masked(d, port)
           : d->is_32bit  ? two_level32_is_masked(d, port)
                          : bit_is_set(d->shared->evtchn_mask, port);
}

bool event_is_pending(const struct domain *d, evtchn_port_t port)
{
    return event_poll_port(d, port) > 0;
}

int event_poll_port(const struct domain *d, evtchn_port_t port)
{
    const struct channel *c = channel_find(d, port);

    if (!c || channel_bond(c).kind == EVTCHNSTAT_closed)
        return -XEN_EINVAL;
    return d->events.fifo ? fifo_is_pending(d, port)
                          : port < two_level_ports(d) && two_level_is_pending(d, port);
}

/* The count is never too small while somebody polls: up before, down after. */
void event_poll_begin(struct vcpu *v, u32 port)
{
    struct domain *d = v->domain;

    __atomic_fetch_add(&d->events.pollers, 1, __ATOMIC_SEQ_CST);
    if (__atomic_exchange_n(&v->events.poll, port, __ATOMIC_SEQ_CST) != POLL_NONE)
        __atomic_fetch_sub(&d->events.pollers, 1, __ATOMIC_SEQ_CST);
}

void event_poll_end(struct vcpu *v)
{
    if (__atomic_exchange_n(&v->events.poll, POLL_NONE, __ATOMIC_SEQ_CST) != POLL_NONE)
        __atomic_fetch_sub(&v->domain->events.pollers, 1, __ATOMIC_SEQ_CST);
}
