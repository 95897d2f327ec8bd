/*
 * I/O instructions. The CPU is never given an I/O privilege level nor a permission bitmap, so each
 * of them faults; whether the guest may do it is looked up here, in what it asked for by
 * physdev_op: a level, which counts for its kernel as ring 1 (or 0 by the architectural_iopl
 * assist), and a bitmap in its memory, which lends single ports to either mode. That it may do it
 * does not make the port its own: what lies behind is io_ports.c's to say.
 *
 * A string instruction is done element by element, and the registers say after each how far it is,
 * as on the CPU. So it may stop anywhere: at a page fault, at a breakpoint, or because enough was
 * done in one go; the guest then executes it again, and it goes on.
 */
#include "hypervisor/cpu/emulate_io.h"

#include "hypervisor/cpu/bounce.h"
#include "hypervisor/cpu/emulate_regs.h"
#include "hypervisor/cpu/io_ports.h"
#include "hypervisor/mm/uaccess.h"

#define ELEMENTS_MAX 256 /* in one go */

bool iopl_suffices(const struct vcpu *v)
{
    u64 ring = 3;

    if (v->kernel_mode)
        ring = domain_assists(v->domain, VMASST_TYPE_architectural_iopl) ? 0 : 1;
    return (v->iopl | v->iopl_hidden) >= ring * IOPL_IN_RFLAGS;
}

/* The bitmap lies in the kernel's memory. Two bytes are read always, as the CPU does; where either
 * cannot be, nothing is permitted. */
static bool port_permitted(const struct vcpu *v, u32 port, unsigned bytes)
{
    u8 bits[2];
    u64 missing;

    if (iopl_suffices(v))
        return true;
    if (port + bytes > v->io_bitmap_ports)
        return false;
    if (!v->kernel_mode)
        write_cr3(v->cr3_kernel);
    missing = guest_copy_in(bits, v->io_bitmap + port / 8, sizeof(bits));
    if (!v->kernel_mode)
        write_cr3(v->cr3_user);
    return !missing && !((bits[0] | bits[1] << 8) >> port % 8 & ((1 << bytes) - 1));
}

/* One element between @port and memory. A fault says only what the access was: as Xen, which does
 * not look why. */
static enum outcome element_move(const struct priv_insn *insn, struct vcpu *v,
                                 struct cpu_user_regs *regs, u32 port, u64 address)
{
    u64 missing;
    u32 value = 0;

    if (!insn->write)
        value = guest_port_access(v->domain, port, insn->width, false, 0);
    if (!guest_range_ok(address, 1))
        return REFUSED;
    missing = insn->write ? guest_copy_in(&value, address, insn->width)
                          : guest_copy_out(address, &value, insn->width);
    if (missing) {
        v->info->arch.cr2 = address + insn->width - missing;
        bounce_exception(regs, EXCEPTION_PF,
                         (insn->write ? 0 : PF_WRITE) | (v->kernel_mode ? 0 : PF_USER));
        return RAISED;
    }
    if (insn->write)
        guest_port_access(v->domain, port, insn->width, true, value);
    return DONE;
}

/* @goes: how many elements at most. */
static enum outcome string_do(const struct priv_insn *insn, struct vcpu *v,
                              struct cpu_user_regs *regs, u32 port, u64 goes)
{
    const u64 mask = insn->address_32 ? ADDRESS_32 : ~0UL;
    const u64 step = regs->rflags & RFLAGS_DF ? -(u64)insn->width : insn->width;
    const u64 base = insn->write ? segment_base(insn->segment) : 0;
    u64 *index = insn->write ? &regs->rsi : &regs->rdi;
    u64 once = 1, *left = insn->repeated ? &regs->rcx : &once;

    if (insn->repeated) {
        *index &= mask;
        *left &= mask;
    }
    for (; *left && goes; goes--) {
        enum outcome outcome = element_move(insn, v, regs, port, base + (*index & mask));

        if (outcome != DONE)
            return outcome;
        *index = (*index + step) & mask;
        --*left;
    }
    return *left ? REPEATS : DONE;
}

enum outcome io_emulate(const struct priv_insn *insn, struct vcpu *v, struct cpu_user_regs *regs,
                        u64 *struck)
{
    u32 port = insn->port_in_dx ? (u16)regs->rdx : insn->number, value;
    bool nothing =
        insn->string && insn->repeated && !(insn->address_32 ? (u32)regs->rcx : regs->rcx);

    if (!nothing && !port_permitted(v, port, insn->width))
        return REFUSED;
    *struck = nothing ? 0 : debug_port_breakpoints(v, port, insn->width);
    if (insn->string)
        return string_do(insn, v, regs, port,
                         *struck || regs->rflags & RFLAGS_TF ? 1 : ELEMENTS_MAX);
    value = guest_port_access(v->domain, port, insn->width, insn->write, (u32)regs->rax);
    if (!insn->write)
        reg_write(&regs->rax, insn->width, 0, value);
    return DONE;
}
