/*
 * GRANTS, the giving side: entries of this domain's grant table (version 1), by which it lets one
 * other domain use one of its frames (xen/grant_table.h, "Grant table entry management").
 *
 * The entry is ours to write until the other domain uses the frame; then the hypervisor has set a
 * bit in it, and the grant cannot be taken back until that is gone. The table grows as it is used.
 */
#ifndef GUEST_KERNEL_GRANT_GRANT_H
#define GUEST_KERNEL_GRANT_GRANT_H

#include "guest-kernel/mm/frame_number.h"
#include "xen-like/abi/xen.h"

#define GRANT_NONE 0xffffffffu

/*
 * Before the first grant, and before the first address space of a process: those share what the
 * kernel's half holds by then. 0 or the hypervisor's negative errno. May be called again, from the
 * same vcpu: it then does nothing.
 */
long grant_init(void);

/* A reference to a frame for another domain; GRANT_NONE: the table is full, or the frame's number
 * is too large for an entry. May be called with upcalls masked, and from several vcpus. */
grant_ref_t grant_give(domid_t to, mfn_t frame, bool read_only);

/* Takes it back: false, and nothing has changed, as long as it is in use. */
bool grant_end(grant_ref_t ref);

#endif
