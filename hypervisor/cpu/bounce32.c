/*
 * The bounce into a 32-bit guest's kernel, in ring 1: as bounce.c's, but that the guest says with a
 * selector which code and which stack, and that a frame's words have 32 bits. From ring 1 the frame
 * goes on the stack in use, without esp and ss; otherwise on that of stack_switch:
 *
 *      esp ->  [error code]              where the exception has one
 *              eip
 *              cs | upcall mask << 16
 *              eflags                    IF: upcalls were not masked
 *              [esp]
 *              [ss]                      if the kernel was not interrupted
 *
 * The CPU looks at a selector when iretq loads it, and refuses by a fault that is the guest's to
 * handle: a handler with a selector that is none would never be reached, and each attempt would
 * take more of the guest's stack. So the selectors of a handler are checked first.
 */
#include "hypervisor/cpu/bounce.h"

#include "hypervisor/cpu/entry.h"
#include "hypervisor/cpu/nmi.h"
#include "hypervisor/cpu/regs.h"
#include "hypervisor/cpu/segment.h"
#include "hypervisor/debug/bug.h"
#include "hypervisor/mm/smap.h"
#include "hypervisor/mm/uaccess.h"

#define BOUNCE32_CLEARS (RFLAGS_VM | RFLAGS_RF | RFLAGS_NT | RFLAGS_TF)
#define RING(selector)  ((selector)&3)
#define IS_NULL(s)      ((s) < 4)

/* Where the segment of the stack @ss begins, if a handler in ring @ring can run on it. */
static bool stack_base(u16 ss, u32 ring, u64 *base)
{
    const u32 asked = SEGMENT_P | SEGMENT_S | SEGMENT_CODE | SEGMENT_WRITE;
    struct segment s;

    *base = 0;
    if (likely(ss == FLAT_RING1_SS_X86_32))
        return ring == 1;
    if (!segment_find(ss, &s) || (s.rights & asked) != (asked & ~SEGMENT_CODE))
        return false;
    *base = s.base;
    return RING(ss) == ring && SEGMENT_DPL(&s) == ring;
}

/* May a handler be at @cs:@eip? */
static bool handler_ok(u16 cs, u32 eip)
{
    const u32 asked = SEGMENT_P | SEGMENT_S | SEGMENT_CODE;
    struct segment s;

    if (likely(cs == FLAT_RING1_CS_X86_32))
        return true;
    if (!segment_find(cs, &s) || (s.rights & asked) != asked || s.rights & SEGMENT_LONG)
        return false;
    return eip <= s.limit && (s.rights & SEGMENT_CONFORMING ? SEGMENT_DPL(&s) <= RING(cs)
                                                            : SEGMENT_DPL(&s) == RING(cs));
}

/* The stack that a frame goes on: its selector and pointer, and where its segment begins. */
struct stack {
    u64 base;
    u32 esp;
    u16 ss;
};

static inline bool stack_find(const struct vcpu *v, const struct cpu_user_regs *regs, u16 cs,
                              struct stack *s)
{
    if (regs->cs & 2) {
        s->ss = v->kernel_ss;
        s->esp = (u32)v->kernel_sp;
    } else {
        s->ss = (u16)regs->ss;
        s->esp = (u32)regs->rsp;
    }
    return stack_base(s->ss, RING(cs), &s->base);
}

void bounce32(struct vcpu *v, struct cpu_user_regs *regs, u16 cs, u32 eip, u32 how, u32 error)
{
    u8 masked = v->info->evtchn_upcall_mask;
    struct stack to;
    u64 at;

    if (unlikely(!handler_ok(cs, eip)))
        return domain_crash(v->domain, "a handler needs a code segment that the CPU takes");
    if (unlikely(!stack_find(v, regs, cs, &to)))
        return domain_crash(v->domain, "a bounce needs a stack segment that the CPU takes");
    if (regs->cs & 2)
        to.esp -= 2 * 4;
    to.esp -= 3 * 4 + (how & BOUNCE_CODE ? 4 : 0);
    at = to.base + to.esp;
    smap_open();
    if (how & BOUNCE_CODE) {
        GUEST_PUT_U32(at, error, fault);
        at += 4;
    }
    GUEST_PUT_U32(at, regs->rip, fault);
    GUEST_PUT_U32(at + 1 * 4, regs->cs | (u32)masked << 16, fault);
    GUEST_PUT_U32(at + 2 * 4, guest_rflags(v, regs, masked), fault);
    if (regs->cs & 2) {
        GUEST_PUT_U32(at + 3 * 4, regs->rsp, fault);
        GUEST_PUT_U32(at + 4 * 4, regs->ss, fault);
    }
    smap_close();
    if (how & BOUNCE_MASKS)
        v->info->evtchn_upcall_mask = masked | 1;
    regs->rflags &= ~BOUNCE32_CLEARS;
    regs->cs = cs;
    regs->rip = eip;
    regs->ss = to.ss;
    regs->rsp = to.esp;
    return;
fault:
    smap_close();
    domain_crash(v->domain, "a bounce needs a kernel stack that is mapped writable");
}

