/*
 * Exceptions, software interrupts, system calls: who handles what. A handler answers true when it
 * has dealt with the trap and the interrupted kernel code may go on; a trap that nobody deals with
 * is reported with registers and stack, and ends the domain.
 *
 * Handlers here are for traps taken in the kernel. A trap taken in user space ends user_run
 * instead: see user.h. To provoke a trap on purpose and look at it: see fault.h.
 */
#ifndef GUEST_KERNEL_CORE_TRAP_H
#define GUEST_KERNEL_CORE_TRAP_H

#include "guest-kernel/core/trap_frame.h"
#include "xen-like/abi/xen.h"

typedef bool trap_handler(struct trap_frame *frame);

/* Registers the 32 exceptions and the callbacks with the hypervisor. int3 and into are for
 * everyone. */
void trap_init(void);

/*
 * From now on all entries mask upcalls, as an interrupt gate does: for a kernel that opens them. An
 * upcall that came in an entry from user mode would find no stack (core/user.c), one before a page
 * fault's address is read could lead to another fault.
 */
void trap_mask_upcalls(void);

/* What it registers: also part of what another vcpu starts with. An entry with address 0 ends it.
 */
#define EXCEPTION_COUNT 32
void trap_table_fill(struct trap_info table[EXCEPTION_COUNT + 1]);
extern char trap_entry_stubs[], trap_entry_syscall[], trap_entry_event[], trap_entry_failsafe[];

/* Makes fn the handler of a vector (or of VECTOR_EVENT); NULL takes it away again. */
void trap_handle(unsigned int vector, trap_handler *fn);

/*
 * Lets `int vector` in for rings up to dpl (1: this kernel, 3: user processes too). Returns 0 or a
 * negative errno of set_trap_table.
 */
long trap_gate_set(unsigned int vector, unsigned int dpl);

/* The address that this vcpu's last page fault was about. */
u64 trap_fault_address(void);

#endif
