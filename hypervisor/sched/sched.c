/*
 * The states of vcpus and the choice of who runs where: see sched.h and policy.h.
 *
 * One lock and one order for all CPUs (decision 0031). The invariant: a vcpu that may run either
 * runs (sched_cpus[cpu].runs), or stands in the queue, or is on its way into one of these with the
 * lock held or about to be taken; and while it stands there, no CPU that it may run on is idle
 * without having been nudged, and one of them has been asked, or will end a slice.
 */
#include "hypervisor/sched/sched.h"

#include "hypervisor/cpu/regs.h"
#include "hypervisor/debug/trace.h"
#include "hypervisor/sched/internal.h"
#include "hypervisor/time/clock.h"
#include "xen-like/lib/bitmap.h"
#include "xen-like/lib/string.h"

#define NO_CPU CPUS_MAX
#define SOFT_PATIENCE                                                                              \
    ((s64)(10 * NS_PER_MS)) /* by so much of a key may one be passed over for one                  \
                               that would rather run here */

struct spinlock sched_lock = SPINLOCK(LOCK_SCHED);
struct sched_cpu sched_cpus[CPUS_MAX];
struct cpu_set sched_idlers;

static const struct policy *const policies[] = {&credit, &bvt, &round_robin};
static const struct policy *policy = &credit;

const char *sched_choose_policy(const char *name)
{
    for (u32 i = 0; i < ARRAY_SIZE(policies); i++) {
        if (strcmp(policies[i]->name, name))
            continue;
        policy = policies[i];
        return NULL;
    }
    return "credit, bvt or rr";
}

const char *sched_name(void)
{
    return policy->name;
}

bool cpus_contended(const struct cpu_pool *p)
{
    for (u32 cpu = 0; cpu < cpus_online; cpu++)
        if (!sched_cpus[cpu].alone && sched_cpus[cpu].runs && cpu_set_has(&p->cpus, cpu))
            return true;
    return false;
}

static void nudge(u32 cpu)
{
    if (cpu != this_cpu()->id)
        smp_nudge(cpu);
}

void sched_ask(u32 cpu)
{
    sched_cpus[cpu].asked = true;
    vcpu_resched(sched_cpus[cpu].runs);
    nudge(cpu);
}

/* The time since the last change was spent in the state that it had. */
static inline void runstate_put(struct vcpu *v, int state, u64 now)
{
    struct vcpu_runstate_info *r = &v->sched.runstate;

    now = MAX(now, r->state_entry_time); /* another CPU's clock may be some ticks behind */
    r->time[r->state] += now - r->state_entry_time;
    r->state_entry_time = now;
    r->state = state;
    ASSERT(r->time[0] + r->time[1] + r->time[2] + r->time[3] == now - v->sched.made);
}

static __attribute__((cold, noinline)) void runstate_recorded(struct vcpu *v, int state, u64 now)
{
    int old = v->sched.runstate.state;

    if (state != old)
        trace_record_who(XL_TRACE_runstate_change | XL_TRACE_STATES(old, state), v);
    runstate_put(v, state, now);
}

static void runstate_set(struct vcpu *v, int state, u64 now)
{
    if (trace_wants(TRC_SCHED))
        return runstate_recorded(v, state, now);
    runstate_put(v, state, now);
}

/* What a vcpu is that does not run. */
static int state_off_cpu(const struct vcpu *v)
{
    u32 stopped = ACCESS_ONCE(v->sched.stopped) & ~STOP_PARKED;

    if (!stopped)
        return RUNSTATE_runnable;
    return stopped & STOP_BLOCKED ? RUNSTATE_blocked : RUNSTATE_offline;
}

/* Charge who runs on @c for the time until now. */
static void account(struct sched_cpu *c, u64 now)
{
    u64 ns = now > c->since ? now - c->since : 0;

    c->since += ns;
    if (c->runs->domain->sched.cap)
        c->runs->domain->sched.budget -= (s64)ns;
    policy->ran(c->runs, ns, now);
}

/* Who ran alone has competitors from now on. */
static void contend(struct sched_cpu *c, u64 now)
{
    account(c, now);
    policy->enter(c->runs, false, now);
    c->alone = false;
}

