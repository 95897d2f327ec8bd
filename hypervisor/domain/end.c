/*
 * The end of a domain: everything that it had is given back, in an order in which nobody can be
 * left holding what is gone.
 *
 *   stop     it is dying: whoever asks is refused new memory, ports, tables, vcpus. Then none of
 *            its vcpus runs any more, nor is loaded in a CPU.
 *   close    its ports: no other domain's port leads to it now. Its interrupts are nobody's.
 *   quiet    every CPU has left the call or interrupt that it was in: nobody sends to it, nobody
 *            goes on with what was allowed before it was dying.
 *   release  what its vcpus hold: timers, tables, descriptor tables, pages shared with the
 *            hypervisor; and what interrupted calls hold for it, its own or its controller's. The
 *            grants that it has mapped are told that it uses them no more.
 *   frames   each is unpinned, and no longer held by its owner. Tables that lose their last use
 *            give back what they name. Linear entries make no circles (mm/linear.h), so nothing has
 *            to be broken open. What others have mapped stays.
 *   dead     the last frame that goes, now or later, frees the rest: not at once, for somebody may
 *            just have found the domain by its number.
 *
 * Each step is a loop that can be interrupted: then the controller makes the same call again.
 */
#include "hypervisor/cpu/descriptors.h"
#include "hypervisor/cpu/preempt.h"
#include "hypervisor/debug/bug.h"
#include "hypervisor/debug/trace.h"
#include "hypervisor/domain/base.h"
#include "hypervisor/domain/life.h"
#include "hypervisor/domain/list.h"
#include "hypervisor/domain/vcpu_info.h"
#include "hypervisor/domain/vnuma.h"
#include "hypervisor/grant/grant.h"
#include "hypervisor/mm/alloc.h"
#include "hypervisor/mm/pae.h"
#include "hypervisor/mm/ptype.h"
#include "hypervisor/sched/pool.h"
#include "xen-like/lib/string.h"

#define VCPU_UNITS    10 /* of work, see cpu/preempt.h */
#define FRAME_UNITS   6
#define FREES_AT_ONCE 64U

static int end_stop(struct domain *d)
{
    spin_lock(&d->vcpus_lock); /* against a vcpu that is being made */
    d->dying = true;
    spin_unlock(&d->vcpus_lock);
    domain_claim(d, 0);
    vnuma_replace(d, NULL);
    while (d->end.vcpu < d->max_vcpus) {
        struct vcpu *v = d->vcpus[d->end.vcpu++];

        if (v) {
            vcpu_stop(v, STOP_DYING);
            vcpu_freeze(v); /* for good */
        }
        if (preempt_point(VCPU_UNITS))
            return RESTART;
    }
    d->sched.pool = pools; /* as Xen: the other may lose its last CPU */
    if (d->log.on)
        dirty_stop(d);
    return 0;
}

static struct domain *domain_of(struct quiesce *q)
{
    return (struct domain *)((u8 *)q - offsetof(struct domain, end.quiesce));
}

static void is_quiet(struct quiesce *q)
{
    __atomic_store_n(&domain_of(q)->end.quiet, true, __ATOMIC_RELEASE);
}

static int end_quiet(struct domain *d)
{
    if (!d->end.asked)
        quiesce(&d->end.quiesce, is_quiet);
    d->end.asked = true;
    return __atomic_load_n(&d->end.quiet, __ATOMIC_ACQUIRE) ? 0 : RESTART;
}

/* What a vcpu that does not run has left of calls that were interrupted. */
static int calls_end(struct vcpu *v)
{
    int rc = exchange_end(&v->exchange);

    return rc ? rc : extent_end(&v->extent);
}

static void base_drop(u64 *base)
{
    u64 cr3 = *base;

    *base = 0;
    if (cr3)
        frame_put_and_type(mfn_to_frame(MFN(cr3 >> PAGE_SHIFT)));
}

static void vcpu_release(struct vcpu *v)
{
    vcpu_time_destroy(v);
    if (v->domain->is_32bit)
        pae_base_set(v, MFN(0)); /* the root goes with the vcpu */
    else
        base_drop(&v->cr3_kernel);
    base_drop(&v->cr3_user);
    vcpu_drop_gdt(v);
    vcpu_drop_ldt(v);
    vcpu_info_place(v, &vcpu_info_none);
    if (v->info_mfn.n)
        frame_put_and_type(mfn_to_frame(v->info_mfn));
    v->info_mfn = MFN(0);
}

/* Its tables wait to be torn down in its own list: they go on in that of the running vcpu, when it
 * is empty: between two parts of another call of its own this one may have been made. */
static int vcpu_end(struct vcpu *v)
{
    int rc = tables_retire_pending();

    if (!rc && v->retiring) {
        current->retiring = v->retiring;
        v->retiring = 0;
        rc = tables_retire();
    }
    if (!rc)
        rc = calls_end(v);
    if (rc)
        return rc;
    vcpu_release(v);
    return tables_retire_pending();
}

