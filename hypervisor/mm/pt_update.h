/* Changes of page-table entries: the one road that every update takes, whichever call asked for it.
 */
#ifndef HYPERVISOR_MM_PT_UPDATE_H
#define HYPERVISOR_MM_PT_UPDATE_H

#include "hypervisor/mm/ptype.h"

/*
 * Write @val into *@slot, an entry of the locked table @t of any level.
 * @preserve_ad: keep accessed and dirty bits of the old entry. @pt_dom owns the table, @pg_dom the
 * frames. 0, or Xen's errno; refused means unchanged.
 */
int pt_entry_write(struct frame *t, u64 *slot, u64 val, bool preserve_ad, struct domain *pt_dom,
                   struct domain *pg_dom);

/* Find the L1 entry that maps @va in the tree at @root: its slot, NULL when there is none. No
 * reference is taken: for the running vcpu's own tree only, whose tables the tree itself keeps
 * alive. */
u64 *pt_find_l1e(mfn_t root, u64 va);

struct vcpu;

/* MMUEXT_NEW_BASEPTR and NEW_USER_BASEPTR for the running vcpu @v. 0 or -EINVAL. */
int vcpu_set_base(struct vcpu *v, mfn_t m);
int vcpu_set_user_base(struct vcpu *v, mfn_t m); /* m.n == 0: none */

/* MMUEXT_PIN and UNPIN. 0 or -EINVAL. */
int table_pin(mfn_t m, struct domain *d, int level);
int table_unpin(mfn_t m, struct domain *d);

#endif
