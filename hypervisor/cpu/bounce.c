/*
 * The bounce: see bounce.h for the frame. Everything is written through one checked window onto the
 * guest's stack; each store may fault (the stack may not be mapped), and then the domain dies,
 * because there is nowhere left to tell it of anything.
 */
#include "hypervisor/cpu/bounce.h"

#include "hypervisor/cpu/entry.h"
#include "hypervisor/cpu/regs.h"
#include "hypervisor/cpu/segreg.h"
#include "hypervisor/debug/bug.h"
#include "hypervisor/mm/smap.h"
#include "hypervisor/mm/tlb.h"
#include "hypervisor/mm/uaccess.h"

#define BOUNCE_CODE   1u /* push an error code */
#define BOUNCE_MASKS  2u /* mask upcalls on entry */
#define RFLAGS_RF     (1UL << 16)
#define RFLAGS_VM     (1UL << 17)
#define BOUNCE_CLEARS (RFLAGS_AC | RFLAGS_VM | RFLAGS_RF | RFLAGS_NT | RFLAGS_TF)

/* Store one word at a guest address; a fault goes to @fault. One instruction. */
#define GUEST_PUT(base, index, value, fault)                                                       \
    asm goto("1: movq %0, %c1(%2)\n\t"                                                             \
             ".pushsection .ex_table, \"a\"\n\t"                                                   \
             ".balign 4\n\t"                                                                       \
             ".long 1b - ., %l3 - .\n\t"                                                           \
             ".popsection"                                                                         \
             :                                                                                     \
             : "re"(value), "i"((index)*8), "r"(base)                                              \
             : "memory"                                                                            \
             : fault)

void vcpu_enter_kernel(struct vcpu *v)
{
    v->kernel_mode = 1;
    swapgs();
    write_cr3(v->cr3_kernel);
}

void vcpu_enter_user(struct vcpu *v)
{
    v->kernel_mode = 0;
    swapgs();
    write_cr3(v->cr3_user);
}

/* The flags as the guest sees them: its IF is the upcall mask, its IOPL a belief if it asked for
 * one. */
static inline u64 guest_rflags(const struct vcpu *v, const struct cpu_user_regs *regs, u8 masked)
{
    u64 flags = (regs->rflags & ~(RFLAGS_IF | RFLAGS_IOPL)) | (masked ? 0 : RFLAGS_IF);

    return domain_assists(v->domain, VMASST_TYPE_architectural_iopl) ? flags | v->iopl : flags;
}

static inline void enter_handler(struct cpu_user_regs *regs, u64 handler, u64 sp)
{
    regs->rflags &= ~BOUNCE_CLEARS;
    regs->cs = FLAT_KERNEL_CS;
    regs->ss = FLAT_KERNEL_SS;
    regs->rip = handler;
    regs->rsp = sp;
    regs->error_code = FRAME_SYSCALL;
}

static inline void bounce(struct vcpu *v, struct cpu_user_regs *regs, u64 handler, u32 how,
                          u32 error)
{
    u8 masked = v->info->evtchn_upcall_mask;
    u64 sp, cs = regs->cs;

    if (v->kernel_mode) {
        sp = regs->rsp;
        cs &= ~3UL;
    } else {
        vcpu_enter_kernel(v);
        sp = v->kernel_sp;
    }
    sp = (sp & ~15UL) - 7 * 8;
    if (unlikely(!guest_range_ok(sp - 8, 8 * 8)))
        return domain_crash(v->domain,
                            "a bounce needs a kernel stack outside the hypervisor's range");

    smap_open();
    GUEST_PUT(sp, 6, (u64)regs->ss, fault);
    GUEST_PUT(sp, 5, regs->rsp, fault);
    GUEST_PUT(sp, 4, guest_rflags(v, regs, masked), fault);
    GUEST_PUT(sp, 3, cs | (u64)masked << 32, fault);
    GUEST_PUT(sp, 2, regs->rip, fault);
    if (how & BOUNCE_CODE) {
        sp -= 8;
        GUEST_PUT(sp, 2, (u64)error, fault);
    }
    GUEST_PUT(sp, 1, regs->r11, fault);
    GUEST_PUT(sp, 0, regs->rcx, fault);
    smap_close();

    if (how & BOUNCE_MASKS)
        v->info->evtchn_upcall_mask = 1;
    enter_handler(regs, handler, sp);
    return;
fault:
    smap_close();
    domain_crash(v->domain, "a bounce needs a kernel stack that is mapped writable");
}

