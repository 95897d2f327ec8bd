/*
 * One end of an event channel, and what event_channel_op does with it.
 *
 * What an end is bound to is one 64-bit word, the bond, so that a sender sees one binding whole
 * without a lock. Bindings change under events_lock only: one for all domains, because a binding
 * has two ends and is rare. What makes sending safe on many CPUs:
 *
 *   - A struct channel, once made, stays where it is until its domain's memory is given back: after
 *     the domain can no longer be found, its channels are closed (so that no bond names it), and
 *     every CPU has since left the call that it was in.
 *   - The word names the other end; the pointer beside it is written before the word, and a sender
 *     looks at the word again after it has read the pointer. So he has both of one binding.
 *   - A sender that is late, whose end was closed or bound anew meanwhile, raises an event that
 *     nobody sent. Guests have to expect that. It could do harm only by leaving a closed port
 *     pending, for then the next binding's first event would be taken for merged: so a port's
 *     pending bit is cleared when it is bound, before the word says so.
 *   - An end that moves to another vcpu (bind_vcpu) while an event is sent has it delivered to the
 *     old one or the new one: the guest asked for both in no order.
 */
#ifndef HYPERVISOR_EVENT_CHANNEL_H
#define HYPERVISOR_EVENT_CHANNEL_H

#include "hypervisor/domain/domain.h"

/* What an end is bound to. Kinds are what EVTCHNOP_status calls them: EVTCHNSTAT_*. */
union bond {
    u64 word;
    struct {
        u8 kind;
        bool hypervisor; /* interdomain: the other end is the hypervisor */
        u16 domain;      /* unbound, interdomain: whose the other end is, or is to be */
        u32 number;      /* interdomain: the other end's port; or VIRQ_*; or the pirq */
    };
};

struct channel {
    union bond bond; /* events_lock; read at any time */
    union {
        struct domain *remote; /* interdomain */
        void (*notified)(void *data);
    };
    void *data;          /* for notified */
    u32 vcpu;            /* that an event is for. events_lock; read at any time */
    u8 priority;         /* FIFO: its queue. Written at once */
    bool waits;          /* FIFO: an event came, and there is no word for it yet. Atomic */
    evtchn_port_t *tail; /* FIFO: of the queue that it was in last. fifo.lock */
    u32 binding;         /* how often it was bound: events held are for one binding. events_lock */
} __attribute__((aligned(64)));

/* Guests can tell how many come at once: the status of a port that has no struct is an error. */
#define CHANNELS_PER_GROUP (CHANNELS_PER_PAGE * 256)
#define CHANNEL_PAGE_BYTES (CHANNELS_PER_PAGE * sizeof(struct channel))
_Static_assert(CHANNEL_PAGE_BYTES == PAGE_SIZE, "channels are allocated by the page");
_Static_assert(EVENT_GROUPS *CHANNELS_PER_GROUP >= EVTCHN_FIFO_NR_CHANNELS, "all ports fit");

struct channel_group {
    struct channel_page pages[CHANNELS_PER_GROUP / CHANNELS_PER_PAGE];
};

static inline struct channel_page *channel_page(const struct domain *d, evtchn_port_t port)
{
    return &d->events.groups[port / CHANNELS_PER_GROUP]
                ->pages[port % CHANNELS_PER_GROUP / CHANNELS_PER_PAGE];
}

/* The end at a port that is known to have one. */
static inline struct channel *channel_at(const struct domain *d, evtchn_port_t port)
{
    return &channel_page(d, port)->channels[port % CHANNELS_PER_PAGE];
}

/* The end at any port, or NULL. */
static inline struct channel *channel_find(const struct domain *d, evtchn_port_t port)
{
    if (unlikely(port >= __atomic_load_n(&d->events.ports, __ATOMIC_ACQUIRE)))
        return NULL;
    if (!channel_at(d, port))
        __builtin_unreachable(); /* callers test for NULL once, not twice */
    return channel_at(d, port);
}

static inline union bond channel_bond(const struct channel *c)
{
    return (union bond){.word = __atomic_load_n(&c->bond.word, __ATOMIC_ACQUIRE)};
}

extern struct spinlock events_lock;

/*
 * The operations, for the gate: a port or 0, or -XEN_E... as Xen 4.17 answers. @d is the caller's
 * domain; but of alloc and status whose the port is, and whether the caller may is the gate's to
 * know.
 */
int event_alloc_unbound(struct domain *d, u16 remote);
int event_bind_interdomain(struct domain *d, struct domain *remote, evtchn_port_t remote_port);
int event_bind_virq(struct domain *d, u32 virq, u32 vcpu);
int event_bind_pirq(struct domain *d, u32 pirq);
int event_bind_ipi(struct domain *d, u32 vcpu);
int event_bind_vcpu(struct domain *d, evtchn_port_t port, u32 vcpu);
int event_close(struct domain *d, evtchn_port_t port);
long event_send(struct domain *d, evtchn_port_t port);
int event_status(const struct domain *d, struct evtchn_status *status);
int event_init_control(struct domain *d, struct evtchn_init_control *a);
int event_set_priority(struct domain *d, evtchn_port_t port, u32 priority);

/* Close all ports, and use the two-level ABI again. -EBUSY: that is being done; RESTART: make the
 * call again, with @goes_on. (-EBUSY then, if nothing was begun.) */
int event_reset(struct domain *d, bool goes_on);

/* One more page of words, at @gfn; what waited for them becomes pending. RESTART: the page is
 * there, make the call again with @goes_on. */
int event_expand_array(struct domain *d, u64 gfn, bool goes_on);

/*
 * Binding, under events_lock. The lowest port of @d that is free (its struct is there): or -ENOSPC,
 * -ENOMEM, -EINVAL (the domain is ending). And bind such a port: what stands beside the bond is
 * written before.
 */
int channel_free_port(struct domain *d);
void channel_bind(struct domain *d, evtchn_port_t port, union bond bond, u32 vcpu);

/* An event came for @port of @d, whose end is @c: true if it was not pending. No lock is needed,
 * nor that it is still bound. */
bool event_raise(struct domain *d, evtchn_port_t port, struct channel *c);

/* The same, but for @v, with @priority, whatever the end says. */
bool event_raise_for(struct vcpu *v, evtchn_port_t port, struct channel *c, u32 priority);

/* Have @v make an upcall: the last step of raising. */
void upcall_raise(struct vcpu *v);

#endif
