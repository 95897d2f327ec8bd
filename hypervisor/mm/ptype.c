/*
 * The page-type machine. What a frame is may change only while nobody relies on what it was:
 *
 *         count 0                     count > 0
 *     +-------------+  get(type)  +----------------+  validate  +-----------+   get(type)
 *     | any old type|------------>| type, count 1, |----------->| VALIDATED |-----------> count + 1
 *     +-------------+             | not validated  |  (failed:  +-----------+
 *            ^                    +----------------+   back)          |
 *            +------------- teardown of a table's entries <-----------+ last put
 *
 * "Type set, not validated" belongs to the one CPU that won the exchange; others that want the same
 * type wait, others that want another type are refused. When the type changes, stale translations
 * of the old use are flushed before validation looks at the contents: from then on nobody can write
 * them.
 *
 * Recursion is at most four levels deep: a table of level n names tables of level n-1 only.
 */
#include "hypervisor/mm/ptype.h"

#include "hypervisor/cpu/descriptors.h"
#include "hypervisor/debug/bug.h"
#include "hypervisor/domain/domain.h"
#include "hypervisor/mm/hv_slots.h"
#include "hypervisor/mm/linear.h"
#include "hypervisor/mm/ptype_l1.h"
#include "hypervisor/mm/tlb.h"

int table_entry_get(u64 e, int level, struct frame *t)
{
    int rc;

    if (unlikely(e & PTE_BAD))
        return refuse(XEN_EINVAL, "flags that no guest may set in a table entry");
    rc = frame_get_and_type(pte_mfn(e), t->owner, FT_LEVEL(level - 1));
    return likely(!rc) ? 0 : linear_get(e, t, level);
}

void table_entry_put(u64 e, int level, struct frame *t)
{
    if (!(e & PTE_P) || unlikely(linear_is_self(e, t)))
        return;
    linear_put(e, t, level);
    frame_put_and_type(mfn_to_frame(pte_mfn(e)));
}

static int l1_validate(struct frame *f)
{
    struct domain *d = f->owner;
    u64 *t = mfn_to_virt(frame_to_mfn(f));
    int rc = 0;
    unsigned i;

    for (i = 0; i < PT_ENTRIES; i++) {
        u64 e = t[i];

        if (likely(!(e & PTE_P)))
            continue;
        rc = l1e_get_inline(&e, d, d);
        if (unlikely(rc))
            break;
        t[i] = pte_adjust_l1(e);
    }
    if (unlikely(rc))
        while (i-- > 0)
            l1e_put_inline(t[i]);
    return rc;
}

static void l1_teardown(struct frame *f)
{
    u64 *t = mfn_to_virt(frame_to_mfn(f));

    for (unsigned i = 0; i < PT_ENTRIES; i++)
        l1e_put_inline(t[i]);
}

/* Entries of an upper table that are the guest's: an L4 has a hole where the hypervisor's slots
 * are. */
static inline unsigned next_slot(unsigned i, int level)
{
    i++;
    return level == 4 && i == HV_FIRST_SLOT ? HV_LAST_SLOT + 1 : i;
}

static void upper_teardown_below(struct frame *f, int level, unsigned end)
{
    const u64 *t = mfn_to_virt(frame_to_mfn(f));

    for (unsigned i = 0; i < end; i = next_slot(i, level))
        table_entry_put(t[i], level, f);
}

static int upper_validate(struct frame *f, int level)
{
    struct domain *d = f->owner;
    u64 *t = mfn_to_virt(frame_to_mfn(f));

    for (unsigned i = 0; i < PT_ENTRIES; i = next_slot(i, level)) {
        u64 e = t[i];
        int rc;

        if (likely(!(e & PTE_P)))
            continue;
        rc = table_entry_get(e, level, f);
        if (unlikely(rc)) {
            upper_teardown_below(f, level, i);
            return rc;
        }
        t[i] = pte_adjust(e, level);
    }
    if (level == 4)
        hv_slots_fill(t, domain_assists(d, VMASST_TYPE_m2p_strict));
    return 0;
}

