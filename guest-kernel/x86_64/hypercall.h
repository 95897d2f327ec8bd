/*
 * Hypercalls, as a guest makes them: arguments in rdi, rsi, rdx, r10, r8; call the entry of that
 * number in the hypercall page; the answer comes in rax, 0 or more for success and a negative errno
 * for a refusal. The argument registers, rcx and r11 are lost.
 *
 * The number is a constant almost always, so an entry's address is known when linking. A test that
 * wants any number at all uses hypercall_any.
 *
 * Below them, one function for each call that this runtime makes, with the types of xen.h.
 */
#ifndef GUEST_KERNEL_X86_64_HYPERCALL_H
#define GUEST_KERNEL_X86_64_HYPERCALL_H

#include "xen-like/abi/xen.h"

#define HYPERCALL_ENTRY_SIZE 32
#define HYPERCALL_INLINE     static inline __attribute__((always_inline))

extern char hypercall_page[PAGE_SIZE];

HYPERCALL_INLINE long hypercall1(unsigned int number, u64 a1)
{
    long answer;

    asm volatile("call hypercall_page + %c[entry]"
                 : "=a"(answer), "+D"(a1)
                 : [entry] "i"(number * HYPERCALL_ENTRY_SIZE)
                 : "rcx", "r11", "memory");
    return answer;
}

HYPERCALL_INLINE long hypercall2(unsigned int number, u64 a1, u64 a2)
{
    long answer;

    asm volatile("call hypercall_page + %c[entry]"
                 : "=a"(answer), "+D"(a1), "+S"(a2)
                 : [entry] "i"(number * HYPERCALL_ENTRY_SIZE)
                 : "rcx", "r11", "memory");
    return answer;
}

HYPERCALL_INLINE long hypercall3(unsigned int number, u64 a1, u64 a2, u64 a3)
{
    long answer;

    asm volatile("call hypercall_page + %c[entry]"
                 : "=a"(answer), "+D"(a1), "+S"(a2), "+d"(a3)
                 : [entry] "i"(number * HYPERCALL_ENTRY_SIZE)
                 : "rcx", "r11", "memory");
    return answer;
}

HYPERCALL_INLINE long hypercall4(unsigned int number, u64 a1, u64 a2, u64 a3, u64 a4)
{
    long answer;
    register u64 r10 asm("r10") = a4;

    asm volatile("call hypercall_page + %c[entry]"
                 : "=a"(answer), "+D"(a1), "+S"(a2), "+d"(a3), "+r"(r10)
                 : [entry] "i"(number * HYPERCALL_ENTRY_SIZE)
                 : "rcx", "r11", "memory");
    return answer;
}

/* Any number below 128 (the page has no more entries), known only when running; five arguments. */
static inline long hypercall_any(unsigned int number, u64 a1, u64 a2, u64 a3, u64 a4, u64 a5)
{
    long answer;
    register u64 r10 asm("r10") = a4;
    register u64 r8 asm("r8") = a5;

    asm volatile("call *%%rax"
                 : "=a"(answer), "+D"(a1), "+S"(a2), "+d"(a3), "+r"(r10), "+r"(r8)
                 : "a"(hypercall_page + number * HYPERCALL_ENTRY_SIZE)
                 : "rcx", "r11", "memory");
    return answer;
}

static inline long hypercall_set_trap_table(const trap_info_t *table)
{
    return hypercall1(__HYPERVISOR_set_trap_table, (u64)table);
}

static inline long hypercall_mmu_update(const mmu_update_t *requests, unsigned int count,
                                        unsigned int *done, domid_t domain)
{
    return hypercall4(__HYPERVISOR_mmu_update, (u64)requests, count, (u64)done, domain);
}

static inline long hypercall_set_gdt(const xen_pfn_t *frames, unsigned int entries)
{
    return hypercall2(__HYPERVISOR_set_gdt, (u64)frames, entries);
}

static inline long hypercall_stack_switch(u64 ss, const void *top)
{
    return hypercall2(__HYPERVISOR_stack_switch, ss, (u64)top);
}

static inline long hypercall_set_callbacks(const void *event, const void *failsafe,
                                           const void *syscall)
{
    return hypercall3(__HYPERVISOR_set_callbacks, (u64)event, (u64)failsafe, (u64)syscall);
}

static inline long hypercall_fpu_taskswitch(int set)
{
    return hypercall1(__HYPERVISOR_fpu_taskswitch, (u64)set);
}

static inline long hypercall_update_descriptor(u64 machine_address, u64 descriptor)
{
    return hypercall2(__HYPERVISOR_update_descriptor, machine_address, descriptor);
}

static inline long hypercall_memory_op(unsigned int command, void *argument)
{
    return hypercall2(__HYPERVISOR_memory_op, command, (u64)argument);
}

static inline long hypercall_multicall(multicall_entry_t *calls, unsigned int count)
{
    return hypercall2(__HYPERVISOR_multicall, (u64)calls, count);
}

static inline long hypercall_update_va_mapping(const void *va, u64 pte, u64 flags)
{
    return hypercall3(__HYPERVISOR_update_va_mapping, (u64)va, pte, flags);
}

static inline long hypercall_xen_version(unsigned int command, void *argument)
{
    return hypercall2(__HYPERVISOR_xen_version, command, (u64)argument);
}

static inline long hypercall_console_io(unsigned int command, size_t count, const char *buffer)
{
    return hypercall3(__HYPERVISOR_console_io, command, count, (u64)buffer);
}

static inline long hypercall_vm_assist(unsigned int command, unsigned int type)
{
    return hypercall2(__HYPERVISOR_vm_assist, command, type);
}

static inline long hypercall_set_segment_base(unsigned int which, u64 base)
{
    return hypercall2(__HYPERVISOR_set_segment_base, which, base);
}

static inline long hypercall_mmuext_op(const mmuext_op_t *operations, unsigned int count,
                                       unsigned int *done, domid_t domain)
{
    return hypercall4(__HYPERVISOR_mmuext_op, (u64)operations, count, (u64)done, domain);
}

static inline long hypercall_sched_op(unsigned int command, const void *argument)
{
    return hypercall2(__HYPERVISOR_sched_op, command, (u64)argument);
}

#endif
