/*
 * A CPU's part of the choice: it asks for its next vcpu on the way out to a guest, halts while
 * there is none, and moves registers. Also how somebody else gets hold of a vcpu's registers.
 *
 * vcpu_sched.loaded says which CPU holds a vcpu's state; only that CPU lets go of it. It does so
 * when it has loaded another one, or, when it is idle and is nudged, by loading its idle vcpu. Who
 * waits for that holds nobody's state himself, and no lock: so nobody waits for ever.
 */
#include "hypervisor/cpu/entry.h"
#include "hypervisor/domain/base.h"
#include "hypervisor/domain/life.h"
#include "hypervisor/domain/switch.h"
#include "hypervisor/domain/vcpu_info.h"
#include "hypervisor/mm/alloc.h"
#include "hypervisor/mm/hv_slots.h"
#include "hypervisor/mm/uaccess.h"
#include "hypervisor/sched/internal.h"
#include "hypervisor/time/clock.h"

static struct domain domain_idle = {.id = DOMID_IDLE};

static void slice_over(void *unused)
{
    struct vcpu *v = sched_cpus[this_cpu()->id].runs;

    (void)unused;
    if (v)
        vcpu_resched(v);
}

/* Nobody may run. Interrupts are open between these two instructions, the only place in ring 0: an
 * interrupt that came before waits until the CPU halts, and wakes it. Not so behind an NMI, which
 * may come between them: that skips the halt (cpu/nmi.c). */
static __attribute__((noinline)) void idle(void)
{
    asm volatile("sti\n"
                 ".globl idle_halt\n"
                 "idle_halt: hlt\n"
                 "cli" ::
                     : "memory");
}

bool vcpu_is_idle(const struct vcpu *v)
{
    return v->domain == &domain_idle;
}

/* Nobody's state is in this CPU afterwards. */
static void cpu_leave(void)
{
    struct vcpu *v = current;

    if (vcpu_is_idle(v))
        return;
    vcpu_time_pause(v);
    vcpu_save(v);
    vcpu_load_idle(sched_cpus[this_cpu()->id].idle);
    __atomic_store_n(&v->sched.loaded, 0, __ATOMIC_RELEASE); /* other CPUs may load it */
}

/* The state that this CPU holds is wanted elsewhere, or not to stay. */
static bool must_leave(const struct vcpu *v)
{
    return ACCESS_ONCE(v->sched.cpu) != this_cpu()->id ||
           ACCESS_ONCE(v->sched.stopped) & STOP_LEAVES;
}

static bool is_loaded(const struct vcpu *v)
{
    return __atomic_load_n(&v->sched.loaded, __ATOMIC_ACQUIRE);
}

/* The CPU that holds it has been nudged, if it is idle; else it is about to let go of it. */
static void wait_until_saved(const struct vcpu *v)
{
    while (is_loaded(v))
        smp_wait();
}

/* A CPU that has chosen it and has not loaded it yet is about to, and must be done with it too. */
void vcpu_sync(struct vcpu *v)
{
    ASSERT(ACCESS_ONCE(v->sched.stopped) & STOP_LEAVES);
    if (v == current && !vcpu_runs_here(v))
        cpu_leave();     /* an interrupt of the idle loop asks */
    while (vcpu_runs(v)) /* which is seen to end after v->sched.loaded was set */
        smp_wait();
    wait_until_saved(v);
}

void vcpu_freeze(struct vcpu *v)
{
    spin_lock(&sched_lock);
    v->sched.frozen++;
    __atomic_fetch_or(&v->sched.stopped, STOP_PAUSED, __ATOMIC_ACQ_REL);
    sched_settle(v, now_ns());
    spin_unlock(&sched_lock);
    vcpu_sync(v);
}

void vcpu_thaw(struct vcpu *v)
{
    spin_lock(&sched_lock);
    if (!--v->sched.frozen) {
        __atomic_fetch_and(&v->sched.stopped, ~STOP_PAUSED, __ATOMIC_ACQ_REL);
        sched_settle(v, now_ns());
    }
    spin_unlock(&sched_lock);
}

/* Only what changed the state of the vcpu that is loaded is told to its guest; the rest follows
 * when it is loaded again. */
static void told(struct vcpu *v, int *state)
{
    if (v->sched.runstate.state != *state)
        vcpu_runstate_publish(v);
    *state = v->sched.runstate.state;
}

/* The next vcpu to run here, and until when. Waits for one. */
static struct vcpu *choose(u64 *until)
{
    int state = current->sched.runstate.state;
    struct vcpu *next;

    for (;;) {
        spin_lock(&sched_lock);
        next = sched_pick(this_cpu()->id, now_ns(), until);
        spin_unlock(&sched_lock);
        told(current, &state);
        if (next)
            return next;
        if (must_leave(current))
            cpu_leave();
        vcpu_time_pause(current);
        idle();
    }
}

/* The old one's state is let go of last: until then its tables are in use here. But who waits for
 * another CPU holds nothing that a third may wait for. */
static void switch_to(struct vcpu *next)
{
    struct vcpu *old = current;

    if (unlikely(is_loaded(next))) {
        cpu_leave();
        wait_until_saved(next);
        old = current;
    }
    next->sched.loaded = this_cpu()->id + 1;
    if (vcpu_is_idle(old))
        return vcpu_load(next);
    vcpu_time_pause(old);
    vcpu_save(old);
    vcpu_load(next);
    __atomic_store_n(&old->sched.loaded, 0, __ATOMIC_RELEASE);
}

void sched_choose(void)
{
    struct timer *slice = &sched_cpus[this_cpu()->id].slice;
    struct vcpu *next;
    u64 until;

    next = choose(&until);
    current->sched.yields = false;
    if (until != ~0UL)
        timer_set(slice, until);
    else
        timer_stop(slice);
    if (next == current)
        vcpu_time_resume(next);
    else
        switch_to(next);
}

void sched_cpu_run(void)
{
    struct percpu *cpu = this_cpu();
    struct sched_cpu *c = &sched_cpus[cpu->id];
    struct vcpu *idle = pages_alloc(0);

    BUG_ON(!idle);
    idle->domain = &domain_idle;
    idle->id = cpu->id;
    vcpu_info_place(idle, &vcpu_info_none);
    idle->cr3_kernel = virt_to_phys(hv_l4);
    idle->sched.cpu = cpu->id;
    idle->work = WORK_SCHED;
    timer_init(&c->slice, slice_over, NULL);
    c->alone = true;
    c->started = now_ns();
    c->idle = idle;
    cpu->running = idle;
    guest_enter(cpu); /* whose way goes by the first choice */
}

void vcpu_runstate_publish(struct vcpu *v)
{
    struct vcpu_runstate_info now;
    u64 at = v->sched.runstate_area, tables, entry = at + sizeof(now.state);

    if (!at)
        return;
    if (!v->domain->is_32bit) /* whose times are on 4 */
        entry = at + offsetof(struct vcpu_runstate_info, state_entry_time);
    spin_lock(&sched_lock);
    now = v->sched.runstate;
    spin_unlock(&sched_lock);
    tables = kernel_tables_begin();
    if (domain_assists(v->domain, VMASST_TYPE_runstate_update_flag)) {
        u64 torn = now.state_entry_time | XEN_RUNSTATE_UPDATE;

        guest_copy_out(entry, &torn, sizeof(torn));
    }
    guest_copy_out(at, &now, entry - at);
    guest_copy_out(entry + sizeof(u64), now.time, sizeof(now.time));
    guest_copy_out(entry, &now.state_entry_time, sizeof(u64));
    kernel_tables_end(tables);
}
