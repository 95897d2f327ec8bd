/*
 * Hypercalls, as a guest makes them: arguments in rdi, rsi, rdx, r10, r8; call the entry of that
 * number in the hypercall page; the answer comes in rax, 0 or more for success and a negative errno
 * for a refusal. The argument registers, rcx and r11 are lost.
 *
 * The bare stubs hypercall_NAME, all words, are generated from the table of calls
 * (xen-like/abi/calls.h). The call_NAME below give the ones that this runtime makes the types of
 * xen.h. A test that wants any number at all uses hypercall_any.
 */
#ifndef GUEST_KERNEL_X86_64_HYPERCALL_H
#define GUEST_KERNEL_X86_64_HYPERCALL_H

#include "xen-like/abi/guest_stubs.h"

/* The hypercall page has this many entries: a number from here on would be a jump past it. */
#define HYPERCALL_ENTRIES (PAGE_SIZE / XL_STUB_SIZE)

/* Any number below HYPERCALL_ENTRIES, known only when running; five arguments. */
static inline long hypercall_any(unsigned int number, u64 a1, u64 a2, u64 a3, u64 a4, u64 a5)
{
    long answer;
    register u64 r10 asm("r10") = a4;
    register u64 r8 asm("r8") = a5;

    asm volatile("call *%%rax"
                 : "=a"(answer), "+D"(a1), "+S"(a2), "+d"(a3), "+r"(r10), "+r"(r8)
                 : "a"(hypercall_page + number * XL_STUB_SIZE)
                 : "rcx", "r11", "memory");
    return answer;
}

static inline long call_set_trap_table(const trap_info_t *table)
{
    return hypercall_set_trap_table((u64)table);
}

static inline long call_mmu_update(const mmu_update_t *requests, unsigned int count,
                                   unsigned int *done, domid_t domain)
{
    return hypercall_mmu_update((u64)requests, count, (u64)done, domain);
}

static inline long call_set_gdt(const xen_pfn_t *frames, unsigned int entries)
{
    return hypercall_set_gdt((u64)frames, entries);
}

static inline long call_stack_switch(u64 ss, const void *top)
{
    return hypercall_stack_switch(ss, (u64)top);
}

static inline long call_set_callbacks(const void *event, const void *failsafe, const void *syscall)
{
    return hypercall_set_callbacks((u64)event, (u64)failsafe, (u64)syscall);
}

static inline long call_fpu_taskswitch(int set)
{
    return hypercall_fpu_taskswitch((u64)set);
}

static inline long call_update_descriptor(u64 machine_address, u64 descriptor)
{
    return hypercall_update_descriptor(machine_address, descriptor);
}

static inline long call_memory_op(unsigned int command, void *argument)
{
    return hypercall_memory_op(command, (u64)argument);
}

static inline long call_multicall(multicall_entry_t *calls, unsigned int count)
{
    return hypercall_multicall((u64)calls, count);
}

static inline long call_update_va_mapping(const void *va, u64 pte, u64 flags)
{
    return hypercall_update_va_mapping((u64)va, pte, flags);
}

static inline long call_xen_version(unsigned int command, void *argument)
{
    return hypercall_xen_version(command, (u64)argument);
}

static inline long call_console_io(unsigned int command, size_t count, const char *buffer)
{
    return hypercall_console_io(command, count, (u64)buffer);
}

static inline long call_vm_assist(unsigned int command, unsigned int type)
{
    return hypercall_vm_assist(command, type);
}

static inline long call_set_segment_base(unsigned int which, u64 base)
{
    return hypercall_set_segment_base(which, base);
}

static inline long call_mmuext_op(const mmuext_op_t *operations, unsigned int count,
                                  unsigned int *done, domid_t domain)
{
    return hypercall_mmuext_op((u64)operations, count, (u64)done, domain);
}

static inline long call_event_channel_op(unsigned int command, void *argument)
{
    return hypercall_event_channel_op(command, (u64)argument);
}

static inline long call_vcpu_op(unsigned int command, unsigned int vcpu, const void *argument)
{
    return hypercall_vcpu_op(command, vcpu, (u64)argument);
}

/* Nanoseconds of system time; 0: no timer. */
static inline long call_set_timer_op(u64 deadline)
{
    return hypercall_set_timer_op(deadline);
}

static inline long call_sched_op(unsigned int command, const void *argument)
{
    return hypercall_sched_op(command, (u64)argument);
}

#endif
