#include "tests/host/sched_machine.h"

#include "hypervisor/debug/log.h"

#define GUESTS  5000
#define DOMAINS 5000

struct percpu host_percpu;
struct domain *dom0, *domains;
u32 cpus_online;
u64 machine_now, machine_switches;

static struct guest *guests[GUESTS];
static struct domain *domains_made[DOMAINS];
static u32 guests_count, domains_count, timers_count;
static struct timer *timers[DOMAINS];
static bool nudged[CPUS_MAX];
static u64 slice_end[CPUS_MAX], seed = 1;

/* What the scheduler needs of the rest. */

u64 now_ns(void)
{
    return machine_now;
}

void smp_nudge(u32 cpu)
{
    nudged[cpu] = true;
}

void timer_init(struct timer *t, void (*fn)(void *data), void *data)
{
    *t = (struct timer){.fn = fn, .data = data};
}

void timer_stop(struct timer *t)
{
    for (u32 i = 0; i < timers_count; i++)
        if (timers[i] == t)
            timers[i] = NULL;
}

void timer_set(struct timer *t, u64 due)
{
    u32 i = 0;

    timer_stop(t);
    while (timers[i])
        i++;
    timers_count = MAX(timers_count, i + 1);
    t->due = due;
    timers[i] = t;
}

void event_poll_end(struct vcpu *v)
{
    (void)v;
}

void log_at(enum log_level level, const char *format, ...)
{
    (void)level;
    (void)format;
}

bool preempt_wanted(struct percpu *cpu)
{
    (void)cpu;
    return machine_random(2);
}

void refusal_report(int error, const char *rule, const char *file, int line)
{
    (void)error;
    (void)rule;
    (void)file;
    (void)line;
}

NORETURN void bug_at(const char *file, int line, const char *what)
{
    print_error("%s:%d: %s\n", file, line, what);
    abort();
}

u32 machine_random(u32 n)
{
    seed = seed * 6364136223846793005UL + 1442695040888963407UL;
    return (u32)(seed >> 33) % n;
}

/* The machine. */

void machine_as(u32 cpu)
{
    host_percpu.id = cpu;
    host_percpu.running = sched_cpus[cpu].runs ? sched_cpus[cpu].runs : sched_cpus[cpu].idle;
}

static struct guest *guest_of(struct vcpu *v)
{
    return (struct guest *)v;
}

void machine_begin(u32 cpus, const char *policy)
{
    static struct vcpu idle[CPUS_MAX];

    for (u32 i = 0; i < guests_count; i++)
        machine_end(guests[i]);
    while (guests_count) {
        sched_vcpu_destroy(&guests[--guests_count]->v);
        free(guests[guests_count]);
    }
    for (u32 i = 0; i < domains_count; i++) {
        sched_domain_destroy(domains_made[i]);
        free(domains_made[i]->vcpus);
        free(domains_made[i]);
    }
    guests_count = domains_count = 0;
    domains = NULL;
    for (u32 n = 0; n < 2 * CPUS_MAX; n++)
        pools[n].made = !n;
    memset(&pools[0].cpus, 0xff, sizeof(pools[0].cpus));
    pool_no_cpus = (struct cpu_set){};
    assert_null(queue);
    assert_null(sched_choose_policy(policy));
    cpus_online = cpus;
    machine_now += SECOND;
    machine_switches = 0;
    sched_idlers = (struct cpu_set){};
    for (u32 cpu = 0; cpu < CPUS_MAX; cpu++) {
        sched_cpus[cpu] =
            (struct sched_cpu){.idle = &idle[cpu], .alone = true, .started = machine_now};
        nudged[cpu] = cpu < cpus;
    }
    machine_settle();
}

struct domain *machine_domain(u32 weight, u32 cap)
{
    struct domain *d = calloc(1, sizeof(*d));

    assert_true(d && domains_count < DOMAINS);
    domains_made[domains_count++] = d;
    sched_domain_init(d, NULL);
    d->next = domains;
    domains = d;
    d->sched.weight = weight;
    d->sched.cap = cap;
    return d;
}

struct guest *machine_guest(struct domain *d, u64 runs, u64 sleeps)
{
    struct guest *g = calloc(1, sizeof(*g));

    assert_true(g && guests_count < GUESTS);
    guests[guests_count++] = g;
    g->v.domain = d;
    d->vcpus = realloc(d->vcpus, (d->max_vcpus + 1) * sizeof(*d->vcpus));
    assert_non_null(d->vcpus);
    d->vcpus[d->max_vcpus++] = &g->v;
    g->runs = g->left = runs;
    g->sleeps = sleeps;
    g->wakes_at = FOREVER;
    sched_vcpu_init(&g->v);
    return g;
}

void machine_start(struct guest *g)
{
    vcpu_go(&g->v, STOP_DOWN);
    machine_settle();
}

