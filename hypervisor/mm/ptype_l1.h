/*
 * References of L1 entries: the innermost loop of everything that touches page tables, hence
 * inline.
 *
 * The common case, a domain mapping its own ordinary memory writable, is one compare-and-exchange
 * that adds a reference and a type reference together. Whatever is not common goes to l1e_get_slow.
 */
#ifndef HYPERVISOR_MM_PTYPE_L1_H
#define HYPERVISOR_MM_PTYPE_L1_H

#include "hypervisor/debug/bug.h"
#include "hypervisor/domain/domain.h"
#include "hypervisor/mm/io_frames.h"
#include "hypervisor/mm/ptype.h"
#include "hypervisor/mm/tlb.h"

int l1e_get_slow(u64 *e, struct domain *pt_dom, struct domain *pg_dom);

/* For a 64-bit guest: the user bit for all, and a mark for those that the guest meant for its
 * kernel only. Xen makes the others global, since they are the same in the kernel's and the user's
 * tables. */
static inline u64 pte_adjust_l1(u64 e, const struct domain *d)
{
    if (unlikely(d->is_32bit))
        return e;
    if (!(e & PTE_US))
        return e | PTE_US | PTE_GUEST_KERNEL;
    return e & PTE_GUEST_KERNEL ? e : e | PTE_G;
}

/* Both counts for a mapping that may write / the reference alone for one that may not. */
static inline bool l1e_take_counts(struct frame *f, bool writable)
{
    const u64 must = writable ? FT_WRITABLE | FRAME_VALIDATED : 0;
    const u64 mask = writable ? FRAME_TYPE_MASK | FRAME_VALIDATED : 0;
    const u64 add = writable ? FRAME_REF_ONE + FRAME_TYPE_ONE : FRAME_REF_ONE;
    u64 w = ACCESS_ONCE(f->word);

    do {
        if (unlikely((w & mask) != must) || unlikely(((w + 1) & FRAME_REF_MASK) <= 1))
            return false;
        /* The type count cannot overflow here: each type reference comes with a reference, whose
         * count is as wide, and the owner holds one more. */
    } while (unlikely(!frame_word_cas(f, &w, w + add)));
    return true;
}

/* Give back both counts at once, unless the reference is the last. */
static inline void l1e_put_counts(struct frame *f, bool writable)
{
    if (writable) {
        u64 w;

        if (unlikely(ACCESS_ONCE(dirty_logs)))
            dirty_unmapped(f);
        tlb_stamp(f);
        w = ACCESS_ONCE(f->word);
        while (likely((w & FRAME_REF_MASK) > 1))
            if (likely(frame_word_cas(f, &w, w - FRAME_TYPE_ONE - FRAME_REF_ONE)))
                return;
        frame_type_put(f);
    }
    frame_put(f);
}

static inline int l1e_get_inline(u64 *e, struct domain *pt_dom, struct domain *pg_dom)
{
    mfn_t m = pte_mfn(*e);
    struct frame *f = mfn_to_frame(m);

    if (unlikely(*e & L1E_BAD) || unlikely(!mfn_valid(m)) || unlikely(f->owner != pg_dom) ||
        unlikely(!l1e_take_counts(f, *e & PTE_RW)))
        return l1e_get_slow(e, pt_dom, pg_dom);
    /* The frame may have changed hands before the counts were ours; now it cannot. */
    if (likely(ACCESS_ONCE(f->owner) == pg_dom))
        return 0;
    l1e_put_counts(f, *e & PTE_RW);
    return refuse(XEN_EBUSY, "the frame changed its owner");
}

static inline void l1e_put_inline(u64 e)
{
    if ((e & PTE_P) && likely(!mfn_is_io(pte_mfn(e))))
        l1e_put_counts(mfn_to_frame(pte_mfn(e)), e & PTE_RW);
}

#endif
