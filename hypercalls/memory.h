/* What the files of memory_op share. */
#ifndef HYPERCALLS_MEMORY_H
#define HYPERCALLS_MEMORY_H

#include "hypervisor/domain/domain.h"

/* The domain that a guest's @id names and that it may touch: itself. NULL: another, or none.
 * (Others can be named once a toolstack creates them.) */
static inline struct domain *memory_domain(domid_t id)
{
    struct domain *self = current->domain;

    return id == DOMID_SELF || id == self->id ? self : NULL;
}

/* increase_reservation, decrease_reservation, populate_physmap: how many extents of the list are
 * done, from the first on; extents before @start were done by an earlier call. Never an errno. */
long memory_reservation(u32 op, u64 start, u64 arg);

/* The queries about the machine: 0 or an errno. */
long memory_machphys_mapping(u64 arg);
long memory_machphys_list(u64 arg);
long memory_machine_map(u64 arg);

#endif
