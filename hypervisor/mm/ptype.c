/*
 * The page-type machine. What a frame is may change only while nobody relies on what it was:
 *
 *         count 0                     count > 0
 *     +-------------+  get(type)  +----------------+  validate  +-----------+   get(type)
 *     | any old type|------------>| type, count 1, |----------->| VALIDATED |-----------> count + 1
 *     +-------------+             | not validated  |            +-----------+
 *            ^                    +----------------+                  |
 *            |    interrupted |  ^ same type   | failed               | last put of a table
 *            |                v  | again       |                      |
 *            |               PARTIAL           +---> RETIRING <-------+
 *            +--------- all entries given back ----------+
 *
 * "Type set, not validated" belongs to the one CPU that won the exchange; others that want the same
 * type wait, others that want another type are refused. When the type changes, stale translations
 * of the old use are flushed before validation looks at the contents: from then on nobody can write
 * them.
 *
 * A large tree takes long, so both directions can stop at a preemption point. A table that is
 * PARTIAL or RETIRING belongs to nobody: it holds itself, by its own reference and a type count of
 * one, and `progress` says how many of its entries hold references.
 *   PARTIAL: whoever wants the type next goes on from there. If nobody ever does, only the guest
 *     has lost a frame, until it ends.
 *   RETIRING: it is in the list of the vcpu that put it, whose call goes on until the list is
 *     empty. Teardown is not recursive: a table below whose last use goes joins the same list.
 *
 * Recursion of validation is at most four levels deep: a table of level n names tables of level n-1
 * only. Nothing remembers how the levels hung together when it was interrupted: each is PARTIAL by
 * itself, and the next attempt finds them one by one on its way down.
 */
#include "hypervisor/mm/ptype.h"

#include "hypervisor/cpu/descriptors.h"
#include "hypervisor/cpu/preempt.h"
#include "hypervisor/cpu/smp.h"
#include "hypervisor/debug/bug.h"
#include "hypervisor/debug/trace.h"
#include "hypervisor/domain/domain.h"
#include "hypervisor/mm/alloc.h"
#include "hypervisor/mm/hv_slots.h"
#include "hypervisor/mm/linear.h"
#include "hypervisor/mm/pae.h"
#include "hypervisor/mm/ptype_l1.h"
#include "hypervisor/mm/tlb.h"

#define BLOCK 64u /* entries between two preemption points, which are at its multiples */

static bool type_put(struct frame *f);

int table_entry_get(u64 e, int level, struct frame *t)
{
    int rc;

    if (unlikely(e & PTE_BAD))
        return refuse(XEN_EINVAL, "flags that no guest may set in a table entry");
    rc = table_get(pte_mfn(e), t->owner, FT_LEVEL(level - 1));
    return likely(rc != -XEN_EINVAL) ? rc : linear_get(e, t, level);
}

void table_entry_put(u64 e, int level, struct frame *t)
{
    struct frame *f = mfn_to_frame(pte_mfn(e));

    if (!(e & PTE_P) || unlikely(linear_is_self(e, t)))
        return;
    linear_put(e, t, level);
    type_put(f);
    frame_put(f);
}

static int l1_validate(struct frame *f, unsigned i, unsigned end)
{
    struct domain *d = f->owner;
    u64 *t = mfn_to_virt(frame_to_mfn(f));

    for (; i < end; i++) {
        u64 e = t[i];
        int rc;

        if (likely(!(e & PTE_P)))
            continue;
        rc = l1e_get_inline(&e, d, d);
        if (unlikely(rc)) {
            f->progress = i;
            return rc;
        }
        t[i] = pte_adjust_l1(e, d);
    }
    return 0;
}

static int upper_validate(struct frame *f, int level, unsigned i, unsigned end)
{
    u64 *t = mfn_to_virt(frame_to_mfn(f));

    for (; i < end; i++) {
        u64 e = t[i];
        int rc;

        if (likely(!(e & PTE_P)) || (level == 4 && l4_slot_is_ours(i)))
            continue;
        rc = table_entry_get(e, level, f);
        if (unlikely(rc)) {
            f->progress = i;
            return rc;
        }
        t[i] = pte_adjust(e, level, f->owner);
    }
    return 0;
}

static TRACE_COLD void type_record(const struct frame *f, u64 type)
{
    trace(type, f->owner ? f->owner->id : DOMID_INVALID, TRACE_64(frame_to_mfn(f).n),
          (u32)type_level(type));
}

/* How many of its entries, from 0 on, are the guest's (some of an L4 are not, in the middle). */
static inline unsigned entries_of(u64 type)
{
    return type == FT_L2_HV ? PAE_L2_HV_SLOT : PT_ENTRIES;
}

/* All entries from f->progress on. Afterwards, unless that went well, it says how many hold
 * references. */
