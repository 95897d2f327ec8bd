/* The guest's registers, as instructions number them. */
#ifndef HYPERVISOR_CPU_EMULATE_REGS_H
#define HYPERVISOR_CPU_EMULATE_REGS_H

#include "hypervisor/cpu/regs.h"
#include "xen-like/abi/xen.h"
#include "xen-like/lib/insn.h"

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

/* The effective address of @insn's operand in memory, within its segment. */
static inline u64 insn_effective(const struct insn *insn, struct cpu_user_regs *regs)
{
    u64 address = (u64)(s64)insn->displacement;

    if (insn->base == INSN_RIP)
        address += regs->rip + insn->length;
    else if (insn->base != INSN_NO_REG)
        address += *reg_slot(regs, insn->base);
    if (insn->index != INSN_NO_REG)
        address += *reg_slot(regs, insn->index) << insn->scale;
    return address & insn_width_mask(insn->address_bytes);
}

/* Of INSN_FS, INSN_GS or any other segment. Both bases are the guest's while we run. */
static inline u64 segment_base(u8 segment)
{
    if (likely(segment != INSN_FS && segment != INSN_GS))
        return 0;
    return rdmsr(segment == INSN_FS ? MSR_FS_BASE : MSR_GS_BASE);
}

#endif
