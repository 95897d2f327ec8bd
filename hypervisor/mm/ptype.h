/*
 * The page-type machine: how a frame becomes a page table and stops being one.
 *
 * A frame becomes a table of level n only by validation of all its 512 entries, which takes a
 * reference (and for n > 1, or a writable mapping, a type reference) on every frame that they name;
 * recursively those become tables of level n-1. Teardown gives it all back. See docs/page-types.md.
 */
#ifndef HYPERVISOR_MM_PTYPE_H
#define HYPERVISOR_MM_PTYPE_H

#include "hypervisor/mm/frame.h"
#include "hypervisor/mm/pte.h"

/*
 * Take a type reference on a frame the caller already holds a reference to.
 * 0, or -EINVAL when the frame is in use as something else or fails validation (nothing is
 * changed).
 */
int frame_type_get(struct frame *f, u64 type);
void frame_type_put(struct frame *f);

/* Reference and type reference together, for a frame of @d: 0 or -EINVAL. */
int frame_get_and_type(mfn_t m, struct domain *d, u64 type);
void frame_put_and_type(struct frame *f);

/* The references that a present entry of the table @t, of level 2 to 4, holds on the table it
 * names: one of the level below, or as a linear entry (linear.h) one of its own. -EINVAL. */
int table_entry_get(u64 e, int level, struct frame *t);
void table_entry_put(u64 e, int level, struct frame *t);

/* An entry of level 2 to 4 as it is stored, with the bits that Xen forces. */
static inline u64 pte_adjust(u64 e, int level)
{
    return e | PTE_US | (level == 4 ? PTE_A : 0);
}

/* Slots of an L4 that are the hypervisor's, never the guest's. */
static inline bool l4_slot_is_ours(unsigned i)
{
    return i - 256u < 16u;
}

#endif
