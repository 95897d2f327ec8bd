/*
 * Linear page tables: a table that names, among the tables of the level below, one of its own level
 * (often itself), so that the CPU's walk ends one level early and the tables appear as memory.
 *
 * It is safe while the entry cannot write, and while it cannot hide in a circle: then counts would
 * never fall to zero. So a table either has such entries or is named by such entries, never both;
 * frame.linear counts the one above zero and the other below. An entry that names its own table
 * holds nothing. The rules are Xen's.
 */
#ifndef HYPERVISOR_MM_LINEAR_H
#define HYPERVISOR_MM_LINEAR_H

#include "hypervisor/mm/ptype.h"

/* Take what the entry @e of table @t, of @level, holds as a linear entry: 0, or -EINVAL if it is
 * none that may be. The caller has found that it is no ordinary entry. */
int linear_get(u64 e, struct frame *t, int level);

/* Does the present entry @e of table @t name @t itself? */
static inline bool linear_is_self(u64 e, const struct frame *t)
{
    return mfn_eq(pte_mfn(e), frame_to_mfn(t));
}

/* If @e of @t is a linear entry, it is one no more. Before its references are given back. */
void linear_put(u64 e, struct frame *t, int level);

#endif