void machine_end(struct guest *g)
{
    vcpu_stop(&g->v, STOP_DYING);
    machine_settle();
}

static bool must_choose(u32 cpu)
{
    const struct vcpu *v = sched_cpus[cpu].runs;

    return v ? v->work & WORK_SCHED || slice_end[cpu] <= machine_now : nudged[cpu];
}

static void choose(u32 cpu)
{
    struct vcpu *old = sched_cpus[cpu].runs, *next;
    struct guest *g;

    machine_as(cpu);
    nudged[cpu] = false;
    if (old)
        old->work &= ~WORK_SCHED;
    slice_end[cpu] = FOREVER;
    next = sched_pick(cpu, machine_now, &slice_end[cpu]);
    if (old)
        old->sched.yields = false;
    if (!next || next == old)
        return;
    machine_switches++;
    g = guest_of(next);
    if (g->woken_at)
        g->waited_most = MAX(g->waited_most, machine_now - g->woken_at);
    g->woken_at = 0;
}

/* No CPU is idle that it could use, and one will look at it in a while. */
static bool waits_for_somebody(const struct vcpu *v)
{
    bool looked_at = false;

    for (u32 cpu = 0; cpu < cpus_online; cpu++) {
        if (!cpu_allowed(v, cpu))
            continue;
        if (!sched_cpus[cpu].runs)
            return false;
        looked_at |= slice_end[cpu] != FOREVER;
    }
    return looked_at;
}

static void invariant_check(void)
{
    for (u32 i = 0; i < guests_count; i++) {
        struct vcpu *v = &guests[i]->v;
        bool runs = vcpu_runs(v), may = vcpu_may_run(v);

        assert_true(runs + v->sched.queued == may);
        assert_int_equal(v->sched.runstate.state == RUNSTATE_running, runs);
        if (runs)
            assert_true(cpu_allowed(v, v->sched.cpu));
        if (v->sched.queued)
            assert_true(waits_for_somebody(v));
    }
}

void machine_settle(void)
{
    bool again;
    u32 rounds = 0;

    nudged[host_percpu.id] = true; /* nobody nudges himself: who was interrupted looks */
    do {
        again = false;
        assert_true(rounds++ < 100);
        for (u32 cpu = 0; cpu < cpus_online; cpu++)
            while (must_choose(cpu)) {
                choose(cpu);
                again = true;
            }
    } while (again);
    machine_as(machine_random(cpus_online));
    if (guests_count < 100)
        invariant_check();
}

/* What each vcpu does next, and when. */
static u64 next_event(void)
{
    u64 at = FOREVER;

    for (u32 cpu = 0; cpu < cpus_online; cpu++) {
        struct vcpu *v = sched_cpus[cpu].runs;

        if (!v)
            continue;
        at = MIN(at, slice_end[cpu]);
        if (guest_of(v)->left != FOREVER)
            at = MIN(at, machine_now + guest_of(v)->left);
    }
    for (u32 i = 0; i < guests_count; i++)
        at = MIN(at, guests[i]->wakes_at);
    for (u32 i = 0; i < timers_count; i++)
        if (timers[i])
            at = MIN(at, timers[i]->due);
    return at;
}

static void pass(u64 ns)
{
    for (u32 cpu = 0; cpu < cpus_online; cpu++)
        if (sched_cpus[cpu].runs) {
            struct guest *g = guest_of(sched_cpus[cpu].runs);

            g->ran += ns;
            if (g->left != FOREVER)
                g->left -= ns;
        }
    machine_now += ns;
}

static void guests_act(void)
{
    for (u32 cpu = 0; cpu < cpus_online; cpu++) {
        struct guest *g = guest_of(sched_cpus[cpu].runs);

        if (!sched_cpus[cpu].runs || g->left)
            continue;
        g->left = g->runs;
        g->wakes_at = machine_now + g->sleeps;
        machine_as(cpu);
        vcpu_stop(&g->v, STOP_BLOCKED);
    }
    machine_settle();
    for (u32 i = 0; i < guests_count; i++)
        if (guests[i]->wakes_at <= machine_now) {
            guests[i]->wakes_at = FOREVER;
            guests[i]->woken_at = machine_now;
            vcpu_go(&guests[i]->v, STOP_BLOCKED);
            machine_settle();
        }
}

static void timers_call(void)
{
    for (u32 i = 0; i < timers_count; i++) {
        struct timer *t = timers[i];

        if (!t || t->due > machine_now)
            continue;
        timers[i] = NULL;
        t->fn(t->data);
        machine_settle();
    }
}

void machine_run(u64 ns)
{
    u64 end = machine_now + ns;

    machine_settle();
    while (machine_now < end) {
        u64 at = MIN(next_event(), end);

        pass(at > machine_now ? at - machine_now : 0);
        timers_call();
        guests_act();
    }
}