void bounce32_trap(struct vcpu *v, struct cpu_user_regs *regs, u32 vector, u32 how, u32 error)
{
    const struct trap_info *ti = &v->traps[vector];

    if (unlikely(IS_NULL(ti->cs))) {
        regs->entry_vector = vector;
        return domain_crash(v->domain,
                            "an exception or interrupt without a handler in the trap table");
    }
    bounce32(v, regs, ti->cs, (u32)ti->address, how | (TI_GET_IF(ti) ? BOUNCE_MASKS : 0), error);
}

void upcall_bounce32(struct cpu_user_regs *regs)
{
    struct vcpu *v = current;

    bounce32(v, regs, v->event_cs, (u32)v->event_callback, BOUNCE_MASKS, 0);
}

bool page_fault_bounce32(struct cpu_user_regs *regs)
{
    struct vcpu *v = current;
    u64 cr2 = read_cr2();
    bool kernel = RING(regs->cs) == 1;

    if (unlikely(cr2 >> 32) || unlikely(this_cpu()->shadow))
        return false;
    if (kernel && unlikely(regs->error_code == (PF_STORE & ~PF_USER)))
        return false;
    ((struct vcpu_info_x86_32 *)v->info)->arch.cr2 = (u32)cr2;
    bounce_exception(regs, EXCEPTION_PF, (regs->error_code & ~PF_USER) | (kernel ? 0 : PF_USER));
    return true;
}

/* As Xen, whatever privilege the gate asks for; without a handler it is what any refused interrupt
 * would be. */
void int80_bounce32(struct cpu_user_regs *regs)
{
    if (!IS_NULL(current->traps[VECTOR_GUEST_INT80].cs))
        return bounce_interrupt(regs, VECTOR_GUEST_INT80);
    regs->rip -= 2;
    bounce_exception(regs, EXCEPTION_GP, VECTOR_GUEST_INT80 << 3 | 2);
}

/* The selectors that the stub pushed are those of a 64-bit guest. */
static void from_user(struct cpu_user_regs *regs, u16 cs)
{
    regs->cs = cs;
    regs->ss = FLAT_RING3_SS_X86_32;
    regs->error_code = 0;
}

void syscall_bounce32(struct cpu_user_regs *regs)
{
    struct vcpu *v = current;

    from_user(regs, FLAT_RING3_CS_X86_32);
    if (unlikely(IS_NULL(v->syscall32_cs))) {
        regs->rip -= 2;
        return bounce_exception(regs, EXCEPTION_GP, 0);
    }
    bounce32(v, regs, v->syscall32_cs, (u32)v->syscall32_callback,
             v->flags & VCPUF_SYSCALL32_MASKS ? BOUNCE_MASKS : 0, 0);
}

/* Neither eip nor cs are known: cs is the null selector, of ring 3. */
void sysenter_bounce32(struct cpu_user_regs *regs)
{
    struct vcpu *v = current;

    from_user(regs, 3);
    if (unlikely(!v->sysenter_callback || IS_NULL(v->sysenter_cs)))
        return bounce_exception(regs, EXCEPTION_GP, 0);
    bounce32(v, regs, v->sysenter_cs, (u32)v->sysenter_callback,
             v->flags & VCPUF_SYSENTER_MASKS ? BOUNCE_MASKS : 0, 0);
}

