/*
 * Borrowed Virtual Time (Duda and Cheriton, SOSP 1999), the scheduler of the Xen of 2003: virtual
 * time in proportion to weight, as in credit.c, and vcpus that must be served soon may borrow from
 * their future: while it warps, a vcpu counts as WARP_NS less advanced than it is. It warps when it
 * wakes, for WARP_MOST of run time at most, and then not again for WARP_PAUSE; what it ran is
 * charged all the same. Here those are the control domain's vcpus, through which all I/O goes.
 *
 * In the paper's words: sched.key is the effective virtual time, ACTUAL the actual one, SVT the
 * scheduler virtual time, the slice the context switch allowance. The paper has one CPU; here all
 * of a pool go by one clock, so vcpus that are pinned apart may find themselves ahead or behind
 * when that ends. What Xen made of it in 2003: Barham et al., "Xen and the art of virtualization".
 */
#include "hypervisor/sched/policy.h"
#include "hypervisor/time/clock.h"

#define WARP_NS    ((s64)(50 * NS_PER_MS)) /* of virtual time */
#define WARP_MOST  ((s64)(10 * NS_PER_MS))
#define WARP_PAUSE ((s64)(50 * NS_PER_MS))

#define ACTUAL own[0]
#define WARPED own[1] /* ns that it ran while it warps; negative: it does not */
#define AGAIN  own[2] /* system time from which on it may */

#define SVT(v) (pool_of_vcpu(v)->clock)

static void key_set(struct vcpu_sched *s)
{
    s->key = s->ACTUAL - (s->WARPED >= 0 ? WARP_NS : 0);
}

/* While everybody runs alone nobody is chosen: their time is the clock, also for one that wakes
 * now, who might otherwise compete before the clock has caught up. */
static void clock_follow(struct cpu_pool *p, u64 now)
{
    s64 svt = p->clock;

    if (cpus_contended(p))
        return;
    for (u32 cpu = 0; cpu < cpus_online; cpu++) {
        const struct sched_cpu *c = &sched_cpus[cpu];

        if (!cpu_set_has(&p->cpus, cpu))
            continue;
        if (c->runs && now > c->since)
            svt = MAX(svt, c->runs->sched.ACTUAL + virtual_ns(c->runs, now - c->since));
        else if (c->runs)
            svt = MAX(svt, c->runs->sched.ACTUAL);
    }
    p->clock = svt;
}

static void bvt_enter(struct vcpu *v, bool slept, u64 now)
{
    struct vcpu_sched *s = &v->sched;

    clock_follow(pool_of_vcpu(v), now);
    if (slept) {
        s->ACTUAL = MAX(s->ACTUAL, SVT(v));
        s->WARPED = v->domain->privileged && (s64)now >= s->AGAIN ? 0 : -1;
    } else {
        s->ACTUAL = SVT(v);
        s->WARPED = -1;
    }
    key_set(s);
}

static void bvt_ran(struct vcpu *v, u64 ns, u64 now)
{
    struct vcpu_sched *s = &v->sched;

    s->ACTUAL += virtual_ns(v, ns);
    if (s->WARPED >= 0)
        s->WARPED += (s64)ns;
    if (s->WARPED >= WARP_MOST) {
        s->WARPED = -1;
        s->AGAIN = (s64)now + WARP_PAUSE;
    }
    key_set(s);
}

/* Those that warp are before the clock. */
static u64 bvt_chosen(struct vcpu *v, u64 now)
{
    (void)now;
    SVT(v) = MAX(SVT(v), v->sched.key);
    return sched_slice(v);
}

const struct policy bvt = {.name = "bvt", .enter = bvt_enter, .ran = bvt_ran, .chosen = bvt_chosen};
