/*
 * Debug registers and #DB: see debug_regs.h.
 *
 * A breakpoint on a guest's memory may fire in ring 0, where the hypervisor copies from or to that
 * memory, or one instruction later than the guest expects: `mov ss` puts a data breakpoint off by
 * one instruction, and if that is `syscall`, the trap strikes the first instruction of the stub
 * with the guest's stack pointer. Therefore #DB has a stack of its own (ist.asm), and what strikes
 * ring 0 is let pass. The guest does not learn of it: it has not touched that memory itself.
 */
#include "hypervisor/cpu/debug_regs.h"

#include "hypervisor/cpu/bounce.h"
#include "hypervisor/cpu/entry.h"
#include "hypervisor/cpu/regs.h"
#include "hypervisor/debug/bug.h"
#include "hypervisor/mm/uaccess.h"

#define DR6_DEFINED 0xffffefffUL /* bit 12 reads as 0 */
#define DR7_DEFINED 0xffff27ffUL /* bits 11, 12, 14 and 15 read as 0 */
#define DR7_ENABLES 0x000000ffUL /* two bits for each address: local, global */
#define DR7_GD      (1UL << 13)  /* any access to a debug register is #DB */

#define DR7_ENABLE(i)   (3UL << ((i)*2))
#define DR7_TYPE(v, i)  ((v) >> (16 + (i)*4) & 3)
#define DR7_TYPE_IO     2
#define DR7_BYTES(v, i) ((0x4821U >> ((v) >> (18 + (i)*4) & 3) * 4) & 15) /* coded 0 1 3 2 */

static void debug_regs_load(const struct debug_regs *d)
{
    write_dr0(d->address[0]);
    write_dr1(d->address[1]);
    write_dr2(d->address[2]);
    write_dr3(d->address[3]);
}

static bool debug_active(const struct debug_regs *d)
{
    return d->control & DR7_ENABLES;
}

void debug_regs_switch(const struct debug_regs *to)
{
    write_dr7(DR7_DEFAULT); /* none strikes with half the addresses changed */
    if (!debug_active(to))
        return;
    debug_regs_load(to);
    write_dr7(to->control);
}

/* DR4 and DR5 are other names of 6 and 7, unless the guest has given them up by its CR4.DE. The
 * register's real number, or one that no register has. */
static u32 debug_reg_number(const struct vcpu *v, u32 reg)
{
    if (reg == 4 || reg == 5)
        return v->ctrl_cr4 & CR4_DE ? ~0U : reg + 2;
    return reg;
}

static long address_write(struct vcpu *v, u32 i, u64 value)
{
    if (!guest_range_ok(value, 1))
        return refuse(XEN_EPERM, "a breakpoint in the hypervisor's range or at no address");
    v->debug.address[i] = value;
    if (v == current && debug_active(&v->debug))
        debug_regs_load(&v->debug);
    return 0;
}

static long status_write(struct vcpu *v, u64 value)
{
    if (value >> 32)
        return refuse(XEN_EINVAL, "a DR6 with an upper half");
    v->debug.status = (value & DR6_DEFINED) | DR6_DEFAULT;
    return 0;
}

/* The enable bits of all breakpoints of type port; such a type needs the guest's CR4.DE. */
static bool io_breakpoints(const struct vcpu *v, u64 control, u64 *enables)
{
    *enables = 0;
    if (!(control & DR7_ENABLES))
        return true;
    for (u32 i = 0; i < DEBUG_ADDRESSES; i++) {
        if (DR7_TYPE(control, i) != DR7_TYPE_IO)
            continue;
        if (!(v->ctrl_cr4 & CR4_DE))
            return false;
        *enables |= control & DR7_ENABLE(i);
    }
    return true;
}

static long control_write(struct vcpu *v, u64 value)
{
    struct debug_regs *d = &v->debug;
    bool was_active = debug_active(d);
    u64 io;

    if (value >> 32)
        return refuse(XEN_EINVAL, "a DR7 with an upper half");
    value = (value & DR7_DEFINED) | DR7_DEFAULT;
    if (value & DR7_GD)
        return refuse(XEN_EPERM, "DR7.GD would trap the hypervisor");
    if (!io_breakpoints(v, value, &io))
        return refuse(XEN_EPERM, "a breakpoint on a port without CR4.DE");
    d->control = value & ~io;
    d->control_io = io;
    if (v != current)
        return 0;
    if (debug_active(d) && !was_active)
        debug_regs_load(d);
    write_dr7(d->control);
    return 0;
}

long debug_reg_write(struct vcpu *v, u32 reg, u64 value)
{
    reg = debug_reg_number(v, reg);
    if (reg < DEBUG_ADDRESSES)
        return address_write(v, reg, value);
    if (reg == 6)
        return status_write(v, value);
    if (reg == 7)
        return control_write(v, value);
    return refuse(XEN_ENODEV, "no such debug register");
}

long debug_reg_read(const struct vcpu *v, u32 reg, u64 *value)
{
    reg = debug_reg_number(v, reg);
    if (reg < DEBUG_ADDRESSES)
        *value = v->debug.address[reg];
    else if (reg == 6)
        *value = v->debug.status;
    else if (reg == 7)
        *value = v->debug.control | v->debug.control_io;
    else
        return refuse(XEN_ENODEV, "no such debug register");
    return 0;
}

u64 debug_port_breakpoints(const struct vcpu *v, u32 port, u32 bytes)
{
    const struct debug_regs *d = &v->debug;
    u64 struck = 0;

    if (likely(!d->control_io) || !(v->ctrl_cr4 & CR4_DE))
        return 0;
    for (u32 i = 0; i < DEBUG_ADDRESSES; i++) {
        u64 width = DR7_BYTES(d->control, i), start = d->address[i] & -width;

        if (d->control_io & DR7_ENABLE(i) && start < port + bytes && start + width > port)
            struck |= 1UL << i;
    }
    return struck;
}

/* The CPU sets bits of DR6 and clears none, so that it is emptied each time. */
static u64 debug_status_take(void)
{
    u64 status = read_dr6();

    write_dr6(DR6_DEFAULT);
    return status;
}

/* #DB of a guest. Of the bits that are not as after reset, all become the guest's: those set (which
 * breakpoint, single step), and those cleared. */
void trap_debug(struct cpu_user_regs *regs)
{
    struct debug_regs *d = &current->debug;
    u64 status = debug_status_take();

    d->status = (d->status | (status & ~DR6_DEFAULT)) & (status | ~DR6_DEFAULT);
    bounce_exception(regs, EXCEPTION_DB, 0);
}

/* TF is the guest's still at the beginning of sysenter_entry, and about to be saved there. */
static bool sysenter_saves_flags(u64 rip)
{
    return rip - (u64)sysenter_entry < (u64)sysenter_flags_saved - (u64)sysenter_entry;
}

/* #DB in ring 0. RF lets an instruction pass that would fault again. */
void trap_debug_in_hypervisor(struct cpu_user_regs *regs)
{
    debug_status_take();
    this_cpu()->debugs++;
    regs->rflags |= RFLAGS_RF;
    if (!sysenter_saves_flags(regs->rip))
        regs->rflags &= ~RFLAGS_TF;
}
