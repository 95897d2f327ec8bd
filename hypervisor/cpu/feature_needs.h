/*
 * Features that are nothing without another: a policy that lacks the one has not the other,
 * whatever a toolstack says (as Xen 4.17: xl's `cpuid=` relies on it).
 */
#ifndef HYPERVISOR_CPU_FEATURE_NEEDS_H
#define HYPERVISOR_CPU_FEATURE_NEEDS_H

#include "xen-like/lib/types.h"

/* Takes from a featureset (cpu/system_policy.h: FEATURE_WORDS words) what lacks what it needs. */
void feature_needs_settle(u32 *features);

#endif
