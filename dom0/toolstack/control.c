/* The typed hypercalls of a toolstack; control.h says what they promise. */
#include "dom0/toolstack/control.h"

#include "xen-like/lib/string.h"

control_hook_fn *control_hook;

int control_refused(unsigned int call, unsigned int command)
{
    return control_hook ? control_hook(call, command) : 0;
}

int control_domctl(struct xen_domctl *op, unsigned int command, domid_t domain)
{
    int answer = control_refused(__HYPERVISOR_domctl, command);

    if (answer)
        return answer;
    op->cmd = command;
    op->interface_version = XEN_DOMCTL_INTERFACE_VERSION;
    op->domain = domain;
    return (int)hypercall_domctl((uintptr_t)op);
}

int control_sysctl(struct xen_sysctl *op, unsigned int command)
{
    int answer = control_refused(__HYPERVISOR_sysctl, command);

    if (answer)
        return answer;
    op->cmd = command;
    op->interface_version = XEN_SYSCTL_INTERFACE_VERSION;
    return (int)hypercall_sysctl((uintptr_t)op);
}

int control_memory(unsigned int command, void *argument)
{
    int answer = control_refused(__HYPERVISOR_memory_op, command);

    return answer ? answer : (int)call_memory_op(command, argument);
}

int control_event(unsigned int command, void *argument)
{
    int answer = control_refused(__HYPERVISOR_event_channel_op, command);

    return answer ? answer : (int)call_event_channel_op(command, argument);
}

int control_mmuext(unsigned int command, u64 frame, domid_t domain)
{
    mmuext_op_t op = {.cmd = command, .arg1.mfn = frame};
    int answer = control_refused(__HYPERVISOR_mmuext_op, command);

    return answer ? answer : (int)call_mmuext_op(&op, 1, NULL, domain);
}

int domain_shutdown(domid_t domain, unsigned int reason)
{
    struct sched_remote_shutdown op = {.domain_id = domain, .reason = reason};
    int answer = control_refused(__HYPERVISOR_sched_op, SCHEDOP_remote_shutdown);

    return answer ? answer : (int)call_sched_op(SCHEDOP_remote_shutdown, &op);
}

/* The call finds the first domain with this number or a higher one. */
int domain_info(domid_t domain, struct xen_domctl_getdomaininfo *info)
{
    struct xen_domctl op = {0};
    int answer = control_domctl(&op, XEN_DOMCTL_getdomaininfo, domain);

    *info = op.u.getdomaininfo;
    if (!answer && info->domain != domain)
        return -XEN_ESRCH;
    return answer;
}

int domain_list(domid_t first, struct xen_domctl_getdomaininfo *info, unsigned int max)
{
    struct xen_sysctl op = {0};
    int answer;

    op.u.getdomaininfolist.first_domain = first;
    op.u.getdomaininfolist.max_domains = max;
    set_xen_guest_handle(op.u.getdomaininfolist.buffer, info);
    answer = control_sysctl(&op, XEN_SYSCTL_getdomaininfolist);
    return answer ? answer : (int)op.u.getdomaininfolist.num_domains;
}

int domain_set_max_memory(domid_t domain, u64 kib)
{
    struct xen_domctl op = {.u.max_mem.max_memkb = kib};

    return control_domctl(&op, XEN_DOMCTL_max_mem, domain);
}

int domain_vcpu_info(domid_t domain, unsigned int vcpu, struct xen_domctl_getvcpuinfo *info)
{
    struct xen_domctl op = {.u.getvcpuinfo.vcpu = vcpu};
    int answer = control_domctl(&op, XEN_DOMCTL_getvcpuinfo, domain);

    *info = op.u.getvcpuinfo;
    return answer;
}

int domain_vcpu_context(domid_t domain, unsigned int vcpu, bool set, void *context)
{
    struct xen_domctl op = {.u.vcpucontext.vcpu = vcpu};

    set_xen_guest_handle(op.u.vcpucontext.ctxt, context);
    return control_domctl(&op, set ? XEN_DOMCTL_setvcpucontext : XEN_DOMCTL_getvcpucontext, domain);
}

