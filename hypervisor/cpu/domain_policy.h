/*
 * What a domain is told of the CPU: the default policy (system_policy.h), and in its place what a
 * toolstack has given for single leaves before the domain ran, as far as a guest may have it. So
 * two machines look alike to a guest that moves from one to the other.
 */
#ifndef HYPERVISOR_CPU_DOMAIN_POLICY_H
#define HYPERVISOR_CPU_DOMAIN_POLICY_H

#include "hypervisor/cpu/system_policy.h"
#include "hypervisor/domain/domain.h"

/* A page. */
struct domain_policy {
    u64 xstates; /* bits of XCR0 that the guest may set */
    u64 msrs[POLICY_MSRS];
    u32 features[FEATURE_WORDS]; /* of all leaves, given or not */
    u32 count; /* of leaves that were given; their subleaf is 0 where there are none */
    xen_cpuid_leaf_t leaves[POLICY_LEAVES_MAX];
};

/* Boot, once, after policies_init(). */
void domain_policy_init(void);

/* A leaf of the policy of @domain, a struct domain; and an MSR. */
struct cpuid_regs domain_policy_leaf(const void *domain, u32 leaf, u32 subleaf);
xen_msr_entry_t domain_policy_msr(const struct domain *d, u32 n);

/* The leaf as the guest sees it: @r is what it would see by default at this moment. */
void domain_policy_show(const struct domain *d, u32 leaf, u32 subleaf, struct cpuid_regs *r);

/* Bits of XCR0 that a guest may set. */
static inline u64 domain_xstates(const struct domain *d)
{
    return d->policy ? d->policy->xstates : xstate_limits.mask;
}

/* A copy of the policy of @d, to be changed; NULL: out of memory. Who does not make it the domain's
 * frees it. */
struct domain_policy *domain_policy_copy(const struct domain *d);
void domain_policy_free(struct domain_policy *p);

/* Change a leaf, or an MSR, of one: -ERANGE, there is none such; of an MSR also -EINVAL,
 * -EOVERFLOW. */
int policy_set_leaf(struct domain_policy *p, const xen_cpuid_leaf_t *leaf);
int policy_set_msr(struct domain_policy *p, const xen_msr_entry_t *msr);

/* Make @p the policy of @d, none of whose vcpus runs. -EINVAL: it promises more than there is, and
 * where is in *@leaf, *@subleaf or *@msr. */
int domain_policy_set(struct domain *d, struct domain_policy *p, u32 *leaf, u32 *subleaf, u32 *msr);

#endif
