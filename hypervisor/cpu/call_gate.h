/* Call gates of 32-bit guests. */
#ifndef HYPERVISOR_CPU_CALL_GATE_H
#define HYPERVISOR_CPU_CALL_GATE_H

#include "xen-like/abi/xen.h"

/* A #GP of the running 32-bit vcpu whose error code names a selector: if it was a far call or jump
 * through one of its gates, that is done; if not, or it may not be, the exception is bounced that
 * it would be. */
void call_gate_emulate(struct cpu_user_regs *regs);

#endif
