/*
 * The page-type machine: how a frame becomes a page table and stops being one.
 *
 * A frame becomes a table of level n only by validation of all its 512 entries, which takes a
 * reference (and for n > 1, or a writable mapping, a type reference) on every frame that they name;
 * recursively those become tables of level n-1. Teardown gives it all back. See docs/page-types.md.
 */
#ifndef HYPERVISOR_MM_PTYPE_H
#define HYPERVISOR_MM_PTYPE_H

#include "hypervisor/domain/domain.h"
#include "hypervisor/mm/frame.h"
#include "hypervisor/mm/pte.h"

/*
 * Take a type reference on a frame the caller already holds a reference to.
 * 0, or -EINVAL when the frame is in use as something else or fails validation (nothing is
 * changed). RESTART, for a table: others want the CPU, nothing was taken, and the same again goes
 * on where this stopped. What fails as a table is to retire.
 */
int frame_type_get(struct frame *f, u64 type);
void frame_type_put(struct frame *f);

/* Reference and type reference together, for a frame of @d: as above, but what fails retires, as
 * far as it can at once. */
int frame_get_and_type(mfn_t m, struct domain *d, u64 type);
void frame_put_and_type(struct frame *f);

/*
 * Whatever failed or was put may leave tables that are still to be torn down, because others want
 * the CPU: they wait in the list of the running vcpu. tables_retire goes on with them: 0 when none
 * is left, or RESTART. A call that deals in tables begins with it, and does not end before it is
 * done; in between the guest may run. Who holds a table (frame_hold_table) may tear down what his
 * own update left, which never counts on it; not what was left before: it would wait for the lock.
 */
int tables_retire(void);

/* The same for a table that nobody goes on to validate, because its domain is dying. */
void table_give_up_partial(struct frame *f);

static inline bool tables_retiring(void)
{
    return current->retiring;
}

static inline int tables_retire_pending(void)
{
    return unlikely(tables_retiring()) ? tables_retire() : 0;
}

/* A reference and a use as a table of @type, for a frame of @d: 0, -EINVAL or RESTART. What fails
 * retires with the next tables_retire. */
int table_get(mfn_t m, struct domain *d, u64 type);

/* The references that a present entry of the table @t, of level 2 to 4, holds on the table it
 * names: one of the level below, or as a linear entry (linear.h) one of its own. -EINVAL, or
 * RESTART. What is put, or fails, retires with the next tables_retire. */
int table_entry_get(u64 e, int level, struct frame *t);
void table_entry_put(u64 e, int level, struct frame *t);

/* An entry of level 2 to 4 as it is stored in a table of @d, with the bits that Xen forces. */
static inline u64 pte_adjust(u64 e, int level, const struct domain *d)
{
    if (unlikely(d->is_32bit))
        return level == 3 ? e | PTE_US | PTE_RW : e;
    return e | PTE_US | (level == 4 ? PTE_A : 0);
}

/* Slots of an L4 that are the hypervisor's, never the guest's. */
static inline bool l4_slot_is_ours(unsigned i)
{
    return i - 256u < 16u;
}

#endif