static int frame_validate(struct frame *f, u64 type)
{
    if (type == FT_L1)
        return l1_validate(f);
    if (type_is_table(type))
        return upper_validate(f, type_level(type));
    if (type == FT_SEGDESC)
        return descriptors_validate(mfn_to_virt(frame_to_mfn(f)));
    return 0; /* anybody's writable memory may hold anything */
}

static void frame_teardown(struct frame *f, u64 type)
{
    if (type == FT_L1)
        l1_teardown(f);
    else
        upper_teardown_below(f, type_level(type), PT_ENTRIES);
}

/* The exchange won: the frame has the new type, one count, and is ours to validate. */
static int type_establish(struct frame *f, u64 old, u64 type)
{
    int rc;

    if ((old & FRAME_TYPE_MASK) != type)
        tlb_flush_stale(f);
    rc = frame_validate(f, type);
    if (likely(!rc))
        __atomic_fetch_or(&f->word, FRAME_VALIDATED, __ATOMIC_ACQ_REL);
    else
        __atomic_fetch_sub(&f->word, FRAME_TYPE_ONE, __ATOMIC_ACQ_REL);
    return rc;
}

int frame_type_get(struct frame *f, u64 type)
{
    u64 w = ACCESS_ONCE(f->word), new;

    for (;;) {
        new = w + FRAME_TYPE_ONE;
        if (!(w & FRAME_TYPE_COUNT)) {
            if ((w & FRAME_TYPE_MASK) != type)
                new = (new & ~(FRAME_TYPE_MASK | FRAME_VALIDATED)) | type;
        } else if (unlikely((w & FRAME_TYPE_MASK) != type)) {
            return refuse(XEN_EINVAL, "the frame is in use as another type");
        } else if (unlikely((w & FRAME_TYPE_COUNT) == FRAME_TYPE_COUNT)) {
            return refuse(XEN_EINVAL, "the frame's type count is full");
        } else if (unlikely(!(w & FRAME_VALIDATED))) {
            __builtin_ia32_pause(); /* another CPU is validating it: wait for what it finds */
            w = ACCESS_ONCE(f->word);
            continue;
        }
        if (likely(frame_word_cas(f, &w, new)))
            break;
    }
    return likely(new &FRAME_VALIDATED) ? 0 : type_establish(f, w, type);
}

/* The last use of a table is going: give back what its entries hold while its count still says one,
 * so that nobody can make anything else of it in the meantime. */
static void table_retire(struct frame *f, u64 type)
{
    frame_teardown(f, type);
    tlb_stamp(f);
    __atomic_fetch_sub(&f->word, FRAME_TYPE_ONE, __ATOMIC_ACQ_REL);
}

void frame_type_put(struct frame *f)
{
    u64 w = ACCESS_ONCE(f->word);

    for (;;) {
        u64 count = frame_type_count(w), type = w & FRAME_TYPE_MASK;

        BUG_ON(count == 0);
        if (unlikely(count == 2 && (w & FRAME_LOCKED)) && type_is_table(type)) {
            __builtin_ia32_pause(); /* the lock's own count must not become the last */
            w = ACCESS_ONCE(f->word);
        } else if (count > 1) {
            if (likely(frame_word_cas(f, &w, w - FRAME_TYPE_ONE)))
                return;
        } else if (type_is_table(type)) {
            if (likely(frame_word_cas(f, &w, w & ~FRAME_VALIDATED)))
                return table_retire(f, type);
        } else {
            tlb_stamp(f);
            if (likely(frame_word_cas(f, &w, w - FRAME_TYPE_ONE)))
                return;
        }
    }
}

int frame_get_and_type(mfn_t m, struct domain *d, u64 type)
{
    struct frame *f = frame_get_mfn(m, d);
    int rc;

    if (unlikely(!f))
        return refuse(XEN_EINVAL, "no such frame, or not the domain's own");
    rc = frame_type_get(f, type);
    if (unlikely(rc))
        frame_put(f);
    return rc;
}

void frame_put_and_type(struct frame *f)
{
    frame_type_put(f);
    frame_put(f);
}
