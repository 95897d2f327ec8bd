/*
 * Instructions that a guest's kernel may not execute in ring 3, carried out for it
 * (docs/privileged-instructions.md has the list).
 */
#ifndef HYPERVISOR_CPU_EMULATE_H
#define HYPERVISOR_CPU_EMULATE_H

#include "hypervisor/domain/domain.h"

/*
 * A #GP of the running guest: was it, with error code 0, a privileged instruction of its kernel,
 * and may that be done? True: @regs are as the instruction leaves them (or it raised an exception
 * of its own, which is bounced). False: nothing is changed, the #GP is the guest's.
 */
bool privileged_emulate(struct cpu_user_regs *regs);

/* A #UD of the running guest: was it `ud2; .ascii "xen"; cpuid`, from either of its modes? True: it
 * is done. False: nothing is changed. */
bool cpuid_emulate(struct cpu_user_regs *regs);

/* An instruction of @length in code of @bits (16, 32 or 64) is done: go on behind it, as the CPU
 * would. @struck: what breakpoints have to say in DR6, which is then raised. */
void instruction_retire(struct cpu_user_regs *regs, unsigned length, unsigned bits, u64 struck);

/* Put into this CPU's CR4 what @v chose of it, and what its domain's TSC needs. */
void vcpu_cr4_load(const struct vcpu *v);

#endif