static u32 idle_of(const struct cpu_set *may)
{
    for (u32 w = 0, words = cpu_words(); w < words; w++)
        if (sched_idlers.bits[w] & may->bits[w])
            return w * 64 + (u32)__builtin_ctzl(sched_idlers.bits[w] & may->bits[w]);
    return NO_CPU;
}

static void idle_call(u32 cpu)
{
    bitmap_clear(sched_idlers.bits, cpu);
    nudge(cpu);
}

/* An idle CPU that somebody who waits may use. */
static void others_call(void)
{
    u32 cpu = queue ? idle_of(&queue->sched.below[AFFINITY_HARD]) : NO_CPU;

    if (cpu != NO_CPU)
        idle_call(cpu);
}

/* An idle CPU for @v: where it was last, one where it would rather be, any. */
static u32 idle_for(const struct vcpu *v)
{
    u32 cpu = v->sched.cpu, wish = idle_of(&v->sched.may[AFFINITY_SOFT]);

    if (cpu_set_has(&sched_idlers, cpu) && cpu_set_has(&v->sched.may[AFFINITY_SOFT], cpu))
        return cpu;
    return wish != NO_CPU ? wish : idle_of(&v->sched.may[AFFINITY_HARD]);
}

/* A CPU that runs somebody alone, and may run @v. */
static u32 alone_for(const struct vcpu *v)
{
    for (u32 cpu = 0; cpu < cpus_online; cpu++)
        if (sched_cpus[cpu].runs && sched_cpus[cpu].alone && cpu_allowed(v, cpu))
            return cpu;
    return NO_CPU;
}

/* The CPU where @v takes the place of the one who deserves it least. */
static u32 victim_for(const struct vcpu *v, u64 now)
{
    s64 last = v->sched.key;
    u32 found = NO_CPU;

    for (u32 cpu = 0; cpu < cpus_online; cpu++) {
        struct sched_cpu *c = &sched_cpus[cpu];

        if (!c->runs || c->asked || !cpu_allowed(v, cpu))
            continue;
        account(c, now);
        if (c->runs->sched.key <= last)
            continue;
        last = c->runs->sched.key;
        found = cpu;
    }
    return found;
}

/* During the boot no CPU looks: those that begin do. */
void sched_wait(struct vcpu *v, bool slept, u64 now)
{
    bool boot = !sched_cpus[this_cpu()->id].idle;
    u32 idle = boot ? NO_CPU : idle_for(v), busy = idle != NO_CPU ? NO_CPU : alone_for(v);

    if (busy != NO_CPU)
        contend(&sched_cpus[busy], now);
    if (slept)
        policy->enter(v, true, now);
    queue_insert(v);
    if (idle != NO_CPU)
        return idle_call(idle);
    if (busy == NO_CPU && slept)
        busy = victim_for(v, now);
    if (busy != NO_CPU)
        sched_ask(busy);
}

void sched_move(struct vcpu *v, struct cpu_pool *to, u64 now)
{
    bool runs = vcpu_runs(v);

    if (runs)
        account(&sched_cpus[v->sched.cpu], now);
    v->sched.pool = to;
    v->sched.key = 0;
    memset(v->sched.own, 0, sizeof(v->sched.own));
    memset(v->sched.asked, 0xff, sizeof(v->sched.asked));
    if (runs)
        policy->enter(v, true, now);
}

void sched_settle(struct vcpu *v, u64 now)
{
    bool may = vcpu_may_run(v);
    u32 loaded = ACCESS_ONCE(v->sched.loaded);

    if (vcpu_runs(v)) {
        if (!may)
            sched_ask(v->sched.cpu);
        return;
    }
    if (v->sched.queued && !may)
        queue_remove(v);
    runstate_set(v, state_off_cpu(v), now);
    if (may && !v->sched.queued)
        sched_wait(v, true, now);
    if (loaded && ACCESS_ONCE(v->sched.stopped) & STOP_LEAVES)
        nudge(loaded - 1);
}

static void settle(struct vcpu *v)
{
    spin_lock(&sched_lock);
    sched_settle(v, now_ns());
    spin_unlock(&sched_lock);
}