static int table_validate(struct frame *f, u64 type)
{
    const unsigned entries = entries_of(type);
    int level = type_level(type);

    if (unlikely(f->owner->is_32bit) && level > 2)
        return level == 3 ? pae_l3_validate(f) : refuse(XEN_EINVAL, "an L4 of a 32-bit domain");
    for (unsigned i = f->progress, end; i < entries; i = end) {
        int rc;

        end = MIN((i / BLOCK + 1) * BLOCK, entries);
        rc = level == 1 ? l1_validate(f, i, end) : upper_validate(f, level, i, end);
        if (unlikely(rc))
            return rc;
        if (unlikely(preempt_point(BLOCK)) && end < entries) {
            f->progress = end;
            return RESTART;
        }
    }
    if (level == 4)
        hv_slots_fill(mfn_to_virt(frame_to_mfn(f)),
                      domain_assists(f->owner, VMASST_TYPE_m2p_strict));
    else if (type == FT_L2_HV)
        pae_slots_fill(mfn_to_virt(frame_to_mfn(f)));
    return 0;
}

/* Nobody uses the table @f any more, whose word says RETIRING by now; @held of its entries hold
 * references. */
static void retiring_add(struct frame *f, unsigned held)
{
    struct vcpu *v = current;

    f->progress = held;
    f->retires_next = v->retiring;
    v->retiring = (u32)frame_to_mfn(f).n;
}

void table_give_up_partial(struct frame *f)
{
    u64 w = ACCESS_ONCE(f->word);

    while (w & FRAME_PARTIAL)
        if (frame_word_cas(f, &w, w ^ (FRAME_PARTIAL | FRAME_RETIRING)))
            return retiring_add(f, f->progress);
}

/* The exchange won: the frame has the new type, one count, and is ours to validate. */
static int table_establish(struct frame *f, u64 type)
{
    int rc = table_validate(f, type);

    dirty_mark(f); /* the form of its entries */
    if (likely(!rc)) {
        if (trace_wants(XL_TRC_TABLES))
            type_record(f, type);
        __atomic_fetch_or(&f->word, FRAME_VALIDATED, __ATOMIC_ACQ_REL);
    } else if (rc == RESTART) {
        __atomic_fetch_or(&f->word, FRAME_PARTIAL, __ATOMIC_ACQ_REL);
    } else {
        __atomic_fetch_or(&f->word, FRAME_RETIRING, __ATOMIC_ACQ_REL);
        retiring_add(f, f->progress);
    }
    return rc;
}

static int type_establish(struct frame *f, u64 old, u64 type)
{
    int rc = 0; /* anybody's writable memory may hold anything */

    if ((old & FRAME_TYPE_MASK) != type)
        tlb_flush_stale(f);
    if (type_is_table(type)) {
        if (!(old & FRAME_PARTIAL))
            f->progress = 0;
        return table_establish(f, type);
    }
    if (type == FT_SEGDESC) {
        rc = descriptors_validate(mfn_to_virt(frame_to_mfn(f)), f->owner->is_32bit);
        dirty_mark(f);
    }
    if (trace_wants(XL_TRC_TABLES) && !rc)
        type_record(f, type);
    if (likely(!rc))
        __atomic_fetch_or(&f->word, FRAME_VALIDATED, __ATOMIC_ACQ_REL);
    else
        __atomic_fetch_sub(&f->word, FRAME_TYPE_ONE, __ATOMIC_ACQ_REL);
    return rc;
}

/* The first use: what the word becomes. A table's own reference comes with it. */
static inline u64 word_first_use(u64 w, u64 type)
{
    u64 new = w + FRAME_TYPE_ONE + (type_is_table(type) ? FRAME_REF_ONE : 0);

    return (w & FRAME_TYPE_MASK) == type ? new
                                         : (new & ~(FRAME_TYPE_MASK | FRAME_VALIDATED)) | type;
}

static int type_get_slow(struct frame *f, u64 type)
{
    u64 w = ACCESS_ONCE(f->word), new;

    if (unlikely(f->owner->dying) && type_is_table(type))
        return refuse(XEN_EINVAL, "a new table of a domain that is dying");
    for (;;) {
        new = w + FRAME_TYPE_ONE;
        if (!(w & FRAME_TYPE_COUNT)) {
            new = word_first_use(w, type);
            if (unlikely(!(new &FRAME_REF_MASK)))
                return refuse(XEN_EINVAL, "the frame's reference count is full");
        } else if (unlikely((w & FRAME_TYPE_MASK) != type)) {
            return refuse(XEN_EINVAL, "the frame is in use as another type");
        } else if (unlikely((w & FRAME_TYPE_COUNT) == FRAME_TYPE_COUNT)) {
            return refuse(XEN_EINVAL, "the frame's type count is full");
        } else if (unlikely(w & FRAME_RETIRING)) {
            return refuse(XEN_EINVAL, "the table is being torn down");
        } else if (unlikely(w & FRAME_PARTIAL)) {
            new = w & ~FRAME_PARTIAL; /* go on, with the count that it has kept */
        } else if (unlikely(!(w & FRAME_VALIDATED))) {
            smp_poll(); /* another CPU is validating it: wait for what it finds */
            w = ACCESS_ONCE(f->word);
            continue;
        }
        if (likely(frame_word_cas(f, &w, new)))
            break;
    }
    return new &FRAME_VALIDATED ? 0 : type_establish(f, w, type);
}

