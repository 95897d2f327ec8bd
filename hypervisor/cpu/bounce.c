/*
 * The bounce: see bounce.h for the frame. Everything is written through one checked window onto the
 * guest's stack; each store may fault (the stack may not be mapped), and then the domain dies,
 * because there is nowhere left to tell it of anything.
 */
#include "hypervisor/cpu/bounce.h"
#include "hypervisor/cpu/canonical.h"
#include "hypervisor/cpu/emulate.h"

#include "hypervisor/cpu/entry.h"
#include "hypervisor/cpu/nmi.h"
#include "hypervisor/cpu/regs.h"
#include "hypervisor/cpu/segreg.h"
#include "hypervisor/debug/bug.h"
#include "hypervisor/debug/trace.h"
#include "hypervisor/domain/shared32.h"
#include "hypervisor/mm/smap.h"
#include "hypervisor/mm/tlb.h"
#include "hypervisor/mm/uaccess.h"

#define BOUNCE_CLEARS (RFLAGS_AC | RFLAGS_VM | RFLAGS_RF | RFLAGS_NT | RFLAGS_TF)

void vcpu_enter_kernel(struct vcpu *v)
{
    v->kernel_mode = 1;
    swapgs();
    write_cr3(v->root_kernel);
}

void vcpu_enter_user(struct vcpu *v)
{
    v->kernel_mode = 0;
    swapgs();
    write_cr3(v->root_user);
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
        v->info->evtchn_upcall_mask = masked | 1;
    enter_handler(regs, handler, sp);
    return;
fault:
    smap_close();
    domain_crash(v->domain, "a bounce needs a kernel stack that is mapped writable");
}

static inline void bounce_trap(struct vcpu *v, struct cpu_user_regs *regs, u32 vector, u32 how,
                               u32 error)
{
    const struct trap_info *ti = &v->traps[vector];

    if (unlikely(!ti->address)) {
        regs->entry_vector = vector;
        return domain_crash(v->domain,
                            "an exception or interrupt without a handler in the trap table");
    }
    bounce(v, regs, ti->address, how | (TI_GET_IF(ti) ? BOUNCE_MASKS : 0), error);
}

/* The same of a guest of either width. */
static inline void bounce_trap_any(struct vcpu *v, struct cpu_user_regs *regs, u32 vector, u32 how,
                                   u32 error)
{
    if (unlikely(v->domain->is_32bit))
        bounce32_trap(v, regs, vector, how, error);
    else
        bounce_trap(v, regs, vector, how, error);
}

/* As Xen writes it: an error code that is none is all ones, and the form is of the guest's width.
 */
static void trap_record(const struct cpu_user_regs *regs, u32 vector, u32 how, u32 error)
{
    u32 trap = vector | (how & BOUNCE_CODE ? 1U << 15 | error << 16 : ~0U << 16);
    bool narrow = current->domain->is_32bit;

    if (vector == EXCEPTION_PF && narrow)
        trace(page_fault, (u32)regs->rip, (u32)vcpu_cr2(current), error);
    else if (vector == EXCEPTION_PF)
        trace(page_fault_64, TRACE_64(regs->rip), TRACE_64(vcpu_cr2(current)), error);
    else if (narrow)
        trace(trap, (u32)regs->rip, trap);
    else
        trace(trap_64, TRACE_64(regs->rip), trap);
}

/* bounce_trap while that is recorded. To end in a call of this, with the same arguments, costs the
 * path that does not come here one test, and no register. */
static __attribute__((cold, noinline)) void
bounce_recorded(struct vcpu *v, struct cpu_user_regs *regs, u32 vector, u32 how, u32 error)
{
    trap_record(regs, vector, how, error);
    bounce_trap_any(v, regs, vector, how, error);
}

void bounce_exception(struct cpu_user_regs *regs, u32 vector, u32 error)
{
    u32 how = EXCEPTIONS_WITH_CODE >> vector & 1 ? BOUNCE_CODE : 0;

    if (trace_wants(TRC_PV))
        return bounce_recorded(current, regs, vector, how, error);
    bounce_trap_any(current, regs, vector, how, error);
}

void bounce_interrupt(struct cpu_user_regs *regs, u32 vector)
{
    if (trace_wants(TRC_PV))
        return bounce_recorded(current, regs, vector, 0, 0);
    bounce_trap_any(current, regs, vector, 0, 0);
}

static TRACE_COLD void upcall_record(const struct vcpu *v)
{
    trace(upcall, TRACE_WHO(v), TRACE_64(vcpu_pending_sel(v)));
}

/* The upcall that says that events are pending. There is no callback before the guest has set one,
 * and what it has not, cannot be called. */
void bounce_upcall(struct cpu_user_regs *regs)
{
    struct vcpu *v = current;

    if (unlikely(!v->event_callback))
        return domain_crash(v->domain, "an upcall is due, and there is no event callback");
    if (trace_wants(XL_TRC_EVENT))
        upcall_record(v);
    bounce(v, regs, v->event_callback, BOUNCE_MASKS, 0);
}

void bounce_failsafe(struct cpu_user_regs *regs)
{
    struct vcpu *v = current;
    u8 masked = v->info->evtchn_upcall_mask;
    u64 cs = v->kernel_mode ? regs->cs & ~3UL : regs->cs;
    const u64 frame[] = {
        regs->rcx,
        regs->r11,
        regs->ds,
        regs->es,
        regs->fs,
        regs->gs,
        regs->rip,
        cs | (u64)masked << 32,
        guest_rflags(v, regs, masked),
        regs->rsp,
        regs->ss,
    };
    u64 sp = v->kernel_mode ? regs->rsp : v->kernel_sp;

    if (!v->kernel_mode)
        vcpu_enter_kernel(v);
    sp = (sp & ~15UL) - sizeof(frame);
    if (guest_copy_out(sp, frame, sizeof(frame)))
        return domain_crash(v->domain, "a failsafe callback needs a stack that is mapped writable");
    if (v->flags & VCPUF_FAILSAFE_MASKS)
        v->info->evtchn_upcall_mask = 1;
    enter_handler(regs, v->failsafe_callback, sp);
}

