/* A vcpu's whole state in the form of the ABI, struct vcpu_guest_context: how it begins. */
#ifndef HYPERVISOR_DOMAIN_CONTEXT_H
#define HYPERVISOR_DOMAIN_CONTEXT_H

#include "hypervisor/domain/domain.h"

/*
 * Let @v, which does not run, begin with what @c says: a private copy, of which nothing need be
 * true. With VGCF_online in its flags it may run at once, else not. A vcpu that has begun before
 * keeps its tables, and gets the rest. The domain's vcpus_lock is held.
 *
 * 0; -EINVAL: an address that is none of the guest's, a descriptor table or page tables that cannot
 * be had (or what validation of the latter says); -EOPNOTSUPP: other tables than it has; RESTART:
 * the same again goes on where this stopped.
 */
int vcpu_context_set(struct vcpu *v, const struct vcpu_guest_context *c);

#endif
