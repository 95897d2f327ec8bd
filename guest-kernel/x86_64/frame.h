/*
 * What a trap saves, in the order in which entry.asm pushes it.
 *
 * The hypervisor itself pushes, at the top of the guest's kernel stack: ss, rsp, rflags, cs, rip,
 * for some exceptions an error code, then r11 and rcx (the two that `syscall` destroys). The entry
 * stub takes the last two off again and adds the rest, so that every kind of entry has one shape.
 *
 * cs tells who ran: its low two bits are 0 for the guest's kernel and 3 for its user processes,
 * although both really run in ring 3. Bits 32-39 hold the event mask as it was.
 */
#ifndef GUEST_KERNEL_X86_64_FRAME_H
#define GUEST_KERNEL_X86_64_FRAME_H

#include "xen-like/lib/types.h"

struct trap_frame {
    u64 r15, r14, r13, r12, rbp, rbx, r11, r10, r9, r8, rax, rcx, rdx, rsi, rdi;
    u64 vector;
    u64 error; /* 0 where the exception has no error code */
    u64 rip, cs, rflags, rsp, ss;
} __attribute__((aligned(16))); /* the hypervisor aligns the stack pointer to 16 before it pushes */

/* A process's system calls come by `syscall`, to a callback. */
#define VECTOR_SYSCALL 256

/* What the frame of a new process has besides. */
static inline void frame_begin(struct trap_frame *frame)
{
    (void)frame;
}

/* Where the stack of the kernel's code that was interrupted ended. */
static inline unsigned long frame_sp(const struct trap_frame *frame)
{
    return frame->rsp;
}

/* Returning from the frame lands at rip with this stack. */
static inline void frame_divert(struct trap_frame *frame, const char *rip, unsigned long sp)
{
    frame->rip = (u64)rip;
    frame->rsp = sp;
}

#endif
