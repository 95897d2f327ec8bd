/*
 * The hypervisor's sixteen slots of every L4, the same in all address spaces: but for the first,
 * through which guests read the machine-to-phys table. Xen's rule for that one: a kernel's tables
 * have it, those of user space do not. So it appears when a table becomes a kernel's base pointer;
 * with the m2p_strict assist every L4 has it from validation on, and loses it when it becomes a
 * user base pointer.
 */
#ifndef HYPERVISOR_MM_HV_SLOTS_H
#define HYPERVISOR_MM_HV_SLOTS_H

#include "xen-like/lib/types.h"
#include "hypervisor/mm/layout.h"

extern u64 *hv_l4; /* the hypervisor's own L4, of which every other has these slots */

static inline void hv_slots_m2p(u64 *l4, bool readable)
{
    l4[HV_FIRST_SLOT] = readable ? hv_l4[HV_FIRST_SLOT] : 0;
}

static inline void hv_slots_fill(u64 *l4, bool m2p_readable)
{
    hv_slots_m2p(l4, m2p_readable);
    for (unsigned i = HV_FIRST_SLOT + 1; i <= HV_LAST_SLOT; i++)
        l4[i] = hv_l4[i];
}

#endif
