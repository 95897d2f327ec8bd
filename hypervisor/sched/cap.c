/*
 * Caps: all vcpus of a domain together get at most so many percent of one CPU. The domain has a
 * budget of nanoseconds to which time adds cap/100 of itself, up to PERIOD's worth; what its vcpus
 * run is taken off. When nothing is left they are parked, and a timer lets them go when the budget
 * is full again. Several that run at once may overdraw it: the debt is paid before they go on, so
 * over time the cap is exact.
 */
#include "hypervisor/sched/internal.h"
#include "hypervisor/time/clock.h"

#define PERIOD     (30 * NS_PER_MS) /* the time in which Xen's scheduler accounts */
#define ELAPSED    (10 * NS_PER_S)  /* after so long it is full in any case */
#define RUN_LEAST  100000U          /* ns: less is not worth an interrupt */
#define UNPARK_MAX 64               /* in one interrupt */

static s64 full(const struct domain *d)
{
    return (s64)(PERIOD * d->sched.cap / 100);
}

bool cap_spent(struct domain *d, u64 now)
{
    struct domain_sched *s = &d->sched;

    if (likely(!s->cap))
        return false;
    if (now > s->counted) { /* clocks of other CPUs may be some ticks behind */
        s->budget += (s64)(MIN(now - s->counted, ELAPSED) * s->cap / 100);
        s->budget = MIN(s->budget, 2 * full(d)); /* what others run now is yet to be taken off */
        s->counted = now;
    }
    return s->budget <= 0;
}

u64 cap_left(const struct domain *d)
{
    return d->sched.cap ? (u64)MAX(d->sched.budget, (s64)RUN_LEAST) : ~0UL;
}

void cap_park(struct vcpu *v, u64 now)
{
    struct domain_sched *s = &v->domain->sched;

    __atomic_fetch_or(&v->sched.stopped, STOP_PARKED, __ATOMIC_ACQ_REL);
    v->sched.left = s->parked;
    if (!s->parked)
        timer_set(&s->refill, now + (u64)(full(v->domain) - s->budget) * 100 / MAX(s->cap, 1U));
    s->parked = v;
}

static void unpark(struct vcpu *v, u64 now)
{
    v->domain->sched.parked = v->sched.left;
    __atomic_fetch_and(&v->sched.stopped, ~STOP_PARKED, __ATOMIC_ACQ_REL);
    sched_settle(v, now);
}

static void refill(void *domain)
{
    struct domain_sched *s = &((struct domain *)domain)->sched;
    u64 now;

    spin_lock(&sched_lock);
    now = now_ns();
    for (u32 n = 0; n < UNPARK_MAX && s->parked; n++)
        unpark(s->parked, now);
    if (s->parked && !ACCESS_ONCE(((struct domain *)domain)->dead))
        timer_set(&s->refill, now);
    spin_unlock(&sched_lock);
}

void cap_forget(struct vcpu *v)
{
    struct vcpu **at = &v->domain->sched.parked;

    if (!(ACCESS_ONCE(v->sched.stopped) & STOP_PARKED))
        return;
    while (*at != v)
        at = &(*at)->sched.left;
    *at = v->sched.left;
}

void sched_domain_init(struct domain *d, struct cpu_pool *pool)
{
    d->sched = (struct domain_sched){.pool = pool ? pool : pools, .weight = WEIGHT_DEFAULT};
    timer_init(&d->sched.refill, refill, d);
}

void sched_domain_destroy(struct domain *d)
{
    timer_stop(&d->sched.refill);
}
