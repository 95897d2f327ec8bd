/* set_debugreg and get_debugreg: what a guest's debugger needs. The rules are the registers' own,
 * hypervisor/cpu/debug_regs.c, for `mov` to and from them obeys the same. */
#include "hypercalls/hypercalls.h"

#include "hypervisor/cpu/debug_regs.h"

long hc_set_debugreg(unsigned long reg, unsigned long value)
{
    return debug_reg_write(current, (u32)reg, value);
}

/* The value is the answer, so one that looks like an error cannot be told from one: as with Xen. */
long hc_get_debugreg(unsigned long reg)
{
    u64 value;
    long err = debug_reg_read(current, (u32)reg, &value);

    return err ? err : (long)value;
}
