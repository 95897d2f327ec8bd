/*
 * Events: a port goes pending, and the handler that was bound to it runs, on the port's vcpu, with
 * upcalls masked (it must not sleep). Call event_init, bind ports, then upcalls_unmask
 * (event/upcall.h).
 *
 * A port has two bits. PENDING is set by who sends and cleared just before the handler runs: sends
 * in between are one event, a send while the handler runs is another. MASKED holds the handler
 * back; a send meanwhile leaves PENDING set, and unmasking delivers it. Where the bits lie depends
 * on the form in use: two-level (two_level.c) or FIFO (fifo.c); the calls below are the same for
 * both.
 *
 * event_bind_* make the port and bind it; they answer the port or the hypervisor's negative errno.
 * A test that made its port by a hypercall of its own gives it to event_bind.
 */
#ifndef GUEST_KERNEL_EVENT_EVENT_H
#define GUEST_KERNEL_EVENT_EVENT_H

#include "guest-kernel/core/vcpu.h"

typedef void event_handler(u32 port, void *data);

enum event_form {
    EVENT_TWO_LEVEL,
    EVENT_FIFO
};

/* Before the first port is bound. Answers 0 or init_control's negative errno. */
long event_init(enum event_form form);

/* In the form that has most ports, of those that the hypervisor has. */
void event_init_most(void);

/* event_init was called. */
bool event_in_use(void);

/* Takes on a port of the calling domain that notifies `vcpu`, and unmasks it. */
void event_bind(u32 port, event_handler *fn, void *data);
void event_bind_on(struct vcpu *vcpu, u32 port, event_handler *fn, void *data);

long event_bind_virq(unsigned int virq, struct vcpu *vcpu, event_handler *fn, void *data);
long event_bind_ipi(struct vcpu *vcpu, event_handler *fn, void *data);
long event_bind_interdomain(domid_t domain, u32 remote, event_handler *fn, void *data);
long event_bind_pirq(u32 pirq, u32 flags, event_handler *fn, void *data);

/* A port that `remote` may bind to. */
long event_alloc_unbound(domid_t remote, event_handler *fn, void *data);

/* The port that says that something was typed (console_read, core/guest.h), or that there is room
 * again for text: bound to fn. */
long console_bind(event_handler *fn, void *data);

/*
 * Each answers 0 or a negative errno. After event_move an event that was on its way may still run
 * its handler on the old vcpu.
 */
long event_close(u32 port);
long event_send(u32 port);
long event_move(u32 port, struct vcpu *vcpu); /* from now on it notifies that vcpu */
long event_set_priority(u32 port, u32 priority);

void event_mask(u32 port);
void event_unmask(u32 port);

/* Clears PENDING; answers whether it was set. */
bool event_clear(u32 port);
bool event_is_pending(u32 port);

/* Handles what is pending; upcalls are masked, and stay so. For user_run, which was left by one. */
void event_upcall(void);

/* If set, called at the end of each upcall, upcalls masked: here a scheduler changes threads. */
extern void (*event_after_upcall)(void);

#endif
