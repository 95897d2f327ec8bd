/* See domain_policy.h. Leaves are few and are looked for rarely: a vcpu remembers its last answers
 * (cpu/emulate.c). */
#include "hypervisor/cpu/domain_policy.h"

#include "hypervisor/cpu/cpuid_policy.h"
#include "hypervisor/cpu/msr.h"
#include "hypervisor/cpu/xstate.h"
#include "hypervisor/mm/alloc.h"
#include "xen-like/lib/string.h"

#define EXTENDED_FIRST 0x80000000U
#define ECX_XSAVE      (1U << 26) /* of leaf 1 */
#define ECX_AVX        (1U << 28)
#define EBX_AVX512F    (1U << 16) /* of leaf 7 */

_Static_assert(sizeof(struct domain_policy) <= PAGE_SIZE, "a policy is a page");

static xen_cpuid_leaf_t *leaf_find(const struct domain_policy *p, u32 leaf, u32 subleaf)
{
    for (u32 i = 0; p && i < p->count; i++)
        if (p->leaves[i].leaf == leaf && p->leaves[i].subleaf == subleaf)
            return (xen_cpuid_leaf_t *)&p->leaves[i];
    return NULL;
}

static struct cpuid_regs policy_leaf(const struct domain_policy *p, u32 leaf, u32 subleaf)
{
    const xen_cpuid_leaf_t *set = leaf_find(p, leaf, subleaf);
    u64 xstates = p ? p->xstates : xstate_limits.mask;
    struct cpuid_regs r;

    if (!set || leaf == LEAF_XSTATE)
        return guest_policy_leaf(xstates, leaf, subleaf);
    r = (struct cpuid_regs){set->a, set->b, set->c, set->d};
    guest_policy_limit(xstates, leaf, subleaf, &r);
    return r;
}

static void width_limit(const struct domain *d, u32 leaf, struct cpuid_regs *r)
{
    if (d->is_32bit)
        cpuid_policy_narrow(cpuid_host_here().amd, leaf, r);
}

struct cpuid_regs domain_policy_leaf(const void *domain, u32 leaf, u32 subleaf)
{
    const struct domain *d = domain;
    struct cpuid_regs r = policy_leaf(d->policy, leaf, subleaf);

    width_limit(d, leaf, &r);
    return r;
}

xen_msr_entry_t domain_policy_msr(const struct domain *d, u32 n)
{
    xen_msr_entry_t msr = system_policy_msr(XEN_SYSCTL_cpu_policy_pv_default, n);

    if (d->policy)
        msr.val = d->policy->msrs[n];
    return msr;
}

/* In the leaves of features, bits that depend on the moment stay as they are. */
static void given_show(const struct domain *d, u32 leaf, u32 subleaf, struct cpuid_regs *r)
{
    struct cpuid_regs usual, now = *r;

    if (!policy_has_subleaves(leaf))
        subleaf = 0;
    if (!d->policy || (leaf >= CPUID_HYPERVISOR_FIRST && leaf <= CPUID_HYPERVISOR_LAST))
        return;
    if (leaf > policy_leaf(d->policy, leaf & EXTENDED_FIRST, 0).eax) {
        *r = (struct cpuid_regs){0};
        return;
    }
    if (leaf == LEAF_XSTATE || !leaf_find(d->policy, leaf, subleaf))
        return; /* states go with others' features, their sizes with what is on now */
    *r = policy_leaf(d->policy, leaf, subleaf);
    if (leaf != 0x1 && leaf != (EXTENDED_FIRST | 1))
        return;
    usual = guest_policy_leaf(d->policy->xstates, leaf, subleaf);
    r->ecx |= now.ecx & ~usual.ecx;
    r->edx |= now.edx & ~usual.edx;
}

void domain_policy_show(const struct domain *d, u32 leaf, u32 subleaf, struct cpuid_regs *r)
{
    given_show(d, leaf, subleaf, r);
    width_limit(d, leaf, r);
}

struct domain_policy *domain_policy_copy(const struct domain *d)
{
    struct domain_policy *p = pages_alloc(0);

