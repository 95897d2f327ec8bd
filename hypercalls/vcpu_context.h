/* struct vcpu_guest_context in guest memory, in the layout of the domain @d that it is of. */
#ifndef HYPERCALLS_VCPU_CONTEXT_H
#define HYPERCALLS_VCPU_CONTEXT_H

#include "hypervisor/domain/context.h"

/* 0, -EFAULT or -ENOMEM. */
int context_read(const struct domain *d, struct vcpu_guest_context *c, u64 from);
int context_write(const struct domain *d, u64 to, const struct vcpu_guest_context *c);

#endif