/* What is of that type already takes one more use. */
static inline int type_get(struct frame *f, u64 type)
{
    u64 w = ACCESS_ONCE(f->word);

    while ((w & (FRAME_TYPE_MASK | FRAME_VALIDATED)) == (type | FRAME_VALIDATED) &&
           (w & FRAME_TYPE_COUNT) != FRAME_TYPE_COUNT)
        if (likely(frame_word_cas(f, &w, w + FRAME_TYPE_ONE)))
            return 0;
    return type_get_slow(f, type);
}

/* A use of a table goes that may be the last. */
static __attribute__((noinline)) bool table_put(struct frame *f)
{
    u64 w = ACCESS_ONCE(f->word);

    for (;;) {
        u64 count = frame_type_count(w);

        BUG_ON(count == 0);
        if (unlikely(count == 2 && (w & FRAME_LOCKED))) {
            smp_poll(); /* the lock's own count must not become the last */
            w = ACCESS_ONCE(f->word);
        } else if (count > 1) {
            if (likely(frame_word_cas(f, &w, w - FRAME_TYPE_ONE)))
                return false;
        } else {
            /* The count stays: nobody can make anything else of it in the meantime. */
            if (likely(frame_word_cas(f, &w, (w & ~FRAME_VALIDATED) | FRAME_RETIRING))) {
                retiring_add(f, entries_of(w & FRAME_TYPE_MASK));
                return true;
            }
        }
    }
}

/* True when that was the last use of a table, which now waits in the vcpu's list. */
static bool type_put(struct frame *f)
{
    u64 w = ACCESS_ONCE(f->word);

    if (type_is_table(w & FRAME_TYPE_MASK)) {
        while (frame_type_count(w) > 1 && !(w & FRAME_LOCKED))
            if (likely(frame_word_cas(f, &w, w - FRAME_TYPE_ONE)))
                return false;
        return table_put(f);
    }
    tlb_stamp(f);
    do {
        BUG_ON(frame_type_count(w) == 0);
        if (trace_wants(XL_TRC_TABLES) && (w & FRAME_TYPE_MASK) == FT_SEGDESC &&
            frame_type_count(w) == 1)
            type_record(f, FT_NONE);
    } while (unlikely(!frame_word_cas(f, &w, w - FRAME_TYPE_ONE)));
    return false;
}

/* From the last block to the first. False: interrupted. */
static bool entries_give_back(struct frame *f)
{
    int level = type_level(frame_type(f));
    const u64 *t = mfn_to_virt(frame_to_mfn(f));

    for (unsigned i = f->progress; i;) {
        unsigned start = (i - 1) / BLOCK * BLOCK;

        while (i-- > start)
            if (level == 1)
                l1e_put_inline(t[i]);
            else if (level < 4 || !l4_slot_is_ours(i))
                table_entry_put(t[i], level, f);
        i = start;
        f->progress = i;
        if (unlikely(preempt_point(BLOCK)))
            return false;
    }
    return true;
}

int tables_retire(void)
{
    struct vcpu *v = current;

    while (v->retiring) {
        struct frame *f = mfn_to_frame(MFN(v->retiring));
        u64 w;

        v->retiring = f->retires_next;
        if (unlikely(f->owner->is_32bit) && frame_type(f) == FT_L3)
            pae_l3_release(f);
        if (!entries_give_back(f)) {
            retiring_add(f, f->progress);
            return RESTART;
        }
        dirty_mark(f); /* it is sent in another form */
        tlb_stamp(f);
        if (trace_wants(XL_TRC_TABLES))
            type_record(f, FT_NONE);
        w = __atomic_fetch_sub(&f->word, FRAME_TYPE_ONE + FRAME_REF_ONE + FRAME_RETIRING,
                               __ATOMIC_ACQ_REL);
        if ((w & FRAME_REF_MASK) == 1)
            frame_release(f);
    }
    call_unbind(v);
    return 0;
}

int frame_type_get(struct frame *f, u64 type)
{
    return type_get(f, type);
}

void frame_type_put(struct frame *f)
{
    if (unlikely(type_put(f)))
        tables_retire();
}

int table_get(mfn_t m, struct domain *d, u64 type)
{
    struct frame *f = frame_get_mfn(m, d);
    int rc;

    if (unlikely(!f))
        return refuse(XEN_EINVAL, "no such frame, or not the domain's own");
    rc = type_get(f, type);
    if (unlikely(rc))
        frame_put(f);
    return rc;
}

int frame_get_and_type(mfn_t m, struct domain *d, u64 type)
{
    int rc = table_get(m, d, type);

    if (unlikely(rc))
        tables_retire_pending();
    return rc;
}

void frame_put_and_type(struct frame *f)
{
    if (unlikely(ACCESS_ONCE(dirty_logs)) && frame_type(f) == FT_WRITABLE)
        dirty_mark_frame(f);
    frame_type_put(f);
    frame_put(f);
}
