/* The hypervisor's sixteen slots of every L4, the same in all address spaces. */
#ifndef HYPERVISOR_MM_HV_SLOTS_H
#define HYPERVISOR_MM_HV_SLOTS_H

#include "xen-like/lib/types.h"
#include "hypervisor/mm/layout.h"

extern u64 *hv_l4; /* the hypervisor's own L4, of which every other has these slots */

static inline void hv_slots_fill(u64 *l4)
{
    for (unsigned i = HV_FIRST_SLOT; i <= HV_LAST_SLOT; i++)
        l4[i] = hv_l4[i];
}

#endif
