/*
 * domctl: the life of a domain from its making to its end (hypervisor/domain/life.h), and how much
 * it may have. What may be asked for is checked here; the order of the checks is Xen's.
 */
#include "hypercalls/domctl.h"

#include "hypervisor/cpu/preempt.h"
#include "hypervisor/domain/life.h"
#include "hypervisor/event/channel.h"
#include "hypervisor/grant/grant.h"
#include "hypervisor/sched/pool.h"
#include "xen-like/lib/string.h"

/* Xen's limits, and what is asked for by a negative number. */
#define VCPUS_MAX 8192U

#define CDF_PV     (XEN_DOMCTL_CDF_oos_off | XEN_DOMCTL_CDF_xs_domain) /* of paravirtual domains */
#define VCPU_UNITS 60 /* of work, to make one: cpu/preempt.h */

/* Virtualization hardware, IOMMUs, tracing, performance counters, a measured launch: not here. */
static long config_check(const struct xen_domctl_createdomain *c)
{
    if (c->flags & ~CDF_PV)
        return refuse(XEN_EINVAL, "a flag that is none, or what no guest can have here");
    if (c->grant_opts & ~XEN_DOMCTL_GRANT_version_mask)
        return refuse(XEN_EINVAL, "an option of grant tables that does not exist");
    if (!c->max_vcpus || c->max_vcpus > VCPUS_MAX)
        return refuse(XEN_EINVAL, "no vcpus, or more than any domain may have");
    if (c->iommu_opts || c->vmtrace_size)
        return refuse(XEN_EINVAL, "an IOMMU, or processor tracing");
    if (c->arch.misc_flags & ~XEN_X86_MSR_RELAXED || c->arch.emulation_flags & ~XEN_X86_EMU_ALL)
        return refuse(XEN_EINVAL, "a flag of the architecture that does not exist");
    if (c->arch.emulation_flags & ~XEN_X86_EMU_PIT)
        return refuse(XEN_EOPNOTSUPP, "a device that is emulated for other kinds of guest");
    return 0;
}

static long grants_check(const struct xen_domctl_createdomain *c)
{
    const struct domain_grants_max *most = &grants_options.max;
    u32 version = c->grant_opts & XEN_DOMCTL_GRANT_version_mask;

    if (!version || version > most->version)
        return refuse(XEN_EINVAL, "there is no such version of grant tables");
    if (!c->max_grant_frames || c->max_grant_frames > (s64)most->frames ||
        c->max_maptrack_frames > (s64)most->maptrack_frames)
        return refuse(XEN_EINVAL, "a grant table of such a size");
    return 0;
}

static long pool_check(const struct cpu_pool *p)
{
    if (!p)
        return refuse(XEN_ESRCH, "there is no such CPU pool");
    return pool_has_cpus(p) ? 0 : refuse(XEN_ENODEV, "the pool has no CPU");
}

static u32 or_most(s32 wanted, u32 most)
{
    return wanted < 0 ? most : (u32)wanted;
}

/* The number that was asked for, if it is one; else the next that is free. */
long domctl_createdomain(struct domain *d, struct xen_domctl *op)
{
    const struct xen_domctl_createdomain *c = &op->u.createdomain;
    struct domain_config config = {
        .max_vcpus = c->max_vcpus,
        .ports = MIN(c->max_evtchn_port, EVTCHN_FIFO_NR_CHANNELS - 1U) + 1,
        .grants = {c->grant_opts & XEN_DOMCTL_GRANT_version_mask,
                   or_most(c->max_grant_frames, grants_options.max.frames),
                   or_most(c->max_maptrack_frames, grants_options.max.maptrack_frames)},
        .flags = c->flags,
        .ssidref = c->ssidref,
        .pool = pool_find(c->cpupool_id),
    };
    long rc;

    if (op->domain && op->domain < DOMID_FIRST_RESERVED && domain_find(op->domain))
        return refuse(XEN_EEXIST, "there is a domain of this number");
    rc = config_check(c);
    if (!rc)
        rc = grants_check(c);
    if (!rc)
        rc = pool_check(config.pool);
    if (rc)
        return rc;
    memcpy(config.handle, c->handle, sizeof(config.handle));
    rc = domain_create(op->domain, &config, &d);
    if (rc)
        return rc;
    d->msr_relaxed = c->arch.misc_flags & XEN_X86_MSR_RELAXED;
    d->emulation_flags = c->arch.emulation_flags;
    domain_tsc_set(d, &(struct xen_domctl_tsc_info){.tsc_mode = TSC_MODE_DEFAULT});
    op->domain = d->id;
    return 0;
}

/* All at once, as many as the domain was made for. Those that there are stay. */
long domctl_max_vcpus(struct domain *d, struct xen_domctl *op)
{
    if (d == current->domain || op->u.max_vcpus.max != d->max_vcpus)
        return refuse(XEN_EINVAL, "another number of vcpus than the domain was made for, or one's "
                                  "own domain");
    for (u32 i = 0; i < d->max_vcpus; i++) {
        if (d->vcpus[i])
            continue;
        if (!vcpu_create(d, i))
            return refuse(XEN_ENOMEM, "no memory for a vcpu");
        if (preempt_point(VCPU_UNITS) && i + 1 < d->max_vcpus)
            return RESTART;
    }
    return 0;
}

#define BY_DOMAIN_ALONE(name, function)                                                            \
    long domctl_##name(struct domain *d, struct xen_domctl *op)                                    \
    {                                                                                              \
        (void)op;                                                                                  \
        return function(d);                                                                        \
    }
BY_DOMAIN_ALONE(destroydomain, domain_kill)
BY_DOMAIN_ALONE(pausedomain, domain_pause)
BY_DOMAIN_ALONE(unpausedomain, domain_unpause)
BY_DOMAIN_ALONE(resumedomain, domain_resume)

/*
 * Of a domain that is down and paused, Xen closes all ports and forgets where its vcpus' run states
 * are shown; then it sees that this is a paravirtual one, which cannot begin anew, and ends it as
 * crashed if it has not ended for another reason. @goes_on: with a reset that was interrupted,
 * which here the first call does, too.
 */
static long soft_reset(struct domain *d, bool goes_on)
{
    long rc;

    if (d == current->domain || (domain_vcpu(d, 0) && !d->shutdown))
        return refuse(XEN_EINVAL, "a domain that is up does not begin anew");
    if (!domain_is_paused(d))
        return refuse(XEN_EINVAL, "ports are reset of a domain that is paused");
    rc = event_reset(d, goes_on || d->events.reset);
    if (rc)
        return rc;
    for (u32 i = 0; i < d->max_vcpus; i++)
        if (d->vcpus[i])
            d->vcpus[i]->sched.runstate_area = 0;
    domain_crash(d, "a paravirtual domain cannot begin anew");
    return refuse(XEN_EINVAL, "a paravirtual domain cannot begin anew");
}

long domctl_soft_reset(struct domain *d, struct xen_domctl *op)
{
    (void)op;
    return soft_reset(d, false);
}

/* Xen's own way to go on. */
long domctl_soft_reset_cont(struct domain *d, struct xen_domctl *op)
{
    (void)op;
    return soft_reset(d, true);
}

/* A domain may have more than this already: then it gets no more until it has given some back. */
long domctl_max_mem(struct domain *d, struct xen_domctl *op)
{
    u64 pages = op->u.max_mem.max_memkb / (PAGE_SIZE / 1024);

    spin_lock(&d->page_lock);
    d->max_pages = MIN(pages, (u64)UINT32_MAX);
    spin_unlock(&d->page_lock);
    return 0;
}