void sched_vcpu_init(struct vcpu *v)
{
    struct cpu_set all;
    u64 now = now_ns();

    memset(&all, 0xff, sizeof(all));
    v->sched = (struct vcpu_sched){
        .stopped = STOP_DOWN,
        .made = now,
        .runstate = {.state = RUNSTATE_offline, .state_entry_time = now},
        .pool = v->domain->sched.pool,
        .asked = {all, all},
    };
    affinity_derive(v);
}

void sched_vcpu_destroy(struct vcpu *v)
{
    spin_lock(&sched_lock);
    BUG_ON(v->sched.queued || vcpu_runs(v) || v->sched.loaded);
    cap_forget(v);
    spin_unlock(&sched_lock);
}

void vcpu_stop(struct vcpu *v, u32 why)
{
    if (trace_wants(TRC_SCHED))
        trace_record_vcpu(why & STOP_BLOCKED ? XL_TRACE_block : XL_TRACE_sleep, v);
    __atomic_fetch_or(&v->sched.stopped, why, __ATOMIC_ACQ_REL);
    if (vcpu_runs_here(v))
        return vcpu_resched(v);
    settle(v);
}

void vcpu_go(struct vcpu *v, u32 why)
{
    /* Whoever stops looks for what would let him go after he has set his bit. */
    if (likely(!(ACCESS_ONCE(v->sched.stopped) & why)))
        return;
    trace_vcpu(wake, v);
    __atomic_fetch_and(&v->sched.stopped, ~why, __ATOMIC_ACQ_REL);
    if (vcpu_runs_here(v))
        return; /* sched_choose() has not let go of it */
    settle(v);
}

void vcpu_kick(struct vcpu *v)
{
    if (unlikely(ACCESS_ONCE(v->events.poll) != POLL_NONE))
        event_poll_end(v);
    vcpu_go(v, STOP_BLOCKED);
    if (ACCESS_ONCE(v->work) && !vcpu_runs_here(v) && vcpu_runs(v)) /* it looks on its way out */
        nudge(ACCESS_ONCE(v->sched.cpu));
}

/* Who yields waits for somebody, perhaps on another CPU: an emulator of CPUs in turns ends the
 * turn. */
void sched_yield(void)
{
    cpu_relax();
    trace_vcpu(yield, current);
    current->sched.yields = true;
    vcpu_resched(current);
}

u64 sched_idle_ns(u32 cpu)
{
    const struct sched_cpu *c = &sched_cpus[cpu];
    u64 ns;

    spin_lock(&sched_lock);
    ns = c->idle_ns + (c->idle && !c->runs ? now_ns() - c->started : 0);
    spin_unlock(&sched_lock);
    return ns;
}

void vcpu_runstate(const struct vcpu *v, struct vcpu_runstate_info *to)
{
    u64 now;

    spin_lock(&sched_lock);
    *to = v->sched.runstate;
    now = MAX(now_ns(), to->state_entry_time);
    spin_unlock(&sched_lock);
    to->time[to->state] += now - to->state_entry_time;
}

/* The first of those that wait for @cpu; those that may not, by their domain's cap, wait elsewhere.
 * Of a great many of these, one runs now and then for a moment, which is its domain's debt. */
static struct vcpu *first_for(u32 cpu, u64 now)
{
    struct vcpu *v, *soft;

    for (u32 parked = 0; (v = queue_first(cpu, AFFINITY_HARD)); parked++) {
        if (unlikely(!cpu_set_has(&v->sched.may[AFFINITY_SOFT], cpu))) {
            soft = queue_first(cpu, AFFINITY_SOFT);
            if (soft && soft->sched.key - v->sched.key <= SOFT_PATIENCE)
                v = soft;
        }
        if (likely(!cap_spent(v->domain, now)) || parked == CAP_PARK_MAX)
            return v;
        queue_remove(v);
        cap_park(v, now);
    }
    return NULL;
}

