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
#include "hypervisor/cpu/segment.h"
#include "hypervisor/mm/pte.h"
#include "hypervisor/mm/uaccess.h"

#define ELEMENTS_MAX 256 /* in one go */

bool iopl_suffices(const struct vcpu *v, u16 cs)
{
    u64 ring = 3;

    if (vcpu_in_kernel(v, cs))
        ring = domain_assists(v->domain, VMASST_TYPE_architectural_iopl) ? 0 : 1;
    return (v->iopl | v->iopl_hidden) >= ring * IOPL_IN_RFLAGS;
}

/* The bitmap lies in the kernel's memory. Two bytes are read always, as the CPU does; where either
 * cannot be, nothing is permitted. */
static bool port_permitted(const struct vcpu *v, u16 cs, u32 port, unsigned bytes)
{
    u8 bits[2];
    u64 missing;

    if (iopl_suffices(v, cs))
        return true;
    if (port + bytes > v->io_bitmap_ports)
        return false;
    if (!v->kernel_mode)
        write_cr3(v->root_kernel);
    missing = guest_copy_in(bits, v->io_bitmap + port / 8, sizeof(bits));
    if (!v->kernel_mode)
        write_cr3(v->root_user);
    return !missing && !((bits[0] | bits[1] << 8) >> port % 8 & ((1 << bytes) - 1));
}

/* What it says: may be read, or written. In 64-bit code only the bases of fs and gs mean something.
 */
static bool string_segment(const struct priv_insn *insn, const struct cpu_user_regs *regs,
                           struct segment *s)
{
    if (insn->bits == 64) {
        *s = (struct segment){.base = insn->write ? segment_base(insn->segment) : 0, .limit = ~0UL};
        return true;
    }
    if (!segment_find(segment_selector(insn->write ? insn->segment : INSN_ES, regs), s))
        return false;
    return segment_readable(s) &&
           (insn->write || (s->rights & (SEGMENT_CODE | SEGMENT_WRITE)) == SEGMENT_WRITE);
}

/* One element between @port and memory at @offset of @s. A fault says only what the access was: as
 * Xen, which does not look why. */
static enum outcome element_move(const struct priv_insn *insn, struct vcpu *v,
                                 struct cpu_user_regs *regs, u32 port, const struct segment *s,
                                 u64 offset)
{
    u64 missing, address = s->base + offset;
    u32 value = 0;

    if (!insn->write)
        value = guest_port_access(v->domain, port, insn->width, false, 0);
    if (insn->bits != 64)
        address = (u32)address;
    if (!segment_holds(s, offset, insn->width))
        return insn->write && insn->segment == INSN_SS ? STACK : REFUSED;
    if (!guest_range_ok(address, 1))
        return REFUSED;
    missing = ring_missing(regs, address, insn->width, insn->write ? 0 : PTE_RW);
    if (!missing)
        missing = insn->write ? guest_copy_in(&value, address, insn->width)
                              : guest_copy_out(address, &value, insn->width);
    if (missing) {
        *v->cr2 = address + insn->width - missing;
        bounce_exception(regs, EXCEPTION_PF,
                         (insn->write ? 0 : PF_WRITE) |
                             (vcpu_in_kernel(v, (u16)regs->cs) ? 0 : PF_USER));
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
    const unsigned bytes = insn->address_bytes;
    const u64 mask = insn_width_mask(bytes);
    const u64 step = regs->rflags & RFLAGS_DF ? -(u64)insn->width : insn->width;
    u64 *index = insn->write ? &regs->rsi : &regs->rdi;
    u64 once = 1, *left = insn->repeated ? &regs->rcx : &once;
    struct segment s;

    if (!string_segment(insn, regs, &s))
        return REFUSED;
    if (insn->repeated) {
        reg_write(index, bytes, 0, *index & mask);
        reg_write(left, bytes, 0, *left & mask);
    }
    for (; *left & mask && goes; goes--) {
        enum outcome outcome = element_move(insn, v, regs, port, &s, *index & mask);

        if (outcome != DONE)
            return outcome;
        reg_write(index, bytes, 0, (*index + step) & mask);
        reg_write(left, bytes, 0, (*left - 1) & mask);
    }
    return *left & mask ? REPEATS : DONE;
}

enum outcome io_emulate(const struct priv_insn *insn, struct vcpu *v, struct cpu_user_regs *regs,
                        u64 *struck)
{
    u32 port = insn->port_in_dx ? (u16)regs->rdx : insn->number, value;
    bool nothing =
        insn->string && insn->repeated && !(regs->rcx & insn_width_mask(insn->address_bytes));

    if (!nothing && !port_permitted(v, (u16)regs->cs, port, insn->width))
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