int domain_vcpu_affinity(domid_t domain, unsigned int vcpu, unsigned int which, bool set,
                         u8 *bitmap, unsigned int bits)
{
    struct xen_domctl op = {.u.vcpuaffinity = {.vcpu = vcpu, .flags = which}};
    struct xenctl_bitmap *map = which == XEN_VCPUAFFINITY_SOFT ? &op.u.vcpuaffinity.cpumap_soft
                                                               : &op.u.vcpuaffinity.cpumap_hard;

    set_xen_guest_handle(map->bitmap, bitmap);
    map->nr_bits = bits;
    return control_domctl(&op, set ? XEN_DOMCTL_setvcpuaffinity : XEN_DOMCTL_getvcpuaffinity,
                          domain);
}

static int schedule_op(domid_t domain, unsigned int command, u32 *weight, u32 *cap)
{
    struct xen_domctl op = {0};
    u32 id = 0;
    int answer = machine_scheduler(&id);

    if (answer)
        return answer;
    op.u.scheduler_op.sched_id = id;
    op.u.scheduler_op.cmd = command;
    /* Both schedulers with weights have the two fields, at the same place and in the same types. */
    op.u.scheduler_op.u.credit.weight = (u16)*weight;
    op.u.scheduler_op.u.credit.cap = (u16)*cap;
    if (id != XEN_SCHEDULER_CREDIT && id != XEN_SCHEDULER_CREDIT2)
        return -XEN_EOPNOTSUPP;
    answer = control_domctl(&op, XEN_DOMCTL_scheduler_op, domain);
    *weight = op.u.scheduler_op.u.credit.weight;
    *cap = op.u.scheduler_op.u.credit.cap;
    return answer;
}

int domain_schedule_get(domid_t domain, u32 *weight, u32 *cap)
{
    *weight = *cap = 0;
    return schedule_op(domain, XEN_DOMCTL_SCHEDOP_getinfo, weight, cap);
}

int domain_schedule_set(domid_t domain, u32 weight, u32 cap)
{
    return schedule_op(domain, XEN_DOMCTL_SCHEDOP_putinfo, &weight, &cap);
}

s64 domain_pages(domid_t domain)
{
    struct xen_memory_domain who = {.domid = domain};

    return control_memory(XENMEM_current_reservation, &who);
}

int machine_info(struct xen_sysctl_physinfo *info)
{
    struct xen_sysctl op = {0};
    int answer = control_sysctl(&op, XEN_SYSCTL_physinfo);

    *info = op.u.physinfo;
    return answer;
}

int machine_scheduler(u32 *id)
{
    struct xen_sysctl op = {0};
    int answer = control_sysctl(&op, XEN_SYSCTL_sched_id);

    *id = op.u.sched_id.sched_id;
    return answer;
}

int machine_keys(const char *keys, unsigned int count)
{
    struct xen_sysctl op = {.u.debug_keys.nr_keys = count};

    set_xen_guest_handle(op.u.debug_keys.keys, (char *)keys);
    return control_sysctl(&op, XEN_SYSCTL_debug_keys);
}

int machine_log(char *text, u32 size, u32 *index)
{
    struct xen_sysctl op = {.u.readconsole = {.incremental = 1, .index = *index, .count = size}};
    int answer;

    set_xen_guest_handle(op.u.readconsole.buffer, text);
    answer = control_sysctl(&op, XEN_SYSCTL_readconsole);
    *index = op.u.readconsole.index;
    return answer ? answer : (int)op.u.readconsole.count;
}

const char *control_reason(int answer)
{
    switch (-answer) {
    case XEN_EPERM:
        return "not permitted";
    case XEN_ESRCH:
        return "no such domain";
    case XEN_ENOMEM:
        return "not enough memory";
    case XEN_EACCES:
        return "another version of the interface";
    case XEN_EBUSY:
        return "it is in use";
    case XEN_EEXIST:
        return "it exists already";
    case XEN_EINVAL:
        return "the hypervisor does not take the arguments";
    case XEN_ENOSPC:
        return "no room left";
    case XEN_ENOSYS:
    case XEN_EOPNOTSUPP:
        return "not supported";
    default:
        return "refused by the hypervisor";
    }
}
