/*
 * Exceptions of a guest: which of them are the hypervisor's to handle, and which the guest's kernel
 * gets to see. Nearly all are bounced as they are; what the guest must not notice is translated
 * here.
 */
#include "hypervisor/cpu/apic.h"
#include "hypervisor/cpu/bounce.h"
#include "hypervisor/cpu/call_gate.h"
#include "hypervisor/cpu/canonical.h"
#include "hypervisor/cpu/emulate.h"
#include "hypervisor/cpu/emulate_decode.h"
#include "hypervisor/cpu/entry.h"
#include "hypervisor/cpu/pt_store.h"
#include "hypervisor/cpu/regs.h"
#include "hypervisor/cpu/segment.h"
#include "hypervisor/cpu/tables.h"
#include "hypervisor/debug/bug.h"
#include "hypervisor/debug/report.h"
#include "hypervisor/debug/trace.h"
#include "hypervisor/domain/base.h"
#include "hypervisor/mm/shadow.h"

#define EC_EXT 1u /* selector error code: an external event's fault */
#define EC_IDT 2u /* selector error code: it names a gate */
#define EC_LDT 4u /* selector error code: it is one of the LDT */

/* #PF that page_fault_bounce left: in the windows onto descriptors, and what may be a store to a
 * page table. The CPU reads descriptors with its own rights; a guest's own access there is a plain
 * fault, at the address by which the guest knows its LDT. Where that is none, because a long LDT
 * reaches into the hole between the halves, it is the selector's fault. */
void trap_page_fault(struct cpu_user_regs *regs)
{
    struct vcpu *v = current;
    const bool kernel = vcpu_in_kernel(v, (u16)regs->cs);
    const u32 ring = v->domain->is_32bit && kernel ? PF_USER : 0; /* 1 is supervisor's */
    u64 cr2 = read_cr2(), in_ldt = cr2 - ldt_window(this_cpu());

    if (unlikely(this_cpu()->shadow) && shadow_fault(cr2, v->kernel_mode, &regs->error_code))
        return;
    if (!(regs->error_code & PF_USER)) {
        if (vcpu_map_ldt(v, cr2))
            return;
        if (in_ldt < GDT_WINDOW_PAGES * PAGE_SIZE) {
            cr2 = v->ldt_base + in_ldt;
            if (!canonical(cr2))
                return bounce_exception(regs, EXCEPTION_GP, (in_ldt & ~7UL) | EC_LDT);
        }
    }
    if (kernel && (regs->error_code | ring) == PF_STORE && pt_store_emulate(regs, cr2))
        return;
    *v->cr2 = cr2;
    bounce_exception(regs, EXCEPTION_PF, (regs->error_code & ~PF_USER) | (kernel ? 0 : PF_USER));
}

/*
 * `int n` from ring 3 is refused by the gate's DPL, and the CPU reports #GP naming the gate. The
 * vector is taken from the instruction, not from the error code, since emulators get that wrong
 * (and what is not `int n` there was changed under us by another vcpu: then it is a plain #GP).
 */
static bool software_interrupt(struct cpu_user_regs *regs)
{
    struct vcpu *v = current;
    struct priv_insn insn;
    struct code code;

    if (!(regs->error_code & EC_IDT) || (regs->error_code & EC_EXT) || !code_fetch(&code, regs))
        return false;
    if (!priv_decode(&insn, code.bytes, code.have, code.bits) || insn.op != PRIV_INT || insn.lock)
        return false;
    if (TI_GET_DPL(&v->traps[insn.number]) < (vcpu_in_kernel(v, (u16)regs->cs) ? 1 : 3))
        return false;
    regs->rip += insn.length;
    bounce_interrupt(regs, insn.number);
    return true;
}

static TRACE_COLD void emulation_record(const struct cpu_user_regs *regs)
{
    if (current->domain->is_32bit)
        trace(emulate_privop, (u32)regs->rip);
    else
        trace(emulate_privop_64, TRACE_64(regs->rip));
}

static void trap_general_protection(struct cpu_user_regs *regs)
{
    if (software_interrupt(regs))
        return;
    if (unlikely(current->domain->is_32bit) && regs->error_code &&
        !(regs->error_code & (EC_EXT | EC_IDT)))
        return call_gate_emulate(regs);
    if (!privileged_emulate(regs))
        bounce_exception(regs, EXCEPTION_GP, regs->error_code);
    else if (trace_wants(XL_TRACE_emulate_privop))
        emulation_record(regs);
}

