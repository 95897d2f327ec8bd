/*
 * Event channels as the rest of the hypervisor sees them (public/event_channel.h is the guest's
 * view): virtual and physical interrupts that become events, channels whose other end is the
 * hypervisor itself, and what a vcpu has of all this.
 */
#ifndef HYPERVISOR_EVENT_EVENT_H
#define HYPERVISOR_EVENT_EVENT_H

#include "xen-like/abi/xen.h"

struct vcpu;
struct domain;

/* Of a vcpu, and of a domain. */
struct vcpu_events {
    u8 unused;
};
struct domain_events {
    u8 unused;
};

/* The beginning and the end of a domain's event channels. False: out of memory. */
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
 * -XEN_E....  event_hypervisor_send() is the other direction.
 */
int event_hypervisor_bind(struct domain *d, void (*notified)(void *data), void *data);
void event_hypervisor_send(struct domain *d, evtchn_port_t port);

/* Is @port pending? Of any kind of channel, in either ABI. False also for a port that is none. */
bool event_is_pending(const struct domain *d, evtchn_port_t port);

#endif