    if (!p)
        return NULL;
    if (d->policy)
        *p = *d->policy;
    else
        p->xstates = xstate_limits.mask;
    for (u32 n = 0; !d->policy && n < POLICY_MSRS; n++)
        p->msrs[n] = domain_policy_msr(d, n).val;
    return p;
}

void domain_policy_free(struct domain_policy *p)
{
    if (p)
        pages_free(p, 0);
}

int policy_set_leaf(struct domain_policy *p, const xen_cpuid_leaf_t *leaf)
{
    xen_cpuid_leaf_t *at, set = *leaf;

    if (!policy_has_leaf(leaf->leaf, leaf->subleaf))
        return refuse(XEN_ERANGE, "no policy has such a leaf");
    if (set.subleaf == XEN_CPUID_NO_SUBLEAF)
        set.subleaf = 0;
    at = leaf_find(p, set.leaf, set.subleaf);
    if (!at)
        at = &p->leaves[p->count++]; /* POLICY_LEAVES_MAX is all that there are */
    *at = set;
    return 0;
}

int policy_set_msr(struct domain_policy *p, const xen_msr_entry_t *msr)
{
    u32 n = 0;

    while (n < POLICY_MSRS && system_policy_msr(XEN_SYSCTL_cpu_policy_pv_max, n).idx != msr->idx)
        n++;
    if (msr->flags)
        return refuse(XEN_EINVAL, "flags of an MSR, of which there are none");
    if (n == POLICY_MSRS)
        return refuse(XEN_ERANGE, "no policy has such an MSR");
    if (msr->idx == MSR_PLATFORM_INFO && msr->val >> 32)
        return refuse(XEN_EOVERFLOW, "an MSR with bits that it has not");
    p->msrs[n] = msr->val;
    return 0;
}

/* Of some that say how much there is. Single features need no check: those too many are dropped. */
static int policy_check(const struct domain_policy *p, u32 *leaf, u32 *subleaf, u32 *msr)
{
    static const u32 most[] = {0, 7, EXTENDED_FIRST};
    u32 max = XEN_SYSCTL_cpu_policy_pv_max;

    for (u32 i = 0; i < ARRAY_SIZE(most); i++) {
        const xen_cpuid_leaf_t *set = leaf_find(p, most[i], 0);

        if (!set || set->a <= system_policy_leaf(&max, most[i], 0).eax)
            continue;
        *leaf = most[i];
        *subleaf = most[i] == 7 ? 0 : XEN_CPUID_NO_SUBLEAF;
        return refuse(XEN_EINVAL, "a policy with more leaves than there are");
    }
    if (p->msrs[0] & ~system_policy_msr(max, 0).val) {
        *msr = MSR_PLATFORM_INFO;
        return refuse(XEN_EINVAL, "a policy with more of an MSR than there is");
    }
    return 0;
}

static u64 xstates_of(const struct domain_policy *p)
{
    u64 states = XSTATE_LEGACY;

    if (!(policy_leaf(p, 1, 0).ecx & ECX_XSAVE))
        return 0;
    states |= policy_leaf(p, 1, 0).ecx & ECX_AVX ? XSTATE_YMM : 0;
    states |= policy_leaf(p, 7, 0).ebx & EBX_AVX512F ? XSTATE_AVX512 : 0;
    return states & xstate_limits.mask;
}

int domain_policy_set(struct domain *d, struct domain_policy *p, u32 *leaf, u32 *subleaf, u32 *msr)
{
    int rc = policy_check(p, leaf, subleaf, msr);

    if (rc)
        return rc;
    p->xstates = xstate_limits.mask;
    p->xstates = xstates_of(p);
    p->msrs[1] &= system_policy_msr(XEN_SYSCTL_cpu_policy_pv_max, 1).val;
    domain_policy_free(d->policy);
    d->policy = p;
    for (u32 i = 0; i < d->max_vcpus; i++)
        if (d->vcpus[i])
            memset(d->vcpus[i]->cpuid, 0, sizeof(d->vcpus[i]->cpuid));
    return 0;
}
