/*
 * The two-level ABI in the layout of a 32-bit guest: 1024 ports, whose words have 32 bits and so
 * has the vcpu's selector. The order of the steps is that of two_level.h, and so are the pending
 * bits: they are counted from the same byte. Ports beyond the last are nobody's: who bound one
 * before the domain was given its width hears nothing.
 */
#include "hypervisor/domain/shared32.h"
#include "hypervisor/event/two_level.h"

#define WORD32_BITS 32

static void port_select32(struct vcpu *v, evtchn_port_t port)
{
    u32 bit = 1U << port / WORD32_BITS;

    if (!(__atomic_fetch_or(&vcpu_info32(v)->evtchn_pending_sel, bit, __ATOMIC_SEQ_CST) & bit))
        upcall_raise(v);
}

bool two_level32_is_masked(const struct domain *d, evtchn_port_t port)
{
    return port < two_level_ports(d) &&
           ACCESS_ONCE(shared32(d)->evtchn_mask[port / WORD32_BITS]) >> port % WORD32_BITS & 1;
}

bool two_level32_raise(struct domain *d, evtchn_port_t port, u32 vcpu)
{
    if (port >= two_level_ports(d) || bit_take(d->shared->evtchn_pending, port))
        return false;
    if (!two_level32_is_masked(d, port))
        port_select32(d->vcpus[vcpu], port);
    return true;
}

void two_level32_unmask(struct domain *d, evtchn_port_t port, u32 vcpu)
{
    u32 bit = 1U << port % WORD32_BITS, *mask = &shared32(d)->evtchn_mask[port / WORD32_BITS];

    if (port < two_level_ports(d) && __atomic_fetch_and(mask, ~bit, __ATOMIC_SEQ_CST) & bit &&
        two_level_is_pending(d, port))
        port_select32(d->vcpus[vcpu], port);
}
