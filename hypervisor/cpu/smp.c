/*
 * How CPUs ask each other for something: a bit in the other's percpu.asked, then an interrupt. Bits
 * that are set twice before they are served are served once, which is all that any of them needs.
 *
 * No CPU waits for another with its ears shut: each waiting loop calls smp_poll(), so that of two
 * CPUs that wait for each other's flush both get it.
 */
#include "hypervisor/cpu/smp.h"

#include "hypervisor/cpu/apic.h"
#include "hypervisor/cpu/regs.h"
#include "hypervisor/cpu/spinlock.h"
#include "hypervisor/debug/console.h"
#include "hypervisor/domain/domain.h"
#include "hypervisor/mm/tlb.h"
#include "hypervisor/time/clock.h"
#include "xen-like/lib/bitmap.h"

#define STOP_TICKS                                                                                 \
    (1UL << 32) /* of the TSC, a second or two: then the machine ends without the others */

u32 cpus_online = 1;
static u8 apic_ids[CPUS_MAX];

static struct spinlock call_lock = SPINLOCK(LOCK_CALL); /* guards the next three */
static void (*call_fn)(u64 arg);
static u64 call_arg;
static u32 call_left; /* CPUs that have not done it yet. Atomic */

static struct spinlock quiet_lock = SPINLOCK(LOCK_QUIET); /* guards the next three */
static struct quiesce *asked_for; /* all CPUs were asked for these; quiet_left have not answered */
static struct quiesce *fresh;     /* came later: theirs is the next round */
static u32 quiet_left;

static u32 holder;        /* 1 + the CPU that holds the others, or is about to. All atomic */
static u32 holding, held; /* the others are to wait; so many do */
static u32 hold_depth;    /* the holder's */
static u32 stopper;       /* 1 + the CPU that ends the machine */
static u32 stopped;       /* so many others have; who came to end it, too, may count twice */

u32 smp_apic_id(u32 cpu)
{
    return apic_ids[cpu];
}

void smp_nudge(u32 cpu)
{
    if (apic_present())
        apic_send(apic_ids[cpu], VECTOR_SMP);
}

void smp_ask(u32 cpu, u32 what)
{
    /* If it was asked already, the interrupt is under way, or it has begun to serve. */
    if ((__atomic_fetch_or(&percpu_of(cpu)->asked, what, __ATOMIC_SEQ_CST) & what) != what)
        smp_nudge(cpu);
}

void smp_ask_others(u32 what)
{
    for (u32 cpu = 0; cpu < cpus_online; cpu++)
        if (cpu != this_cpu()->id)
            smp_ask(cpu, what);
}

void smp_serve(void)
{
    u32 asked = __atomic_fetch_and(&this_cpu()->asked, ~ASK_NOW, __ATOMIC_SEQ_CST);

    if (asked & ASK_FLUSH)
        tlb_flush_local();
    if (asked & ASK_CALL) {
        call_fn(call_arg);
        __atomic_fetch_sub(&call_left, 1, __ATOMIC_RELEASE);
    }
}

#ifndef HOST_TEST
void spin_wait(const struct spinlock *l)
{
    while (ACCESS_ONCE(l->held))
        smp_poll();
}
#endif

void smp_call(const struct cpu_set *set, void (*fn)(u64 arg), u64 arg)
{
    spin_lock(&call_lock);
    call_fn = fn;
    call_arg = arg;
    for (u32 cpu = 0; cpu < cpus_online; cpu++)
        if (cpu != this_cpu()->id && bitmap_test(set->bits, cpu)) {
            __atomic_fetch_add(&call_left, 1, __ATOMIC_RELAXED);
            smp_ask(cpu, ASK_CALL);
        }
    if (bitmap_test(set->bits, this_cpu()->id))
        fn(arg);
    while (__atomic_load_n(&call_left, __ATOMIC_ACQUIRE))
        smp_poll();
    spin_unlock(&call_lock);
}

/* The lock is held. */
static void quiet_round(void)
{
    asked_for = fresh;
    fresh = NULL;
    if (!asked_for)
        return;
    quiet_left = cpus_online;
    for (u32 cpu = 0; cpu < cpus_online; cpu++)
        smp_ask(cpu, ASK_QUIET);
}

