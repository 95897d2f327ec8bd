/*
 * XEN_DOMCTL_shadow_op: which frames of a domain have changed since somebody last asked, as a
 * bitmap by pfn. What Xen uses its shadow page tables for beside that, PV domains do not have here.
 *
 * An answer may take several calls: the first fills the caller's bitmap with zeros, then bits are
 * set one by one. The domain may run between two of them: what it writes then is marked anew.
 */
#include "hypercalls/domctl.h"

#include "hypervisor/cpu/preempt.h"
#include "hypervisor/domain/life.h"
#include "hypervisor/mm/dirty.h"
#include "hypervisor/mm/uaccess.h"

#define ZERO_UNITS 12 /* of work, cpu/preempt.h: a page of the bitmap is cleared */

static int bit_set(u64 pfn, void *bitmap)
{
    u64 at = (u64)bitmap + pfn / 8;
    u8 byte;

    if (!bitmap)
        return 0;
    if (guest_read(&byte, at, sizeof(byte)))
        return -XEN_EFAULT;
    byte |= (u8)(1U << pfn % 8);
    return guest_write(at, &byte, sizeof(byte));
}

/* From @log->zeroed on. 0, RESTART or -EFAULT. */
static int bitmap_clear(struct dirty_log *log, u64 to, u64 bytes)
{
    static const u8 zeros[PAGE_SIZE];

    while (to && log->zeroed < bytes) {
        u64 n = MIN(bytes - log->zeroed, PAGE_SIZE);

        if (guest_write(to + log->zeroed, zeros, n))
            return -XEN_EFAULT;
        log->zeroed += n;
        if (preempt_point(ZERO_UNITS))
            return RESTART;
    }
    return 0;
}

/* Frozen for each part: what is no more dirty must not be in its shadow tables as writable. */
static int dirty_tell(struct domain *d, struct xen_domctl_shadow_op *sc, bool clean)
{
    struct dirty_log *log = &d->log;
    int rc = bitmap_clear(log, (u64)sc->dirty_bitmap.p, (sc->pages + 7) / 8);

    sc->stats.fault_count = (u32)MIN(log->faults, UINT32_MAX);
    sc->stats.dirty_count = (u32)MIN(log->frames, UINT32_MAX);
    if (rc)
        return rc;
    if (clean)
        domain_freeze(d);
    rc = dirty_read(d, sc->pages, clean, bit_set, sc->dirty_bitmap.p);
    if (clean && !rc)
        log->faults = log->frames = 0;
    if (clean)
        domain_thaw(d);
    return rc;
}

static long question(struct domain *d, struct xen_domctl_shadow_op *sc)
{
    int rc;

    if (sc->mode & ~(u32)XEN_DOMCTL_SHADOW_LOGDIRTY_FINAL)
        return refuse(XEN_EINVAL, "an unknown kind of question");
    rc = dirty_tell(d, sc, sc->op == XEN_DOMCTL_SHADOW_OP_CLEAN);
    d->log.reader = rc == RESTART ? current->domain : NULL;
    d->log.op = sc->op;
    if (rc != RESTART)
        d->log.zeroed = d->log.next = 0;
    return rc;
}

static long watch(struct domain *d, bool on)
{
    long rc;

    domain_freeze(d);
    rc = on ? dirty_start(d) : dirty_stop(d);
    domain_thaw(d);
    return rc;
}

long domctl_shadow_op(struct domain *d, struct xen_domctl *op)
{
    struct xen_domctl_shadow_op *sc = &op->u.shadow_op;

    if (d == current->domain)
        return refuse(XEN_EINVAL, "a domain's own tables");
    if (d->dying)
        return 0;
    if (!domain_vcpu(d, 0))
        return refuse(XEN_EINVAL, "a domain without vcpus");
    if (d->log.reader && (d->log.reader != current->domain || d->log.op != sc->op) &&
        sc->op != XEN_DOMCTL_SHADOW_OP_GET_ALLOCATION)
        return refuse(XEN_EBUSY, "another question is being answered");
    switch (sc->op) {
    case XEN_DOMCTL_SHADOW_OP_ENABLE:
        if (!(sc->mode & XEN_DOMCTL_SHADOW_ENABLE_LOG_DIRTY))
            return refuse(XEN_EINVAL, "shadow tables without a log");
        return watch(d, true);
    case XEN_DOMCTL_SHADOW_OP_ENABLE_LOGDIRTY:
        return watch(d, true);
    case XEN_DOMCTL_SHADOW_OP_OFF:
        return d->log.on ? watch(d, false) : 0;
    case XEN_DOMCTL_SHADOW_OP_CLEAN:
    case XEN_DOMCTL_SHADOW_OP_PEEK:
        return question(d, sc);
    case XEN_DOMCTL_SHADOW_OP_GET_ALLOCATION: /* its shadow tables are the CPUs', not its own */
        sc->mb = 0;
        return 0;
    default:
        return refuse(XEN_EINVAL, "no such operation, or not for a domain like this");
    }
}
