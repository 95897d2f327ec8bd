/*
 * The audit recomputes what every count of a domain should be, from nothing but the rules in
 * frame.h.
 *
 * The trick: what is found is collected in words of the very form of struct frame's (reference
 * count, type count and type in place), so that a frame is right when the two words agree. Who
 * holds what:
 *
 *   the owner               a reference (FRAME_ALLOCED)
 *   an L1 entry             a reference; with RW also a type reference as writable memory; it may
 *                           be another domain's, which was granted the frame or may map any
 *   a device's mapping of   the same
 *   a grant
 *   an entry of level n     both, as a table of level n-1; the last of a PAE L3 as FT_L2_HV
 *   a pin, a base pointer   both, as the table that it is (of a 32-bit vcpu: an L3)
 *   a GDT or LDT page       both, as segment descriptors
 *   a vcpu_info             both, as writable memory
 *   a page of the FIFO ABI  both, as writable memory
 *   frame_share()           both, so that the frame stays what it is
 *   a lone guest's ring     both, as writable memory
 *   a table, in any state   a reference to itself; partial or retiring, both
 *
 * The array of words need not cover all frames: memory may be short when a domain ends. Frames are
 * looked at window by window, and the tables walked again for each; no other memory is needed,
 * since every table is itself a frame of the domain, found by its type and not by descent.
 */
#include "hypervisor/mm/audit.h"

#include "hypervisor/cpu/smp.h"
#include "hypervisor/debug/log.h"
#include "hypervisor/event/fifo.h"
#include "hypervisor/grant/grant.h"
#include "hypervisor/mm/alloc.h"
#include "hypervisor/mm/hv_slots.h"
#include "hypervisor/mm/io_frames.h"
#include "hypervisor/mm/pae.h"
#include "hypervisor/mm/ptype.h"

/* Two uses of one frame disagree about its type: what no frame is that is used as something. */
#define TYPE_CONFLICT FT_NONE
#define COUNTS        (FRAME_REF_MASK | FRAME_TYPE_COUNT)

struct audit {
    const struct domain *d;
    u64 *found;     /* one word for each frame of the window */
    u64 first, end; /* the window, in frame numbers */
    u64 mismatches;
};

static bool in_window(const struct audit *a, u64 n)
{
    return n >= a->first && n < a->end;
}

/* One more use of @m is known: a reference, and with @type a type reference. */
static void use_add(struct audit *a, mfn_t m, u64 type)
{
    u64 *w;

    if (!in_window(a, m.n))
        return;
    w = &a->found[m.n - a->first];
    *w += FRAME_REF_ONE;
    if (type == FT_NONE)
        return;
    if (frame_type_count(*w) && (*w & FRAME_TYPE_MASK) != type)
        type = TYPE_CONFLICT;
    *w = ((*w + FRAME_TYPE_ONE) & ~FRAME_TYPE_MASK) | type;
}

static void mismatch(struct audit *a, u64 mfn, const char *what, u64 expected, u64 found)
{
    a->mismatches++;
    log_err("audit of domain %u: frame %#lx: %s: expected %#lx, found %#lx", a->d->id, mfn, what,
            expected, found);
}

/* An entry may name memory of another domain that lets it; never memory that is nobody's. */
static void l1_entry_count(struct audit *a, u64 table, u64 e)
{
    mfn_t m = pte_mfn(e);

    if (!(e & PTE_P) || mfn_is_io(m))
        return;
    if (!mfn_to_frame(m)->owner && mfn_to_frame(MFN(table))->owner == a->d && in_window(a, table))
        mismatch(a, table, "an entry maps memory without an owner", 0, e);
    if (mfn_to_frame(m)->owner == a->d)
        use_add(a, m, e & PTE_RW ? FT_WRITABLE : FT_NONE);
}

/* What entry @i of a table of @level makes of the frame that it names. */
static u64 type_below(const struct audit *a, int level, unsigned i)
{
    return a->d->is_32bit && level == 3 && i == PAE_L3_ENTRIES - 1 ? FT_L2_HV : FT_LEVEL(level - 1);
}

static void upper_entry_count(struct audit *a, u64 table, int level, unsigned i, u64 e)
{
    mfn_t m = pte_mfn(e);

    if (!(e & PTE_P) || m.n == table)
        return; /* an entry that names its own table holds nothing: linear.h */
    if (mfn_valid(m) && mfn_to_frame(m)->owner == a->d)
        use_add(a, m,
                type_level(frame_type(mfn_to_frame(m))) == level ? frame_type(mfn_to_frame(m))
                                                                 : type_below(a, level, i));
    else if (in_window(a, table))
        mismatch(a, table, "an entry names a table that is not the domain's", 0, e);
}

