/*
 * The CPUs of the machine, and how one asks another for something.
 *
 * Interrupts are taken in guest mode and in the idle loop only (decision 0016). So a CPU that takes
 * one holds no lock, is in the middle of nothing, and has kept no pointer from before: an interrupt
 * taken is a *quiescent* moment. Two things follow.
 *
 *  - What others may still look at (a domain that was found by number) is freed after every CPU has
 *    been quiescent once: quiesce(). Hence a domain found in a hypercall stays good until that call
 *    ends, without a reference.
 *  - Who waits for another CPU, for an answer or for a lock, must not keep a third one waiting
 *    meanwhile: loops that wait call smp_poll(), which does at once what must not be late (TLB
 *    flushes). spin_lock() does so by itself.
 */
#ifndef HYPERVISOR_CPU_SMP_H
#define HYPERVISOR_CPU_SMP_H

#include "hypervisor/cpu/percpu.h"

#define CPUS_MAX 256 /* numbers that an 8-bit APIC id can tell apart */

extern u32 cpus_online; /* their numbers are 0 to this - 1; it grows during boot only */

/* A set of CPUs: a bitmap (xen-like/lib/bitmap.h). */
struct cpu_set {
    unsigned long bits[CPUS_MAX / 64];
};

/* What belongs to CPU @cpu (< cpus_online). Who reads another's fields says why he may. */
static inline struct percpu *percpu_of(u32 cpu)
{
#ifdef HOST_TEST
    return host_percpu_of(cpu);
#endif
    return (struct percpu *)(PERCPU_VIRT_START + (u64)(cpu + 1) * PERCPU_AREA_BYTES -
                             sizeof(struct percpu));
}

/* The boot CPU is CPU 0. After apic_init(). And: the next number is that of the CPU with this APIC,
 * which answers from now on. Boot. */
void smp_init(void);
void smp_join(u32 apic);

/* Bring up all CPUs that the MADT lists, but not more than maxcpus= says. Boot, after time_init().
 * A CPU that does not come is named in the log and left out. Each ends in sched_cpu_run(). */
void smp_start(void);

/* CPU @cpu takes an interrupt soon: it looks again at vcpu.work of what it runs, or leaves its
 * halt. Callable with any lock held. */
void smp_nudge(u32 cpu);

/* The local APIC of CPU @cpu. */
u32 smp_apic_id(u32 cpu);

/*
 * What is asked of a CPU (percpu.asked): bits that others set before they send VECTOR_SMP. Those of
 * ASK_NOW may be served between any two accesses to guest memory, the others when the CPU is
 * quiescent.
 */
#define ASK_FLUSH 1u  /* drop all translations: mm/tlb.h */
#define ASK_CALL  2u  /* smp_call() */
#define ASK_TIME  4u  /* the clock was bent: tell the guest that runs */
#define ASK_QUIET 8u  /* quiesce() */
#define ASK_HOLD  16u /* smp_hold_others() */
#define ASK_TRACE 32u /* a trace buffer is half full: debug/trace.h */
#define ASK_NOW   (ASK_FLUSH | ASK_CALL)
void smp_ask(u32 cpu, u32 what);
void smp_ask_others(u32 what);

/* The slow half of smp_poll(): somebody has asked for something that must not be late. */
void smp_serve(void);

/* In a loop that waits for another CPU: serve those who wait for this one. Takes no lock. */
static inline void smp_poll(void)
{
    __builtin_ia32_pause();
#if !defined HOST_TEST || defined HOST_CPUS /* or the host test has one CPU only */
    if (unlikely(ACCESS_ONCE(this_cpu()->asked) & ASK_NOW))
        smp_serve();
#endif
}

/* @fn(@arg) on each CPU of @set, also this one; returns when all have done it. @fn takes no lock
 * and touches no guest memory. No lock is held, that of a frame neither. */
void smp_call(const struct cpu_set *set, void (*fn)(u64 arg), u64 arg);

/* All other CPUs wait, quiescent, until they are let go; by the same CPU, as often as it held them.
 * No lock is held, and nothing kept that another caller might change meanwhile. */
void smp_hold_others(void);
void smp_let_others_go(void);

/* smp_poll() for loops that wait until another CPU is on its way out to a guest: whoever holds the
 * others may have this one as it is. So nothing is half done here. */
void smp_wait(void);

/* For the end of the machine: all other CPUs stop where they are, for good, by NMI. Callable
 * anywhere, several times. And in the NMI's handler: does not return if that is meant. */
void smp_stop_others(void);
void smp_stop_here(void);

/* @done(@q) is called once, on some CPU with no lock held, after every CPU has been quiescent.
 * Returns at once. @q stays until then. */
struct quiesce {
    void (*done)(struct quiesce *q);
    struct quiesce *next;
};
void quiesce(struct quiesce *q, void (*done)(struct quiesce *));

#endif
