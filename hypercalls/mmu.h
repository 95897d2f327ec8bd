/* What the families about page tables share. */
#ifndef HYPERCALLS_MMU_H
#define HYPERCALLS_MMU_H

#include "hypercalls/hypercalls.h"
#include "hypervisor/mm/io_frames.h"
#include "hypervisor/mm/tlb.h"

/*
 * The domain whose frames @self may name as @id: DOMID_SELF, or DOMID_IO for who may touch devices.
 * NULL: -ESRCH, also for the domain's own number (xen.h says "foreign", and Xen means it).
 */
struct domain *pg_owner_find(u16 id, struct domain *self);

#endif
