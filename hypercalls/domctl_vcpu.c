/*
 * domctl: a vcpu's state, read and set from outside: the context that it begins with, what came to
 * the ABI after that structure was full, extended state, MSRs. A vcpu that is looked at stands
 * still meanwhile (vcpu_freeze), so nobody can ask about the vcpu that asks.
 *
 * All of it was given by a toolstack, perhaps read from a file: nothing need be true.
 */
#include "hypercalls/domctl.h"
#include "hypercalls/vcpu_context.h"

#include "hypervisor/cpu/canonical.h"
#include "hypervisor/cpu/features.h"
#include "hypervisor/cpu/msr.h"
#include "hypervisor/cpu/regs.h"
#include "hypervisor/domain/life.h"
#include "hypervisor/mm/alloc.h"
#include "hypervisor/mm/uaccess.h"
#include "xen-like/lib/string.h"

static long context_set(struct vcpu *v, const struct vcpu_guest_context *c)
{
    long rc;

    vcpu_freeze(v);
    spin_lock(&v->domain->vcpus_lock);
    rc = c ? vcpu_context_set(v, c) : vcpu_context_clear(v);
    spin_unlock(&v->domain->vcpus_lock);
    if (!c) {
        event_poll_end(v);
        vcpu_pin(v, -1);
    }
    vcpu_thaw(v);
    return rc;
}

/* Of the caller's own domain no vcpu can be set: it would have to stand still with its caller. */
long domctl_setvcpucontext(struct domain *d, struct xen_domctl *op)
{
    struct vcpu *v = domain_vcpu(d, op->u.vcpucontext.vcpu);
    struct vcpu_guest_context c; /* a third of the stack: nothing above it is large */
    int rc;

    if (!v || d == current->domain || d->dying) /* what it were given nobody would take back */
        return refuse(XEN_EINVAL, "there is no such vcpu, or it is one's own, or ends");
    if (!op->u.vcpucontext.ctxt.p)
        return context_set(v, NULL);
    rc = context_read(d, &c, (u64)op->u.vcpucontext.ctxt.p);
    return rc ? rc : context_set(v, &c);
}

long domctl_getvcpucontext(struct domain *d, struct xen_domctl *op)
{
    struct vcpu *v = domain_vcpu(d, op->u.vcpucontext.vcpu);
    struct vcpu_guest_context c;

    if (!v || v == current)
        return refuse(XEN_EINVAL, "there is no such vcpu, or it asks");
    if (!v->initialised)
        return refuse(XEN_ENODATA, "a vcpu that has not begun");
    vcpu_freeze(v);
    vcpu_context_get(v, &c);
    vcpu_thaw(v);
    return context_write(d, (u64)op->u.vcpucontext.ctxt.p, &c);
}

long domctl_get_ext_vcpucontext(struct domain *d, struct xen_domctl *op)
{
    struct xen_domctl_ext_vcpucontext *ext = &op->u.ext_vcpucontext;
    struct vcpu *v = domain_vcpu(d, ext->vcpu);

    if (!v || v == current)
        return refuse(XEN_ESRCH, "there is no such vcpu, or it asks");
    vcpu_freeze(v);
    *ext = (struct xen_domctl_ext_vcpucontext){
        .vcpu = v->id,
        .size = sizeof(*ext),
        .syscall32_callback_eip = v->syscall32_callback,
        .sysenter_callback_eip = v->sysenter_callback,
        .syscall32_callback_cs = v->syscall32_cs,
        .sysenter_callback_cs = v->sysenter_cs,
        .syscall32_disables_events = !!(v->flags & VCPUF_SYSCALL32_MASKS),
        .sysenter_disables_events = !!(v->flags & VCPUF_SYSENTER_MASKS),
    };
    memcpy(&ext->vmce, v->machine_checks, sizeof(ext->vmce));
    vcpu_thaw(v);
    return 0;
}

/* Older toolstacks know less of the structure, and say so by its size: the last member that is
 * there whole counts. */
static size_t machine_checks_given(u32 size)
{
    const struct xen_domctl_ext_vcpucontext *ext = NULL;
    size_t given = size - offsetof(struct xen_domctl_ext_vcpucontext, vmce);

    if (given >= sizeof(ext->vmce))
        return sizeof(ext->vmce);
    if (given >= sizeof(ext->vmce) - sizeof(ext->vmce.mcg_ext_ctl))
        return sizeof(ext->vmce) - sizeof(ext->vmce.mcg_ext_ctl);
    return given >= sizeof(ext->vmce.caps) ? sizeof(ext->vmce.caps) : 0;
}

