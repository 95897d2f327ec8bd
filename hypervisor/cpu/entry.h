/* What entry.asm defines and what it calls. */
#ifndef HYPERVISOR_CPU_ENTRY_H
#define HYPERVISOR_CPU_ENTRY_H

#include "hypervisor/cpu/percpu.h"
#include "hypervisor/cpu/vectors.h"

extern u8 entry_stubs[], entry_stub_compat[]; /* a page; see percpu.h */
void syscall_entry(void), syscall_entry_traced(void), syscall32_entry(void), sysenter_entry(void);
extern u8 sysenter_flags_saved[]; /* within sysenter_entry */
extern u8 exception_stubs[];      /* 256 stubs, 16 bytes each */
extern u8 guest_iret[]; /* the one instruction that loads a guest's frame and may be refused */
void nmi_entry(void), double_fault_entry(void), machine_check_entry(void), debug_entry(void);
NORETURN void guest_enter(struct percpu *cpu);

#define EXCEPTION_STUB_BYTES 16

void segments_load(u16 cs, u16 ds); /* segments.asm: reload all segment registers */

/* Call fn(info) on another stack, whose old contents end at @top. Never returns. */
struct boot_info;
NORETURN void run_on_stack(void *top, void (*fn)(const struct boot_info *info),
                           const struct boot_info *info);

/* Handlers of exceptions from a guest, by vector; called with the guest's frame. */
extern void (*const exception_table[VECTORS])(struct cpu_user_regs *regs);

bool page_fault_bounce(struct cpu_user_regs *regs);
void trap_page_fault(struct cpu_user_regs *regs);
void trap_int80(struct cpu_user_regs *regs);
void trap_nmi(struct cpu_user_regs *regs);
void trap_debug(struct cpu_user_regs *regs);
void trap_debug_in_hypervisor(struct cpu_user_regs *regs);
NORETURN void trap_double_fault(struct cpu_user_regs *regs);
NORETURN void trap_machine_check(struct cpu_user_regs *regs);

/* A fault in ring 0: changes regs->rip to the fixup that the exception table names, or panics. */
void exception_in_hypervisor(struct cpu_user_regs *regs);

/* WORK_* bits were found set on the way to the guest: do that work (domain/exit.c). */
void guest_exit_work(struct cpu_user_regs *regs);

/* entry32.asm: those of 32-bit guests. */
extern u8 page_fault_stub32[], int80_stub32[], hypercall_stub32[];
void syscall32_entry32(void);

bool page_fault_bounce32(struct cpu_user_regs *regs);
void int80_bounce32(struct cpu_user_regs *regs);
void syscall_bounce32(struct cpu_user_regs *regs);
void upcall_bounce32(struct cpu_user_regs *regs);
void iret_load32(struct cpu_user_regs *regs);

void syscall_bounce(struct cpu_user_regs *regs);
void syscall32_bounce(struct cpu_user_regs *regs);
void sysenter_bounce(struct cpu_user_regs *regs);
void iret_refused(struct cpu_user_regs *regs);
void iret_load(struct cpu_user_regs *regs);

#endif
