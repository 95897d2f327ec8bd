/*
 * Control registers as a guest sees them: rules without state, so that they run on the host.
 *
 * CR0 is the hypervisor's but for TS. Of CR4 a guest chooses four bits, sees four of ours, and what
 * else it writes is dropped without a word: kernels set what CPUID told them, and go on.
 */
#ifndef HYPERVISOR_CPU_EMULATE_CR_H
#define HYPERVISOR_CPU_EMULATE_CR_H

#include "hypervisor/cpu/regs.h"

/* Those of ours that a guest sees. */
#define CR4_SHOWN (CR4_PAE | CR4_MCE | CR4_OSFXSR | CR4_OSXMMEXCPT)
/* Those that it may choose, on a CPU that has them. */
#define CR4_CHOICE(fsgsbase, xsave)                                                                \
    (CR4_TSD | CR4_DE | ((fsgsbase) ? CR4_FSGSBASE : 0) | ((xsave) ? CR4_OSXSAVE : 0))

/* Of these, those that are set in the CPU just as the running guest chose. */
#define CR4_IN_FORCE (CR4_TSD | CR4_FSGSBASE)

/* What CR0 reads as: the CPU's @real, with the TS that the guest set, if it did. */
static inline u64 cr0_shown(u64 real, u64 guest)
{
    return (real & ~CR0_TS) | (guest & CR0_TS);
}

/* May a guest write @value to CR0? Only TS may differ. */
static inline bool cr0_allowed(u64 real, u64 value)
{
    return !((value ^ real) & ~CR0_TS);
}

/* What a guest chooses by writing @value to CR4, and what it then reads. */
static inline u64 cr4_chosen(u64 value, bool fsgsbase, bool xsave)
{
    return value & CR4_CHOICE(fsgsbase, xsave);
}

static inline u64 cr4_shown(u64 chosen)
{
    return chosen | CR4_SHOWN;
}

#endif
