/*
 * vm_assist: a domain switches on what makes the hypervisor more helpful, or compatible.
 *
 * As on Xen a 64-bit guest may switch all of a 32-bit guest's assists, though some mean nothing to
 * it; and m2p_strict, which is its own.
 */
#include "hypercalls/hypercalls.h"

/* Entry code does not ask the domain whether the assist is on: each vcpu knows, and bounces show
 * its iopl whatever it is. What PHYSDEVOP_set_iopl or an iret has set moves out of sight and back.
 */
static void iopl_assist_set(struct domain *d, bool on)
{
    for (u32 i = 0; i < d->max_vcpus; i++) {
        struct vcpu *v = d->vcpus[i];
        u32 iopl;

        if (!v || !(v->iret_careful & CAREFUL_IOPL) == !on)
            continue;
        iopl = v->iopl;
        v->iret_careful ^= CAREFUL_IOPL;
        v->iopl = v->iopl_hidden;
        v->iopl_hidden = iopl;
    }
}

long hc_vm_assist(unsigned long cmd, unsigned long type)
{
    struct domain *d = current->domain;
    u64 bit = 1UL << ((u32)type & 63);

    if ((u32)type >= 64 || !(domain_assists_known(d) & bit))
        return refuse(XEN_EINVAL, "no such assist");
    switch ((u32)cmd) {
    case VMASST_CMD_enable:
        if (bit == VM_ASSIST(architectural_iopl) && !(d->vm_assist & bit))
            iopl_assist_set(d, true);
        __atomic_fetch_or(&d->vm_assist, bit, __ATOMIC_RELAXED);
        return 0;
    case VMASST_CMD_disable:
        __atomic_fetch_and(&d->vm_assist, ~bit, __ATOMIC_RELAXED);
        if (bit == VM_ASSIST(architectural_iopl))
            iopl_assist_set(d, false);
        return 0;
    default:
        return refuse(XEN_ENOSYS, "an assist is enabled or disabled, nothing else");
    }
}