/* The slot of the M2P may also be empty: hv_slots.h. */
static void hv_slot_check(struct audit *a, u64 table, unsigned i, u64 e)
{
    if (e != hv_l4[i] && !(i == HV_FIRST_SLOT && !e) && in_window(a, table))
        mismatch(a, table, "a slot of the hypervisor in an L4", hv_l4[i], e);
}

/* Entries of a 32-bit guest's table that are not the guest's: pae.h. True: @i is one. */
static bool pae_slot_check(struct audit *a, u64 table, u64 type, unsigned i, u64 e)
{
    bool hv = type == FT_L2_HV && i >= PAE_L2_HV_SLOT;
    bool none = a->d->is_32bit && type == FT_L3 && i >= PAE_L3_ENTRIES;

    if ((hv && !pae_slot_is_right(i, e)) || (none && e))
        mismatch(a, table, "an entry that is not the guest's, in a table of a 32-bit one", i, e);
    return hv || none;
}

/* A table that is not whole holds what its first entries name. */
static void table_count(struct audit *a, u64 n, u64 w)
{
    const u64 *t = mfn_to_virt(MFN(n));
    bool whole = w & FRAME_VALIDATED;
    unsigned held = whole ? PT_ENTRIES : mfn_to_frame(MFN(n))->progress;
    u64 type = w & FRAME_TYPE_MASK;
    int level = type_level(type);

    use_add(a, MFN(n), whole ? FT_NONE : type);
    for (unsigned i = 0; i < held; i++) {
        if (level == 1)
            l1_entry_count(a, n, t[i]);
        else if (level < 4 ? !pae_slot_check(a, n, type, i, t[i]) : !l4_slot_is_ours(i))
            upper_entry_count(a, n, level, i, t[i]);
        else if (whole && level == 4)
            hv_slot_check(a, n, i, t[i]);
    }
}

/* What the frame's own word says that somebody holds; and if it is a table, what that holds. */
static void frame_count(struct audit *a, u64 n, u64 w)
{
    u64 type = w & FRAME_TYPE_MASK;

    if (w & FRAME_ALLOCED)
        use_add(a, MFN(n), FT_NONE);
    if (w & FRAME_PINNED)
        use_add(a, MFN(n), type);
    if (w & FRAME_PINNED && (!type_is_table(type) || type == FT_L2_HV) && in_window(a, n))
        mismatch(a, n, "a pin of what none is for", 0, w);
    if (type_is_table(type) && frame_type_count(w))
        table_count(a, n, w);
}

/* What tables of other domains hold: an L1 table's entries alone name any. */
static void foreign_count(struct audit *a, u64 n, u64 w)
{
    const u64 *t = mfn_to_virt(MFN(n));
    unsigned held = w & FRAME_VALIDATED ? PT_ENTRIES : mfn_to_frame(MFN(n))->progress;

    if ((w & FRAME_TYPE_MASK) == FT_L1 && frame_type_count(w))
        for (unsigned i = 0; i < held; i++)
            l1_entry_count(a, n, t[i]);
}

static void frames_use_add(struct audit *a, const mfn_t *frames, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (frames[i].n)
            use_add(a, frames[i], FT_SEGDESC);
}

static void vcpu_count(struct audit *a, const struct vcpu *v)
{
    if (v->domain->is_32bit && pae_base(v).n)
        use_add(a, pae_base(v), FT_L3);
    else if (v->cr3_kernel)
        use_add(a, MFN(v->cr3_kernel >> PAGE_SHIFT), FT_L4);
    if (v->cr3_user)
        use_add(a, MFN(v->cr3_user >> PAGE_SHIFT), FT_L4);
    frames_use_add(a, v->gdt_frames, ARRAY_SIZE(v->gdt_frames));
    frames_use_add(a, v->ldt_frames, ARRAY_SIZE(v->ldt_frames));
    if (v->info_mfn.n)
        use_add(a, v->info_mfn, FT_WRITABLE);
    if (v->events.control)
        use_add(a, virt_to_mfn(v->events.control), FT_WRITABLE);
}

static void grant_count(void *to, mfn_t m, bool writable)
{
    use_add(to, m, writable ? FT_WRITABLE : FT_NONE);
}

