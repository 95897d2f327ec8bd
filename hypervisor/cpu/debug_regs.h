/*
 * The debug registers as a guest has them. A breakpoint of a guest's must never fire on what is the
 * hypervisor's, and one vcpu must not see another's: so all values pass here, every vcpu has its
 * own, and the CPU's address registers hold them only while one of its breakpoints is on.
 *
 * Each vcpu's reads are of its own copy, never of the CPU: the CPU's DR6 is emptied at every #DB.
 */
#ifndef HYPERVISOR_CPU_DEBUG_REGS_H
#define HYPERVISOR_CPU_DEBUG_REGS_H

#include "xen-like/lib/types.h"

#define DEBUG_ADDRESSES 4

struct debug_regs {
    u64 address[DEBUG_ADDRESSES]; /* DR0 to DR3: outside the hypervisor's range */
    u64 status;                   /* DR6 */
    u64 control;                  /* DR7 as the CPU may have it */
    u64 control_io; /* DR7's enable bits of breakpoints on ports, which are emulated */
};

/* Reserved bits as the CPU has them after reset (Intel SDM vol. 3, 18.2.3 and 18.2.4). */
#define DR6_DEFAULT 0xffff0ff0UL
#define DR7_DEFAULT 0x00000400UL

struct vcpu;

/*
 * Set register @reg of @v, which runs here or nowhere, reserved bits forced. 0; -ENODEV: no such
 * register; -EINVAL: an upper half; -EPERM: an address of the hypervisor's, or a control bit that
 * no guest has. The errors are Xen's (misc-hypercalls.c, set_debugreg).
 */
long debug_reg_write(struct vcpu *v, u32 reg, u64 value);

/* The bits of DR6 for the breakpoints of @v on any of the @bytes ports from @port on. */
u64 debug_port_breakpoints(const struct vcpu *v, u32 port, u32 bytes);

/* Another vcpu, whose these are, is loaded in this CPU. */
void debug_regs_switch(const struct debug_regs *to);

/* 0, or -ENODEV: no such register. */
long debug_reg_read(const struct vcpu *v, u32 reg, u64 *value);

#endif
