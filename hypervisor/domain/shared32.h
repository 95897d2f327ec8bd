/*
 * What a domain and its vcpus share with the hypervisor, in the layout of a 32-bit guest.
 *
 * Much of it is where it is in the other layout, which is why most of the hypervisor never asks:
 * a vcpu_info has the same size, with its upcall bytes and its time at the same places, so the 32
 * of shared_info are found alike; and since bits are counted from the lowest byte up, the pending
 * bits begin at the same byte. Elsewhere are the selector, CR2 (vcpu.cr2 points at it), the mask
 * bits, wallclock and arch part: by what is here.
 */
#ifndef HYPERVISOR_DOMAIN_SHARED32_H
#define HYPERVISOR_DOMAIN_SHARED32_H

#include "hypervisor/domain/domain.h"

#define SAME_PLACE(field)                                                                          \
    _Static_assert(offsetof(struct vcpu_info_x86_32, field) == offsetof(struct vcpu_info, field),  \
                   "in both layouts")

SAME_PLACE(evtchn_upcall_pending);
SAME_PLACE(evtchn_upcall_mask);
SAME_PLACE(time);
_Static_assert(sizeof(struct vcpu_info_x86_32) == sizeof(struct vcpu_info), "in both layouts");
_Static_assert(sizeof(struct vcpu_time_info_x86_32) == sizeof(struct vcpu_time_info), "likewise");
_Static_assert(offsetof(struct shared_info_x86_32, evtchn_pending) ==
                   offsetof(struct shared_info, evtchn_pending),
               "in both layouts");

static inline struct shared_info_x86_32 *shared32(const struct domain *d)
{
    return (struct shared_info_x86_32 *)d->shared;
}

static inline struct vcpu_info_x86_32 *vcpu_info32(const struct vcpu *v)
{
    return (struct vcpu_info_x86_32 *)v->info;
}

/* Of a domain of either width: as many ports as the two-level ABI has; the last pfn that the guest
 * says there is; and the reasons of an NMI, of which both layouts have 32 bits. */
static inline u32 two_level_ports(const struct domain *d)
{
    return d->is_32bit ? sizeof(shared32(d)->evtchn_pending) * 8 : EVTCHN_2L_NR_CHANNELS;
}

static inline u64 shared_max_pfn(const struct domain *d)
{
    return d->is_32bit ? ACCESS_ONCE(shared32(d)->arch.max_pfn)
                       : ACCESS_ONCE(d->shared->arch.max_pfn);
}

static inline u32 *shared_nmi_reason(const struct domain *d)
{
    return d->is_32bit ? &shared32(d)->arch.nmi_reason : (u32 *)&d->shared->arch.nmi_reason;
}

static inline u64 vcpu_pending_sel(const struct vcpu *v)
{
    return v->domain->is_32bit ? ACCESS_ONCE(vcpu_info32(v)->evtchn_pending_sel)
                               : ACCESS_ONCE(v->info->evtchn_pending_sel);
}

/* What the guest has, or the hypervisor gave it, as CR2. */
static inline u64 vcpu_cr2(const struct vcpu *v)
{
    return v->domain->is_32bit ? ACCESS_ONCE(vcpu_info32(v)->arch.cr2) : *v->cr2;
}

#endif
