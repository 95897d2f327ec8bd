/*
 * sysctl: what the control domain's toolstack asks of the machine as a whole. The structure is one
 * for all operations: copied in once, its version looked at, then given to the operation's handler.
 * The operations are a table, abi/sysctls.h, of which the switch here is made.
 *
 * In this file: the gate, and the operations that are answered in a few words, because nothing of
 * what they ask about is here. The errno of each is what Xen says on such a machine.
 */
#include "hypercalls/sysctl.h"

#include "hypercalls/authority.h"
#include "hypercalls/continuation.h"
#include "hypervisor/cpu/preempt.h"
#include "hypervisor/cpu/smp.h"
#include "hypervisor/mm/uaccess.h"

#define CASE(X, name, argument, direction, state, sentence) CASE_##state(name, direction)
#define CASE_ABSENT(name, direction)
#define CASE_IMPLEMENTED(name, direction)                                                          \
    case XEN_SYSCTL_##name:                                                                        \
        *answers = ANSWERS_##direction;                                                            \
        return sysctl_##name(op);
#define ANSWERS_IN    false
#define ANSWERS_OUT   true
#define ANSWERS_INOUT true

static long handler_call(struct xen_sysctl *op, bool *answers)
{
    switch (op->cmd) {
        XL_SYSCTLS(CASE, )
    default:
        return refuse(XEN_ENOSYS, "no such operation on the machine");
    }
}

long hc_sysctl(unsigned long arg)
{
    struct xen_sysctl op;
    bool answers;
    long ret;

    if (guest_read(&op, arg, sizeof(op)))
        return refuse(XEN_EFAULT, "the argument cannot be read");
    if (op.interface_version != XEN_SYSCTL_INTERFACE_VERSION)
        return refuse(XEN_EACCES, "another version of the interface");
    ret = authorise(DEED_CONTROL, NULL);
    if (!ret)
        ret = handler_call(&op, &answers);
    if (ret == RESTART)
        return call_continue(__HYPERVISOR_sysctl, arg, 0, 0, 0);
    if (!ret && answers && guest_write(arg, &op, sizeof(op)))
        return refuse(XEN_EFAULT, "the answer cannot be written");
    return ret;
}

/* Nothing is known of frequencies. Sleep states are not limited, and SMT is as it is. */
long sysctl_pm_op(struct xen_sysctl *op)
{
    if (op->u.pm_op.cpuid >= cpus_online)
        return refuse(XEN_EINVAL, "there is no such CPU");
    if ((op->u.pm_op.cmd & PM_PARA_CATEGORY_MASK) == CPUFREQ_PARA)
        return refuse(XEN_EINVAL, "no frequencies are known of this CPU");
    switch (op->u.pm_op.cmd) {
    case XEN_SYSCTL_pm_op_get_max_cstate:
        op->u.pm_op.u.get_max_cstate = XEN_SYSCTL_CX_UNLIMITED;
        return 0;
    case XEN_SYSCTL_pm_op_set_sched_opt_smt:
        return op->u.pm_op.u.set_sched_opt_smt
                   ? refuse(XEN_EOPNOTSUPP, "threads are as good as CPUs")
                   : 0;
    case XEN_SYSCTL_pm_op_enable_turbo:
    case XEN_SYSCTL_pm_op_disable_turbo:
        return refuse(XEN_EACCES, "nobody governs the frequency of this CPU");
    default:
        return refuse(XEN_ENOSYS, "no such operation on power");
    }
}

long sysctl_get_pmstat(struct xen_sysctl *op)
{
    if (op->u.get_pmstat.cpuid >= cpus_online)
        return refuse(XEN_EINVAL, "there is no such CPU");
    return refuse(XEN_ENODEV, "no statistics of power states are kept");
}

/* CPUs come up at boot and stay. */
long sysctl_cpu_hotplug(struct xen_sysctl *op)
{
    u32 cpu = op->u.cpu_hotplug.cpu;

    if (op->u.cpu_hotplug.op > XEN_SYSCTL_CPU_HOTPLUG_OFFLINE)
        return refuse(XEN_EOPNOTSUPP, "threads are not switched together");
    if (cpu >= cpus_online)
        return refuse(XEN_EINVAL, "there is no such CPU");
    if (op->u.cpu_hotplug.op == XEN_SYSCTL_CPU_HOTPLUG_ONLINE)
        return refuse(XEN_EEXIST, "the CPU is up");
    return cpu ? refuse(XEN_EBUSY, "a CPU that is up stays so")
               : refuse(XEN_EINVAL, "the first CPU cannot go down");
}

#define ALWAYS(name, errno, rule)                                                                  \
    long sysctl_##name(struct xen_sysctl *op)                                                      \
    {                                                                                              \
        (void)op;                                                                                  \
        return refuse(errno, rule);                                                                \
    }

ALWAYS(coverage_op, XEN_EOPNOTSUPP, "built without coverage data")
ALWAYS(psr_cmt_op, XEN_ENODEV, "caches are not monitored")

long sysctl_psr_alloc(struct xen_sysctl *op)
{
    if (op->u.psr_alloc.cmd > XEN_SYSCTL_PSR_get_mba_info)
        return refuse(XEN_EOPNOTSUPP, "no such resource");
    return refuse(XEN_ENODEV, "caches are not given out");
}

/* Xen could mask leaves by MSRs of the CPU's vendor. */
long sysctl_get_cpu_levelling_caps(struct xen_sysctl *op)
{
    op->u.cpu_levelling_caps.caps = 0;
    return 0;
}
