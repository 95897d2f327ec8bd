/*
 * TLB flushes, and the clock that avoids most of them.
 *
 * When the last writable mapping of a frame goes, some TLB may still hold a stale one; before the
 * frame may become a page table (or another domain's) that must be gone. Instead of flushing at
 * once, the frame remembers the clock; the clock advances when a CPU begins a full flush, and a CPU
 * whose last full flush began after the frame's stamp needs nothing. This is the idea of Xen's
 * flush timestamps.
 *
 * The others are asked by interrupt, and waited for. A CPU serves that in guest mode, when it waits
 * for whatever it be (smp_poll()), and at preemption points; so between two accesses to guest
 * memory, never within one.
 */
#ifndef HYPERVISOR_MM_TLB_H
#define HYPERVISOR_MM_TLB_H

#include "hypervisor/cpu/smp.h"
#include "hypervisor/mm/frame.h"

extern u32 tlb_clock; /* starts at 1; never 0 */

/*
 * The translations of @f that there are become stale. They have been removed from the tables, and a
 * locked instruction came after that, or the last of them would be the entry's own. The count that
 * they held goes after this. Whoever gives one back stamps, not the last alone, who cannot know
 * what others did since he looked; and looks at the clock again, for his stamp may have come late,
 * over a newer one (tlb_stamp.pml).
 */
static inline void tlb_stamp(struct frame *f)
{
    u32 now = ACCESS_ONCE(tlb_clock), before;

    do {
        ACCESS_ONCE(f->tlb_epoch) = before = now;
        now = ACCESS_ONCE(tlb_clock);
    } while (unlikely(now != before));
}

/* Make sure no stale translation of @f is left on any CPU, nor stale contents in its cache. May
 * wait for other CPUs; with any lock held. */
void tlb_flush_stale(struct frame *f);

/* Flush everything, global entries too, on this CPU; and one page. */
void tlb_flush_local(void);
void tlb_flush_page_local(u64 va);

/* Write back what all caches hold of a range of the direct map, and drop it there. */
void cache_flush_range(const void *from, u64 bytes);

/* Everything that was changed in tables until now, on all CPUs of @set (this one may be of them).
 * Waits for them. */
void tlb_flush_cpus(const struct cpu_set *set);

/* Load @root as CR3 and drop all translations of the old space (a change of address space). */
void tlb_load_root(mfn_t root);

/* Load tables with no guest in them: until the next tlb_load_root() nobody has to wait for this
 * CPU, nor wake it. The guest memory that was mapped may go meanwhile. */
void tlb_load_none(void);
#endif
