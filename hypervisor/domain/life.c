/*
 * A domain is paused, goes on, is resumed after a shutdown: for each of its vcpus, of which there
 * may be thousands. So that is done in steps, and another call finds the domain half paused.
 *
 * What keeps this simple: one walk over the vcpus at a time (domain.walk), which belongs to the
 * vcpu whose call it is (and which gets no upcall before it is done: call_is_bound); anybody else
 * who wants to begin one makes his call again. What the walk is for is said in the domain before it
 * begins; a vcpu that is made meanwhile is put into the state of those that were passed, or of
 * those that will be (vcpu_add).
 */
#include "hypervisor/domain/life.h"

#include "hypervisor/cpu/preempt.h"
#include "hypervisor/debug/bug.h"

#define PAUSES_MAX 255U /* as many as Xen counts */
#define VCPU_UNITS 4    /* of work, see cpu/preempt.h */

/* Under vcpus_lock: 1, this vcpu's walk for @fn goes on; 0, it may begin one; or RESTART: another's
 * is going on, or this one's for something else, whose kernel made this call in between. */
static int walk_mine(const struct domain *d, void (*fn)(struct vcpu *v))
{
    if (!d->walk.by)
        return 0;
    return d->walk.by == current && d->walk.fn == fn ? 1 : RESTART;
}

static void walk_begin(struct domain *d, void (*fn)(struct vcpu *v))
{
    d->walk = (struct domain_walk){.by = current, .fn = fn};
    current->walks = true;
}

/* The next vcpu of the walk, perhaps NULL; false: that was the last. */
static bool walk_next(struct domain *d, struct vcpu **v)
{
    bool more;

    spin_lock(&d->vcpus_lock);
    more = d->walk.next < d->max_vcpus;
    *v = more ? d->vcpus[d->walk.next++] : NULL;
    if (!more) {
        d->walk.by = NULL;
        current->walks = false;
    }
    spin_unlock(&d->vcpus_lock);
    if (!more)
        call_unbind(current);
    return more;
}

static int walk(struct domain *d)
{
    void (*fn)(struct vcpu * v) = d->walk.fn;
    struct vcpu *v;

    while (walk_next(d, &v)) {
        if (v)
            fn(v);
        if (preempt_point(VCPU_UNITS))
            return RESTART;
    }
    return 0;
}

int domain_pause(struct domain *d)
{
    int rc;

    if (d == current->domain)
        return refuse(XEN_EINVAL, "nobody pauses himself");
    spin_lock(&d->vcpus_lock);
    rc = walk_mine(d, vcpu_freeze);
    if (!rc && d->pauses == PAUSES_MAX) {
        rc = refuse(XEN_EOVERFLOW, "paused too often");
    } else if (!rc && !d->pauses++) {
        walk_begin(d, vcpu_freeze);
        rc = 1;
    }
    spin_unlock(&d->vcpus_lock);
    return rc > 0 ? walk(d) : rc;
}

int domain_unpause(struct domain *d)
{
    int rc;

    spin_lock(&d->vcpus_lock);
    rc = walk_mine(d, vcpu_thaw);
    if (!rc && !d->pauses) {
        rc = refuse(XEN_EINVAL, "it is not paused");
    } else if (!rc && !--d->pauses) {
        d->stops += d->created;
        d->created = true;
        walk_begin(d, vcpu_thaw);
        rc = 1;
    }
    spin_unlock(&d->vcpus_lock);
    return rc > 0 ? walk(d) : rc;
}

void domain_freeze(struct domain *d)
{
    for (u32 i = 0; i < d->max_vcpus; i++)
        if (d->vcpus[i])
            vcpu_freeze(d->vcpus[i]);
}

void domain_thaw(struct domain *d)
{
    for (u32 i = 0; i < d->max_vcpus; i++)
        if (d->vcpus[i])
            vcpu_thaw(d->vcpus[i]);
}

static void vcpu_shut_end(struct vcpu *v)
{
    vcpu_go(v, STOP_SHUT);
}

/* The first vcpu to go on may shut the domain down again before the last one does: that waits for
 * the walk's end (stop_more). */
int domain_resume(struct domain *d)
{
    int rc;

    if (d == current->domain)
        return refuse(XEN_EINVAL, "nobody resumes himself");
    spin_lock(&d->vcpus_lock);
    rc = walk_mine(d, vcpu_shut_end);
    if (!rc && d->shutting_down && !d->shutdown) {
        rc = d->dying ? 0 : RESTART; /* its vcpus are about to stop */
    } else if (!rc && d->shutdown) {
        d->shutdown_code = SHUTDOWN_CODE_NONE;
        d->crash_rule = NULL;
        d->crash_told = d->shutdown = false;
        d->stops++;
        walk_begin(d, vcpu_shut_end);
        __atomic_store_n(&d->shutting_down, false, __ATOMIC_RELEASE);
        rc = 1;
    }
    spin_unlock(&d->vcpus_lock);
    return rc > 0 ? walk(d) : rc;
}
