/* Preemption points: see preempt.h. */
#include "hypervisor/cpu/preempt.h"

#include "hypervisor/boot/cmdline.h"
#include "hypervisor/cpu/apic.h"
#include "hypervisor/cpu/regs.h"
#include "hypervisor/cpu/smp.h"
#include "hypervisor/debug/log.h"

/* preempt=N on the command line: every Nth point says yes, whoever waits; and every point counts.
 */
static bool forced(struct percpu *cpu)
{
    if (likely(!options.preempt_every))
        return false;
    cpu->work_left = 0;
    return ++cpu->points % options.preempt_every == 0;
}

#ifdef DEBUG
static u64 longest;      /* of all CPUs, since the boot */
static u64 longest_call; /* rax of the guest when that path was entered, and */
static u32 longest_entry;

void path_end(struct percpu *cpu)
{
    u64 now = rdtsc();

    if (cpu->path_start && now - cpu->path_start > longest) {
        longest = now - cpu->path_start;
        longest_call = cpu->regs.rax;
        longest_entry = cpu->regs.entry_vector;
    }
    cpu->path_start = 0;
}

/* A preemption point: a new path begins, unless this is the boot, which is none. */
static void path_mark(struct percpu *cpu)
{
    bool runs = cpu->path_start;

    path_end(cpu);
    cpu->path_start = runs ? rdtsc() : 0;
}

void path_report(void)
{
    log_info("longest path without a preemption point: %lu ticks (vector %u, rax %#lx)", longest,
             longest_entry, longest_call);
}
#endif

bool preempt_wanted(struct percpu *cpu)
{
    cpu->work_left = PREEMPT_BUDGET;
    if (unlikely(ACCESS_ONCE(cpu->asked) & ASK_NOW))
        smp_serve();
#ifdef DEBUG
    path_mark(cpu);
#endif
    if (!cpu->running) /* the boot: there is nobody to let run */
        return false;
    return forced(cpu) || irq_pending();
}
