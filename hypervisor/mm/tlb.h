/*
 * TLB flushes, and the clock that avoids most of them.
 *
 * When the last writable mapping of a frame goes, some TLB may still hold a stale one; before the
 * frame may become a page table (or another domain's) that must be gone. Instead of flushing at
 * once, the frame remembers the clock; the clock advances at each full flush, and a frame whose
 * stamp is older than the CPU's last full flush needs nothing. This is the idea of Xen's flush
 * timestamps.
 */
#ifndef HYPERVISOR_MM_TLB_H
#define HYPERVISOR_MM_TLB_H

#include "hypervisor/mm/frame.h"

extern u32 tlb_clock; /* starts at 1; never 0 */

static inline void tlb_stamp(struct frame *f)
{
    f->tlb_epoch = tlb_clock;
}

/* Make sure no stale translation of @f is left on any CPU, nor stale contents in its cache. */
void tlb_flush_stale(struct frame *f);

/* Flush everything, global entries too, on this CPU; and one page. */
void tlb_flush_local(void);
void tlb_flush_page_local(u64 va);

/* Load @root as CR3 and drop all translations of the old space (a change of address space). */
void tlb_load_root(mfn_t root);
#endif
