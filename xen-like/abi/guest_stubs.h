/*
 * The guest's side of the table of calls: a static inline hypercall_NAME for each call, which
 * enters the hypervisor through the guest's hypercall page (32 bytes for each number; the page's
 * symbol is hypercall_page, filled by the loader or by a write to Xen's MSR).
 *
 * A call from C is one instruction with its arguments in place: number n is at a fixed address, so
 * nothing is loaded or computed. The code in the page may change RCX and R11 (SYSCALL does), and it
 * pushes: build with -mno-red-zone.
 */
#ifndef XEN_LIKE_ABI_GUEST_STUBS_H
#define XEN_LIKE_ABI_GUEST_STUBS_H

#include "xen-like/abi/calls.h"

extern char hypercall_page[];

#define XL_STUB_SIZE 32 /* arch-x86/xen-x86_64.h: call hypercall_page + hypercall-number * 32 */

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

XL_CALLS(XL_GUEST_STUB)

#endif
