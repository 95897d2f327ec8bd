/* See domain_policy.h. Leaves are few and are looked for rarely: a vcpu remembers its last answers
 * (cpu/emulate.c). */
#include "hypervisor/cpu/domain_policy.h"

#include "hypervisor/cpu/cpuid_policy.h"
#include "hypervisor/cpu/feature_needs.h"
#include "hypervisor/cpu/features.h"
#include "hypervisor/cpu/msr.h"
#include "hypervisor/cpu/xstate.h"
#include "hypervisor/mm/alloc.h"
#include "xen-like/abi/cpu_features.h"
#include "xen-like/lib/string.h"

#define EXTENDED_FIRST 0x80000000U
#define EXTENDED_WORDS (EXTENDED_FIRST | 1)
#define WIDTHS         (EXTENDED_FIRST | 8)
#define LAST_OF_AMD    0x21U
#define LAST_OF_INTEL  0x8U
#define EBX_FLUSHED    0xff00U /* of leaf 1: the lines that CLFLUSH flushes */
#define EDX_PAE        (1U << 6)
#define EDX_PSE36      (1U << 17)
#define EDX_LM         (1U << 29)           /* of EXTENDED_WORDS */
#define EBX_FPU        (1U << 6 | 1U << 13) /* of leaf 7: what FPU state has no more */
#define PHYSICAL_BITS  0xffU                /* of WIDTHS; then the linear ones */
#define LINEAR(bits)   ((u32)(bits) << 8)
#define XSAVE          (XEN_X86_FEATURE_XSAVE)

_Static_assert(sizeof(struct domain_policy) <= PAGE_SIZE, "a policy is a page");

/* That of a domain to which none has been given: each leaf of the default, as if it had been. */
static struct domain_policy default_policy;

static const struct domain_policy *policy_of(const struct domain *d)
{
    return d->policy ? d->policy : &default_policy;
}

static xen_cpuid_leaf_t *leaf_find(const struct domain_policy *p, u32 leaf, u32 subleaf)
{
    for (u32 i = 0; i < p->count; i++)
        if (p->leaves[i].leaf == leaf && p->leaves[i].subleaf == subleaf)
            return (xen_cpuid_leaf_t *)&p->leaves[i];
    return NULL;
}

/* What was given for a leaf, or the default, with the policy's features; as far as a guest may have
 * it. */
static struct cpuid_regs given_leaf(const struct domain_policy *p, u32 leaf, u32 subleaf)
{
    const xen_cpuid_leaf_t *set = leaf_find(p, leaf, subleaf);
    struct cpuid_regs r;

    if (leaf == LEAF_XSTATE) { /* its states go with the features */
        r = guest_policy_leaf(p->xstates, leaf, subleaf);
        r.eax &= subleaf == 1 ? p->features[FEATURES_SAVING] : ~0U;
        return r;
    }
    if (!set)
        return guest_policy_leaf(p->xstates, leaf, subleaf);
    r = (struct cpuid_regs){set->a, set->b, set->c, set->d};
    policy_features_put(p->features, leaf, subleaf, &r);
    guest_policy_limit(p->xstates, leaf, subleaf, &r);
    return r;
}

/* Of addresses: no more bits than there are, nor fewer than the pages' form has. */
static u32 widths_correct(const struct domain_policy *p, u32 given)
{
    u32 most = cpuid(WIDTHS, 0).eax & PHYSICAL_BITS;
    u32 least = p->features[0] & (EDX_PAE | EDX_PSE36) ? 36 : 32;
    bool is_long = p->features[FEATURES_AMD_EDX] & EDX_LM;

    return MAX(MIN(given & PHYSICAL_BITS, most), least) | LINEAR(is_long ? 48 : 32);
}

/* What is the CPU's, or follows from other leaves, whatever was given. */
static void correct(const struct domain_policy *p, u32 leaf, u32 subleaf, struct cpuid_regs *r)
{
    const xen_cpuid_leaf_t *usual = leaf_find(&default_policy, leaf, subleaf);

    if (leaf == 0x1) {
        r->ebx = (r->ebx & ~EBX_FLUSHED) | (usual->b & EBX_FLUSHED);
    } else if (leaf == 0x7 && !subleaf && usual) {
        r->ebx = (r->ebx & ~EBX_FPU) | (usual->b & EBX_FPU);
    } else if (leaf == EXTENDED_WORDS) {
        r->edx &= ~CPUID_COMMON_EDX;
        r->edx |= features.amd ? p->features[0] & CPUID_COMMON_EDX : 0;
    } else if (leaf == EXTENDED_FIRST) {
        r->eax = EXTENDED_FIRST | MIN(r->eax & 0xffff, features.amd ? LAST_OF_AMD : LAST_OF_INTEL);
    } else if (leaf == WIDTHS) {
        r->eax = widths_correct(p, r->eax);
    }
}

