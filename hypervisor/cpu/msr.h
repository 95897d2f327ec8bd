/* Model-specific registers of a paravirtual guest. */
#ifndef HYPERVISOR_CPU_MSR_H
#define HYPERVISOR_CPU_MSR_H

#include "hypervisor/domain/domain.h"

/* rdmsr and wrmsr of @msr by the kernel of @v, which is running. False: #GP. */
bool msr_guest_read(struct vcpu *v, u32 msr, u64 *value);
bool msr_guest_write(struct vcpu *v, u32 msr, u64 value);

/* Guests are told that lfence stops speculation: make it so on this CPU. Each CPU once. */
void lfence_enable(void);

#endif
