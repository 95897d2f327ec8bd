/*
 * sysctl: the scheduler, and pools of CPUs.
 *
 * To a toolstack the scheduler is Xen's first with weights and caps, whose parameters it knows how
 * to show and set; what it really does is the policy's choice (hypervisor/sched). Pools are
 * sched/'s too (pool.h); here is in which order Xen looks at what is wrong.
 */
#include "hypercalls/sysctl.h"

#include "hypercalls/bitmap.h"
#include "hypercalls/domctl.h"
#include "hypervisor/cpu/preempt.h"
#include "hypervisor/sched/pool.h"

#define US_PER_MS 1000U

long sysctl_sched_id(struct xen_sysctl *op)
{
    op->u.sched_id.sched_id = SCHED_ID;
    return 0;
}

static bool limits_kept(const struct xen_sysctl_credit_schedule *p)
{
    if (p->tslice_ms < XEN_SYSCTL_CSCHED_TSLICE_MIN || p->tslice_ms > XEN_SYSCTL_CSCHED_TSLICE_MAX)
        return false;
    if (p->ratelimit_us && (p->ratelimit_us < XEN_SYSCTL_SCHED_RATELIMIT_MIN ||
                            p->ratelimit_us > XEN_SYSCTL_SCHED_RATELIMIT_MAX))
        return false;
    return p->ratelimit_us <= p->tslice_ms * US_PER_MS &&
           p->vcpu_migr_delay_us <= XEN_SYSCTL_CSCHED_MGR_DLY_MAX_US;
}

long sysctl_scheduler_op(struct xen_sysctl *op)
{
    struct xen_sysctl_scheduler_op *s = &op->u.scheduler_op;
    struct cpu_pool *p = pool_find(s->cpupool_id);

    if (s->cmd > XEN_SYSCTL_SCHEDOP_getinfo)
        return refuse(XEN_EINVAL, "parameters are read or written");
    if (!p)
        return refuse(XEN_ESRCH, "there is no such pool");
    if (s->sched_id != SCHED_ID)
        return refuse(XEN_EINVAL, "the pool has another scheduler");
    if (s->cmd == XEN_SYSCTL_SCHEDOP_putinfo) {
        if (!limits_kept(&s->u.sched_credit))
            return refuse(XEN_EINVAL, "a parameter is out of its range");
        p->params = s->u.sched_credit;
    }
    s->u.sched_credit = p->params;
    return 0;
}

/* Of the pool, or of the one of the next number. */
static long pool_info(struct xen_sysctl_cpupool_op *info)
{
    const struct cpu_pool *p = pool_at_least(info->cpupool_id);

    if (!p)
        return refuse(XEN_ENOENT, "no pool has this number or a higher one");
    info->cpupool_id = p->id;
    info->sched_id = SCHED_ID;
    info->n_dom = pool_domains(p);
    return bitmap_answer(&info->cpumap, p->cpus.bits, cpus_online);
}

static long pool_move(const struct xen_sysctl_cpupool_op *p)
{
    struct domain *d = domain_find((u16)p->domid);
    struct cpu_pool *to = pool_find(p->cpupool_id);

    if (!d)
        return refuse(XEN_ESRCH, "there is no such domain");
    if (d == current->domain)
        return refuse(XEN_EPERM, "a domain cannot move itself");
    if (d->sched.pool != to && (!to || !pool_has_cpus(to)))
        return refuse(XEN_ENOENT, "there is no such pool, or it has no CPU");
    return pool_domain_move(to, d);
}

static long pool_change(struct xen_sysctl_cpupool_op *op)
{
    struct cpu_pool *p = pool_find(op->cpupool_id);

    if (!p)
        return refuse(XEN_ENOENT, "there is no such pool");
    switch (op->op) {
    case XEN_SYSCTL_CPUPOOL_OP_DESTROY:
        return pool_destroy(p);
    case XEN_SYSCTL_CPUPOOL_OP_ADDCPU:
        return pool_cpu_add(p, op->cpu);
    default:
        return pool_cpu_remove(p, op->cpu);
    }
}

static long pool_operation(struct xen_sysctl_cpupool_op *p)
{
    switch (p->op) {
    case XEN_SYSCTL_CPUPOOL_OP_INFO:
        return pool_info(p);
    case XEN_SYSCTL_CPUPOOL_OP_FREEINFO:
        return bitmap_answer(&p->cpumap, pool_no_cpus.bits, cpus_online);
    case XEN_SYSCTL_CPUPOOL_OP_MOVEDOMAIN:
        return pool_move(p);
    case XEN_SYSCTL_CPUPOOL_OP_CREATE:
        return pool_create(&p->cpupool_id, p->sched_id);
    case XEN_SYSCTL_CPUPOOL_OP_DESTROY:
    case XEN_SYSCTL_CPUPOOL_OP_ADDCPU:
    case XEN_SYSCTL_CPUPOOL_OP_RMCPU:
        return pool_change(p);
    default:
        return refuse(XEN_ENOSYS, "no such operation on pools");
    }
}

/* Operations on domains must not meet these. */
long sysctl_cpupool_op(struct xen_sysctl *op)
{
    long rc;

    if (!spin_trylock(&domctl_lock))
        return RESTART;
    rc = pool_operation(&op->u.cpupool_op);
    spin_unlock(&domctl_lock);
    return rc;
}