/* May who runs on @c go on, although @first waits? */
static bool stays(const struct sched_cpu *c, const struct vcpu *first, u64 now)
{
    const struct vcpu *v = c->runs;

    if (!v || !vcpu_may_run(v) || !cpu_allowed(v, (u32)(c - sched_cpus)))
        return false;
    return !first || (!v->sched.yields &&
                      (v->sched.key < first->sched.key || now - c->started < sched_ratelimit(v)));
}

/* From @old to @next; who is idle is a vcpu to the trace, as on Xen. */
static TRACE_COLD void switch_record(const struct sched_cpu *c, const struct vcpu *old,
                                     const struct vcpu *next, u64 now)
{
    u64 waits = next ? next->sched.runstate.state_entry_time : now;

    old = old ? old : c->idle;
    next = next ? next : c->idle;
    trace(switch_infprev, old->domain->id, old->id, (u32)(now - c->started));
    trace(switch_infnext, next->domain->id, next->id, (u32)(now - MIN(now, waits)),
          next == c->idle ? ~0U : (u32)sched_slice(next)); /* idle: no end, and it is in no pool */
    trace(switch, old->domain->id, old->id, next->domain->id, next->id);
    if (old == c->idle)
        trace_record_who(
            XL_TRACE_runstate_change | XL_TRACE_STATES(RUNSTATE_running, RUNSTATE_runnable), old);
}

static TRACE_COLD void idle_record(const struct sched_cpu *c)
{
    trace_record_who(
        XL_TRACE_runstate_change | XL_TRACE_STATES(RUNSTATE_runnable, RUNSTATE_running), c->idle);
}

/* @next, out of the queue (or nobody), takes the place of who runs on @c. */
static void replace(struct sched_cpu *c, struct vcpu *next, u64 now)
{
    struct vcpu *old = c->runs;

    if (trace_wants(TRC_SCHED) && old != next)
        switch_record(c, old, next, now);
    if (!old)
        c->idle_ns += now - c->started;
    c->runs = next;
    c->started = c->since = now;
    if (old) /* first, as on Xen: who reads a trace knows one vcpu at a time on a CPU */
        runstate_set(old, state_off_cpu(old), now);
    if (old && !next && trace_wants(TRC_SCHED))
        idle_record(c);
    if (next) {
        queue_remove(next);
        next->sched.cpu = (u32)(c - sched_cpus);
        runstate_set(next, RUNSTATE_running, now);
        if (next->sched.loaded)
            nudge(next->sched.loaded - 1);
    }
    if (old && vcpu_may_run(old))
        sched_wait(old, false, now);
}

/* Until when may who runs on @c go on without another choice? @first waits. */
static u64 limit(struct sched_cpu *c, const struct vcpu *first, u64 now)
{
    u64 ns = policy->chosen(c->runs, now), left = cap_left(c->runs->domain);

    if (first && first->sched.key <= c->runs->sched.key)
        ns = MIN(ns, c->started + sched_ratelimit(c->runs) -
                         now); /* it stays only for the rate limit */
    c->alone = !queue_has((u32)(c - sched_cpus));
    ns = c->alone ? left : MIN(ns, left);
    return ns == ~0UL ? ns : now + ns;
}

struct vcpu *sched_pick(u32 cpu, u64 now, u64 *until)
{
    struct sched_cpu *c = &sched_cpus[cpu];
    struct vcpu *first;

    c->asked = false;
    if (c->runs && c->alone && queue_has(cpu))
        contend(c, now);
    else if (c->runs)
        account(c, now);
    if (c->runs && vcpu_may_run(c->runs) && cap_spent(c->runs->domain, now))
        cap_park(c->runs, now);
    first = first_for(cpu, now);
    if (!stays(c, first, now)) {
        replace(c, first, now);
        first = NULL;
    } else if (trace_wants(TRC_SCHED)) {
        trace_record_who(XL_TRACE_continue_running, c->runs);
    }
    if (!c->runs) {
        c->alone = true;
        bitmap_set(sched_idlers.bits, cpu);
        return NULL;
    }
    bitmap_clear(sched_idlers.bits, cpu);
    *until = limit(c, first, now);
    if (unlikely(!c->alone)) /* it was called for one, and took another */
        others_call();
    return c->runs;
}
