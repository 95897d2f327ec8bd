/*
 * Event channels as the rest of the hypervisor sees them (public/event_channel.h is the guest's
 * view): virtual and physical interrupts that become events, channels whose other end is the
 * hypervisor itself, and what a vcpu has of all this. The calls of event_channel_op are in
 * channel.h.
 */
#ifndef HYPERVISOR_EVENT_EVENT_H
#define HYPERVISOR_EVENT_EVENT_H

#include "xen-like/abi/xen.h"
#include "hypervisor/cpu/smp.h"

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

/* The channels of 64 ports. */
#define CHANNELS_PER_PAGE 64u
struct channel_page {
    struct channel *channels;
    u64 used; /* which of them are not free. events_lock */
};

/* Of a domain. */
#define EVENT_GROUPS 8
#define PORTS_FEW    1024U /* with no more than these, it needs no page for its first group */
struct domain_events {
    struct channel_group *groups[EVENT_GROUPS]; /* channel.h. Only added to; events_lock */
    struct channel_page few[PORTS_FEW / CHANNELS_PER_PAGE];
    u32 ports;            /* those below this have a struct channel. Only grows; events_lock */
    u32 limit;            /* and none will have one from here on */
    u32 bound;            /* that are not closed. events_lock */
    u32 pollers;          /* vcpus whose poll is not POLL_NONE. Atomic */
    evtchn_port_t search; /* an interrupted call looks for a free port from here on. events_lock */
    evtchn_port_t reset;  /* where a reset goes on; 0: there is none. events_lock */
    bool settles; /* that reset has closed all, and waits until senders have left; events_lock */
    bool leaving; /* some may not have: */
    struct quiesce left;        /* tells */
    evtchn_port_t closed;       /* the end of the domain has closed those below. events_lock */
    struct redirect *redirects; /* redirect.c, in the order of ports. The lock of intercept.c */
    struct fifo *fifo;          /* fifo.h; NULL: the two-level ABI. events_lock; read at any time */
    struct fifo *words; /* what a send goes by: fifo; of a 32-bit domain in the two-level ABI
                           &fifo_none, which has no words (fifo.h). Likewise */
};

/* The beginning of a domain's event channels, of which there may be @limit; false: out of memory.
 * Their end: all ports are closed, in steps: 0 or RESTART. Then, when nobody else can be sending to
 * it any more, the pages of the FIFO ABI are given back, in steps likewise; and at last, when
 * nobody can find the domain, all other memory: false if there is more. */
bool events_init(struct domain *d, u32 limit);
int events_close(struct domain *d);
int events_release(struct domain *d);
bool events_free(struct domain *d);

/* VIRQ_* of the per-vcpu kind for @v; and of the global kind, for vcpu 0 of whoever is to hear it:
 * the control domain, unless somebody was named. Who has not bound it hears nothing. From interrupt
 * handlers too. */
void virq_raise(struct vcpu *v, u32 virq);
void virq_raise_global(u32 virq);
bool virq_is_heard(u32 virq);  /* has whoever is to hear the global one bound it? */
bool virq_is_global(u32 virq); /* does it come once for the machine, as Xen has it? */
void virq_handler_set(u32 virq, struct domain *d);
void virq_handler_gone(const struct domain *d); /* it hears nothing any more */

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
long event_unmask(struct domain *d, evtchn_port_t port);

/* Does its guest mask @port, which is one of its ABI's? Is it pending? Of any kind of channel, in
 * any ABI. The latter is false also for a port that is none. */
bool event_is_masked(const struct domain *d, evtchn_port_t port);
bool event_is_pending(const struct domain *d, evtchn_port_t port);

/*
 * SCHEDOP_poll. The vcpu is made to sleep, then event_poll_begin(v, POLL_ANY) (in this order: who
 * wakes it ends its poll, which must not be while it does not sleep yet); then, for each port that
 * it waits for, event_poll_port(): 1, pending; 0; or -EINVAL, no port, or not in use (so no event
 * between the two is missed). With one port alone, event_poll_begin(v, port) again spares it the
 * others'. From then on an event that becomes pending on the port, masked or not, ends its poll and
 * its STOP_BLOCKED; who wakes it otherwise, or finds nothing to wait for, ends the poll
 * with event_poll_end(), at any time. Any vcpu, no lock.
 */
#define POLL_NONE 0u /* which is nobody's port */
#define POLL_ANY  (~0u)
void event_poll_begin(struct vcpu *v, u32 port);
void event_poll_end(struct vcpu *v);
int event_poll_port(const struct domain *d, evtchn_port_t port);

/* For the debug key: what the ports of all domains are bound to. */
void events_show(void);

#endif
