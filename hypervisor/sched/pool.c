/* Pools of CPUs: see pool.h. There is room for as many as Xen allows, so none is ever freed, and
 * who reads a domain's pool needs no lock. */
#include "hypervisor/sched/pool.h"

#include "hypervisor/cpu/preempt.h"
#include "hypervisor/sched/internal.h"
#include "xen-like/lib/bitmap.h"
#include "xen-like/lib/string.h"

#define POOLS_PER_CPU 2
#define VCPU_UNITS    12 /* of work, see cpu/preempt.h */
#define SEEN_UNITS    10 /* of vcpus that were looked at: */
#define SEEN          32

#define PARAMS_DEFAULT                                                                             \
    {                                                                                              \
        .tslice_ms = 10                                                                            \
    }

struct cpu_pool pools[POOLS_PER_CPU * CPUS_MAX] = {
    {.made = true, .cpus = {{[0 ... CPUS_MAX / 64 - 1] = ~0UL}}, .params = PARAMS_DEFAULT}};
struct cpu_set pool_no_cpus;

static struct cpu_pool *leaving_pool; /* what a CPU has not quite left; NULL: none */
static u32 leaving_cpu;

struct cpu_pool *pool_at_least(u32 id)
{
    struct cpu_pool *found = NULL;

    for (struct cpu_pool *p = pools; p < pools + ARRAY_SIZE(pools); p++)
        if (p->made && p->id >= id && (!found || p->id < found->id))
            found = p;
    return found;
}

struct cpu_pool *pool_find(u32 id)
{
    struct cpu_pool *p = pool_at_least(id);

    return p && p->id == id ? p : NULL;
}

bool pool_has_cpus(const struct cpu_pool *p)
{
    return cpu_sets_meet(&p->cpus, NULL);
}

u32 pool_domains(const struct cpu_pool *p)
{
    u32 n = 0;

    for (const struct domain *d = domains; d; d = d->next)
        n += d->sched.pool == p;
    return n;
}

/* Behind the last; if that is the highest number that there is, in the first gap. */
static u32 number_next(void)
{
    u32 last = 0, gap = 1;

    for (struct cpu_pool *p = pools; p; p = p->id + 1 < POOL_ANY ? pool_at_least(p->id + 1) : NULL)
        last = p->id;
    while (pool_find(gap))
        gap++;
    return last + 1 < POOL_ANY ? last + 1 : gap;
}

int pool_create(u32 *id, u32 sched_id)
{
    u32 n = 0;

    while (n < POOLS_PER_CPU * cpus_online && pools[n].made)
        n++;
    if (n == POOLS_PER_CPU * cpus_online)
        return refuse(XEN_ENOSPC, "twice as many pools as CPUs");
    if (*id != POOL_ANY && pool_find(*id))
        return refuse(XEN_EEXIST, "the pool is there");
    if (sched_id != SCHED_ID)
        return refuse(XEN_ENOENT, "no such scheduler is built in");
    pools[n] =
        (struct cpu_pool){.id = *id != POOL_ANY ? *id : number_next(), .params = PARAMS_DEFAULT};
    pools[n].made = true;
    *id = pools[n].id;
    return 0;
}

int pool_destroy(struct cpu_pool *p)
{
    if (pool_has_cpus(p) || pool_domains(p) || p == leaving_pool)
        return refuse(XEN_EBUSY, "the pool has CPUs or domains");
    p->made = false;
    return 0;
}

/* It is not in its domain's pool, or its set is not what was asked for, cut to that. */
static bool is_stale(const struct vcpu *v)
{
    const struct vcpu_sched *s = &v->sched;
    const struct cpu_set *pool = &v->domain->sched.pool->cpus;

    if (s->pool != v->domain->sched.pool)
        return true;
    for (u32 w = 0, words = cpu_words(); w < words; w++)
        if (s->may[AFFINITY_HARD].bits[w] != (s->asked[AFFINITY_HARD].bits[w] & pool->bits[w]))
            return !s->pinned;
    return false;
}

static void vcpu_settle(struct vcpu *v)
{
    spin_lock(&sched_lock);
    affinity_apply(v, v->domain->sched.pool);
    spin_unlock(&sched_lock);
}

static int domain_settle(struct domain *d)
{
    for (u32 i = 0; i < d->max_vcpus; i++) {
        if (i % SEEN == SEEN - 1)
            preempt_charge(SEEN_UNITS);
        if (!d->vcpus[i] || !is_stale(d->vcpus[i]))
            continue;
        vcpu_settle(d->vcpus[i]);
        if (preempt_point(VCPU_UNITS))
            return RESTART;
    }
    return 0;
}