/* As Xen, on flat segments of ring 1, whatever was given with the callback and stack_switch. */
void bounce32_failsafe(struct cpu_user_regs *regs)
{
    struct vcpu *v = current;
    u8 masked = v->info->evtchn_upcall_mask;
    const u32 frame[] = {
        (u32)regs->ds,
        (u32)regs->es,
        (u32)regs->fs,
        (u32)regs->gs,
        (u32)regs->rip,
        regs->cs | (u32)masked << 16,
        (u32)guest_rflags(v, regs, masked),
        (u32)regs->rsp,
        (u32)regs->ss,
    };
    bool kernel = RING(regs->cs) == 1;
    u32 bytes = sizeof(frame) - (kernel ? 2 * sizeof(u32) : 0);
    u32 sp = (u32)(kernel ? regs->rsp : v->kernel_sp) - bytes;

    if (guest_copy_out(sp, frame, bytes))
        return domain_crash(v->domain, "a failsafe callback needs a stack that is mapped writable");
    if (v->flags & VCPUF_FAILSAFE_MASKS)
        v->info->evtchn_upcall_mask = 1;
    regs->rflags &= ~BOUNCE32_CLEARS;
    regs->cs = FLAT_RING1_CS_X86_32;
    regs->ss = FLAT_RING1_SS_X86_32;
    regs->rip = (u32)v->failsafe_callback;
    regs->rsp = sp;
}

/*
 * To virtual-8086 mode no guest comes. As with Xen that is #GP at the first instruction there: the
 * ten words of that iret's frame move to the kernel's stack, with an error code where eax was.
 */
static void vm86_refuse(struct vcpu *v, struct cpu_user_regs *regs, u64 from)
{
    const struct trap_info *ti = &v->traps[EXCEPTION_GP];
    u32 frame[10], sp = (u32)v->kernel_sp - sizeof(frame);

    if (guest_copy_in(frame, from, sizeof(frame)))
        return domain_crash(v->domain, "iret from a stack that cannot be read");
    frame[0] = 0;
    if (guest_copy_out(sp, frame, sizeof(frame)))
        return domain_crash(v->domain, "a bounce needs a kernel stack that is mapped writable");
    if (!handler_ok(ti->cs, (u32)ti->address))
        return domain_crash(v->domain, "a handler needs a code segment that the CPU takes");
    if (TI_GET_IF(ti))
        v->info->evtchn_upcall_mask = 1;
    regs->rflags &= ~BOUNCE32_CLEARS;
    regs->cs = ti->cs;
    regs->rip = (u32)ti->address;
    regs->ss = v->kernel_ss;
    regs->rsp = sp;
}

/*
 * HYPERVISOR_iret: the guest's stack, taken as flat, holds   eax | eip cs eflags [esp ss]
 * (xen-x86_32.h). To ring 0 is beyond return; other selectors are the CPU's to check.
 */
void iret_load32(struct cpu_user_regs *regs)
{
    struct vcpu *v = current;
    u64 at = (u32)regs->rsp;
    u32 eax, eip, cs, eflags, esp = (u32)at + 4 * 4, ss = (u32)regs->ss;

    smap_open();
    GUEST_GET_U32(eax, at, fault);
    GUEST_GET_U32(eip, at + 4, fault);
    GUEST_GET_U32(cs, at + 8, fault);
    GUEST_GET_U32(eflags, at + 12, fault);
    if (cs & 2) {
        GUEST_GET_U32(esp, at + 16, fault);
        GUEST_GET_U32(ss, at + 20, fault);
    }
    smap_close();
    if (unlikely(domain_assists(v->domain, VMASST_TYPE_architectural_iopl)))
        v->iopl = eflags & RFLAGS_IOPL;
    v->info->evtchn_upcall_mask = !(eflags & RFLAGS_IF);
    regs->rax = eax;
    regs->rflags = (eflags & ~(RFLAGS_IOPL | RFLAGS_VM)) | RFLAGS_IF;
    if (unlikely(eflags & RFLAGS_VM)) {
        vm86_refuse(v, regs, at);
    } else {
        if (unlikely(!RING(cs)))
            return domain_crash(v->domain, "iret to ring 0");
        regs->rip = eip;
        regs->cs = (u16)cs;
        regs->rsp = esp;
        regs->ss = (u16)ss;
    }
    if (unlikely(v->iret_careful & CAREFUL_NMI))
        nmi_end(v);
    upcall_look(v);
    return;
fault:
    smap_close();
    domain_crash(v->domain, "iret from a stack that cannot be read");
}