static long machine_checks_set(struct vcpu *v, const struct xen_domctl_ext_vcpucontext *ext)
{
    size_t given = machine_checks_given(ext->size);

    _Static_assert(sizeof(ext->vmce) == sizeof(v->machine_checks), "the same words");
    if (!given)
        return 0;
    if (!machine_checks_ok(ext->vmce.caps))
        return refuse(XEN_EINVAL, "machine checks that no guest has here");
    memset(v->machine_checks, 0, sizeof(v->machine_checks));
    memcpy(v->machine_checks, &ext->vmce, given);
    return 0;
}

long domctl_set_ext_vcpucontext(struct domain *d, struct xen_domctl *op)
{
    const struct xen_domctl_ext_vcpucontext *ext = &op->u.ext_vcpucontext;
    struct vcpu *v = domain_vcpu(d, ext->vcpu);
    long rc;

    if (!v || d == current->domain)
        return refuse(XEN_ESRCH, "there is no such vcpu, or it is one's own");
    if (ext->size < offsetof(struct xen_domctl_ext_vcpucontext, vmce))
        return refuse(XEN_EINVAL, "an extension of the context that is too short");
    if (!canonical(ext->sysenter_callback_eip) || !canonical(ext->syscall32_callback_eip))
        return refuse(XEN_EINVAL, "an entry point that is no address");
    vcpu_freeze(v);
    v->sysenter_callback = ext->sysenter_callback_eip;
    v->syscall32_callback = ext->syscall32_callback_eip;
    v->sysenter_cs = selector_for_kernel(d, ext->sysenter_callback_cs);
    v->syscall32_cs = selector_for_kernel(d, ext->syscall32_callback_cs);
    v->flags &= ~(VCPUF_SYSENTER_MASKS | VCPUF_SYSCALL32_MASKS);
    v->flags |= ext->sysenter_disables_events ? VCPUF_SYSENTER_MASKS : 0;
    v->flags |= ext->syscall32_disables_events ? VCPUF_SYSCALL32_MASKS : 0;
    rc = machine_checks_set(v, ext);
    vcpu_thaw(v);
    return rc;
}

/* The caller's buffer: two words, then the image as XSAVE writes it, as long as the states that
 * this vcpu has ever switched on need it. */
struct xstate_words {
    u64 xcr0, xcr0_ever;
};

static u64 buffer_bytes(u64 xcr0)
{
    return sizeof(struct xstate_words) + xstate_bytes(xcr0);
}

static long xstate_get(const struct vcpu *v, struct xen_domctl_vcpuextstate *x)
{
    const struct xstate_words words = {v->xstate.xcr0, v->xstate.xcr0_ever};
    u64 to = (u64)x->buffer.p, bytes = buffer_bytes(words.xcr0_ever);

    if (x->size < bytes || x->xfeature_mask != xstate_limits.mask)
        return refuse(XEN_EINVAL, "a buffer that is too short, or for other states");
    if (guest_write(to, &words, sizeof(words)) ||
        guest_write(to + sizeof(words), v->xstate.area, bytes - sizeof(words)))
        return refuse(XEN_EFAULT, "the buffer cannot be written");
    x->size = bytes;
    return 0;
}

long domctl_getvcpuextstate(struct domain *d, struct xen_domctl *op)
{
    struct xen_domctl_vcpuextstate *x = &op->u.vcpuextstate;
    struct vcpu *v = domain_vcpu(d, x->vcpu);
    long rc;

    if (!v)
        return refuse(XEN_ESRCH, "there is no such vcpu");
    if (v == current)
        return refuse(XEN_EINVAL, "the vcpu that asks");
    if (!x->buffer.p || (!x->size && !x->xfeature_mask)) { /* how much will there be? */
        x->xfeature_mask = xstate_limits.mask;
        x->size = buffer_bytes(xstate_limits.mask);
        return 0;
    }
    vcpu_freeze(v);
    rc = xstate_get(v, x);
    vcpu_thaw(v);
    return rc;
}

