/* What the files of memory_op share. */
#ifndef HYPERCALLS_MEMORY_H
#define HYPERCALLS_MEMORY_H

#include "hypercalls/authority.h"
#include "hypercalls/continuation.h"
#include "hypercalls/hypercalls.h"
#include "hypervisor/domain/domain.h"

#define MEMORY_OP_BITS 6 /* of the command word; above them is how far the list is done */

/* The call goes on later, from there on. */
static inline long memory_continue(u32 op, u64 done, u64 arg)
{
    return call_continue(__HYPERVISOR_memory_op, done << MEMORY_OP_BITS | op, arg, 0, 0);
}

/* increase_reservation, decrease_reservation, populate_physmap: how many extents of the list are
 * done, from the first on; extents before @start were done by an earlier call. Never an errno. */
long memory_reservation(u32 op, u64 start, u64 arg);

/* The largest block for one extent: 1 GiB for the control domain, 2 MiB for others (Xen's default
 * of memop-max-order). */
static inline u32 memory_order_max(void)
{
    return is_authorised(DEED_LARGE_EXTENTS, NULL) ? 18 : 9;
}

/* Of a machine, to Xen. */
#define NODES_MAX 64U

/* May frames be asked for from the node that XENMEMF_* flags name? */
bool memory_node_acceptable(u32 flags);

/* exchange: 0 or an errno. */
long memory_exchange(u64 arg);

/* A domain's own memory map, and setting anybody's: 0 or an errno. */
long memory_own_map(u64 arg);
long memory_set_map(u64 arg);

/* What a PV guest is refused, and how; @start as above. */
long memory_physmap_add(u64 start, u64 arg);
long memory_physmap_add_batch(u64 start, u64 arg);
long memory_physmap_remove(u64 arg);
long memory_pod_target(u64 arg);
long memory_vnuma(u64 arg);
long memory_acquire_resource(u64 start, u64 arg);
long memory_access(u64 arg);
long memory_reserved_by_devices(u64 arg);
long memory_claim(u64 arg);

/* The queries about the machine: 0 or an errno. @narrow: of the table that 32-bit guests see. */
long memory_machphys_mapping(u64 arg);
long memory_machphys_list(u64 arg, bool narrow);
long memory_machine_map(u64 arg);

#endif
