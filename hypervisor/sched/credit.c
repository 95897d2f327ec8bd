/*
 * The default: proportional share by virtual time, with the parameters (weight, cap) and the name
 * of Xen's credit scheduler.
 *
 * A vcpu's key is its virtual time: it advances while the vcpu runs, the slower the more weight the
 * vcpu has. Who has the least runs next, so all who compete advance together and get time in
 * proportion to their weights: start-time fair queueing (Goyal, Guo and Vin, "A hierarchical CPU
 * scheduler for multimedia operating systems", OSDI 1996). One who wakes begins where the others
 * are, that is, at the clock: the key of whoever was chosen last. It gets at most CLAIM more, which
 * puts it before all that have used theirs: I/O is prompt without a boost. (Xen's boost is given
 * to anybody who wakes, and time was charged by sampling; so a guest that slept whenever the sample
 * was due got nearly all of the CPU: Zhou et al., "Scheduler vulnerabilities and coordinated
 * attacks in cloud computing", 2011. Here a sleep never lowers a key below the clock less CLAIM,
 * nor below what it was.)
 *
 * Each CPU has its own clock, for vcpus that are kept apart by their affinities need not advance
 * together. One that may run on several CPUs goes by the fastest of them, where there is most to be
 * had. A CPU whose vcpu runs alone has none to compare with, so its clock does not count, and its
 * vcpu comes back to the others' when it gets a competitor. A key that lags by more than CLAIM (as
 * of one whose weight entitles it to more than a whole CPU) forgets it: such a claim could only be
 * met at the cost of others, later.
 */
#include "hypervisor/sched/policy.h"
#include "hypervisor/time/clock.h"

/* More than any turn counts for, but with tiny weights. */
#define CLAIM(v)   ((s64)(3 * sched_slice(v)))
#define TURN_LEAST NS_PER_MS

static s64 clocks[CPUS_MAX]; /* a pool's is the fastest that there was of its CPUs */

/* The clock that @v goes by: of CPUs that it may use, of any in its pool, of former times. */
static s64 clock_of(const struct vcpu *v)
{
    const struct cpu_set *may = &v->sched.may[AFFINITY_HARD];
    const struct cpu_pool *pool = pool_of_vcpu(v);
    bool any = false, own = false;
    s64 fastest = pool->clock;

    for (u32 cpu = 0; cpu < cpus_online; cpu++) {
        bool mine = cpu_set_has(may, cpu);

        if (sched_cpus[cpu].alone || !sched_cpus[cpu].runs || (own && !mine) ||
            !cpu_set_has(&pool->cpus, cpu))
            continue;
        if (!any || (mine && !own) || clocks[cpu] > fastest)
            fastest = clocks[cpu];
        any = true;
        own |= mine;
    }
    return fastest;
}

/* Who has little weight gets short turns, so that those of all count alike, and nobody waits long
 * for him. */
static u64 turn_of(const struct vcpu *v)
{
    u64 turn = sched_slice(v) * MIN(v->domain->sched.weight, WEIGHT_DEFAULT) / WEIGHT_DEFAULT;

    return MAX(turn, MIN(TURN_LEAST, sched_slice(v)));
}

/* Nor can a vcpu be further ahead than by what it ran in its last turn. */
static void key_fit(struct vcpu *v, s64 clock, s64 claim)
{
    s64 most = clock + virtual_ns(v, turn_of(v)) + CLAIM(v);

    v->sched.key = MAX(clock - claim, MIN(v->sched.key, most));
}

/* While everybody runs alone, their time is the clock. */
static void credit_enter(struct vcpu *v, bool slept, u64 now)
{
    s64 *latest = &pool_of_vcpu(v)->clock;

    (void)now;
    if (slept)
        return key_fit(v, clock_of(v), CLAIM(v));
    if (!cpus_contended(pool_of_vcpu(v)))
        *latest = MAX(*latest, v->sched.key);
    key_fit(v, clock_of(v), 0);
    clocks[v->sched.cpu] = v->sched.key;
}

static void credit_ran(struct vcpu *v, u64 ns, u64 now)
{
    (void)now;
    v->sched.key += virtual_ns(v, ns);
}

static u64 credit_chosen(struct vcpu *v, u64 now)
{
    s64 *clock = &clocks[v->sched.cpu], *latest = &pool_of_vcpu(v)->clock;

    (void)now;
    key_fit(v, clock_of(v), CLAIM(v));
    *clock = sched_cpus[v->sched.cpu].alone ? v->sched.key : MAX(*clock, v->sched.key);
    *latest = MAX(*latest, *clock);
    return turn_of(v);
}

const struct policy credit = {
    .name = "credit", .enter = credit_enter, .ran = credit_ran, .chosen = credit_chosen};
