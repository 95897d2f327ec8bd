/*
 * Bouncing: making the guest's kernel run one of its handlers, as an exception or a syscall would
 * on a bare machine. And the way back, HYPERVISOR_iret.
 *
 * The frame on the guest's kernel stack, from low to high addresses (xen-x86_64.h describes it):
 *
 *      rsp ->  rcx
 *              r11
 *              [error code]              where the exception has one
 *              rip
 *              cs | upcall mask << 32    low two bits of cs: 0 if the kernel was interrupted
 *              rflags                    IF: upcalls were not masked
 *              rsp
 *              ss
 */
#ifndef HYPERVISOR_CPU_BOUNCE_H
#define HYPERVISOR_CPU_BOUNCE_H

#include "hypervisor/cpu/regs.h"
#include "hypervisor/domain/domain.h"

/*
 * Send the guest to its handler of @vector, with @error if the exception has an error code. No
 * handler, or no usable stack: the domain crashes. @regs is the frame of the running vcpu.
 */
void bounce_exception(struct cpu_user_regs *regs, u32 vector, u32 error);

/* The same for `int n`: never an error code; regs->rip is already past the instruction. */
void bounce_interrupt(struct cpu_user_regs *regs, u32 vector);

/* Send the guest, whose upcall is due (upcall_is_due), to its event callback. */
void bounce_upcall(struct cpu_user_regs *regs);

/*
 * A vcpu is loaded, whose selectors the CPU does not take any more: to its failsafe callback. Its
 * frame has ds, es, fs, gs, as they were, between r11 and rip.
 */
void bounce_failsafe(struct cpu_user_regs *regs);

/* How to bounce. */
#define BOUNCE_CODE  1u /* push an error code */
#define BOUNCE_MASKS 2u /* mask upcalls on entry */

/* The same of a 32-bit guest, with frames of its form: bounce32.c. */
void bounce32_trap(struct vcpu *v, struct cpu_user_regs *regs, u32 vector, u32 how, u32 error);
void bounce32_failsafe(struct cpu_user_regs *regs);
void sysenter_bounce32(struct cpu_user_regs *regs);

/* To the handler at @cs:@eip, both the guest's choice; @error is used with BOUNCE_CODE. */
void bounce32(struct vcpu *v, struct cpu_user_regs *regs, u16 cs, u32 eip, u32 how, u32 error);

/* The flags as the guest sees them: its IF is the upcall mask, its IOPL a belief if it asked for
 * one. */
static inline u64 guest_rflags(const struct vcpu *v, const struct cpu_user_regs *regs, u8 masked)
{
    return (regs->rflags & ~(RFLAGS_IF | RFLAGS_IOPL)) | v->iopl | (masked ? 0 : RFLAGS_IF);
}

#define TRAP_MASKS 4 /* what TI_GET_IF reads: the handler is entered with upcalls masked */

/* Has the guest set a handler of @vector? A 32-bit one says so by the selector. */
static inline bool trap_has_handler(const struct vcpu *v, u32 vector)
{
    return v->domain->is_32bit ? v->traps[vector].cs >= 4 : v->traps[vector].address;
}

/* Change between the guest's kernel and its user space: tables and GS base. The running vcpu only.
 */
void vcpu_enter_kernel(struct vcpu *v);
void vcpu_enter_user(struct vcpu *v);

/* Error code of a page fault (Intel SDM vol. 3, 4.7). */
#define PF_PRESENT 1u /* the page is there: its rights forbid the access */
#define PF_WRITE   2u
#define PF_USER    4u                                /* the access came from ring 3 */
#define PF_FETCH   16u                               /* of an instruction */
#define PF_STORE   (PF_PRESENT | PF_WRITE | PF_USER) /* a guest's write, forbidden by a right */

#define EXCEPTION_DB  1
#define EXCEPTION_NMI 2
#define EXCEPTION_UD  6
#define EXCEPTION_NM  7
#define EXCEPTION_DF  8
#define EXCEPTION_TS  10
#define EXCEPTION_NP  11
#define EXCEPTION_SS  12
#define EXCEPTION_GP  13
#define EXCEPTION_PF  14
#define EXCEPTION_MC  18

/* #DF, #TS, #NP, #SS, #GP, #PF, #AC, #CP push an error code (Intel SDM vol. 3, table 6-1). */
#define EXCEPTIONS_WITH_CODE 0x00227d00U

#endif
