/*
 * How wide a domain's kernel is: 64 bits, in ring 3 beside its user space, or 32 bits with PAE, in
 * ring 1. It is settled before the domain has memory; whatever depends on it asks domain.is_32bit.
 */
#ifndef HYPERVISOR_DOMAIN_WIDTH_H
#define HYPERVISOR_DOMAIN_WIDTH_H

#include "hypervisor/domain/domain.h"

/* XEN_DOMCTL_set_address_size. @bits: 32 or 64. 0; -EINVAL for another width; -EACCES once it has
 * memory; -ENOMEM. The domain does not run, and domctl_lock is held (or nobody knows it yet). */
int domain_set_width(struct domain *d, u32 bits);

#endif
