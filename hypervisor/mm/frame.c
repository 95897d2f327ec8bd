/*
 * References to frames, and the locks of page tables: see frame.h for the word and its rules.
 *
 * The trick of every function here: read the word, compute what it would become,
 * compare-and-exchange. Nothing is checked before the exchange that could change after it, but the
 * owner, which is looked at when the reference is already ours; if it was somebody else's frame the
 * reference goes back.
 */
#include "hypervisor/mm/frame.h"

#include "hypervisor/cpu/smp.h"
#include "hypervisor/debug/bug.h"
#include "hypervisor/mm/alloc.h"
#include "hypervisor/mm/tlb.h"

u64 frames_max;

bool frame_get(struct frame *f, const struct domain *d)
{
    u64 w = ACCESS_ONCE(f->word);

    do {
        /* One below the mask: a free frame has no reference to add to; a full count takes no more.
         */
        if (unlikely(((w + 1) & FRAME_REF_MASK) <= 1))
            return false;
    } while (unlikely(!frame_word_cas(f, &w, w + FRAME_REF_ONE)));

    if (likely(f->owner == d))
        return true;
    frame_put(f);
    return false;
}

void frame_put(struct frame *f)
{
    u64 w = __atomic_fetch_sub(&f->word, FRAME_REF_ONE, __ATOMIC_ACQ_REL);

    BUG_ON((w & FRAME_REF_MASK) == 0);
    if (unlikely((w & FRAME_REF_MASK) == 1))
        frame_release(f);
}

u64 frame_hold_table(struct frame *f, const struct domain *d)
{
    u64 w = ACCESS_ONCE(f->word);

    /* A type that another domain held even for a moment would be in its owner's way. */
    if (unlikely(ACCESS_ONCE(f->owner) != d))
        return FT_NONE;
    for (;;) {
        if (unlikely(((w + 1) & FRAME_REF_MASK) <= 1) || !(w & FRAME_VALIDATED) ||
            !(w & FRAME_TYPE_COUNT) || !(w & FRAME_TYPE_MASK) ||
            (w & FRAME_TYPE_COUNT) == FRAME_TYPE_COUNT)
            return FT_NONE;
        if (unlikely(w & FRAME_LOCKED)) {
            smp_poll();
            w = ACCESS_ONCE(f->word);
            continue;
        }
        if (likely(frame_word_cas(f, &w, (w + FRAME_REF_ONE + FRAME_TYPE_ONE) | FRAME_LOCKED)))
            break;
    }
    if (likely(f->owner == d))
        return w & FRAME_TYPE_MASK;
    frame_let_go(f);
    return FT_NONE;
}

void frame_let_go(struct frame *f)
{
    u64 w;

    dirty_mark(f);
    /* The last other use of a table cannot go while it is held: frame_type_put waits. That of
     * anything else can, the last reference even, and then this is it. */
    if (!type_is_table(frame_type(f)))
        tlb_stamp(f);
    w = __atomic_fetch_sub(&f->word, FRAME_REF_ONE + FRAME_TYPE_ONE + FRAME_LOCKED,
                           __ATOMIC_ACQ_REL);
    if (unlikely((w & FRAME_REF_MASK) == 1))
        frame_release(f);
}
