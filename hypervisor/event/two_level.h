/*
 * The two-level ABI: a bit for each port in shared_info says that it is pending, another masks it,
 * and a bit of the vcpu's selector says in which of 64 words the vcpu has to look.
 *
 * The order is what keeps events from getting lost: pending, then mask, then selector, then upcall;
 * the guest goes the other way. Each step is atomic and stops where somebody was before, who goes
 * on for both: a port that is pending already has had its upcall, or will when it is unmasked.
 * Whatever a guest writes to these words itself, it loses only its own events.
 *
 * In a header, since a send is little else.
 */
#ifndef HYPERVISOR_EVENT_TWO_LEVEL_H
#define HYPERVISOR_EVENT_TWO_LEVEL_H

#include "hypervisor/domain/shared32.h"
#include "hypervisor/event/channel.h"

#define WORD_BITS (sizeof(xen_ulong_t) * 8)

/* Sets a bit; was it set? */
static inline bool bit_take(xen_ulong_t *words, u32 bit)
{
    xen_ulong_t mask = 1UL << bit % WORD_BITS;

    return __atomic_fetch_or(&words[bit / WORD_BITS], mask, __ATOMIC_SEQ_CST) & mask;
}

static inline bool bit_drop(xen_ulong_t *words, u32 bit)
{
    xen_ulong_t mask = 1UL << bit % WORD_BITS;

    return __atomic_fetch_and(&words[bit / WORD_BITS], ~mask, __ATOMIC_SEQ_CST) & mask;
}

static inline bool bit_is_set(const xen_ulong_t *words, u32 bit)
{
    return ACCESS_ONCE(words[bit / WORD_BITS]) >> bit % WORD_BITS & 1;
}

static inline void port_select(const struct domain *d, evtchn_port_t port, const struct channel *c)
{
    struct vcpu *v = d->vcpus[c->vcpu];

    if (!bit_take(&v->info->evtchn_pending_sel, port / WORD_BITS))
        upcall_raise(v);
}

/* An event came for @port: true if it was not pending. */
static inline bool two_level_raise(struct domain *d, evtchn_port_t port, const struct channel *c)
{
    if (bit_take(d->shared->evtchn_pending, port))
        return false;
    if (!bit_is_set(d->shared->evtchn_mask, port))
        port_select(d, port, c);
    return true;
}

static inline bool two_level_is_pending(const struct domain *d, evtchn_port_t port)
{
    return port < EVTCHN_2L_NR_CHANNELS && bit_is_set(d->shared->evtchn_pending, port);
}

/* What it held back is raised. */
static inline void two_level_unmask(struct domain *d, evtchn_port_t port, const struct channel *c)
{
    if (bit_drop(d->shared->evtchn_mask, port) && two_level_is_pending(d, port))
        port_select(d, port, c);
}

/* The same of a 32-bit domain, for its vcpu of this number (two_level32.c). */
bool two_level32_raise(struct domain *d, evtchn_port_t port, u32 vcpu);
bool two_level32_is_masked(const struct domain *d, evtchn_port_t port);
void two_level32_unmask(struct domain *d, evtchn_port_t port, u32 vcpu);

#endif