static long xstate_set(struct vcpu *v, const struct xstate_words *words, u64 bytes)
{
    const struct xstate_area *area = (const void *)(words + 1);
    long rc = words->xcr0 || words->xcr0_ever ? -XEN_EINVAL : 0;

    if (words->xcr0_ever && bytes >= sizeof(*words) + sizeof(*area))
        rc = xstate_check(words->xcr0, words->xcr0_ever, &area->header);
    if (rc)
        return rc;
    if (bytes == sizeof(*words))
        return 0;
    if (bytes >= sizeof(*words) + sizeof(*area) && area->header.compacted)
        return refuse(XEN_EOPNOTSUPP, "extended state in the compacted form");
    if (bytes != buffer_bytes(words->xcr0_ever))
        return refuse(XEN_EINVAL, "an image that is not as long as its states");
    vcpu_freeze(v);
    v->xstate.xcr0 = words->xcr0;
    v->xstate.xcr0_ever = words->xcr0_ever;
    memcpy(v->xstate.area, area, bytes - sizeof(*words));
    vcpu_thaw(v);
    return 0;
}

long domctl_setvcpuextstate(struct domain *d, struct xen_domctl *op)
{
    const struct xen_domctl_vcpuextstate *x = &op->u.vcpuextstate;
    struct vcpu *v = domain_vcpu(d, x->vcpu);
    struct xstate_words *copy;
    unsigned order;
    long rc;

    if (!v)
        return refuse(XEN_ESRCH, "there is no such vcpu");
    if (v == current || x->size < sizeof(*copy) || x->size > buffer_bytes(xstate_limits.mask))
        return refuse(XEN_EINVAL, "the vcpu that asks, or no such amount of state");
    order = order_for(x->size);
    copy = pages_alloc(order);
    if (!copy)
        return refuse(XEN_ENOMEM, "no memory for a copy");
    rc = guest_read(copy, (u64)x->buffer.p, x->size);
    if (!rc)
        rc = xstate_set(v, copy, x->size);
    pages_free(copy, order);
    return rc;
}

/*
 * MSRs that are a vcpu's own and outlive it: of those that Xen has, TSC_AUX is the only one that
 * guests get. One that would control CPUID's faults may be set to 0.
 */
#define VCPU_MSRS_MAX 7U /* as many as Xen might ever answer */

long domctl_get_vcpu_msrs(struct domain *d, struct xen_domctl *op)
{
    struct xen_domctl_vcpu_msrs *list = &op->u.vcpu_msrs;
    struct vcpu *v = domain_vcpu(d, list->vcpu);
    struct xen_domctl_vcpu_msr msr = {.index = MSR_TSC_AUX};
    u32 room = list->msr_count;

    if (!v)
        return refuse(XEN_ESRCH, "there is no such vcpu");
    if (v == current)
        return refuse(XEN_EINVAL, "the vcpu that asks");
    if (!list->msrs.p) {
        list->msr_count = VCPU_MSRS_MAX;
        return 0;
    }
    vcpu_freeze(v);
    msr.value = v->tsc_aux;
    vcpu_thaw(v);
    list->msr_count = msr.value && features.rdtscp; /* zeros are left out */
    if (list->msr_count > room)
        return refuse(XEN_ENOBUFS, "no room for all MSRs");
    return list->msr_count ? guest_write((u64)list->msrs.p, &msr, sizeof(msr)) : 0;
}

static long msr_set(struct vcpu *v, const struct xen_domctl_vcpu_msr *msr)
{
    if (!msr->reserved && msr->index == MSR_TSC_AUX && !(msr->value >> 32) && features.rdtscp)
        v->tsc_aux = (u32)msr->value;
    else if (msr->reserved || msr->index != MSR_MISC_FEATURES || msr->value)
        return refuse(XEN_EINVAL, "no MSR that guests have, or no value for it");
    return 0;
}

/* Refused, it says how many were set. */
long domctl_set_vcpu_msrs(struct domain *d, struct xen_domctl *op)
{
    struct xen_domctl_vcpu_msrs *list = &op->u.vcpu_msrs;
    struct vcpu *v = domain_vcpu(d, list->vcpu);
    u32 count = list->msr_count;
    long rc = 0;

    if (!v)
        return refuse(XEN_ESRCH, "there is no such vcpu");
    if (v == current || count > VCPU_MSRS_MAX)
        return refuse(XEN_EINVAL, "the vcpu that asks, or more MSRs than there are");
    vcpu_freeze(v);
    for (list->msr_count = 0; !rc && list->msr_count < count; list->msr_count += !rc) {
        struct xen_domctl_vcpu_msr msr;

        rc = guest_read(&msr, (u64)(list->msrs.p + list->msr_count), sizeof(msr));
        if (!rc)
            rc = msr_set(v, &msr);
    }
    vcpu_thaw(v);
    return rc;
}