/*
 * #PF. The CPU sees ring 3 always; the guest is told by which of its two modes it was. The
 * commonest of all bounces comes here straight from entry.asm, without the registers that C
 * preserves in @regs; what needs those, or more thought, answers false and is tried again by
 * trap_page_fault with all of them.
 */
bool page_fault_bounce(struct cpu_user_regs *regs)
{
    struct vcpu *v = current;
    u64 cr2 = read_cr2();
    u32 error;

    if (unlikely(cr2 - GDT_VIRT_START < GDT_VIRT_BYTES) || unlikely(this_cpu()->shadow))
        return false;
    if (unlikely(regs->error_code == PF_STORE) && v->kernel_mode)
        return false;
    *v->cr2 = cr2;
    error = (regs->error_code & ~PF_USER) | (v->kernel_mode ? 0 : PF_USER);
    if (trace_wants(TRC_PV))
        bounce_recorded(v, regs, EXCEPTION_PF, BOUNCE_CODE, error);
    else
        bounce_trap(v, regs, EXCEPTION_PF, BOUNCE_CODE, error);
    return true;
}

/* `syscall` in the guest's user space: to the syscall callback, or #UD where there is none. The ABI
 * fixes what the guest's own flag mask would be: DF and nothing else is cleared. Whether upcalls
 * are masked was said with the 64-bit callback, for both: as Xen has it. */
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
    bounce_syscall_to(regs, current->syscall32_callback);
}

/* `sysenter`, by Intel's CPUs only: to its callback, or #GP where there is none. */
void sysenter_bounce(struct cpu_user_regs *regs)
{
    struct vcpu *v = current;

    if (v->domain->is_32bit)
        return sysenter_bounce32(regs);
    if (unlikely(!v->sysenter_callback))
        return bounce_exception(regs, EXCEPTION_GP, 0);
    bounce(v, regs, v->sysenter_callback, v->flags & VCPUF_SYSENTER_MASKS ? BOUNCE_MASKS : 0, 0);
}

/* iretq refused the frame that the guest asked for (entry.asm): the guest has made its own
 * exception, and gets it on that frame. */
void iret_refused(struct cpu_user_regs *regs)
{
    if (regs->entry_vector == EXCEPTION_PF) /* on the LDT, which it knows by its own address */
        return trap_page_fault(regs);
    if (regs->entry_vector == EXCEPTION_GP && privileged_emulate(regs))
        return; /* Xen looks at the instruction there as after any other */
    bounce_exception(regs, regs->entry_vector, regs->error_code);
}

#define IRET_WORD(field) (offsetof(struct iret_context, field) / sizeof(u64))

/*
 * HYPERVISOR_iret: the guest's stack holds   rax r11 rcx flags | rip cs rflags rsp ss
 * (struct iret_context, xen-x86_64.h). Privileges are forced, whatever the frame says.
 */
void iret_load(struct cpu_user_regs *regs)
{
    struct vcpu *v = current;
    u64 rax, r11, rcx, flags, rip, cs, rflags, rsp, ss;
    u64 at = regs->rsp;

    if (unlikely(!guest_range_ok(at, sizeof(struct iret_context))))
        return domain_crash(v->domain, "iret from a stack in the hypervisor's range");
    smap_open();
    GUEST_GET(rax, at, IRET_WORD(rax), fault);
    GUEST_GET(r11, at, IRET_WORD(r11), fault);
    GUEST_GET(rcx, at, IRET_WORD(rcx), fault);
    GUEST_GET(flags, at, IRET_WORD(flags), fault);
    GUEST_GET(rip, at, IRET_WORD(rip), fault);
    GUEST_GET(cs, at, IRET_WORD(cs), fault);
    GUEST_GET(rflags, at, IRET_WORD(rflags), fault);
    GUEST_GET(rsp, at, IRET_WORD(rsp), fault);
    GUEST_GET(ss, at, IRET_WORD(ss), fault);
    smap_close();

    if ((cs & 3) == 3) {
        if (unlikely(!v->cr3_user))
            return domain_crash(v->domain, "iret to user mode without user page tables");
        vcpu_enter_user(v);
    }
    if (unlikely(domain_assists(v->domain, VMASST_TYPE_architectural_iopl)))
        v->iopl = rflags & RFLAGS_IOPL;
    if ((flags & VGCF_in_syscall) && canonical(rip)) {
        /* Xen goes by SYSRET then, whatever selectors the frame has, but for one. */
        if ((u16)cs != FLAT_USER_CS32)
            cs = FLAT_USER_CS64;
        ss = FLAT_USER_SS64;
    }
    regs->rip = rip;
    regs->cs = (u16)(cs | 3);
    regs->rflags = (rflags & ~(RFLAGS_IOPL | RFLAGS_VM)) | RFLAGS_IF;
    regs->rsp = rsp;
    regs->ss = (u16)(ss | 3);
    regs->rax = rax;
    if (!(flags & VGCF_in_syscall)) {
        regs->error_code = 0;
        regs->r11 = r11;
        regs->rcx = rcx;
    }
    v->info->evtchn_upcall_mask = !(rflags & RFLAGS_IF);
    if (unlikely(v->iret_careful & CAREFUL_NMI))
        nmi_end(v);
    upcall_look(v);
    return;
fault:
    smap_close();
    domain_crash(v->domain, "iret from a stack that cannot be read");
}
