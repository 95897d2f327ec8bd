/* domctl: what CPUID, MSRs and the TSC tell a domain about its CPU. */
#include "hypercalls/domctl.h"

#include "hypercalls/policy.h"
#include "hypervisor/cpu/domain_policy.h"
#include "hypervisor/domain/life.h"
#include "hypervisor/mm/uaccess.h"

long domctl_gettscinfo(struct domain *d, struct xen_domctl *op)
{
    if (d == current->domain)
        return refuse(XEN_EINVAL, "nobody is asked about his own TSC");
    domain_tsc_get(d, &op->u.tsc_info);
    return 0;
}

long domctl_settscinfo(struct domain *d, struct xen_domctl *op)
{
    int rc;

    if (d == current->domain)
        return refuse(XEN_EINVAL, "nobody changes his own TSC");
    domain_freeze(d);
    rc = domain_tsc_set(d, &op->u.tsc_info);
    domain_thaw(d);
    return rc;
}

long domctl_get_cpu_policy(struct domain *d, struct xen_domctl *op)
{
    struct xen_domctl_cpu_policy *p = &op->u.cpu_policy;
    xen_msr_entry_t msrs[POLICY_MSRS];
    long rc = 0;

    for (u32 n = 0; n < POLICY_MSRS; n++)
        msrs[n] = domain_policy_msr(d, n);
    if (p->leaves.p)
        rc = policy_leaves_write(domain_policy_leaf, d, (u64)p->leaves.p, &p->nr_leaves);
    else
        p->nr_leaves = POLICY_LEAVES_MAX;
    if (!rc && p->msrs.p)
        rc = policy_msrs_write(msrs, (u64)p->msrs.p, &p->nr_msrs);
    else if (!rc)
        p->nr_msrs = POLICY_MSRS;
    return rc;
}

static long leaves_read(struct domain_policy *new, struct xen_domctl_cpu_policy *p)
{
    xen_cpuid_leaf_t leaf;
    long rc = 0;

    if (p->nr_leaves > POLICY_LEAVES_MAX)
        return refuse(XEN_E2BIG, "more leaves than there are");
    for (u32 i = 0; !rc && i < p->nr_leaves; i++) {
        if (guest_read(&leaf, (u64)(p->leaves.p + i), sizeof(leaf)))
            return refuse(XEN_EFAULT, "the leaves cannot be read");
        rc = policy_set_leaf(new, &leaf);
    }
    if (rc) {
        p->err_leaf = leaf.leaf;
        p->err_subleaf = leaf.subleaf;
    }
    return rc;
}

static long msrs_read(struct domain_policy *new, struct xen_domctl_cpu_policy *p)
{
    xen_msr_entry_t msr;
    long rc = 0;

    if (p->nr_msrs > POLICY_MSRS)
        return refuse(XEN_E2BIG, "more MSRs than there are");
    for (u32 i = 0; !rc && i < p->nr_msrs; i++) {
        if (guest_read(&msr, (u64)(p->msrs.p + i), sizeof(msr)))
            return refuse(XEN_EFAULT, "the MSRs cannot be read");
        rc = policy_set_msr(new, &msr);
    }
    if (rc)
        p->err_msr = msr.idx;
    return rc;
}

/* Refused, it says where. Nothing has changed then. */
static long policy_change(struct domain *d, struct xen_domctl_cpu_policy *p)
{
    struct domain_policy *new = domain_policy_copy(d);
    long rc;

    p->err_leaf = p->err_subleaf = p->err_msr = ~0U;
    if (!new)
        return refuse(XEN_ENOMEM, "no memory for a policy");
    rc = leaves_read(new, p);
    if (!rc)
        rc = msrs_read(new, p);
    if (!rc)
        rc = domain_policy_set(d, new, &p->err_leaf, &p->err_subleaf, &p->err_msr);
    if (rc)
        domain_policy_free(new);
    return rc;
}

/* What a domain was told does not change once it has run. */
long domctl_set_cpu_policy(struct domain *d, struct xen_domctl *op)
{
    if (d == current->domain)
        return refuse(XEN_EINVAL, "nobody changes his own policy");
    if (d->created)
        return refuse(XEN_EEXIST, "the domain has run");
    return policy_change(d, &op->u.cpu_policy);
}
