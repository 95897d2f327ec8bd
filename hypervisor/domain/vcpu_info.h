/* Where a vcpu's struct vcpu_info lies. */
#ifndef HYPERVISOR_DOMAIN_VCPU_INFO_H
#define HYPERVISOR_DOMAIN_VCPU_INFO_H

#include "hypervisor/domain/domain.h"

/* In shared_info there is room for the first 32. Others have this one, which no guest sees, until
 * they register one of their own; before that they cannot begin. */
extern struct vcpu_info vcpu_info_none;

/* From now on @v's is at @info, in the layout of its domain. */
static inline void vcpu_info_place(struct vcpu *v, vcpu_info_any *info)
{
    const u64 cr2 = v->domain->is_32bit ? offsetof(struct vcpu_info_x86_32, arch.cr2)
                                        : offsetof(struct vcpu_info, arch.cr2);

    v->cr2 = (u64_any *)((u8 *)info + cr2);
    __atomic_store_n(&v->info, info, __ATOMIC_RELEASE);
}

/*
 * VCPUOP_register_vcpu_info: from now on @v's is at @offset of the frame @m of its domain, which
 * stays writable memory as long as the vcpu lives. @v is current or down; its domain's vcpus_lock
 * is held. 0; -ENXIO: no room there, or misaligned; -EINVAL: it has moved before, it may be
 * running, or the frame cannot be had.
 */
int vcpu_info_move(struct vcpu *v, mfn_t m, u32 offset);

#endif
