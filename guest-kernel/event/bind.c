/*
 * Making ports, one function for each kind, and what is done to one by hypercall. The kinds differ
 * in who sends: a virq the hypervisor, a pirq a device, an ipi any vcpu of this domain, an
 * interdomain port the other end. A new port notifies the boot vcpu, but virqs of a vcpu and ipis
 * belong to the vcpu that they were made for.
 */
#include "guest-kernel/event/form.h"
#include "guest-kernel/core/hypercall.h"

/* Binds the port that an operation has made, or hands on its refusal. */
static long bind_made(long answer, u32 port, struct vcpu *vcpu, event_handler *fn, void *data)
{
    if (answer)
        return answer;
    event_bind_on(vcpu, port, fn, data);
    return port;
}

long event_bind_virq(unsigned int virq, struct vcpu *vcpu, event_handler *fn, void *data)
{
    struct evtchn_bind_virq bind = {.virq = virq, .vcpu = vcpu->id};
    long answer = call_event_channel_op(EVTCHNOP_bind_virq, &bind);

    return bind_made(answer, bind.port, vcpu, fn, data);
}

long event_bind_ipi(struct vcpu *vcpu, event_handler *fn, void *data)
{
    struct evtchn_bind_ipi bind = {.vcpu = vcpu->id};
    long answer = call_event_channel_op(EVTCHNOP_bind_ipi, &bind);

    return bind_made(answer, bind.port, vcpu, fn, data);
}

long event_bind_interdomain(domid_t domain, u32 remote, event_handler *fn, void *data)
{
    struct evtchn_bind_interdomain bind = {.remote_dom = domain, .remote_port = remote};
    long answer = call_event_channel_op(EVTCHNOP_bind_interdomain, &bind);

    return bind_made(answer, bind.local_port, &vcpu_boot, fn, data);
}

long event_bind_pirq(u32 pirq, u32 flags, event_handler *fn, void *data)
{
    struct evtchn_bind_pirq bind = {.pirq = pirq, .flags = flags};
    long answer = call_event_channel_op(EVTCHNOP_bind_pirq, &bind);

    return bind_made(answer, bind.port, &vcpu_boot, fn, data);
}

long event_alloc_unbound(domid_t remote, event_handler *fn, void *data)
{
    struct evtchn_alloc_unbound alloc = {.dom = DOMID_SELF, .remote_dom = remote};
    long answer = call_event_channel_op(EVTCHNOP_alloc_unbound, &alloc);

    return bind_made(answer, alloc.port, &vcpu_boot, fn, data);
}

long event_close(u32 port)
{
    struct evtchn_close close = {.port = port};

    event_mask(port);
    return call_event_channel_op(EVTCHNOP_close, &close);
}

long event_send(u32 port)
{
    struct evtchn_send send = {.port = port};

    return call_event_channel_op(EVTCHNOP_send, &send);
}

long event_set_priority(u32 port, u32 priority)
{
    struct evtchn_set_priority set = {.port = port, .priority = priority};

    return call_event_channel_op(EVTCHNOP_set_priority, &set);
}

/*
 * Masked while it moves: an event that came for the old vcpu and was not seen there yet would be
 * left alone by the old one and unknown to the new. Unmasking makes it anew.
 */
long event_move(u32 port, struct vcpu *vcpu)
{
    struct evtchn_bind_vcpu bind = {.port = port, .vcpu = vcpu->id};
    long answer;

    event_mask(port);
    answer = call_event_channel_op(EVTCHNOP_bind_vcpu, &bind);
    if (!answer)
        event_rebind(port, vcpu);
    event_unmask(port);
    return answer;
}
