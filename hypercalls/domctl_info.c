/* domctl: what is asked about a domain, its vcpus and its frames. Nothing here changes anything. */
#include "hypercalls/domctl.h"

#include "hypercalls/authority.h"
#include "hypervisor/cpu/features.h"
#include "hypervisor/domain/width.h"
#include "hypervisor/mm/uaccess.h"
#include "hypervisor/sched/pool.h"
#include "xen-like/lib/string.h"

/* Xen has no vcpu above this number's; a domain without any says so. */
_Static_assert(XEN_INVALID_MAX_VCPU_ID == ~0U, "no vcpu");

#define FRAMES_AT_ONCE 1024U /* of getpageframeinfo3, as in Xen */

/* A domain is blocked when all its vcpus are, and running when one is. */
static void vcpus_info(const struct domain *d, struct xen_domctl_getdomaininfo *info)
{
    struct vcpu_runstate_info r;
    u32 stopped;

    info->max_vcpu_id = XEN_INVALID_MAX_VCPU_ID;
    info->flags = XEN_DOMINF_blocked;
    for (u32 i = 0; i < d->max_vcpus; i++) {
        if (!d->vcpus[i])
            continue;
        vcpu_runstate(d->vcpus[i], &r);
        info->cpu_time += r.time[RUNSTATE_running];
        info->max_vcpu_id = i;
        stopped = ACCESS_ONCE(d->vcpus[i]->sched.stopped);
        if (stopped & STOP_DOWN)
            continue;
        info->nr_online_vcpus++;
        if (!(stopped & STOP_BLOCKED))
            info->flags &= ~XEN_DOMINF_blocked;
        if (r.state == RUNSTATE_running)
            info->flags |= XEN_DOMINF_running;
    }
    if (!info->nr_online_vcpus)
        info->flags = 0;
}

void domain_info(struct domain *d, struct xen_domctl_getdomaininfo *info)
{
    *info = (struct xen_domctl_getdomaininfo){
        .domain = d->id,
        .tot_pages = ACCESS_ONCE(d->tot_pages),
        .max_pages = ACCESS_ONCE(d->max_pages),
        .outstanding_pages = ACCESS_ONCE(d->claimed),
        .shared_info_frame = d->shared_mfn.n,
        .cpupool = d->sched.pool->id,
        .gpaddr_bits = features.phys_bits,
    };
    memcpy(info->handle, d->handle, sizeof(info->handle));
    vcpus_info(d, info);
    info->flags |= (d->dead ? XEN_DOMINF_dying : 0) | (d->shutdown ? XEN_DOMINF_shutdown : 0) |
                   (d->pauses ? XEN_DOMINF_paused : 0) | (d->debugged ? XEN_DOMINF_debugged : 0) |
                   (d->flags & XEN_DOMCTL_CDF_xs_domain ? XEN_DOMINF_xs_domain : 0) |
                   d->shutdown_code << XEN_DOMINF_shutdownshift;
    info->arch_config.emulation_flags = d->privileged ? XEN_X86_EMU_PIT : d->emulation_flags;
}

/* Who asks for one after the other mostly asks for numbers that there are. */
struct domain *domain_at_least(u32 id)
{
    struct domain *d = id < DOMID_FIRST_RESERVED ? domain_find((u16)id) : NULL;

    if (d)
        return d;
    for (d = domains; d && d->id < id;)
        d = d->next;
    return d;
}

/* The domain of that number, or the next one: so a toolstack finds them all. */
long domctl_getdomaininfo(struct domain *d, struct xen_domctl *op)
{
    long ret;

    if (op->domain >= DOMID_FIRST_RESERVED)
        return refuse(XEN_EINVAL, "this is no domain's number");
    d = domain_at_least(op->domain);
    if (!d)
        return refuse(XEN_ESRCH, "there is no domain from this number on");
    ret = authorise(DEED_CONTROL, d);
    if (ret)
        return ret;
    domain_info(d, &op->u.getdomaininfo);
    op->domain = d->id;
    return 0;
}

long domctl_getvcpuinfo(struct domain *d, struct xen_domctl *op)
{
    struct xen_domctl_getvcpuinfo *info = &op->u.getvcpuinfo;
    struct vcpu *v = domain_vcpu(d, info->vcpu);
    struct vcpu_runstate_info r;

    if (info->vcpu >= d->max_vcpus)
        return refuse(XEN_EINVAL, "the domain has no place for such a vcpu");
    if (!v)
        return refuse(XEN_ESRCH, "the vcpu has not been made");
    vcpu_runstate(v, &r);
    *info = (struct xen_domctl_getvcpuinfo){
        .vcpu = info->vcpu,
        .online = !(ACCESS_ONCE(v->sched.stopped) & STOP_DOWN),
        .blocked = !!(ACCESS_ONCE(v->sched.stopped) & STOP_BLOCKED),
        .running = r.state == RUNSTATE_running,
        .cpu = ACCESS_ONCE(v->sched.cpu),
        .cpu_time = r.time[RUNSTATE_running],
    };
    return 0;
}

static u64 frame_info(struct domain *d, mfn_t m)
{
    struct frame *f = frame_get_mfn(m, d);
    u64 word, info = XEN_DOMCTL_PFINFO_NOTAB;

    if (!f)
        return XEN_DOMCTL_PFINFO_XTAB;
    word = ACCESS_ONCE(f->word);
    if (!(word & FRAME_ALLOCED))
        info = XEN_DOMCTL_PFINFO_XTAB;
    else if (type_is_table(word & FRAME_TYPE_MASK) && word & FRAME_VALIDATED)
        info = (u64)type_level(word & FRAME_TYPE_MASK) << XEN_DOMCTL_PFINFO_LTAB_SHIFT |
               (word & FRAME_PINNED ? XEN_DOMCTL_PFINFO_LPINTAB : 0);
    frame_put(f);
    return info;
}

/* The list is the caller's; each number in it is replaced by what the frame is. */
long domctl_getpageframeinfo3(struct domain *d, struct xen_domctl *op)
{
    u64 list = (u64)op->u.getpageframeinfo3.array.p, word;

    if (op->u.getpageframeinfo3.num > FRAMES_AT_ONCE)
        return refuse(XEN_E2BIG, "so many frames at once");
    for (u64 i = 0; i < op->u.getpageframeinfo3.num; i++) {
        if (word_read(&word, list, i))
            return refuse(XEN_EFAULT, "the list of frames cannot be read");
        word = frame_info(d, MFN(word));
        if (word_write(list, i, word))
            return refuse(XEN_EFAULT, "the list of frames cannot be written");
    }
    return 0;
}

long domctl_set_address_size(struct domain *d, struct xen_domctl *op)
{
    return domain_set_width(d, op->u.address_size.size);
}

long domctl_get_address_size(struct domain *d, struct xen_domctl *op)
{
    op->u.address_size.size = d->is_32bit ? 32 : 64;
    return 0;
}
