/* Which hypercalls a vcpu made last: for the report of its end. */
#ifndef HYPERVISOR_DEBUG_LAST_CALLS_H
#define HYPERVISOR_DEBUG_LAST_CALLS_H

#include "hypervisor/domain/domain.h"

/* Name them in the log, the latest first. */
void last_calls_show(const struct vcpu *v);

#endif
