/*
 * Upcalls: how the hypervisor interrupts this kernel. While the vcpu's mask is 0 and an event
 * comes, the hypervisor sets the mask and calls trap_entry_event (x86_64/entry.asm), as a CPU would
 * clear the interrupt flag and take an interrupt. So the mask is this kernel's cli and sti, at the
 * price of a store.
 *
 * With one difference: a CPU looks for interrupts at every instruction, the hypervisor only when it
 * returns to the guest. An event that came while the mask was set has made no upcall, and a store
 * of 0 to the mask makes none either: whoever opens the mask must look whether something is
 * pending, and if so enter the hypervisor once, by any call. It has to be in this order, mask
 * first: an event between looking and opening would be forgotten, one between opening and looking
 * makes its upcall by itself. No fence is needed: the hypervisor interrupts the CPU that runs the
 * vcpu which it marks, and looks at the mask there.
 */
#ifndef GUEST_KERNEL_EVENT_UPCALL_H
#define GUEST_KERNEL_EVENT_UPCALL_H

#include "guest-kernel/core/vcpu.h"
#include "guest-kernel/core/hypercall.h"

#define compiler_barrier() asm volatile("" ::: "memory")

/* Answers whether they were open before: what upcalls_restore wants. */
static inline bool upcalls_mask(void)
{
    struct vcpu_info *info = vcpu_self()->info;
    bool open = !ACCESS_ONCE(info->evtchn_upcall_mask);

    ACCESS_ONCE(info->evtchn_upcall_mask) = 1;
    compiler_barrier();
    return open;
}

static inline void upcalls_unmask(void)
{
    struct vcpu_info *info = vcpu_self()->info;

    compiler_barrier();
    ACCESS_ONCE(info->evtchn_upcall_mask) = 0;
    compiler_barrier();
    if (ACCESS_ONCE(info->evtchn_upcall_pending))
        call_xen_version(XENVER_version, NULL); /* the cheapest way in and out */
}

static inline void upcalls_restore(bool open)
{
    if (open)
        upcalls_unmask();
}

#endif
