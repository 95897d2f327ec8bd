/*
 * Exceptions before the CPU has its own tables: without this, any fault during boot would be a
 * triple fault, a machine that restarts without a word.
 */
#ifndef HYPERVISOR_BOOT_EARLY_TRAP_H
#define HYPERVISOR_BOOT_EARLY_TRAP_H

#include "xen-like/lib/types.h"

#define EARLY_TRAPS           32 /* the CPU's own vectors */
#define EARLY_TRAP_STUB_BYTES 16

/* What start.asm's stubs leave on the stack, lowest address first. */
struct early_frame {
    u64 vector, error, rip, cs, flags, rsp, ss;
};

/* Load an interrupt table whose every entry ends in a panic that says what happened. It serves
 * until the CPU gets its real one. */
void early_traps_init(void);

/* Called by start.asm. */
NORETURN void early_trap(const struct early_frame *frame);

#endif
