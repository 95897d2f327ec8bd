/*
 * Shadow tables: what the CPU walks in place of the guest's own tables while its domain is watched
 * for writes (mm/dirty.h), and only then.
 *
 * The trick: they are a TLB that is made of memory. Each CPU has one. It begins empty; a page fault
 * copies one translation from the guest's tables, and sets there the accessed and dirty bits, as
 * the CPU's own walk would have; a page becomes writable at its first store, when it has been
 * marked. Whatever flushes the TLB of the CPU empties it, an invlpg drops one page. So the rules
 * that keep stale translations from doing harm (mm/tlb.h) hold for it as they are, and no update of
 * a table needs to know of it.
 */
#ifndef HYPERVISOR_MM_SHADOW_H
#define HYPERVISOR_MM_SHADOW_H

#include "hypervisor/domain/domain.h"

/* Memory for the shadow tables of all CPUs; it is kept. 0 or -ENOMEM. */
int shadow_prepare(void);

/* Choose what the CPU walks for @v, which runs here or is about to: v->root_kernel and root_user.
 * They are to be loaded next (tlb_load_root). */
void shadow_show(struct vcpu *v);

/* While the CPU's shadow tables are in use (percpu.shadow): all translations go, or those of one
 * page. The CPU's own TLB must be flushed next. */
void shadow_empty(void);
void shadow_drop(u64 va);

/*
 * A page fault at the guest's address @va, with the CPU's @error_code, through the tables loaded:
 * true, and the access is to be tried again; or the guest's own tables refuse it, and *error_code
 * says what the CPU would have said of those.
 */
bool shadow_fault(u64 va, bool kernel, u32 *error_code);

#endif
