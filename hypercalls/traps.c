/* Where a guest wants its kernel entered: trap table, callbacks, stack. (iret is in cpu/entry.asm.)
 */
#include "hypercalls/hypercalls.h"

#include "hypervisor/cpu/canonical.h"
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
    }
}

/* Non-canonical ones are left out, and the call succeeds all the same: as Xen. */
long hc_set_callbacks(unsigned long event, unsigned long failsafe, unsigned long syscall)
{
    struct vcpu *v = current;

    if (canonical(event))
        v->event_callback = event;
    if (canonical(failsafe)) {
        v->failsafe_callback = failsafe;
        v->flags &= ~VCPUF_FAILSAFE_MASKS;
    }
    if (canonical(syscall)) {
        v->syscall_callback = syscall;
        v->flags &= ~VCPUF_SYSCALL_MASKS;
    }
    return 0;
}

/* Any stack is accepted: a bounce checks it when it is used. */
long hc_stack_switch(unsigned long ss, unsigned long sp)
{
    current->kernel_ss = (u16)(ss | 3);
    current->kernel_sp = sp;
    return 0;
}
