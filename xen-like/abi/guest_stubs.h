/*
 * The guest's side of the table of calls: a static inline hypercall_NAME for each call, which
 * enters the hypervisor through the guest's hypercall page (32 bytes for each number; the page's
 * symbol is hypercall_page, filled by the loader or by a write to Xen's MSR).
 *
 * A call from C is one instruction with its arguments in place: number n is at a fixed address, so
 * nothing is loaded or computed.
 *   64-bit guests: arguments in rdi, rsi, rdx, r10, r8, answer in rax. The code in the page may
 *     change rcx and r11 (SYSCALL does), and it pushes: build with -mno-red-zone.
 *   32-bit guests: ebx, ecx, edx, esi, edi and eax. An argument of 64 bits takes two registers, its
 *     low half first: the stubs of the few calls that have one take it whole.
 */
#ifndef XEN_LIKE_ABI_GUEST_STUBS_H
#define XEN_LIKE_ABI_GUEST_STUBS_H

#include "xen-like/abi/calls.h"

extern char hypercall_page[];

#define XL_STUB_SIZE 32 /* arch-x86/xen-x86_64.h: call hypercall_page + hypercall-number * 32 */

/* The hypercall page has this many entries: a number from here on would be a jump past it. */
#define HYPERCALL_ENTRIES (PAGE_SIZE / XL_STUB_SIZE)

#ifdef __x86_64__
/* Each arity's list holds the registers of the one before; r10 and r8 have no letter of their own.
 */
#define XL_INPUTS_0
#define XL_INPUTS_1 , "+D"(a1)
#define XL_INPUTS_2 XL_INPUTS_1, "+S"(a2)
#define XL_INPUTS_3 XL_INPUTS_2, "+d"(a3)
#define XL_INPUTS_4 XL_INPUTS_3, "+r"(r10)
#define XL_INPUTS_5 XL_INPUTS_4, "+r"(r8)

#define XL_REGISTERS_0
#define XL_REGISTERS_1
#define XL_REGISTERS_2
#define XL_REGISTERS_3
#define XL_REGISTERS_4 register unsigned long r10 asm("r10") = a4;
#define XL_REGISTERS_5 XL_REGISTERS_4 register unsigned long r8 asm("r8") = a5;

#define XL_GUEST_STUB(number, name, who, arity, state, family, sentence)                           \
    static inline long hypercall_##name(XL_PARAMS_##arity)                                         \
    {                                                                                              \
        long result;                                                                               \
        XL_REGISTERS_##arity;                                                                      \
        asm volatile("call hypercall_page + %c[offset]"                                            \
                     : "=a"(result)XL_INPUTS_##arity                                               \
                     : [offset] "i"((number)*XL_STUB_SIZE)                                         \
                     : "rcx", "r11", "memory");                                                    \
        return result;                                                                             \
    }

/* In a multicall: the argument that is the entry of update_va_mapping, and where its flags are. */
#define VA_MAPPING_PTE(pte) (pte)
#define VA_MAPPING_FLAGS    2

/* Any number below HYPERCALL_ENTRIES, known only when running; five arguments. */
static inline long hypercall_any(unsigned int number, unsigned long a1, unsigned long a2,
                                 unsigned long a3, unsigned long a4, unsigned long a5)
{
    long answer;
    XL_REGISTERS_5;

    asm volatile("call *%%rax"
                 : "=a"(answer)XL_INPUTS_5
                 : "a"(hypercall_page + number * XL_STUB_SIZE)
                 : "rcx", "r11", "memory");
    return answer;
}

XL_CALLS(XL_GUEST_STUB)

#else

#define XL_INPUTS_0
#define XL_INPUTS_1 , "+b"(a1)
#define XL_INPUTS_2 XL_INPUTS_1, "+c"(a2)
#define XL_INPUTS_3 XL_INPUTS_2, "+d"(a3)
#define XL_INPUTS_4 XL_INPUTS_3, "+S"(a4)
#define XL_INPUTS_5 XL_INPUTS_4, "+D"(a5)

#define XL_GUEST_STUB(number, name, who, arity, state, family, sentence)                           \
    static inline long hypercall_##name(XL_PARAMS_##arity)                                         \
    {                                                                                              \
        long result;                                                                               \
        asm volatile("call hypercall_page + %c[offset]"                                            \
                     : "=a"(result)XL_INPUTS_##arity                                               \
                     : [offset] "i"((number)*XL_STUB_SIZE)                                         \
                     : "memory");                                                                  \
        return result;                                                                             \
    }

/* Any number below HYPERCALL_ENTRIES, known only when running; five arguments. */
static inline long hypercall_any(unsigned int number, unsigned long a1, unsigned long a2,
                                 unsigned long a3, unsigned long a4, unsigned long a5)
{
    long answer;

    asm volatile("call *%%eax"
                 : "=a"(answer)XL_INPUTS_5
                 : "a"(hypercall_page + number * XL_STUB_SIZE)
                 : "memory");
    return answer;
}

/* What the table makes of calls with longer arguments is of no use: other names for those. */
#define hypercall_update_va_mapping             xl_narrow_update_va_mapping
#define hypercall_update_va_mapping_otherdomain xl_narrow_update_va_mapping_otherdomain
#define hypercall_update_descriptor             xl_narrow_update_descriptor
#define hypercall_set_timer_op                  xl_narrow_set_timer_op
#define hypercall_set_callbacks                 xl_narrow_set_callbacks
XL_CALLS(XL_GUEST_STUB)
#undef hypercall_update_va_mapping
#undef hypercall_update_va_mapping_otherdomain
#undef hypercall_update_descriptor
#undef hypercall_set_timer_op
#undef hypercall_set_callbacks

#define XL_HALVES(value) (unsigned long)(value), (unsigned long)((value) >> 32)

#define VA_MAPPING_PTE(pte) XL_HALVES(pte)
#define VA_MAPPING_FLAGS    3

static inline long hypercall_update_va_mapping(unsigned long va, u64 pte, unsigned long flags)
{
    return hypercall_any(__HYPERVISOR_update_va_mapping, va, XL_HALVES(pte), flags, 0);
}

static inline long hypercall_update_va_mapping_otherdomain(unsigned long va, u64 pte,
                                                           unsigned long flags,
                                                           unsigned long domain)
{
    return hypercall_any(__HYPERVISOR_update_va_mapping_otherdomain, va, XL_HALVES(pte), flags,
                         domain);
}

static inline long hypercall_update_descriptor(u64 machine_address, u64 descriptor)
{
    return hypercall_any(__HYPERVISOR_update_descriptor, XL_HALVES(machine_address),
                         XL_HALVES(descriptor), 0);
}

static inline long hypercall_set_timer_op(u64 deadline)
{
    return hypercall_any(__HYPERVISOR_set_timer_op, XL_HALVES(deadline), 0, 0, 0);
}

/* Of the 32-bit ABI alone: addresses of handlers come with selectors. */
static inline long hypercall_set_callbacks(unsigned long event_cs, unsigned long event,
                                           unsigned long failsafe_cs, unsigned long failsafe)
{
    return hypercall_any(__HYPERVISOR_set_callbacks, event_cs, event, failsafe_cs, failsafe, 0);
}

#endif

#endif
