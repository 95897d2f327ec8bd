/*
 * The two forms of event channels behind one interface. port bits are shared with the hypervisor
 * and with other vcpus, so all changes of them are atomic.
 */
#ifndef GUEST_KERNEL_EVENT_FORM_H
#define GUEST_KERNEL_EVENT_FORM_H

#include "guest-kernel/event/event.h"

struct event_ops {
    /* A vcpu that is about to receive its first event. 0 or a negative errno. */
    long (*vcpu_init)(struct vcpu *vcpu);
    /* A port that was just made: makes sure that it has its bits, MASKED set. */
    void (*port_init)(u32 port);
    /* Calls event_deliver for each port that is pending for this vcpu and not masked. */
    void (*scan)(struct vcpu *self);
    /* Sets MASKED; clears MASKED. Neither delivers anything. */
    void (*mask)(u32 port);
    void (*unmask)(u32 port);
    bool (*clear)(u32 port); /* PENDING; answers whether it was set */
    /*
     * The same for who is about to deliver, but never of a masked port. Since it was seen to be
     * pending another vcpu may have closed it and got the same number again: what is pending now is
     * the new one's, who is masked until his handler stands.
     */
    bool (*take)(u32 port);
    bool (*is_pending)(u32 port);
};

extern const struct event_ops two_level_ops, fifo_ops;
extern const struct event_ops *event_ops; /* the form in use; NULL before event_init */

/* The vcpu that a port notifies. */
struct vcpu *event_vcpu(u32 port);

/* For event_move: the port notifies another vcpu from now on. */
void event_rebind(u32 port, struct vcpu *vcpu);

/* Takes the event, if it is there still, and runs the handler. */
void event_deliver(u32 port);

#endif
