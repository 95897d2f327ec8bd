/*
 * A vcpu's struct vcpu_info moves into memory of the guest's own.
 *
 * Whoever sends an event while this goes on may still write to the old place, where nobody looks
 * any more. So afterwards everything counts as pending: the guest is called once for nothing, and
 * has missed nothing.
 */
#include "hypervisor/domain/vcpu_info.h"

#include "hypervisor/debug/bug.h"
#include "hypervisor/domain/shared32.h"
#include "hypervisor/event/channel.h"
#include "hypervisor/mm/ptype.h"

/* Of the memory where one may be. */
static u32 alignment_of(const struct domain *d)
{
    return d->is_32bit ? _Alignof(u32) : _Alignof(struct vcpu_info);
}

static void select_all(struct vcpu *v)
{
    if (v->domain->is_32bit)
        __atomic_store_n(&vcpu_info32(v)->evtchn_pending_sel, ~0U, __ATOMIC_RELEASE);
    else
        __atomic_store_n(&v->info->evtchn_pending_sel, ~0UL, __ATOMIC_RELEASE);
}

int vcpu_info_move(struct vcpu *v, mfn_t m, u32 offset)
{
    vcpu_info_any *to;

    if (offset > PAGE_SIZE - sizeof(*to) || offset % alignment_of(v->domain))
        return refuse(XEN_ENXIO, "a vcpu_info that is misaligned or crosses a page");
    if (v->info_mfn.n)
        return refuse(XEN_EINVAL, "a vcpu_info that has moved already");
    if (v != current && !(ACCESS_ONCE(v->sched.stopped) & STOP_DOWN))
        return refuse(XEN_EINVAL, "the vcpu_info of another vcpu that is up");
    if (frame_get_and_type(m, v->domain, FT_WRITABLE))
        return refuse(XEN_EINVAL, "a vcpu_info in a frame that is not the guest's to write");
    to = mfn_to_virt(m) + offset;
    *to = *v->info;
    if (v->info == &vcpu_info_none)
        *to = (struct vcpu_info){.evtchn_upcall_mask = 1};
    v->info_mfn = m;
    vcpu_info_place(v, to);
    select_all(v);
    upcall_raise(v);
    return 0;
}
