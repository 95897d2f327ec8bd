/*
 * The life of a domain as its controller steers it (hypercalls/domctl_*.c, and the boot).
 *
 *   created --first unpause--> running <--> paused        (pauses > 0)
 *      |                          |--> shutdown (shutdown_code)  --domain_resume--> running
 *      +------------ domain_kill: dying -------------------------------+
 *                                   | its vcpus run nowhere, its ports, grants, timers, tables and
 *                                   | frames are given back, in steps (RESTART)
 *                                   v
 *                                 dead: still found by number while others hold frames of it; the
 *                                 last frame_put frees it (after quiesce(), cpu/smp.h)
 *
 * A domain found by number is good until the hypercall ends (cpu/smp.h): no reference is needed.
 * Nobody may kill or pause his own domain (-EINVAL, as Xen). What can be interrupted answers
 * RESTART: the same vcpu makes the same call again. docs/domains.md tells the whole story.
 */
#ifndef HYPERVISOR_DOMAIN_LIFE_H
#define HYPERVISOR_DOMAIN_LIFE_H

#include "hypervisor/domain/domain.h"

/* What a domain is to be: what public/domctl.h has for it (struct xen_domctl_createdomain), as far
 * as the hypervisor itself looks at it. The gate has checked it. */
struct domain_config {
    u32 max_vcpus; /* places for vcpus; there are none yet */
    u64 max_pages;
    u32 ports; /* event channels that there may be; at most EVTCHN_FIFO_NR_CHANNELS */
    struct domain_grants_max grants; /* version 0: as the command line says */
    u32 flags, ssidref;
    xen_domain_handle_t handle;
    bool privileged;
    bool runs;             /* is not paused, and was never: the boot's own */
    struct cpu_pool *pool; /* NULL: pool 0 */
};

#define PORTS_DOMU 1024U /* as many as Xen's toolstack gives a domain that says nothing */

/*
 * A domain without memory and vcpus, paused once. @id: its number; 0, or what is no domain's
 * number, takes the next free one, but for a privileged one. 0; -EEXIST; -ENOMEM (or no number is
 * left).
 */
int domain_create(u16 id, const struct domain_config *c, struct domain **made);

/* A vcpu, down. NULL: out of memory, or there is no such place, or it is taken, or @d is dying. */
struct vcpu *vcpu_create(struct domain *d, u32 id);

/* A controller's pauses are counted; a new domain has one. Pausing returns after the last vcpu of
 * @d has left its CPU, its registers saved in vcpu.saved. 0; -EINVAL for the caller's own domain,
 * or an unpause of what is not paused; -EOVERFLOW: too many pauses; RESTART. An unpause sets
 * PVCLOCK_GUEST_STOPPED, but the first. */
int domain_pause(struct domain *d);
int domain_unpause(struct domain *d);

/* The same for the hypervisor's own short needs (reading registers): counted apart, not seen by the
 * guest, never refused. Not for the running domain. Of a domain: for each of its vcpus, without a
 * preemption point. */
void domain_freeze(struct domain *d);
void domain_thaw(struct domain *d);
void vcpu_freeze(struct vcpu *v);
void vcpu_thaw(struct vcpu *v);

/* XEN_DOMCTL_destroydomain: 0, RESTART, or -EINVAL. */
int domain_kill(struct domain *d);

/* XEN_DOMCTL_resumedomain: a domain that suspended goes on, with other registers perhaps. What its
 * call of SCHEDOP_shutdown answers is in its registers: 0, or 1 by the controller's hand. RESTART,
 * or -EINVAL for the caller's own. */
int domain_resume(struct domain *d);

/* The timers that may shut @d down, unset. */
void domain_shutdown_init(struct domain *d);

/* Its end is the machine's. */
bool domain_is_first(const struct domain *d);

/* The last frame of a dead domain has gone. Callable with any lock held. */
void domain_gone(struct domain *d);

/* The memory of a vcpu, and of a domain, that nobody can find. */
void vcpu_free(struct vcpu *v);
void domain_free(struct domain *d);

#endif