static struct cpuid_regs policy_leaf(const struct domain_policy *p, u32 leaf, u32 subleaf)
{
    struct cpuid_regs r = given_leaf(p, leaf, subleaf);

    correct(p, leaf, subleaf, &r);
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
    struct cpuid_regs r = policy_leaf(policy_of(d), leaf, subleaf);

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
    if (leaf == LEAF_XSTATE && subleaf == 1)
        r->eax &= d->policy->features[FEATURES_SAVING];
    if (leaf == LEAF_XSTATE || !leaf_find(d->policy, leaf, subleaf))
        return; /* states go with others' features, their sizes with what is on now */
    *r = policy_leaf(d->policy, leaf, subleaf);
    if (leaf != 0x1 && leaf != (EXTENDED_FIRST | 1))
        return;
    usual = policy_leaf(&default_policy, leaf, subleaf);
    r->ecx |= now.ecx & ~usual.ecx;
    r->edx |= now.edx & ~usual.edx;
}

void domain_policy_show(const struct domain *d, u32 leaf, u32 subleaf, struct cpuid_regs *r)
{
    given_show(d, leaf, subleaf, r);
    width_limit(d, leaf, r);
}

static struct cpuid_regs default_leaf(const void *none, u32 leaf, u32 subleaf)
{
    (void)none;
    return guest_policy_leaf(xstate_limits.mask, leaf, subleaf);
}

void domain_policy_init(void)
{
    struct domain_policy *p = &default_policy;
    xen_cpuid_leaf_t at = {.leaf = POLICY_BEGIN};

    p->xstates = xstate_limits.mask;
    for (u32 n = 0; n < POLICY_MSRS; n++)
        p->msrs[n] = system_policy_msr(XEN_SYSCTL_cpu_policy_pv_default, n).val;
    for (u32 w = 0; w < FEATURE_WORDS; w++)
        p->features[w] = policy_features(default_leaf, NULL, p->msrs[1], w);
    while (policy_leaf_next(default_leaf, NULL, &at))
        policy_set_leaf(p, &at);
}

struct domain_policy *domain_policy_copy(const struct domain *d)
{
    struct domain_policy *p = pages_alloc(0);

    if (p)
        *p = *policy_of(d);
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
    policy_features_take(p->features, set.leaf, set.subleaf,
                         &(struct cpuid_regs){set.a, set.b, set.c, set.d});
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

/* What was given for them stays corrected, too. */
static void widths_settle(struct domain_policy *p)
{
    xen_cpuid_leaf_t *set = leaf_find(p, WIDTHS, 0);

    if (set)
        set->a = widths_correct(p, set->a);
}

/* All features as they are left when what no guest may have, or lacks what it needs, is gone: for
 * good, until somebody gives that leaf again. */
static void features_settle(struct domain_policy *p)
{
    p->features[FEATURES_ARCH_CAPS] = (u32)p->msrs[1];
    p->features[FEATURES_ARCH_CAPS + 1] = (u32)(p->msrs[1] >> 32);
    for (u32 w = 0; w < FEATURE_WORDS; w++)
        p->features[w] &= guest_features_most[w];
    if (leaf_find(p, 0, 0)->a < LEAF_XSTATE)
        p->features[XSAVE / 32] &= ~(1U << XSAVE % 32);
    feature_needs_settle(p->features);
    p->msrs[1] = p->features[FEATURES_ARCH_CAPS] | (u64)p->features[FEATURES_ARCH_CAPS + 1] << 32;
}

static bool has_feature(const struct domain_policy *p, u32 feature)
{
    return p->features[feature / 32] >> feature % 32 & 1;
}

static u64 xstates_of(const struct domain_policy *p)
{
    u64 states = XSTATE_LEGACY;

    if (!has_feature(p, XSAVE))
        return 0;
    states |= has_feature(p, XEN_X86_FEATURE_AVX) ? XSTATE_YMM : 0;
    states |= has_feature(p, XEN_X86_FEATURE_AVX512F) ? XSTATE_AVX512 : 0;
    return states & xstate_limits.mask;
}

int domain_policy_set(struct domain *d, struct domain_policy *p, u32 *leaf, u32 *subleaf, u32 *msr)
{
    int rc = policy_check(p, leaf, subleaf, msr);

    if (rc)
        return rc;
    p->xstates = xstate_limits.mask;
    features_settle(p);
    p->xstates = xstates_of(p);
    widths_settle(p);
    domain_policy_free(d->policy);
    d->policy = p;
    for (u32 i = 0; i < d->max_vcpus; i++)
        if (d->vcpus[i])
            memset(d->vcpus[i]->cpuid, 0, sizeof(d->vcpus[i]->cpuid));
    return 0;
}