/* A controller's vcpu may have been interrupted while it got memory for @d, and go on much later:
 * too late. */
static int caller_end(struct vcpu *v, const struct domain *d)
{
    int rc;

    if (v->exchange.d != d && v->extent.d != d)
        return 0;
    if (v != current)
        vcpu_freeze(v);
    rc = v->exchange.d == d ? exchange_end(&v->exchange) : 0;
    if (!rc && v->extent.d == d)
        rc = extent_end(&v->extent);
    if (v != current)
        vcpu_thaw(v);
    return rc;
}

static int vcpus_end(struct domain *d, u32 *next, bool own)
{
    const struct domain *of = own ? d : dom0;

    for (; of && *next < of->max_vcpus; ++*next) {
        struct vcpu *v = of->vcpus[*next];
        int rc = v ? (own ? vcpu_end(v) : caller_end(v, d)) : 0;

        if (rc)
            return rc;
        if (preempt_point(VCPU_UNITS)) {
            ++*next;
            return RESTART;
        }
    }
    return 0;
}

static int end_release(struct domain *d)
{
    int rc = vcpus_end(d, &d->end.caller, false);

    if (!rc)
        rc = vcpus_end(d, &d->end.released, true);
    if (!rc)
        rc = events_release(d);
    return rc ? rc : grants_release(d);
}

/* A page that it granted is held by whoever mapped it, like any other; what it has mapped itself
 * goes with its tables. */
static int end_frames(struct domain *d)
{
    struct frame *f;
    int rc = tables_retire_pending();

    while (!rc && (f = domain_frame_leave(d))) {
        if (__atomic_fetch_and(&f->word, ~FRAME_PINNED, __ATOMIC_ACQ_REL) & FRAME_PINNED)
            frame_put_and_type(f);
        table_give_up_partial(f);
        frame_disown(f);
        frame_put(f);
        rc = preempt_point(FRAME_UNITS) ? RESTART : tables_retire_pending();
    }
    return rc;
}

/* What is freed is in no queue of timers. */
static void vcpu_gone(struct vcpu *v)
{
    ASSERT(!timer_is_set(&v->time.oneshot) && !timer_is_set(&v->time.periodic) &&
           !timer_is_set(&v->time.poll));
    sched_vcpu_destroy(v);
    vcpu_free(v);
}

static void free_more(struct quiesce *q)
{
    struct domain *d = domain_of(q);
    u32 end = MIN(d->end.freed + FREES_AT_ONCE, d->max_vcpus);

    for (; d->end.freed < end; d->end.freed++)
        if (d->vcpus[d->end.freed])
            vcpu_gone(d->vcpus[d->end.freed]);
    if (d->end.freed < d->max_vcpus || !events_free(d) || !grants_free(d))
        return quiesce(q, free_more); /* this is an interrupt: the rest in the next */
    for (u32 i = 0; i < WATCHDOGS; i++)
        ASSERT(!timer_is_set(&d->watchdogs[i]));
    ASSERT(!timer_is_set(&d->stopper) && !timer_is_set(&d->sched.refill));
    domain_free(d);
    virq_raise_global(VIRQ_DOM_EXC);
}

/* Nobody can name it any more. A timer's function that runs elsewhere at this moment is done when
 * the CPUs have been quiescent again, and has set none, for the domain is dead. */
static void forget(struct quiesce *q)
{
    struct domain *d = domain_of(q);

    if (d->walk.by) /* a call that finds no domain any more */
        d->walk.by->walks = false;
    virq_handler_gone(d);
    for (u32 i = 0; i < WATCHDOGS; i++)
        timer_stop(&d->watchdogs[i]);
    timer_stop(&d->stopper);
    sched_domain_destroy(d);
    trace(sched_dom_rem, d->id);
    quiesce(q, free_more);
}

void domain_gone(struct domain *d)
{
    domain_unlink(d);
    trace(dom_rem, d->id);
    quiesce(&d->end.quiesce, forget);
}

static int end_dead(struct domain *d)
{
    bool gone;

    if (grants_end(d))
        return RESTART;
    d->shared = NULL;
    frame_put_and_type(mfn_to_frame(d->shared_mfn)); /* the hypervisor's own references to it */
    spin_lock(&d->page_lock);
    d->dead = true;
    gone = domain_has_no_frames(d);
    spin_unlock(&d->page_lock);
    virq_raise_global(VIRQ_DOM_EXC);
    if (gone)
        domain_gone(d);
    return 0;
}

static int (*const steps[])(struct domain *d) = {end_stop,    events_close, end_quiet,
                                                 end_release, end_frames,   end_dead};

int domain_kill(struct domain *d)
{
    int rc = 0;

    if (d == current->domain)
        return refuse(XEN_EINVAL, "nobody ends himself so");
    for (; !rc && d->end.step < ARRAY_SIZE(steps); d->end.step += !rc)
        rc = steps[d->end.step](d);
    return rc;
}