static int all_settle(void)
{
    int rc = 0;

    for (struct domain *d = domains; d && !rc; d = d->next)
        rc = domain_settle(d);
    return rc;
}

static struct cpu_pool *pool_of(u32 cpu)
{
    for (u32 n = 0; n < POOLS_PER_CPU * cpus_online; n++)
        if (pools[n].made && cpu_set_has(&pools[n].cpus, cpu))
            return &pools[n];
    return leaving_pool && leaving_cpu == cpu ? leaving_pool : NULL;
}

/* It is free until it has joined, so that a call that is made again goes on with it. */
static u32 cpu_free(const struct cpu_pool *p)
{
    u32 found = POOL_ANY;

    for (u32 cpu = cpus_online; cpu--;)
        if (cpu_set_has(&pool_no_cpus, cpu) && (found == POOL_ANY || pool_of(found) != p))
            found = cpu;
    return found;
}

int pool_cpu_add(struct cpu_pool *p, u32 cpu)
{
    int rc;

    if (cpu == POOL_ANY && (cpu = cpu_free(p)) == POOL_ANY)
        return refuse(XEN_ENODEV, "no CPU is free");
    if (cpu >= cpus_online)
        return refuse(XEN_EINVAL, "there is no such CPU");
    if (!cpu_set_has(&pool_no_cpus, cpu))
        return refuse(XEN_ENODEV, "the CPU is in a pool");
    if (pool_of(cpu) && pool_of(cpu) != p)
        return refuse(XEN_EADDRNOTAVAIL, "the CPU has not quite left its pool");
    spin_lock(&sched_lock);
    bitmap_set(p->cpus.bits, cpu);
    spin_unlock(&sched_lock);
    if (leaving_pool && leaving_cpu == cpu)
        leaving_pool = NULL;
    rc = all_settle();
    if (!rc)
        bitmap_clear(pool_no_cpus.bits, cpu);
    return rc;
}

static u32 cpu_last(const struct cpu_pool *p)
{
    u32 cpu = cpus_online;

    if (leaving_pool == p)
        return leaving_cpu;
    while (cpu && !cpu_set_has(&p->cpus, cpu - 1))
        cpu--;
    return cpu - 1;
}

static bool holds_pinned(u32 cpu)
{
    for (const struct domain *d = domains; d; d = d->next)
        for (u32 i = 0; i < d->max_vcpus; i++)
            if (d->vcpus[i] && d->vcpus[i]->sched.pinned && cpu_allowed(d->vcpus[i], cpu))
                return true;
    return false;
}

/* May it begin to leave? It may be the only one that is about to. */
static int leave_check(const struct cpu_pool *p, u32 cpu)
{
    struct cpu_set only = {};

    bitmap_set(only.bits, cpu);
    if (leaving_pool || !cpu_set_has(&p->cpus, cpu))
        return refuse(XEN_EADDRNOTAVAIL, "the CPU is not in the pool, or another one is leaving");
    for (u32 w = 0; w < ARRAY_SIZE(only.bits); w++)
        only.bits[w] = p->cpus.bits[w] & ~only.bits[w];
    if (!cpu_sets_meet(&only, NULL) && pool_domains(p))
        return refuse(XEN_EBUSY, "the last CPU of a pool with domains");
    return 0;
}

int pool_cpu_remove(struct cpu_pool *p, u32 cpu)
{
    int rc = 0;

    if (cpu == POOL_ANY)
        cpu = cpu_last(p);
    if (cpu >= cpus_online || (!cpu && p == pools))
        return refuse(XEN_EINVAL, "no such CPU, or the first one, which stays");
    if (p != leaving_pool || cpu != leaving_cpu)
        rc = leave_check(p, cpu);
    if (rc)
        return rc;
    leaving_pool = p;
    leaving_cpu = cpu;
    spin_lock(&sched_lock);
    bitmap_clear(p->cpus.bits, cpu);
    bitmap_set(pool_no_cpus.bits, cpu);
    spin_unlock(&sched_lock);
    rc = all_settle();
    if (!rc && holds_pinned(cpu))
        return refuse(XEN_EADDRINUSE, "a vcpu is pinned to the CPU");
    if (!rc)
        leaving_pool = NULL;
    return rc;
}

int pool_domain_move(struct cpu_pool *p, struct domain *d)
{
    for (u32 i = 0; d->sched.pool != p && i < d->max_vcpus; i++)
        if (d->vcpus[i] && d->vcpus[i]->sched.pinned)
            return refuse(XEN_EBUSY, "a vcpu is pinned to a CPU");
    d->sched.pool = p;
    return domain_settle(d);
}
