/*
 * What a trap saves: the registers of whoever was interrupted, in the order in which entry.asm
 * pushes them (offsets.c tells nasm that order).
 *
 * The hypervisor itself pushes, at the top of the guest's kernel stack: ss, rsp, rflags, cs, rip,
 * for some exceptions an error code, then r11 and rcx (the two that `syscall` destroys). The entry
 * stub takes the last two off again and adds the rest, so that every kind of entry has one shape.
 *
 * cs tells who ran: its low two bits are 0 for the guest's kernel and 3 for its user processes,
 * although both really run in ring 3. Bits 32-39 hold the event mask as it was.
 */
#ifndef GUEST_KERNEL_X86_64_TRAP_FRAME_H
#define GUEST_KERNEL_X86_64_TRAP_FRAME_H

#include "xen-like/lib/types.h"

/* The exceptions that this kernel speaks of; the numbers are the CPU's. */
#define VECTOR_DE 0
#define VECTOR_DB 1
#define VECTOR_BP 3
#define VECTOR_OF 4
#define VECTOR_UD 6
#define VECTOR_NM 7
#define VECTOR_NP 11
#define VECTOR_SS 12
#define VECTOR_GP 13
#define VECTOR_PF 14

/* Entries that are no vector of the CPU: the three callbacks, numbered above the 256 that are. */
#define VECTOR_COUNT    256
#define VECTOR_SYSCALL  256
#define VECTOR_EVENT    257
#define VECTOR_FAILSAFE 258
#define ENTRY_COUNT     259

/* The bit of rflags (IF) that says in a frame whether upcalls were open. */
#define UPCALLS_OPEN 0x200u

#define TRAP_STUB_SIZE 16 /* bytes between the entry stubs of two vectors */

/* Bits of a page fault's error code. */
#define PF_PRESENT 1u /* the page is there; the access was forbidden */
#define PF_WRITE   2u
#define PF_USER    4u
#define PF_FETCH   16u

struct trap_frame {
    u64 r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
    u64 vector;
    u64 error; /* 0 where the exception has no error code */
    u64 rip, cs, rflags, rsp, ss;
} __attribute__((aligned(16))); /* the hypervisor aligns the stack pointer to 16 before it pushes */

static inline bool frame_from_user(const struct trap_frame *frame)
{
    return (frame->cs & 3) == 3;
}

#endif
