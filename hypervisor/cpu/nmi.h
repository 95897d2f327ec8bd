/*
 * Non-maskable interrupts: the machine reports trouble, or somebody pressed the button. They
 * are for the control domain's first vcpu: it finds the reason in its shared_info and is called at
 * the address that nmi_op or callback_op registered (nmi.h of the ABI).
 */
#ifndef HYPERVISOR_CPU_NMI_H
#define HYPERVISOR_CPU_NMI_H

#include "hypervisor/domain/domain.h"

/* Take NMIs from now on. After apic_init(). */
void nmi_init(void);

/* WORK_NMI was found on the way to @v, whose frame @regs is: call its handler, unless it is in it.
 */
void nmi_deliver(struct vcpu *v, struct cpu_user_regs *regs);

/* @v made an iret while it handled an NMI: the next one may come. */
void nmi_end(struct vcpu *v);

#endif
