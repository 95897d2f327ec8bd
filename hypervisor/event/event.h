/*
 * Event channels as the rest of the hypervisor sees them (public/event_channel.h is the guest's
 * view): virtual and physical interrupts that become events, channels whose other end is the
 * hypervisor itself, and what a vcpu has of all this. The calls of event_channel_op are in
 * channel.h.
 */
#ifndef HYPERVISOR_EVENT_EVENT_H
#define HYPERVISOR_EVENT_EVENT_H

#include "xen-like/abi/xen.h"

struct vcpu;
struct domain;

/* Of a vcpu. */
struct vcpu_events {
    evtchn_port_t virqs[NR_VIRQS]; /* which port each is bound to; 0: none. events_lock */
    u32 poll;                      /* it sleeps in SCHEDOP_poll: POLL_*, or the port. Atomic */
    struct evtchn_fifo_control_block
        *control; /* FIFO: the guest's, holds both references. Or NULL */
    evtchn_port_t tails[EVTCHN_FIFO_MAX_QUEUES]; /* the last of each queue. fifo.lock */
};

/* Of a domain. */
#define EVENT_GROUPS 8
struct domain_events {
    struct channel_group *groups[EVENT_GROUPS]; /* channel.h. Only added to; events_lock */
    u32 ports;            /* those below this have a struct channel. Only grows; events_lock */
    u32 limit;            /* and none will have one from here on */
    u32 bound;            /* that are not closed. events_lock */
    u32 pollers;          /* vcpus whose poll is not POLL_NONE. Atomic */
    evtchn_port_t search; /* an interrupted call looks for a free port from here on. events_lock */
    evtchn_port_t reset;  /* where a reset goes on; 0: there is none. events_lock */
    struct fifo *fifo;    /* fifo.h; NULL: the two-level ABI. events_lock; read at any time */
};

/* The beginning and the end of a domain's event channels. False: out of memory. The end takes long
 * if many ports are open: event_reset() (channel.h), which can be interrupted, closes them before.
 */
bool events_init(struct domain *d);
void events_destroy(struct domain *d);

/* VIRQ_* of the per-vcpu kind for @v; and of the global kind, for whoever has it bound (the control
 * domain). Who has not bound it hears nothing. From interrupt handlers too. */
void virq_raise(struct vcpu *v, u32 virq);
void virq_raise_global(u32 virq);

/* A physical interrupt came that @port of @d is bound to. */
void event_pirq_raise(struct domain *d, evtchn_port_t port);

/*
 * A channel of @d whose other end is the hypervisor: @notified(data) is called when the guest sends
 * on it, in the guest's hypercall, with no lock held that ranks above LOCK_EVENTS. The port, or
 * -XEN_E....  event_hypervisor_send() is the other direction. To the guest it is a channel to
 * domain 0, with which it may do what it may with any: when it closes it, nothing goes there any
 * more, in either direction.
 */
int event_hypervisor_bind(struct domain *d, void (*notified)(void *data), void *data);
void event_hypervisor_send(struct domain *d, evtchn_port_t port);

/* EVTCHNOP_unmask. */
int event_unmask(struct domain *d, evtchn_port_t port);

/* Is @port pending? Of any kind of channel, in either ABI. False also for a port that is none. */
bool event_is_pending(const struct domain *d, evtchn_port_t port);

/*
 * SCHEDOP_poll. First event_poll_begin(v, POLL_ANY), and the vcpu is made to sleep; then, for each
 * port that it waits for, event_poll_port(): 1, pending; 0; or -EINVAL, no port, or not in use (so
 * no event between the two is missed). With one port alone, event_poll_begin(v, port) again spares
 * it the others'. From then on an event that becomes pending on the port, masked or not, ends its
 * poll and its STOP_BLOCKED; who wakes it otherwise, or finds nothing to wait for, ends the poll
 * with event_poll_end(), at any time. Any vcpu, no lock.
 */
#define POLL_NONE 0u /* which is nobody's port */
#define POLL_ANY  (~0u)
void event_poll_begin(struct vcpu *v, u32 port);
void event_poll_end(struct vcpu *v);
int event_poll_port(const struct domain *d, evtchn_port_t port);

#endif