static void trap_invalid_opcode(struct cpu_user_regs *regs)
{
    if (!cpuid_emulate(regs))
        bounce_interrupt(regs, EXCEPTION_UD); /* which has no error code */
}

/* int 0x80 has an open gate of its own, as many guests' system call; without a handler it is what
 * any refused interrupt would be. */
void trap_int80(struct cpu_user_regs *regs)
{
    if (current->traps[VECTOR_GUEST_INT80].address)
        return bounce_interrupt(regs, VECTOR_GUEST_INT80);
    regs->rip -= 2;
    bounce_exception(regs, EXCEPTION_GP, VECTOR_GUEST_INT80 << 3 | EC_IDT);
}

/* #NM: only a guest that set its CR0.TS (fpu_taskswitch) can see one; taking it clears TS. */
static void trap_no_fpu(struct cpu_user_regs *regs)
{
    bool asked = current->ctrl_cr0 & CR0_TS;

    xstate_set_ts(current, false);
    if (asked)
        bounce_exception(regs, EXCEPTION_NM, 0);
}

/* Whatever has no meaning of its own here goes to the guest as it came. */
static void trap_bounced(struct cpu_user_regs *regs)
{
    bounce_exception(regs, regs->entry_vector, regs->error_code);
}

void (*const exception_table[VECTORS])(struct cpu_user_regs *regs) = {
    [0] = trap_bounced,
    [EXCEPTION_DB] = trap_debug,
    [2] = trap_nmi,
    [3 ... EXCEPTION_UD - 1] = trap_bounced,
    [EXCEPTION_UD] = trap_invalid_opcode,
    [EXCEPTION_NM] = trap_no_fpu,
    [EXCEPTION_DF] = trap_double_fault,
    [EXCEPTION_DF + 1 ... EXCEPTION_GP - 1] = trap_bounced,
    [EXCEPTION_GP] = trap_general_protection,
    [EXCEPTION_PF] = trap_page_fault,
    [EXCEPTION_PF + 1 ... EXCEPTION_MC - 1] = trap_bounced,
    [EXCEPTION_MC] = trap_machine_check,
    [EXCEPTION_MC + 1 ... 31] = trap_bounced,
    [32 ... VECTORS - 1] = irq_take, /* but for int 0x80, which entry.asm calls */
};

/* One entry of the exception table: both fields are distances from themselves. */
struct ex_entry {
    s32 fault, fixup;
};
extern const struct ex_entry ex_table_start[], ex_table_end[];

static u64 fixup_find(u64 rip)
{
    /* A few dozen entries, read only when a guest passed a bad pointer: a search by halves would
     * not be worth its sorting. */
    for (const struct ex_entry *e = ex_table_start; e < ex_table_end; e++)
        if ((u64)&e->fault + (u64)(s64)e->fault == rip)
            return (u64)&e->fixup + (u64)(s64)e->fixup;
    return 0;
}

void exception_in_hypervisor(struct cpu_user_regs *regs)
{
    u64 fixup;

    if (regs->entry_vector >= 32)
        return irq_take(regs);
    if (regs->entry_vector == EXCEPTION_PF && this_cpu()->shadow &&
        shadow_fault(read_cr2(), read_cr3() == current->root_kernel, &regs->error_code))
        return;
    /* Loading a guest's selector may touch its LDT for the first time. */
    if (regs->entry_vector == EXCEPTION_PF && current && vcpu_map_ldt(current, read_cr2()))
        return;
    fixup = fixup_find(regs->rip);
    if (regs->rip == (u64)guest_iret)
        this_cpu()->iret_fault = (u64)regs->entry_vector << 32 | regs->error_code;
    if (!fixup)
        panic_registers(regs, "unexpected exception in the hypervisor");
    regs->rip = fixup;
}

NORETURN void trap_double_fault(struct cpu_user_regs *regs)
{
    panic_registers(regs, "double fault");
}

NORETURN void trap_machine_check(struct cpu_user_regs *regs)
{
    panic_registers(regs, "machine check");
}
