/* Where a guest wants its kernel entered: trap table, callbacks, stack. (iret is in cpu/entry.asm.)
 */
#include "hypercalls/traps.h"

#include "hypercalls/continuation.h"

#include "hypervisor/cpu/bounce.h"
#include "hypervisor/cpu/canonical.h"
#include "hypervisor/cpu/preempt.h"
#include "hypervisor/domain/shared32.h"
#include "hypervisor/mm/uaccess.h"
#include "xen-like/lib/string.h"

/* A list of entries ended by one with address 0; no list clears the table. Entries before a bad one
 * stay set, as with Xen. */
long hc_set_trap_table(unsigned long list)
{
    struct vcpu *v = current;

    if (!list) {
        memset(v->traps, 0, 256 * sizeof(*v->traps));
        return 0;
    }
    for (;; list += sizeof(struct trap_info)) {
        struct trap_info t;

        if (guest_read(&t, list, sizeof(t)))
            return -XEN_EFAULT;
        if (!t.address)
            return 0;
        if (!canonical(t.address))
            return refuse(XEN_EINVAL, "a handler at a non-canonical address");
        t.cs |= 3;
        v->traps[t.vector] = t;
        if (preempt_point(ENTRY_UNITS) && list + sizeof(t)) /* 0 would mean: no list */
            return call_continue(__HYPERVISOR_set_trap_table, list + sizeof(t), 0, 0, 0);
    }
}

void callback_masks_set(struct vcpu *v, u32 flag, bool masks)
{
    v->flags = masks ? v->flags | flag : v->flags & ~flag;
}

/* A gate like one of set_trap_table. An NMI that came before comes now. */
void nmi_handler_set(struct vcpu *v, u64 address)
{
    struct trap_info *t = &v->traps[EXCEPTION_NMI];

    *t = (struct trap_info){.vector = EXCEPTION_NMI, .cs = FLAT_KERNEL_CS, .address = address};
    if (v->domain->is_32bit)
        t->cs = FLAT_KERNEL_CS_X86_32;
    TI_SET_IF(t, 1);
    if (!v->id && ACCESS_ONCE(*shared_nmi_reason(v->domain)))
        __atomic_fetch_or(&v->work, WORK_NMI, __ATOMIC_RELAXED);
}

static void nmi_handler_clear(struct vcpu *v)
{
    memset(&v->traps[EXCEPTION_NMI], 0, sizeof(v->traps[EXCEPTION_NMI]));
}

/*
 * One entry point; -EINVAL for an address that is none, -ENOSYS for a type that is none, in this
 * order. An upcall masks events always, and the mask of a 32-bit system call is that of a 64-bit
 * one, so @masks says nothing for these.
 */
static long callback_set(u32 type, u64 address, bool masks)
{
    struct vcpu *v = current;

    if (!canonical(address))
        return refuse(XEN_EINVAL, "a callback at a non-canonical address");
    switch (type) {
    case CALLBACKTYPE_event:
        v->event_callback = address;
        return 0;
    case CALLBACKTYPE_failsafe:
        v->failsafe_callback = address;
        callback_masks_set(v, VCPUF_FAILSAFE_MASKS, masks);
        return 0;
    case CALLBACKTYPE_syscall:
        v->syscall_callback = address;
        callback_masks_set(v, VCPUF_SYSCALL_MASKS, masks);
        return 0;
    case CALLBACKTYPE_syscall32:
        v->syscall32_callback = address;
        callback_masks_set(v, VCPUF_SYSCALL32_MASKS, masks);
        return 0;
    case CALLBACKTYPE_sysenter:
        v->sysenter_callback = address;
        callback_masks_set(v, VCPUF_SYSENTER_MASKS, masks);
        return 0;
    case CALLBACKTYPE_nmi:
        nmi_handler_set(v, address);
        return 0;
    default:
        return refuse(XEN_ENOSYS, "no such type of callback");
    }
}

/* Non-canonical ones are left out, and the call succeeds all the same: as Xen. */
long hc_set_callbacks(unsigned long event, unsigned long failsafe, unsigned long syscall)
{
    callback_set(CALLBACKTYPE_event, event, false);
    callback_set(CALLBACKTYPE_failsafe, failsafe, false);
    callback_set(CALLBACKTYPE_syscall, syscall, false);
    return 0;
}

static long callback_register(unsigned long arg)
{
    struct callback_register c;

    if (guest_read(&c, arg, sizeof(c)))
        return -XEN_EFAULT;
    return callback_set(c.type, c.address, c.flags & CALLBACKF_mask_events);
}

/* Only that of NMIs can be taken away; the others can be set to 0. */
long callback_unregister(unsigned long arg)
{
    struct callback_unregister c;

    if (guest_read(&c, arg, sizeof(c)))
        return -XEN_EFAULT;
    switch (c.type) {
    case CALLBACKTYPE_nmi:
        nmi_handler_clear(current);
        return 0;
    case CALLBACKTYPE_syscall:
        if (caller_is_32bit())
            break;
        /* fallthrough */
    case CALLBACKTYPE_event:
    case CALLBACKTYPE_failsafe:
    case CALLBACKTYPE_syscall32:
    case CALLBACKTYPE_sysenter:
        return refuse(XEN_EINVAL, "a type of callback that cannot be unregistered");
    }
    return refuse(XEN_ENOSYS, "no such type of callback");
}

long hc_callback_op(unsigned long cmd, unsigned long arg)
{
    switch ((u32)cmd) {
    case CALLBACKOP_register:
        return callback_register(arg);
    case CALLBACKOP_unregister:
        return callback_unregister(arg);
    default:
        return refuse(XEN_ENOSYS, "no such callback_op");
    }
}

long hc_nmi_op(unsigned long cmd, unsigned long arg)
{
    struct xennmi_callback c;

    switch ((u32)cmd) {
    case XENNMI_register_callback:
        if (STRUCT_READ(&c, arg))
            return -XEN_EFAULT;
        return callback_set(CALLBACKTYPE_nmi, c.handler_address, true);
    case XENNMI_unregister_callback:
        nmi_handler_clear(current);
        return 0;
    default:
        return refuse(XEN_ENOSYS, "no such nmi_op");
    }
}

/* Any stack is accepted: a bounce checks it when it is used. */
long hc_stack_switch(unsigned long ss, unsigned long sp)
{
    current->kernel_ss = (u16)(ss | 3);
    current->kernel_sp = sp;
    return 0;
}
