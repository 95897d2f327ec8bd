#include "hypervisor/mm/linear.h"

#include "hypervisor/debug/bug.h"
#include "xen-like/abi/xen.h"

/* One more on @f's side of zero (@step is 1 or -1); false where the other side is in use, or all
 * is. */
static bool linear_count(struct frame *f, int step)
{
    s16 old = __atomic_load_n(&f->linear, __ATOMIC_RELAXED);

    do {
        if ((old + step) * step <= 0 || (s16)(old + step) != old + step)
            return false;
    } while (!__atomic_compare_exchange_n(&f->linear, &old, (s16)(old + step), false,
                                          __ATOMIC_ACQ_REL, __ATOMIC_RELAXED));
    return true;
}

static void linear_uncount(struct frame *f, int step)
{
    __atomic_fetch_sub(&f->linear, (s16)step, __ATOMIC_ACQ_REL);
}

/* Only a table that is whole may be named: waiting for one that is being validated could be for
 * ever. */
static bool type_get_validated(struct frame *f, int level)
{
    u64 w = ACCESS_ONCE(f->word);

    do {
        if (type_level(w & FRAME_TYPE_MASK) != level || !(w & FRAME_VALIDATED) ||
            !(w & FRAME_TYPE_COUNT) || (w & FRAME_TYPE_COUNT) == FRAME_TYPE_COUNT)
            return false;
    } while (!frame_word_cas(f, &w, w + FRAME_TYPE_ONE));
    return true;
}

int linear_get(u64 e, struct frame *t, int level)
{
    struct frame *f;

    if (e & PTE_RW)
        return refuse(XEN_EINVAL, "a linear entry that may write");
    if (linear_is_self(e, t))
        return 0;
    f = frame_get_mfn(pte_mfn(e), t->owner);
    if (!f)
        return refuse(XEN_EINVAL, "no such frame, or not the domain's own");
    if (linear_count(t, 1)) {
        if (linear_count(f, -1)) {
            if (type_get_validated(f, level))
                return 0;
            linear_uncount(f, -1);
        }
        linear_uncount(t, 1);
    }
    frame_put(f);
    return refuse(XEN_EINVAL, "a linear entry that cannot be: no whole table, or a circle");
}

void linear_put(u64 e, struct frame *t, int level)
{
    struct frame *f = mfn_to_frame(pte_mfn(e));

    if (type_level(frame_type(f)) != level)
        return; /* an ordinary entry: it names a table of the level below */
    linear_uncount(f, -1);
    linear_uncount(t, 1);
}