static void frame_compare(struct audit *a, u64 n, u64 w)
{
    u64 expected = a->found[n - a->first];
    u64 mask = frame_type_count(expected) ? COUNTS | FRAME_TYPE_MASK : COUNTS;
    u64 states = w & (FRAME_VALIDATED | FRAME_PARTIAL | FRAME_RETIRING);

    if ((w & mask) != (expected & mask))
        mismatch(a, n, "counts and type", expected & mask, w & mask);
    if (frame_type_count(w) ? !states || states & (states - 1) : states & ~FRAME_VALIDATED)
        mismatch(a, n, "not in one state, validated, partial or retiring", FRAME_VALIDATED, w);
    if (w & FRAME_LOCKED)
        mismatch(a, n, "somebody still holds its lock", 0, w);
}

/* Count everything, keep what falls into the window, compare. */
static void window_audit(struct audit *a)
{
    const struct domain *d = a->d;

    for (u64 i = 0; i < a->end - a->first; i++)
        a->found[i] = 0;
    for (u64 n = 0; n < frames_max; n++)
        if (frame_table[n].owner == d)
            frame_count(a, n, ACCESS_ONCE(frame_table[n].word));
        else if (frame_table[n].owner)
            foreign_count(a, n, ACCESS_ONCE(frame_table[n].word));
    for (u32 i = 0; i < d->max_vcpus; i++)
        if (d->vcpus[i])
            vcpu_count(a, d->vcpus[i]);
    if (d->shared)
        use_add(a, d->shared_mfn, FT_WRITABLE);
    if (d->console.page.n)
        use_add(a, d->console.page, FT_WRITABLE);
    if (d->store.page.n)
        use_add(a, d->store.page, FT_WRITABLE);
    for (u32 i = 0; d->events.fifo && i < d->events.fifo->words; i += FIFO_PAGE_WORDS)
        use_add(a, virt_to_mfn(d->events.fifo->pages[i / FIFO_PAGE_WORDS]), FT_WRITABLE);
    if (d->pirqs.ends)
        use_add(a, virt_to_mfn(d->pirqs.ends), FT_WRITABLE);
    grants_each_use(d, grant_count, a);
    grants_each_page(d, grant_count, a);
    for (u64 n = a->first; n < a->end; n++)
        if (frame_table[n].owner == d)
            frame_compare(a, n, ACCESS_ONCE(frame_table[n].word));
}

/* A list of the domain's frames: linked both ways, all its own. How many there are; together as
 * many as tot_pages says. */
static u64 list_audit(struct audit *a, u32 list)
{
    u32 n = list, before = FRAME_NIL;
    u64 length = 0;

    for (; n != FRAME_NIL && length <= a->d->tot_pages; length++) {
        const struct frame *f = mfn_to_frame(MFN(n));

        if (!mfn_valid(MFN(n)) || f->owner != a->d || f->prev != before) {
            mismatch(a, before, "the list of frames breaks after it", before, n);
            break;
        }
        before = n;
        n = f->next;
    }
    return length;
}

static void lists_audit(struct audit *a)
{
    const struct domain *d = a->d;
    u64 length = list_audit(a, d->page_list) + list_audit(a, d->held_list) + d->away;

    if (length != d->tot_pages)
        mismatch(a, d->page_list, "length of the lists of frames", d->tot_pages, length);
}

u64 audit_domain(const struct domain *d)
{
    struct audit a = {.d = d};
    unsigned order = MIN(order_for(frames_max * sizeof(*a.found)), ALLOC_ORDER_MAX);
    u64 words;

    while (!(a.found = pages_alloc(order)) && order)
        order--;
    if (!a.found) {
        log_err("audit of domain %u: no free page to count in", d->id);
        return 1;
    }
    words = (PAGE_SIZE << order) / sizeof(*a.found);
    lists_audit(&a);
    for (a.first = 0; a.first < frames_max; a.first = a.end) {
        a.end = MIN(a.first + words, frames_max);
        window_audit(&a);
    }
    pages_free(a.found, order);
    return a.mismatches;
}

void audit_report(const struct domain *d)
{
    u64 wrong;

    smp_hold_others(); /* counts and tables agree where nobody is in the middle of a call */
    wrong = audit_domain(d);
    smp_let_others_go();
    if (wrong)
        log_always("audit of domain %u: %lu counts are wrong", d->id, wrong);
    else
        log_always("audit of domain %u: clean", d->id);
}
