/* A vcpu's whole state in the form of the ABI, struct vcpu_guest_context: how it begins, what it
 * is, and how it is taken away. */
#ifndef HYPERVISOR_DOMAIN_CONTEXT_H
#define HYPERVISOR_DOMAIN_CONTEXT_H

#include "hypervisor/domain/domain.h"

/*
 * Let @v, which does not run, begin with what @c says: a private copy, of which nothing need be
 * true. With VGCF_online in its flags it may run at once, else not. A vcpu that has begun before
 * keeps its tables, and gets the rest. The domain's vcpus_lock is held.
 *
 * 0; -EINVAL: an address that is none of the guest's, a descriptor table or page tables that cannot
 * be had (or what validation of the latter says); -EOPNOTSUPP: other tables than it has; RESTART:
 * the same again goes on where this stopped.
 */
int vcpu_context_set(struct vcpu *v, const struct vcpu_guest_context *c);

/* The state of @v, which has begun and does not run. */
void vcpu_context_get(const struct vcpu *v, struct vcpu_guest_context *c);

/* @v, which does not run, gives its tables back and has to begin again. 0, or RESTART. The domain's
 * vcpus_lock is held. */
int vcpu_context_clear(struct vcpu *v);

/*
 * Of a 32-bit domain's vcpu: between the layout that its guest has, and the one that the functions
 * above take and give (context32.c). In that one CR3 is the L3's address, nothing else, and the
 * selectors of two callbacks stand where 64-bit guests have the syscall callback.
 */
void context_widen(struct vcpu_guest_context *to, const struct vcpu_guest_context_x86_32 *from);
void context_narrow(struct vcpu_guest_context_x86_32 *to, const struct vcpu_guest_context *from);

static inline u32 context_selectors(u16 event_cs, u16 failsafe_cs)
{
    return event_cs | (u32)failsafe_cs << 16;
}

static inline u16 context_event_cs(const struct vcpu_guest_context *c)
{
    return (u16)c->syscall_callback_eip;
}

static inline u16 context_failsafe_cs(const struct vcpu_guest_context *c)
{
    return (u16)(c->syscall_callback_eip >> 16);
}

#endif
