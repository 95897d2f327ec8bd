/*
 * domctl: what the control domain's toolstack does to one domain. The structure is one for all
 * operations: copied in once, its version and its domain looked at, then given to the operation's
 * handler (domctl.h). The operations are a table, abi/domctls.h, of which all here is made.
 *
 * One at a time: so handlers need no thought for each other, two that create a domain or one that
 * reads what another destroys. But who waits for the lock may be a vcpu that its holder wants to
 * stop, when a control domain reads its own vcpu; so nobody waits: the call is made again.
 */
#include "hypercalls/domctl.h"

#include "hypercalls/authority.h"
#include "hypercalls/continuation.h"
#include "hypervisor/cpu/preempt.h"
#include "hypervisor/mm/uaccess.h"

struct spinlock domctl_lock = SPINLOCK(LOCK_DOMCTL);

#define ROW_CASE(X, name, who, argument, direction, state, sentence) ROW_CASE_##state(name)
#define ROW_CASE_ABSENT(name)
#define ROW_CASE_IMPLEMENTED(name)                                                                 \
    case XEN_DOMCTL_##name:                                                                        \
        return domctl_##name(d, op);

static long handler_call(struct domain *d, struct xen_domctl *op)
{
    switch (op->cmd) {
        XL_DOMCTLS(ROW_CASE, )
    default:
        return refuse(XEN_ENOSYS, "no such operation on a domain, or not there yet");
    }
}

struct row {
    bool authorises; /* the handler asks who may */
    bool answers;    /* the structure is written back */
};

#define ROW_SHAPE(X, name, who, argument, direction, state, sentence)                              \
    case XEN_DOMCTL_##name:                                                                        \
        return (struct row){ROW_##who, ROW_##direction};
#define ROW_ANY     true
#define ROW_CONTROL false
#define ROW_IN      false
#define ROW_NONE    false
#define ROW_OUT     true
#define ROW_INOUT   true

static struct row row_of(u32 cmd)
{
    switch (cmd) {
        XL_DOMCTLS(ROW_SHAPE, )
    default:
        return (struct row){0};
    }
}

/* Some answer with the structure when they refuse, too (what was wrong, how much there is), and two
 * of them only then. */
static bool is_answered(u32 cmd, long ret)
{
    switch (cmd) {
    case XEN_DOMCTL_set_cpu_policy:
    case XEN_DOMCTL_set_vcpu_msrs:
        return ret;
    case XEN_DOMCTL_gethvmcontext:
    case XEN_DOMCTL_getvcpuextstate:
    case XEN_DOMCTL_get_vcpu_msrs:
    case XEN_DOMCTL_scheduler_op:
    case XEN_DOMCTL_shadow_op:
        return true;
    default:
        return !ret && row_of(cmd).answers;
    }
}

/* The domain that @op is about: 0, or -ESRCH. */
static long target_find(const struct xen_domctl *op, struct domain **d)
{
    *d = NULL;
    switch (op->cmd) {
    case XEN_DOMCTL_createdomain:
    case XEN_DOMCTL_getdomaininfo:
        return 0;
    case XEN_DOMCTL_assign_device: /* from or to nobody */
    case XEN_DOMCTL_deassign_device:
        if (op->domain == DOMID_IO)
            return 0;
        break;
    case XEN_DOMCTL_test_assign_device: /* for nobody in particular */
    case XEN_DOMCTL_vm_event_op:
        if (op->domain == DOMID_INVALID)
            return 0;
        break;
    default:
        break;
    }
    *d = domain_find(op->domain);
    return *d ? 0 : refuse(XEN_ESRCH, "there is no such domain");
}

/* Who may not change anything need not wait his turn to be told so. */
static long operation(struct domain *d, struct xen_domctl *op)
{
    long ret = row_of(op->cmd).authorises ? 0 : authorise(DEED_CONTROL, d);

    if (ret)
        return ret;
    if (!current->domain->privileged)
        return handler_call(d, op);
    if (!spin_trylock(&domctl_lock))
        return RESTART;
    ret = handler_call(d, op);
    spin_unlock(&domctl_lock);
    return ret;
}

long hc_domctl(unsigned long arg)
{
    struct xen_domctl op;
    struct domain *d;
    long ret;

    if (guest_read(&op, arg, sizeof(op)))
        return refuse(XEN_EFAULT, "the argument cannot be read");
    if (op.interface_version != XEN_DOMCTL_INTERFACE_VERSION)
        return refuse(XEN_EACCES, "another version of the interface");
    ret = target_find(&op, &d);
    if (!ret)
        ret = operation(d, &op);
    else
        return ret;
    if (ret == RESTART)
        return call_continue(__HYPERVISOR_domctl, arg, 0, 0, 0);
    if (is_answered(op.cmd, ret) && guest_write(arg, &op, sizeof(op)))
        return refuse(XEN_EFAULT, "the answer cannot be written");
    return ret;
}

/* Xen's way to go on with shadow_op. Ours goes on by the call itself, so that there is nothing here
 * that was interrupted. */
long hc_paging_domctl_cont(unsigned long arg)
{
    struct xen_domctl op;
    struct domain *d;
    long ret;

    if (guest_read(&op, arg, sizeof(op)))
        return refuse(XEN_EFAULT, "the argument cannot be read");
    if (op.interface_version != XEN_DOMCTL_INTERFACE_VERSION || op.cmd != XEN_DOMCTL_shadow_op)
        return refuse(XEN_EOPNOTSUPP, "another version, or an operation that is never continued");
    ret = target_find(&op, &d);
    if (!ret)
        ret = authorise(DEED_CONTROL, d);
    if (ret)
        return ret;
    if (d == current->domain || (!d->dying && !domain_vcpu(d, 0)))
        return refuse(XEN_EINVAL, "a domain's own tables, or one without vcpus");
    return d->dying ? 0 : refuse(XEN_EBUSY, "nothing that could go on");
}
