/*
 * Entry points of a 32-bit guest's kernel: each has a code selector beside its address, and is
 * never refused for either, since a bounce checks both when it uses them.
 */
#include "hypercalls/calls32.h"
#include "hypercalls/continuation.h"
#include "hypercalls/traps.h"

#include "hypervisor/cpu/preempt.h"

/* struct callback_register, as a 32-bit guest has it. */
struct callback32 {
    u16 type, flags;
    u32 cs, address;
};

/* As the 64-bit one (traps.c). */
long hc32_set_trap_table(unsigned long list)
{
    struct vcpu *v = current;

    if (!list)
        return hc_set_trap_table(0);
    for (;;) {
        struct trap_info t;

        if (STRUCT_READ(&t, list))
            return -XEN_EFAULT;
        if (!t.address)
            return 0;
        t.cs = selector_for_kernel(v->domain, t.cs);
        v->traps[t.vector] = t;
        list += STRUCT_BYTES(struct trap_info);
        if (preempt_point(ENTRY_UNITS))
            return call_continue(__HYPERVISOR_set_trap_table, list, 0, 0, 0);
    }
}

long hc32_stack_switch(unsigned long ss, unsigned long sp)
{
    current->kernel_ss = selector_for_kernel(current->domain, (u16)ss);
    current->kernel_sp = sp;
    return 0;
}

static long callback_set(u32 type, u32 selector, u32 address, bool masks)
{
    struct vcpu *v = current;
    const u16 cs = selector_for_kernel(v->domain, (u16)selector);

    switch (type) {
    case CALLBACKTYPE_event:
        v->event_cs = cs;
        v->event_callback = address;
        return 0;
    case CALLBACKTYPE_failsafe:
        v->failsafe_cs = cs;
        v->failsafe_callback = address;
        callback_masks_set(v, VCPUF_FAILSAFE_MASKS, masks);
        return 0;
    case CALLBACKTYPE_syscall32:
        v->syscall32_cs = cs;
        v->syscall32_callback = address;
        callback_masks_set(v, VCPUF_SYSCALL32_MASKS, masks);
        return 0;
    case CALLBACKTYPE_sysenter:
        v->sysenter_cs = cs;
        v->sysenter_callback = address;
        callback_masks_set(v, VCPUF_SYSENTER_MASKS, masks);
        return 0;
    case CALLBACKTYPE_nmi: /* in the kernel's flat segment */
        nmi_handler_set(v, address);
        return 0;
    default:
        return refuse(XEN_ENOSYS, "no such type of callback");
    }
}

long hc32_set_callbacks(unsigned long event_cs, unsigned long event, unsigned long failsafe_cs,
                        unsigned long failsafe)
{
    callback_set(CALLBACKTYPE_event, (u32)event_cs, (u32)event, false);
    callback_set(CALLBACKTYPE_failsafe, (u32)failsafe_cs, (u32)failsafe, false);
    return 0;
}

/* Xen's errno for an unknown operation is another one than with 64 bits. */
long hc32_callback_op(unsigned long cmd, unsigned long arg)
{
    struct callback32 c;

    switch ((u32)cmd) {
    case CALLBACKOP_register:
        if (guest_read(&c, arg, sizeof(c)))
            return -XEN_EFAULT;
        return callback_set(c.type, c.cs, c.address, c.flags & CALLBACKF_mask_events);
    case CALLBACKOP_unregister:
        return callback_unregister(arg);
    default:
        return refuse(XEN_EINVAL, "no such callback_op");
    }
}
