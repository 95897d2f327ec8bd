/* What a controller may set: affinities, weights, caps, slices; and what the debug key shows. */
#include "hypervisor/sched/internal.h"

#include "hypervisor/debug/log.h"
#include "xen-like/lib/string.h"
#include "hypervisor/time/clock.h"

#define SHOWN_MAX 32 /* of those that wait */

bool cpu_sets_meet(const struct cpu_set *a, const struct cpu_set *b)
{
    for (u32 cpu = 0; cpu < cpus_online; cpu++)
        if (cpu_set_has(a, cpu) && (!b || cpu_set_has(b, cpu)))
            return true;
    return false;
}

static void cut_to(struct cpu_set *s, const struct cpu_set *to)
{
    for (u32 w = 0; w < ARRAY_SIZE(s->bits); w++)
        s->bits[w] &= to->bits[w];
}

/* The affinity in force follows from what was asked for: the pin before all, and a soft one that
 * has nothing in common with the hard one says nothing. One whose last CPU has left the pool is
 * forgotten. */
void affinity_derive(struct vcpu *v)
{
    struct vcpu_sched *s = &v->sched;
    struct cpu_set *hard = &s->may[AFFINITY_HARD], *soft = &s->may[AFFINITY_SOFT];
    const struct cpu_set *pool = &pool_of_vcpu(v)->cpus;

    if (!cpu_sets_meet(&s->asked[AFFINITY_HARD], pool))
        memset(&s->asked[AFFINITY_HARD], 0xff, sizeof(*hard));
    *hard = s->asked[AFFINITY_HARD];
    cut_to(hard, pool);
    if (s->pinned) {
        *hard = (struct cpu_set){};
        hard->bits[s->pin / 64] = 1UL << s->pin % 64;
    }
    *soft = cpu_sets_meet(hard, &s->asked[AFFINITY_SOFT]) ? s->asked[AFFINITY_SOFT] : *hard;
    cut_to(soft, hard);
}

static u32 first_of(const struct cpu_set *s)
{
    u32 cpu = 0;

    while (!cpu_set_has(s, cpu))
        cpu++;
    return cpu;
}

void affinity_apply(struct vcpu *v, struct cpu_pool *pool)
{
    bool waits = v->sched.queued;
    u64 now = now_ns();

    if (waits)
        queue_remove(v);
    if (pool != v->sched.pool)
        sched_move(v, pool, now);
    affinity_derive(v);
    if (vcpu_runs(v)) {
        if (!cpu_allowed(v, v->sched.cpu))
            sched_ask(v->sched.cpu);
        return;
    }
    if (!cpu_allowed(v, v->sched.cpu))
        v->sched.cpu = first_of(&v->sched.may[AFFINITY_HARD]);
    if (waits)
        sched_wait(v, true, now);
}

int vcpu_affinity_set(struct vcpu *v, const struct cpu_set *hard, const struct cpu_set *soft)
{
    int rc = 0;

    spin_lock(&sched_lock);
    if (hard && !cpu_sets_meet(hard, &pool_of_vcpu(v)->cpus)) {
        rc = refuse(XEN_EINVAL, "an affinity without a CPU of the vcpu's pool");
    } else if (v->sched.pinned) {
        rc = refuse(XEN_EBUSY, "the vcpu is pinned");
    } else {
        if (hard)
            v->sched.asked[AFFINITY_HARD] = *hard;
        if (soft)
            v->sched.asked[AFFINITY_SOFT] = *soft;
        affinity_apply(v, v->sched.pool);
    }
    spin_unlock(&sched_lock);
    return rc;
}

void vcpu_affinity_get(const struct vcpu *v, struct cpu_set *hard, struct cpu_set *soft)
{
    spin_lock(&sched_lock);
    if (hard)
        *hard = v->sched.pinned ? v->sched.may[AFFINITY_HARD] : v->sched.asked[AFFINITY_HARD];
    if (soft)
        *soft = v->sched.asked[AFFINITY_SOFT];
    spin_unlock(&sched_lock);
}

int vcpu_pin(struct vcpu *v, s32 cpu)
{
    struct vcpu_sched *s = &v->sched;
    int rc = 0;

    spin_lock(&sched_lock);
    if (cpu >= 0 && (u32)cpu >= cpus_online) {
        rc = refuse(XEN_EINVAL, "there is no such CPU");
    } else if (s->pinned == (cpu >= 0)) {
        rc = s->pinned ? refuse(XEN_EBUSY, "the vcpu is pinned already")
                       : refuse(XEN_EINVAL, "the vcpu is not pinned");
    } else if (cpu >= 0 && !cpu_set_has(&pool_of_vcpu(v)->cpus, (u32)cpu)) {
        rc = refuse(XEN_EINVAL, "the CPU is not in the vcpu's pool");
    } else {
        s->pinned = cpu >= 0;
        s->pin = (u32)MAX(cpu, 0);
        affinity_apply(v, v->sched.pool);
    }
    spin_unlock(&sched_lock);
    return rc;
}

bool vcpu_is_pinned(const struct vcpu *v)
{
    const struct vcpu_sched *s = &v->sched;
    u32 cpus = 0;

    for (u32 cpu = 0; cpu < cpus_online; cpu++)
        cpus += cpu_set_has(s->pinned ? &s->may[AFFINITY_HARD] : &s->asked[AFFINITY_HARD], cpu);
    return cpus == 1;
}

static void vcpu_show(const char *what, const struct vcpu *v)
{
    const struct domain_sched *d = &v->domain->sched;

    log_always(" %s d%uv%u: pool %u, key %ld, weight %u, cap %u, affinity %lx, soft %lx, "
               "ran %lu ms",
               what, v->domain->id, v->id, d->pool->id, v->sched.key, d->weight, d->cap,
               v->sched.may[AFFINITY_HARD].bits[0], v->sched.may[AFFINITY_SOFT].bits[0],
               v->sched.runstate.time[RUNSTATE_running] / NS_PER_MS);
}

/* In their order; how many there are from @n on. */
static u32 waiting_show(const struct vcpu *v, u32 n)
{
    if (!v)
        return n;
    n = waiting_show(v->sched.left, n);
    if (n < SHOWN_MAX)
        vcpu_show("waits", v);
    return waiting_show(v->sched.right, n + 1);
}

void sched_report(void)
{
    u32 n;

    spin_lock(&sched_lock);
    log_always("scheduler: %s, now %lu", sched_name(), now_ns());
    for (const struct cpu_pool *p = pools; p; p = pool_at_least(p->id + 1))
        log_always("pool %u: CPUs %lx, slice %u ms, rate limit %u us", p->id, p->cpus.bits[0],
                   p->params.tslice_ms, p->params.ratelimit_us);
    for (u32 cpu = 0; cpu < cpus_online; cpu++) {
        const struct sched_cpu *c = &sched_cpus[cpu];

        log_always("CPU %u: %s", cpu, !c->runs ? "idle" : c->alone ? "alone" : "contended");
        if (c->runs)
            vcpu_show("runs ", c->runs);
    }
    n = waiting_show(queue, 0);
    log_always("%u waiting", n);
    spin_unlock(&sched_lock);
}
