/*
 * Arguments of event_channel_op: ports that are mostly few, so that they meet, and pages of the
 * FIFO ABI among the frames of the arena, where everything else scribbles too. What is never bound
 * is the timer's virtual interrupt: nothing here may depend on time.
 */
#include "tests/guests/storm/storm.h"

static u32 any_port(void)
{
    return one_in(16) ? (u32)any_number() : (u32)draw(12);
}

static u32 any_vcpu(void)
{
    return one_in(8) ? (u32)any_number() : 0;
}

static u32 any_virq(void)
{
    return one_in(16) ? (u32)any_number() | 1 : 1 + (u32)draw(NR_VIRQS);
}

static u64 any_gfn(void)
{
    return one_in(4) ? any_mfn() : arena_frame_of_level(0).n;
}

static void fill(u64 op, struct evtchn_op *to)
{
    switch (op) {
    case EVTCHNOP_alloc_unbound:
        to->u.alloc_unbound = (struct evtchn_alloc_unbound){(u16)any_domid(), (u16)any_domid(), 0};
        break;
    case EVTCHNOP_bind_interdomain:
        to->u.bind_interdomain = (struct evtchn_bind_interdomain){(u16)any_domid(), any_port(), 0};
        break;
    case EVTCHNOP_bind_virq:
        to->u.bind_virq = (struct evtchn_bind_virq){any_virq(), any_vcpu(), 0};
        break;
    case EVTCHNOP_bind_ipi:
        to->u.bind_ipi.vcpu = any_vcpu();
        break;
    case EVTCHNOP_status:
        to->u.status = (struct evtchn_status){.dom = (u16)any_domid(), .port = any_port()};
        break;
    case EVTCHNOP_bind_vcpu:
        to->u.bind_vcpu = (struct evtchn_bind_vcpu){any_port(), any_vcpu()};
        break;
    case EVTCHNOP_reset:
        to->u.close.port = (u32)any_domid();
        break;
    case EVTCHNOP_init_control:
        *(struct evtchn_init_control *)&to->u = (struct evtchn_init_control){
            any_gfn(), one_in(4) ? (u32)any_number() : 8 * (u32)draw(500), any_vcpu(), 0, {0}};
        break;
    case EVTCHNOP_expand_array:
        *(u64 *)&to->u = any_gfn();
        break;
    default: /* a port, and perhaps a priority */
        to->u.bind_vcpu = (struct evtchn_bind_vcpu){any_port(), (u32)draw(20)};
        break;
    }
}

/* What depends on devices; and what Xen raises again though it is closed. */
static bool is_machines_own(u64 op)
{
    return op == EVTCHNOP_bind_pirq || op == EVTCHNOP_init_control || op == EVTCHNOP_expand_array;
}

void make_event_channel(struct call *c)
{
    struct evtchn_op *op = argument_new(sizeof(*op) + sizeof(u64));
    bool compat = c->number == __HYPERVISOR_event_channel_op_compat;

    c->sub = (s64)draw(16);
    c->skip = options.same && is_machines_own((u64)c->sub);
    fill((u64)c->sub, op);
    op->cmd = (u32)c->sub;
    c->a[0] = compat ? pointer_to(op) : (u64)c->sub;
    c->a[1] = pointer_to(&op->u);
}
