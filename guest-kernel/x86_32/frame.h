/*
 * What a trap saves, in the order in which entry.asm pushes it. The registers have the names of
 * their 64-bit selves, so that one source reads both frames.
 *
 * The hypervisor itself pushes ss and esp, if the kernel was not running; then eflags, cs, eip and
 * for some exceptions an error code. The entry stub adds the rest. So a frame from the kernel,
 * which lies on the stack that was interrupted, ends behind rflags: where rsp would be, that stack
 * goes on.
 *
 * cs tells who ran: the kernel runs in ring 1, its processes in ring 3, by the CPU's own account.
 * Bits 16-23 hold the event mask as it was.
 */
#ifndef GUEST_KERNEL_X86_32_FRAME_H
#define GUEST_KERNEL_X86_32_FRAME_H

#include "xen-like/abi/xen.h"

struct trap_frame {
    unsigned long rbx, rcx, rdx, rsi, rdi, rbp, rax;
    unsigned long ds, es, fs, gs;
    unsigned long vector;
    unsigned long error; /* 0 where the exception has no error code */
    unsigned long rip, cs, rflags;
    unsigned long rsp, ss; /* of a process only */
};

/* A process's system calls come by `int`. */
#define VECTOR_SYSCALL 0x80

/* What the frame of a new process has besides. */
static inline void frame_begin(struct trap_frame *frame)
{
    frame->ds = frame->es = FLAT_USER_DS;
}

/* Where the stack of the kernel's code that was interrupted ended. */
static inline unsigned long frame_sp(const struct trap_frame *frame)
{
    return (unsigned long)&frame->rsp;
}

/*
 * Returning from the frame lands at rip with this stack. A return within a ring loads no stack
 * pointer: fault_resume takes it from ebx.
 */
static inline void frame_divert(struct trap_frame *frame, const char *rip, unsigned long sp)
{
    frame->rip = (unsigned long)rip;
    frame->rbx = sp;
}

#endif
