/* sysctl: what of the CPU's features there is, and may be given to guests (cpu/system_policy.h). */
#include "hypercalls/policy.h"
#include "hypercalls/sysctl.h"

#include "hypervisor/cpu/system_policy.h"
#include "hypervisor/mm/uaccess.h"

/* Featuresets have other numbers than policies. */
static const u8 policy_of_set[] = {
    [XEN_SYSCTL_cpu_featureset_raw] = XEN_SYSCTL_cpu_policy_raw,
    [XEN_SYSCTL_cpu_featureset_host] = XEN_SYSCTL_cpu_policy_host,
    [XEN_SYSCTL_cpu_featureset_pv] = XEN_SYSCTL_cpu_policy_pv_default,
    [XEN_SYSCTL_cpu_featureset_hvm] = XEN_SYSCTL_cpu_policy_hvm_default,
    [XEN_SYSCTL_cpu_featureset_pv_max] = XEN_SYSCTL_cpu_policy_pv_max,
    [XEN_SYSCTL_cpu_featureset_hvm_max] = XEN_SYSCTL_cpu_policy_hvm_max,
};

long sysctl_get_cpu_featureset(struct xen_sysctl *op)
{
    struct xen_sysctl_cpu_featureset *f = &op->u.cpu_featureset;
    u32 words[FEATURE_WORDS], policy;
    long ret;

    if (!f->features.p) {
        f->nr_features = FEATURE_WORDS;
        return 0;
    }
    if (f->index >= ARRAY_SIZE(policy_of_set))
        return refuse(XEN_EINVAL, "no such set of features");
    policy = policy_of_set[f->index];
    ret = system_policy_check(policy);
    if (ret)
        return ret;
    f->nr_features = MIN(f->nr_features, FEATURE_WORDS);
    for (u32 i = 0; i < f->nr_features; i++)
        words[i] = system_features(policy, i);
    if (guest_write((u64)f->features.p, words, f->nr_features * sizeof(words[0])))
        return refuse(XEN_EFAULT, "the features cannot be written");
    return f->nr_features < FEATURE_WORDS ? refuse(XEN_ENOBUFS, "there are more features") : 0;
}

long policy_leaves_write(policy_ask_fn *ask, const void *whose, u64 to, u32 *count)
{
    xen_cpuid_leaf_t leaf = {.leaf = POLICY_BEGIN};
    u32 n = 0;

    for (; policy_leaf_next(ask, whose, &leaf); n++) {
        if (n == *count)
            return refuse(XEN_ENOBUFS, "there are more leaves");
        if (guest_write(to + n * sizeof(leaf), &leaf, sizeof(leaf)))
            return refuse(XEN_EFAULT, "the leaves cannot be written");
    }
    *count = n;
    return 0;
}

long policy_msrs_write(const xen_msr_entry_t msrs[POLICY_MSRS], u64 to, u32 *count)
{
    if (*count < POLICY_MSRS)
        return refuse(XEN_ENOBUFS, "there are more registers");
    *count = POLICY_MSRS;
    return guest_write(to, msrs, POLICY_MSRS * sizeof(*msrs))
               ? refuse(XEN_EFAULT, "the registers cannot be written")
               : 0;
}

long sysctl_get_cpu_policy(struct xen_sysctl *op)
{
    struct xen_sysctl_cpu_policy *p = &op->u.cpu_policy;
    xen_msr_entry_t msrs[POLICY_MSRS];
    long ret;

    if (p->_rsvd)
        return refuse(XEN_EINVAL, "a field that must be 0 is not");
    ret = system_policy_check(p->index);
    if (!ret && p->leaves.p)
        ret = policy_leaves_write(system_policy_leaf, &p->index, (u64)p->leaves.p, &p->nr_leaves);
    else
        p->nr_leaves = POLICY_LEAVES_MAX;
    for (u32 n = 0; !ret && n < POLICY_MSRS; n++)
        msrs[n] = system_policy_msr(p->index, n);
    if (!ret && p->msrs.p)
        ret = policy_msrs_write(msrs, (u64)p->msrs.p, &p->nr_msrs);
    else
        p->nr_msrs = POLICY_MSRS;
    return ret;
}
