/* The guest's registers, as instructions number them. */
#ifndef HYPERVISOR_CPU_EMULATE_REGS_H
#define HYPERVISOR_CPU_EMULATE_REGS_H

#include "hypervisor/cpu/regs.h"
#include "xen-like/abi/xen.h"
#include "xen-like/lib/insn.h"

#define ADDRESS_32 0xffffffffUL

static inline u64 *reg_slot(struct cpu_user_regs *regs, u8 number)
{
#define AT(field) offsetof(struct cpu_user_regs, field)
    static const u8 offsets[] = {AT(rax), AT(rcx), AT(rdx), AT(rbx), AT(rsp), AT(rbp),
                                 AT(rsi), AT(rdi), AT(r8),  AT(r9),  AT(r10), AT(r11),
                                 AT(r12), AT(r13), AT(r14), AT(r15)};
#undef AT
    return (u64 *)((u8 *)regs + offsets[number]);
}

/* Write the low @width bytes of a register; 4 bytes clear the rest, as the CPU does. */
static inline void reg_write(u64 *slot, unsigned width, unsigned shift, u64 value)
{
    u64 mask = width == 4 ? ~0UL : insn_width_mask(width) << shift;

    *slot = (*slot & ~mask) | (value << shift & mask);
}

/* Of INSN_FS, INSN_GS or (0) no such segment. Both bases are the guest's while we run. */
static inline u64 segment_base(u8 segment)
{
    if (likely(!segment))
        return 0;
    return rdmsr(segment == INSN_FS ? MSR_FS_BASE : MSR_GS_BASE);
}

#endif
