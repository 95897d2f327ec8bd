/*
 * The states of vcpus and the choice of who runs: see sched.h.
 *
 * A vcpu's registers may be loaded in a CPU although it does not run, because it blocked and nobody
 * else wanted the CPU. If it is the next to run, nothing has to be moved: waking from the idle loop
 * costs no switch.
 */
#include "hypervisor/sched/sched.h"

#include "hypervisor/cpu/regs.h"
#include "hypervisor/domain/base.h"
#include "hypervisor/domain/switch.h"
#include "hypervisor/mm/uaccess.h"
#include "hypervisor/sched/policy.h"
#include "hypervisor/time/clock.h"

static struct spinlock lock = SPINLOCK(LOCK_SCHED); /* of the only CPU's queue */
static const struct policy *policy = &round_robin;
static struct timer slice;

static void resched(struct vcpu *running)
{
    __atomic_fetch_or(&running->work, WORK_SCHED, __ATOMIC_RELEASE);
}

static void slice_over(void *unused)
{
    (void)unused;
    resched(current);
}

/* The time since the last change was spent in the state that it had. Lock held. */
static void runstate_set(struct vcpu *v, int state, u64 now)
{
    struct vcpu_runstate_info *r = &v->sched.runstate;

    r->time[r->state] += now - r->state_entry_time;
    r->state_entry_time = now;
    r->state = state;
    ASSERT(r->time[0] + r->time[1] + r->time[2] + r->time[3] == now - v->sched.made);
}

/* What a vcpu is that does not run. */
static int state_off_cpu(const struct vcpu *v)
{
    u32 stopped = ACCESS_ONCE(v->sched.stopped);

    if (!stopped)
        return RUNSTATE_runnable;
    return stopped & STOP_BLOCKED ? RUNSTATE_blocked : RUNSTATE_offline;
}

void sched_vcpu_init(struct vcpu *v)
{
    u64 now = now_ns();

    v->sched = (struct vcpu_sched){
        .stopped = STOP_DOWN,
        .made = now,
        .runstate = {.state = RUNSTATE_offline, .state_entry_time = now},
    };
}

void vcpu_stop(struct vcpu *v, u32 why)
{
    struct vcpu *running = current;

    __atomic_fetch_or(&v->sched.stopped, why, __ATOMIC_ACQ_REL);
    if (v == running)
        return resched(v);
    spin_lock(&lock);
    runstate_set(v, state_off_cpu(v), now_ns());
    spin_unlock(&lock);
}

void vcpu_go(struct vcpu *v, u32 why)
{
    struct vcpu *running = current;
    bool first = false;

    /* Whoever stops looks for what would let him go after he has set his bit. */
    if (likely(!(ACCESS_ONCE(v->sched.stopped) & why)))
        return;
    __atomic_fetch_and(&v->sched.stopped, ~why, __ATOMIC_ACQ_REL);
    if (v == running)
        return; /* sched_choose() has not let go of it */
    spin_lock(&lock);
    runstate_set(v, state_off_cpu(v), now_ns());
    if (vcpu_may_run(v) && !v->sched.queued)
        first = policy->wake(v);
    spin_unlock(&lock);
    if (first && running)
        resched(running);
}

void vcpu_kick(struct vcpu *v)
{
    if (unlikely(ACCESS_ONCE(v->events.poll) != POLL_NONE))
        event_poll_end(v);
    vcpu_go(v, STOP_BLOCKED); /* and if it runs, that is here: it will look on its way out */
}

void sched_yield(void)
{
    current->sched.yields = true;
    resched(current);
}

void vcpu_runstate(const struct vcpu *v, struct vcpu_runstate_info *to)
{
    u64 now;

    spin_lock(&lock);
    *to = v->sched.runstate;
    now = now_ns();
    spin_unlock(&lock);
    to->time[to->state] += now - to->state_entry_time;
}

/* Nobody may run. Interrupts are open between these two instructions, the only place in ring 0: an
 * interrupt that came before waits until the CPU halts, and wakes it. */
static void idle(void)
{
    asm volatile("sti; hlt; cli" ::: "memory");
}

/* Only what changed the state of the vcpu that is loaded is told to its guest; the rest follows
 * when it is loaded again. */
static void told(struct vcpu *v, int *state)
{
    if (v->sched.runstate.state != *state)
        vcpu_runstate_publish(v);
    *state = v->sched.runstate.state;
}

/* The next vcpu to run, and until when. Waits for one. */
static struct vcpu *choose(struct vcpu *loaded, u64 *until)
{
    int state = loaded->sched.runstate.state;
    struct vcpu *next;
    u64 now;

    for (;;) {
        spin_lock(&lock);
        now = now_ns();
        next = policy->choose(vcpu_may_run(loaded) ? loaded : NULL, now, until);
        if (next != loaded)
            runstate_set(loaded, state_off_cpu(loaded), now);
        if (next && next->sched.runstate.state != RUNSTATE_running)
            runstate_set(next, RUNSTATE_running, now);
        spin_unlock(&lock);
        told(loaded, &state);
        if (next)
            return next;
        vcpu_time_pause(loaded);
        idle();
    }
}

void sched_choose(void)
{
    struct vcpu *loaded = current, *next;
    u64 until;

    next = choose(loaded, &until);
    loaded->sched.yields = false;
    if (until != ~0UL)
        timer_set(&slice, until);
    else
        timer_stop(&slice);
    if (next == loaded)
        return vcpu_time_resume(loaded);
    vcpu_time_pause(loaded);
    vcpu_save(loaded);
    vcpu_load(next);
}

struct vcpu *sched_first(void)
{
    struct vcpu *v;
    u64 until;

    timer_init(&slice, slice_over, NULL);
    spin_lock(&lock);
    v = policy->choose(NULL, now_ns(), &until);
    BUG_ON(!v);
    runstate_set(v, RUNSTATE_running, now_ns());
    spin_unlock(&lock);
    return v;
}

void vcpu_runstate_publish(struct vcpu *v)
{
    struct vcpu_runstate_info now = v->sched.runstate;
    u64 at = v->sched.runstate_area, tables,
        entry = at + offsetof(struct vcpu_runstate_info, state_entry_time);

    if (!at)
        return;
    tables = kernel_tables_begin();
    if (domain_assists(v->domain, VMASST_TYPE_runstate_update_flag)) {
        u64 torn = now.state_entry_time | XEN_RUNSTATE_UPDATE;

        guest_copy_out(entry, &torn, sizeof(torn));
    }
    guest_copy_out(at, &now, offsetof(struct vcpu_runstate_info, state_entry_time));
    guest_copy_out(at + offsetof(struct vcpu_runstate_info, time), now.time, sizeof(now.time));
    guest_copy_out(entry, &now.state_entry_time, sizeof(u64));
    kernel_tables_end(tables);
}
