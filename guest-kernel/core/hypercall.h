/*
 * Hypercalls, as a guest makes them: the entry of a number in the hypercall page is called with the
 * arguments in registers; the answer is 0 or more for success and a negative errno for a refusal.
 *
 * The bare stubs hypercall_NAME, all words, are generated from the table of calls, for both widths
 * (xen-like/abi/guest_stubs.h). The call_NAME below give the ones that this runtime makes the types
 * of xen.h. A test that wants any number at all uses hypercall_any.
 */
#ifndef GUEST_KERNEL_CORE_HYPERCALL_H
#define GUEST_KERNEL_CORE_HYPERCALL_H

#include "xen-like/abi/guest_stubs.h"

static inline long call_set_trap_table(const trap_info_t *table)
{
    return hypercall_set_trap_table((unsigned long)table);
}

static inline long call_mmu_update(const mmu_update_t *requests, unsigned int count,
                                   unsigned int *done, domid_t domain)
{
    return hypercall_mmu_update((unsigned long)requests, count, (unsigned long)done, domain);
}

static inline long call_set_gdt(const xen_pfn_t *frames, unsigned int entries)
{
    return hypercall_set_gdt((unsigned long)frames, entries);
}

static inline long call_stack_switch(unsigned long ss, const void *top)
{
    return hypercall_stack_switch(ss, (unsigned long)top);
}

/* In 32 bits there is no callback for system calls. */
static inline long call_set_callbacks(const void *event, const void *failsafe, const void *syscall)
{
#ifdef __x86_64__
    return hypercall_set_callbacks((unsigned long)event, (unsigned long)failsafe,
                                   (unsigned long)syscall);
#else
    (void)syscall;
    return hypercall_set_callbacks(FLAT_KERNEL_CS, (unsigned long)event, FLAT_KERNEL_CS,
                                   (unsigned long)failsafe);
#endif
}

static inline long call_fpu_taskswitch(int set)
{
    return hypercall_fpu_taskswitch((unsigned long)set);
}

static inline long call_update_descriptor(u64 machine_address, u64 descriptor)
{
    return hypercall_update_descriptor(machine_address, descriptor);
}

static inline long call_memory_op(unsigned int command, void *argument)
{
    return hypercall_memory_op(command, (unsigned long)argument);
}

static inline long call_multicall(multicall_entry_t *calls, unsigned int count)
{
    return hypercall_multicall((unsigned long)calls, count);
}

static inline long call_update_va_mapping(const void *va, u64 pte, unsigned long flags)
{
    return hypercall_update_va_mapping((unsigned long)va, pte, flags);
}

static inline long call_xen_version(unsigned int command, void *argument)
{
    return hypercall_xen_version(command, (unsigned long)argument);
}

static inline long call_console_io(unsigned int command, size_t count, const char *buffer)
{
    return hypercall_console_io(command, count, (unsigned long)buffer);
}

static inline long call_vm_assist(unsigned int command, unsigned int type)
{
    return hypercall_vm_assist(command, type);
}

static inline long call_set_segment_base(unsigned int which, unsigned long base)
{
    return hypercall_set_segment_base(which, base);
}

static inline long call_mmuext_op(const mmuext_op_t *operations, unsigned int count,
                                  unsigned int *done, domid_t domain)
{
    return hypercall_mmuext_op((unsigned long)operations, count, (unsigned long)done, domain);
}

static inline long call_event_channel_op(unsigned int command, void *argument)
{
    return hypercall_event_channel_op(command, (unsigned long)argument);
}

/* The answer is about the whole; what became of each of the count operations is its status. */
static inline long call_grant_table_op(unsigned int command, void *operations, unsigned int count)
{
    return hypercall_grant_table_op(command, (unsigned long)operations, count);
}

static inline long call_vcpu_op(unsigned int command, unsigned int vcpu, const void *argument)
{
    return hypercall_vcpu_op(command, vcpu, (unsigned long)argument);
}

/* Nanoseconds of system time; 0: no timer. */
static inline long call_set_timer_op(u64 deadline)
{
    return hypercall_set_timer_op(deadline);
}

static inline long call_sched_op(unsigned int command, const void *argument)
{
    return hypercall_sched_op(command, (unsigned long)argument);
}

#endif
