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

/* Let @d map the frame at @m writable or not; used for every mapping that a guest makes. */

/* References of one present entry. l1e_get may change *e (cache attributes of I/O frames).
 * Both are told who owns the table (@pt_dom) and from whom frames are mapped (@pg_dom).
 * Errors as Xen's: -EINVAL bad flags or frame number, -EPERM I/O not permitted, -EBUSY not this
 * owner's or not writable now, -EACCES cache attributes of a hypervisor page. */
int l1e_get(u64 *e, struct domain *pt_dom, struct domain *pg_dom);
void l1e_put(u64 e, struct domain *pt_dom);
int table_entry_get(u64 e, int level, struct domain *d); /* levels 2 to 4 */
void table_entry_put(u64 e, int level);

/* The entry as it is stored: Xen's forced bits added (user bit and its kin). */
u64 pte_adjust(u64 e, int level);

/* Slots of an L4 that are the hypervisor's, never the guest's. */
static inline bool l4_slot_is_ours(unsigned i)
{
    return i - 256u < 16u;
}

#endif
