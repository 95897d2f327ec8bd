/* Model-specific registers of a paravirtual guest. */
#ifndef HYPERVISOR_CPU_MSR_H
#define HYPERVISOR_CPU_MSR_H

#include "hypervisor/domain/domain.h"

/* rdmsr and wrmsr of @msr by the kernel of @v, which is running. False: #GP. */
bool msr_guest_read(struct vcpu *v, u32 msr, u64 *value);
bool msr_guest_write(struct vcpu *v, u32 msr, u64 value);

/* Guests are told that lfence stops speculation: make it so on this CPU. Each CPU once. */
void lfence_enable(void);

/* What a policy says of MSR_PLATFORM_INFO or MSR_ARCH_CAPS: what guests read, or what is there. */
u64 msr_policy(u32 msr, bool real);

/* vcpu.machine_checks, in the order of the ABI's struct hvm_vmce_vcpu: which there are, the second
 * control words of the banks, what only some CPUs have. */
#define MC_CAPABILITIES 0
#define MC_CONTROL2     1
#define MC_BANKS        2UL

/* Those that a new vcpu has; and may a vcpu have these? */
u64 machine_checks_capabilities(void);
bool machine_checks_ok(u64 capabilities);

#endif
