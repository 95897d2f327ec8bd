/* Changes of page-table entries: the one road that every update takes, whichever call asked for it.
 */
#ifndef HYPERVISOR_MM_PT_UPDATE_H
#define HYPERVISOR_MM_PT_UPDATE_H

#include "hypervisor/mm/ptype.h"

/*
 * Write @val into *@slot of a frame of @pt_dom that is held as @type (frame_hold_table): an entry
 * of a table of that level, or a plain word of writable memory. @pg_dom owns the frame that @val
 * names.
 * @preserve_ad keeps the old entry's accessed and dirty bits.
 * 0, or Xen's errno (xen.h at mmu_update); refused means unchanged:
 *   -EINVAL  forbidden flags, a hypervisor slot, no table, a table of the wrong type
 *   -EBUSY   the frame is another domain's, or in use as something that must not be written
 *   -EPERM   I/O frame without permission
 * RESTART, and tables to retire, as for frame_get_and_type. None may have been left when the frame
 * was taken hold of.
 */
int pt_entry_write(u64 type, u64 *slot, u64 val, bool preserve_ad, struct domain *pt_dom,
                   struct domain *pg_dom);

/* The same for an L1 entry, known to be one. */
int l1e_write(u64 *slot, u64 val, bool preserve_ad, struct domain *pt_dom, struct domain *pg_dom);

/*
 * The slot of the L1 entry that maps @va in the tree at @root, NULL when an upper level is missing.
 * No reference is taken: only for the running vcpu's own tree, which keeps its tables alive.
 */
u64 *pt_find_l1e(mfn_t root, u64 va);

/* The bits (PTE_US, PTE_RW) that all entries on the way to @va have; 0: it is not mapped. As above.
 */
u64 pt_rights(mfn_t root, u64 va);

/* MMUEXT_PIN_Ln_TABLE and MMUEXT_UNPIN_TABLE. 0 or -EINVAL. */
int table_pin(mfn_t m, struct domain *d, int level);
int table_unpin(mfn_t m, struct domain *d);

#endif