void quiesce(struct quiesce *q, void (*done)(struct quiesce *))
{
    q->done = done;
    spin_lock(&quiet_lock);
    q->next = fresh;
    fresh = q;
    if (!asked_for)
        quiet_round();
    spin_unlock(&quiet_lock);
}

static void quiet_answer(void)
{
    struct quiesce *q = NULL, *next;

    spin_lock(&quiet_lock);
    if (!--quiet_left) {
        q = asked_for;
        quiet_round();
    }
    spin_unlock(&quiet_lock);
    for (; q; q = next) {
        next = q->next;
        q->done(q);
    }
}

static void hold_here(void)
{
    __atomic_fetch_add(&held, 1, __ATOMIC_ACQ_REL);
    while (__atomic_load_n(&holding, __ATOMIC_ACQUIRE))
        smp_poll();
    __atomic_fetch_sub(&held, 1, __ATOMIC_ACQ_REL);
}

static bool hold_wanted(void)
{
    return __atomic_fetch_and(&this_cpu()->asked, ~ASK_HOLD, __ATOMIC_SEQ_CST) & ASK_HOLD;
}

void smp_wait(void)
{
    smp_poll();
    if (unlikely(ACCESS_ONCE(this_cpu()->asked) & ASK_HOLD) && hold_wanted())
        hold_here();
}

/* May this CPU be it? It is already, or nobody was. */
static bool take_turn(u32 *turn)
{
    u32 nobody = 0, self = this_cpu()->id + 1;

    return __atomic_compare_exchange_n(turn, &nobody, self, false, __ATOMIC_SEQ_CST,
                                       __ATOMIC_SEQ_CST) ||
           nobody == self;
}

void smp_hold_others(void)
{
    while (!take_turn(&holder))
        smp_wait();
    if (hold_depth++)
        return;
    __atomic_store_n(&holding, 1, __ATOMIC_RELEASE);
    smp_ask_others(ASK_HOLD);
    while (__atomic_load_n(&held, __ATOMIC_ACQUIRE) != cpus_online - 1)
        smp_poll();
}

void smp_let_others_go(void)
{
    if (--hold_depth)
        return;
    __atomic_store_n(&holding, 0, __ATOMIC_RELEASE);
    while (__atomic_load_n(&held, __ATOMIC_ACQUIRE)) /* or the next would count those that leave */
        smp_poll();
    __atomic_store_n(&holder, 0, __ATOMIC_RELEASE);
}

/* VECTOR_SMP. Nudges say nothing: to have taken the interrupt is all that they want. */
static void smp_interrupt(void *unused)
{
    u32 asked;

    (void)unused;
    smp_serve();
    asked = __atomic_fetch_and(&this_cpu()->asked, ASK_NOW | ASK_HOLD, __ATOMIC_SEQ_CST);
    if (asked & ASK_TIME)
        time_tell_guest();
    if (asked & ASK_QUIET)
        quiet_answer();
    if (asked & ASK_TRACE)
        virq_raise_global(VIRQ_TBUF);
    if (hold_wanted())
        hold_here();
}

void smp_stop_here(void)
{
    if (!ACCESS_ONCE(stopper))
        return;
    __atomic_fetch_add(&stopped, 1, __ATOMIC_RELEASE);
    for (;;)
        cpu_halt();
}

void smp_stop_others(void)
{
    u64 began = rdtsc();

    if (cpus_online == 1)
        return;
    if (!take_turn(&stopper))
        smp_stop_here();
    for (u32 cpu = 0; cpu < cpus_online; cpu++)
        if (cpu != this_cpu()->id)
            apic_send(apic_ids[cpu], APIC_COMMAND_NMI);
    while (ACCESS_ONCE(stopped) < cpus_online - 1 && rdtsc() - began < STOP_TICKS)
        cpu_relax();
    console_break_lock(); /* they may have stopped with it */
}

void smp_join(u32 apic)
{
    apic_ids[cpus_online] = (u8)apic;
    __atomic_store_n(&cpus_online, cpus_online + 1, __ATOMIC_RELEASE);
}

void smp_init(void)
{
    apic_ids[0] = (u8)apic_id();
    irq_set_handler(VECTOR_SMP, smp_interrupt, NULL);
}
