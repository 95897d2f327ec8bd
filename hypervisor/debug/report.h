/* "Why did this guest die" and "why did the hypervisor": the reports on the console. */
#ifndef HYPERVISOR_DEBUG_REPORT_H
#define HYPERVISOR_DEBUG_REPORT_H

#include "hypervisor/domain/domain.h"

/* @v's domain broke a rule (domain.crash_rule): which, where it was seen, registers, code, stack.
 */
void report_death(const struct vcpu *v, const struct cpu_user_regs *regs);

/* What @v, whose address space is loaded, is doing: registers, code, stack. */
void report_guest(const struct vcpu *v, const struct cpu_user_regs *regs);

/* The hypervisor's own end: what happened, registers, machine halted. */
NORETURN void panic_registers(const struct cpu_user_regs *regs, const char *what);

#endif
