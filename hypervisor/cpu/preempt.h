/*
 * Preemption points: how a long piece of work lets others have the CPU.
 *
 * Interrupts are off while the hypervisor runs; they are taken when a guest runs. So whoever works
 * long has to ask, often enough, whether one is waiting; if so he puts down how far he is, undoes
 * nothing, and has the guest issue its call again (hypercalls/continuation.h): the interrupt comes
 * before the guest's first instruction, and the call then goes on where it was. No path of the
 * hypervisor is longer than 100,000 instructions without such a point; debug builds measure it.
 *
 * To ask costs some reads of the local APIC. So work is counted in units of some 50 instructions,
 * and a point asks only when a budget of them is spent.
 */
#ifndef HYPERVISOR_CPU_PREEMPT_H
#define HYPERVISOR_CPU_PREEMPT_H

#include "hypervisor/cpu/percpu.h"

#define PREEMPT_BUDGET 300

/* What a function answers that stopped at such a point: call it again. Among errnos, but none; no
 * guest ever sees it. */
#define RESTART (-4096)

/* The slow half of preempt_point: the budget is spent. */
bool preempt_wanted(struct percpu *cpu);

/* @units of work are done: shall the rest wait? Who is told so must have made some progress since
 * he was last told, or nobody ever would. */
static inline bool preempt_point(u32 units)
{
    struct percpu *cpu = this_cpu();

    cpu->work_left -= (s32)units;
    return unlikely(cpu->work_left < 0) && preempt_wanted(cpu);
}

/* Work of unusual length was done, which the next point is to know of. */
static inline void preempt_charge(u32 units)
{
    this_cpu()->work_left -= (s32)units;
}

#ifdef DEBUG
/* The longest time between an entry, preemption points and the exit, in TSC ticks: instructions,
 * under an emulator that counts them. entry.asm starts and ends it. */
void path_end(struct percpu *cpu);
void path_report(void);
#endif

#endif