static inline void bounce_trap(struct cpu_user_regs *regs, u32 vector, u32 how, u32 error)
{
    struct vcpu *v = current;
    const struct trap_info *ti = &v->traps[vector];

    if (unlikely(!ti->address)) {
        regs->entry_vector = vector;
        return domain_crash(v->domain,
                            "an exception or interrupt without a handler in the trap table");
    }
    bounce(v, regs, ti->address, how | (TI_GET_IF(ti) ? BOUNCE_MASKS : 0), error);
}

void bounce_exception(struct cpu_user_regs *regs, u32 vector, u32 error)
{
    bounce_trap(regs, vector, EXCEPTIONS_WITH_CODE >> vector & 1 ? BOUNCE_CODE : 0, error);
}

void bounce_interrupt(struct cpu_user_regs *regs, u32 vector)
{
    bounce_trap(regs, vector, 0, 0);
}

/* `syscall` in the guest's user space: to the syscall callback, or #UD where there is none. The ABI
 * fixes what the guest's own flag mask would be: DF and nothing else is cleared. */
static void bounce_syscall_to(struct cpu_user_regs *regs, u64 callback)
{
    struct vcpu *v = current;

    if (unlikely(!callback)) {
        regs->rip -= 2;
        return bounce_exception(regs, EXCEPTION_UD, 0);
    }
    bounce(v, regs, callback, v->flags & VCPUF_SYSCALL_MASKS ? BOUNCE_MASKS : 0, 0);
    regs->rflags &= ~RFLAGS_DF;
}

void syscall_bounce(struct cpu_user_regs *regs)
{
    bounce_syscall_to(regs, current->syscall_callback);
}

void syscall32_bounce(struct cpu_user_regs *regs)
{
    bounce_syscall_to(regs, 0); /* callback_op, which registers one, is not there yet */
}

/*
 * iretq refused to load the frame that the guest asked for. The failsafe callback gets it, topped
 * by the data segments, and may mend it:   rcx r11 ds es fs gs  rip cs rflags rsp ss
 */
void failsafe_bounce(struct cpu_user_regs *regs)
{
    struct vcpu *v = current;
    u8 masked = v->info->evtchn_upcall_mask;
    u64 sp, cs = regs->cs;

    if (!v->failsafe_callback)
        return domain_crash(v->domain, "a return to a frame that the CPU refuses, and no failsafe");
    if (v->kernel_mode) {
        sp = regs->rsp;
        cs &= ~3UL;
    } else {
        vcpu_enter_kernel(v);
        sp = v->kernel_sp;
    }
    sp = (sp & ~15UL) - 11 * 8;
    u64 frame[11] = {regs->rcx,
                     regs->r11,
                     read_ds(),
                     read_es(),
                     read_fs(),
                     read_gs(),
                     regs->rip,
                     cs | (u64)masked << 32,
                     guest_rflags(v, regs, masked),
                     regs->rsp,
                     regs->ss};
    if (guest_copy_out(sp, frame, sizeof(frame)))
        return domain_crash(v->domain, "the failsafe callback needs a kernel stack");
    if (v->flags & VCPUF_FAILSAFE_MASKS)
        v->info->evtchn_upcall_mask = 1;
    enter_handler(regs, v->failsafe_callback, sp);
}

/*
 * HYPERVISOR_iret: the guest's stack holds   rax r11 rcx flags | rip cs rflags rsp ss
 * (struct iret_context, xen-x86_64.h). Privileges are forced, whatever the frame says.
 */
void iret_load(struct cpu_user_regs *regs)
{
    struct vcpu *v = current;
    struct iret_context c;

    if (unlikely(guest_copy_in(&c, regs->rsp, sizeof(c))))
        return domain_crash(v->domain, "iret from a stack that cannot be read");
    if ((c.cs & 3) == 3) {
        if (unlikely(!v->cr3_user))
            return domain_crash(v->domain, "iret to user mode without user page tables");
        vcpu_enter_user(v);
    }
    if (domain_assists(v->domain, VMASST_TYPE_architectural_iopl))
        v->iopl = c.rflags & RFLAGS_IOPL;
    regs->rip = c.rip;
    regs->cs = (u16)(c.cs | 3);
    regs->rflags = (c.rflags & ~(RFLAGS_IOPL | RFLAGS_VM)) | RFLAGS_IF;
    regs->rsp = c.rsp;
    regs->ss = (u16)(c.ss | 3);
    regs->rax = c.rax;
    if (!(c.flags & VGCF_in_syscall)) {
        regs->error_code = 0;
        regs->r11 = c.r11;
        regs->rcx = c.rcx;
    }
    v->info->evtchn_upcall_mask = !(c.rflags & RFLAGS_IF);
}
