/* in, out, ins and outs of a guest, in either of its modes. */
#ifndef HYPERVISOR_CPU_EMULATE_IO_H
#define HYPERVISOR_CPU_EMULATE_IO_H

#include "hypervisor/cpu/emulate_decode.h"
#include "hypervisor/domain/domain.h"

/* What came of an instruction. */
enum outcome {
    REFUSED, /* #GP */
    DONE,
    REPEATS, /* done for now, to be executed again */
    INVALID, /* #UD */
    STACK,   /* #SS */
    RAISED,  /* an exception that was bounced already */
    STARTED, /* interrupted: as if it had not been executed yet, and it goes on when it is */
};

/* May @v, which is running at @cs, do what needs an I/O privilege level: cli, sti, any port? */
bool iopl_suffices(const struct vcpu *v, u16 cs);

/* Carry out @insn, which is one of the four. *@struck: the bits of DR6 for the breakpoints on ports
 * that it met, to be raised when it is retired. */
enum outcome io_emulate(const struct priv_insn *insn, struct vcpu *v, struct cpu_user_regs *regs,
                        u64 *struck);

#endif
