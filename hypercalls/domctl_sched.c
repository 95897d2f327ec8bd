/* domctl: the share of a domain, and where its vcpus may run (sched/sched.h has what that means).
 */
#include "hypercalls/bitmap.h"
#include "hypercalls/domctl.h"
#include "hypervisor/sched/pool.h"

#define CAP_AS_IT_IS 0xffffU /* and a weight of 0 */

long domctl_scheduler_op(struct domain *d, struct xen_domctl *op)
{
    struct xen_domctl_scheduler_op *s = &op->u.scheduler_op;

    if (s->sched_id != SCHED_ID)
        return refuse(XEN_EINVAL, "the domain has another scheduler");
    switch (s->cmd) {
    case XEN_DOMCTL_SCHEDOP_putinfo:
        if (s->u.credit.weight)
            d->sched.weight = s->u.credit.weight;
        if (s->u.credit.cap != CAP_AS_IT_IS)
            d->sched.cap = s->u.credit.cap;
        return 0;
    case XEN_DOMCTL_SCHEDOP_getinfo:
        s->u.credit.weight = (u16)d->sched.weight;
        s->u.credit.cap = (u16)d->sched.cap;
        return 0;
    default:
        return refuse(XEN_EINVAL, "parameters are the domain's, read or written");
    }
}

/* The vcpu that is meant, with a set for each affinity that is. */
static long vcpu_meant(const struct domain *d, const struct xen_domctl_vcpuaffinity *a,
                       struct vcpu **v)
{
    *v = domain_vcpu(d, a->vcpu);
    if (a->vcpu >= d->max_vcpus)
        return refuse(XEN_EINVAL, "the domain has no place for such a vcpu");
    if (!*v)
        return refuse(XEN_ESRCH, "the vcpu has not been made");
    if (!a->flags || (a->flags & XEN_VCPUAFFINITY_HARD && !a->cpumap_hard.bitmap.p) ||
        (a->flags & XEN_VCPUAFFINITY_SOFT && !a->cpumap_soft.bitmap.p))
        return refuse(XEN_EINVAL, "no affinity is meant, or a set of CPUs is missing");
    return 0;
}

/* What is answered is what comes of it: of the soft one, what the hard one allows. */
long domctl_setvcpuaffinity(struct domain *d, struct xen_domctl *op)
{
    struct xen_domctl_vcpuaffinity *a = &op->u.vcpuaffinity;
    bool is_hard = a->flags & XEN_VCPUAFFINITY_HARD, is_soft = a->flags & XEN_VCPUAFFINITY_SOFT;
    struct cpu_set hard, soft;
    struct vcpu *v;
    long rc = vcpu_meant(d, a, &v);

    if (!rc && a->flags & XEN_VCPUAFFINITY_FORCE && v->sched.pinned)
        vcpu_pin(v, -1);
    if (!rc && is_hard)
        rc = bitmap_ask(hard.bits, cpus_online, &a->cpumap_hard);
    if (!rc && is_soft)
        rc = bitmap_ask(soft.bits, cpus_online, &a->cpumap_soft);
    if (!rc)
        rc = vcpu_affinity_set(v, is_hard ? &hard : NULL, is_soft ? &soft : NULL);
    if (rc)
        return rc;
    vcpu_affinity_get(v, &hard, &soft);
    for (u32 i = 0; i < ARRAY_SIZE(soft.bits); i++) {
        hard.bits[i] &= d->sched.pool->cpus.bits[i];
        soft.bits[i] &= hard.bits[i];
    }
    if (is_hard)
        rc = bitmap_answer(&a->cpumap_hard, hard.bits, cpus_online);
    return !rc && is_soft ? bitmap_answer(&a->cpumap_soft, soft.bits, cpus_online) : rc;
}

long domctl_getvcpuaffinity(struct domain *d, struct xen_domctl *op)
{
    struct xen_domctl_vcpuaffinity *a = &op->u.vcpuaffinity;
    struct cpu_set hard, soft;
    struct vcpu *v;
    long rc = vcpu_meant(d, a, &v);

    if (rc)
        return rc;
    vcpu_affinity_get(v, &hard, &soft);
    if (a->flags & XEN_VCPUAFFINITY_HARD)
        rc = bitmap_answer(&a->cpumap_hard, hard.bits, cpus_online);
    return !rc && a->flags & XEN_VCPUAFFINITY_SOFT
               ? bitmap_answer(&a->cpumap_soft, soft.bits, cpus_online)
               : rc;
}
