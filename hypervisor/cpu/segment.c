/*
 * Descriptors of the running vcpu, read where the CPU reads them: in its windows onto the guest's
 * tables. So the hypervisor's own entries are found too; whoever asks checks what it gets. A page
 * of the LDT that the CPU has not touched yet comes by the fault of our reading it.
 */
#include "hypervisor/cpu/segment.h"

#include "hypervisor/cpu/fixup.h"
#include "hypervisor/cpu/segreg.h"
#include "hypervisor/cpu/tables.h"
#include "hypervisor/domain/domain.h"
#include "hypervisor/mm/pt_update.h"
#include "hypervisor/mm/uaccess.h"

#define SELECTOR_LDT 4u

#ifndef HOST_TEST
bool descriptor_read(u16 selector, u64 *descriptor)
{
    const struct percpu *cpu = this_cpu();
    u64 table = selector & SELECTOR_LDT ? ldt_window(cpu) : gdt_window(cpu), value;

    if (selector < 4 || (selector & SELECTOR_LDT && selector >> 3 >= current->ldt_entries))
        return false;
    asm goto("1: movq (%1), %0" FIXUP(fault)
             : "=r"(value)
             : "r"(table + (selector & ~7u))
             : "memory"
             : fault);
    *descriptor = value;
    return true;
fault:
    return false;
}
#endif

bool segment_find(u16 selector, struct segment *s)
{
    u64 descriptor;

    if (!descriptor_read(selector, &descriptor))
        return false;
    *s = segment_decode(descriptor);
    return true;
}

u16 segment_selector(u8 prefix, const struct cpu_user_regs *regs)
{
    switch (prefix) {
    case INSN_ES:
        return read_es();
    case INSN_CS:
        return (u16)regs->cs;
    case INSN_SS:
        return (u16)regs->ss;
    case INSN_FS:
        return read_fs();
    case INSN_GS:
        return read_gs();
    default:
        return read_ds();
    }
}

unsigned ring_missing(const struct cpu_user_regs *regs, u64 va, unsigned bytes, u64 rights)
{
    const struct vcpu *v = current;
    const mfn_t root = MFN(v->cr3_kernel >> PAGE_SHIFT);
    const unsigned first = MIN(bytes, (unsigned)(PAGE_SIZE - va % PAGE_SIZE));

    if (!v->domain->is_32bit || vcpu_in_kernel(v, (u16)regs->cs))
        return 0;
    rights |= PTE_US;
    if (rights & ~pt_rights(root, va))
        return bytes;
    return first < bytes && rights & ~pt_rights(root, va + first) ? bytes - first : 0;
}

/* How many bytes of code from @offset on @s has, 15 being enough. */
static unsigned bytes_left(const struct segment *s, u64 offset)
{
    return offset > s->limit ? 0 : (unsigned)MIN(s->limit - offset + 1, INSN_BYTES_MAX);
}

bool code_fetch(struct code *code, const struct cpu_user_regs *regs)
{
    const u32 wanted = SEGMENT_P | SEGMENT_S | SEGMENT_CODE;
    unsigned have = INSN_BYTES_MAX;
    struct segment s;

    code->bits = 64;
    code->address = regs->rip;
    if (unlikely(regs->cs != FLAT_KERNEL_CS)) {
        if (!segment_find((u16)regs->cs, &s) || (s.rights & wanted) != wanted)
            return false;
        if (!(s.rights & SEGMENT_LONG)) {
            code->bits = s.rights & SEGMENT_BIG ? 32 : 16;
            code->address = (u32)(s.base + regs->rip);
            have = bytes_left(&s, regs->rip); /* all of it: an iret may have been to beyond 4 GiB */
        }
    }
    code->have = have - (unsigned)guest_copy_in(code->bytes, code->address, have);
    code->missing = !code->have && have;
    return true;
}
