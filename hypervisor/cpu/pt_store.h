/*
 * A guest kernel's plain stores to its own page tables: they fault, since no guest has a writable
 * mapping of a table, and are carried out as the updates that they mean.
 */
#ifndef HYPERVISOR_CPU_PT_STORE_H
#define HYPERVISOR_CPU_PT_STORE_H

#include "hypervisor/domain/domain.h"

/*
 * The running vcpu's kernel made a fault of kind PF_STORE at @cr2. True: it was a store to an L1
 * table of its domain, which is done, and @regs (all fifteen registers) is the state behind the
 * instruction. False: nothing has changed, and the fault is the guest's to see.
 */
bool pt_store_emulate(struct cpu_user_regs *regs, u64 cr2);

#endif
