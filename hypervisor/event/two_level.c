/*
 * The two-level ABI: a bit for each port in shared_info says that it is pending, another masks it,
 * and a bit of the vcpu's selector says in which of 64 words the vcpu has to look.
 *
 * The order is what keeps events from getting lost: pending, then mask, then selector, then upcall;
 * the guest goes the other way. Each step is atomic and stops where somebody was before, who goes
 * on for both: a port that is pending already has had its upcall, or will when it is unmasked.
 * Whatever a guest writes to these words itself, it loses only its own events.
 */
#include "hypervisor/event/channel.h"

#define WORD_BITS (sizeof(xen_ulong_t) * 8)

static xen_ulong_t bit_of(evtchn_port_t port)
{
    return 1UL << port % WORD_BITS;
}

static void select(const struct domain *d, evtchn_port_t port, const struct channel *c)
{
    struct vcpu *v = d->vcpus[c->vcpu];
    xen_ulong_t word = bit_of(port / WORD_BITS);

    if (!(__atomic_fetch_or(&v->info->evtchn_pending_sel, word, __ATOMIC_SEQ_CST) & word))
        upcall_raise(v);
}

bool two_level_raise(struct domain *d, evtchn_port_t port, const struct channel *c)
{
    struct shared_info *s = d->shared;
    xen_ulong_t *pending = &s->evtchn_pending[port / WORD_BITS], bit = bit_of(port);

    if (__atomic_fetch_or(pending, bit, __ATOMIC_SEQ_CST) & bit)
        return false;
    if (!(ACCESS_ONCE(s->evtchn_mask[port / WORD_BITS]) & bit))
        select(d, port, c);
    return true;
}

bool two_level_is_pending(const struct domain *d, evtchn_port_t port)
{
    return port < EVTCHN_2L_NR_CHANNELS &&
           ACCESS_ONCE(d->shared->evtchn_pending[port / WORD_BITS]) & bit_of(port);
}

void two_level_clear(struct domain *d, evtchn_port_t port)
{
    __atomic_fetch_and(&d->shared->evtchn_pending[port / WORD_BITS], ~bit_of(port),
                       __ATOMIC_SEQ_CST);
}

void two_level_unmask(struct domain *d, evtchn_port_t port, const struct channel *c)
{
    xen_ulong_t *mask = &d->shared->evtchn_mask[port / WORD_BITS], bit = bit_of(port);

    if (__atomic_fetch_and(mask, ~bit, __ATOMIC_SEQ_CST) & bit && two_level_is_pending(d, port))
        select(d, port, c);
}
