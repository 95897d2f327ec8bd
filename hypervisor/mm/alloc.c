/*
 * The buddy allocator.
 *
 * Free memory is kept as blocks of 2^order frames, aligned to their size, one list for each order.
 * To allocate, take a block of the order or split a larger one; to free, merge with the neighbour
 * block
 * ("buddy": its number differs in one bit) as long as that is free and whole. The lists are
 * threaded through the frame table, so free memory itself is never touched.
 *
 * A stale TLB entry may still reach a freed frame, so frames_alloc flushes if a stamp says so
 * (tlb.h).
 */
#include "hypervisor/mm/alloc.h"

#include "hypervisor/cpu/preempt.h"
#include "hypervisor/cpu/spinlock.h"
#include "hypervisor/debug/bug.h"
#include "hypervisor/domain/domain.h"
#include "hypervisor/mm/tlb.h"
#include "xen-like/lib/string.h"

#define CLEAR_UNITS   12 /* of work, see cpu/preempt.h: a page is cleared, */
#define RELEASE_UNITS 4  /* a frame goes back to the heap */

static struct spinlock heap_lock = SPINLOCK(LOCK_HEAP); /* guards the lists and the count */
static u32 free_list[ALLOC_ORDER_MAX + 1] = {[0 ... ALLOC_ORDER_MAX] = FRAME_NIL};
static u64 free_frames;
static u64 claimed_frames; /* of these: what domains have claimed and not yet taken, together */

static void block_push(u64 n, unsigned order)
{
    struct frame *f = &frame_table[n];

    f->order = (u16)order;
    f->free = 1;
    f->prev = FRAME_NIL;
    f->next = free_list[order];
    if (f->next != FRAME_NIL)
        frame_table[f->next].prev = (u32)n;
    free_list[order] = (u32)n;
}

static void block_remove(u64 n)
{
    struct frame *f = &frame_table[n];

    if (f->prev == FRAME_NIL)
        free_list[f->order] = f->next;
    else
        frame_table[f->prev].next = f->next;
    if (f->next != FRAME_NIL)
        frame_table[f->next].prev = f->prev;
    f->free = 0;
}

static void block_free(u64 n, unsigned order)
{
    ASSERT(!frame_table[n].free && !frame_table[n].word && !frame_table[n].owner);
    free_frames += 1UL << order;
    for (; order < ALLOC_ORDER_MAX; order++) {
        u64 buddy = n ^ (1UL << order);

        if (buddy >= frames_max || !frame_table[buddy].free || frame_table[buddy].order != order)
            break;
        block_remove(buddy);
        n &= ~(1UL << order);
    }
    block_push(n, order);
}

void frames_add(mfn_t start, mfn_t end)
{
    spin_lock(&heap_lock);
    for (u64 n = start.n; n < end.n;) {
        unsigned order = n ? MIN((unsigned)__builtin_ctzl(n), ALLOC_ORDER_MAX) : ALLOC_ORDER_MAX;

        while (n + (1UL << order) > end.n)
            order--;
        for (u64 i = n; i < n + (1UL << order); i++) {
            frame_table[i].owner = NULL;
            frame_table[i].word = 0;
        }
        block_free(n, order);
        n += 1UL << order;
    }
    spin_unlock(&heap_lock);
}

/* Is there so much beside what other domains than @d have claimed? Under heap_lock. */
static bool room_for(u64 count, const struct domain *d)
{
    u64 others = claimed_frames - (d ? d->claimed : 0);

    return free_frames >= others && free_frames - others >= count;
}

/* Under d->page_lock. */
static void claim_use(struct domain *d, u64 count)
{
    if (likely(!d->claimed))
        return;
    count = MIN(count, d->claimed);
    spin_lock(&heap_lock);
    d->claimed -= count;
    claimed_frames -= count;
    spin_unlock(&heap_lock);
}

/* A block for @d, or for nobody in particular: NULL. Of @d's claims nothing is used yet, and stale
 * translations may still reach it. */
mfn_t block_take(unsigned order, struct domain *d)
{
    unsigned have = order;
    u64 n;

    spin_lock(&heap_lock);
    if (unlikely(!room_for(1UL << order, d)))
        have = ALLOC_ORDER_MAX + 1;
    while (have <= ALLOC_ORDER_MAX && free_list[have] == FRAME_NIL)
        have++;
    if (have > ALLOC_ORDER_MAX) {
        spin_unlock(&heap_lock);
        return INVALID_MFN;
    }
    n = free_list[have];
    block_remove(n);
    while (have > order) { /* give the upper half back, keep the lower */
        have--;
        block_push(n + (1UL << have), have);
    }
    free_frames -= 1UL << order;
    spin_unlock(&heap_lock);
    return MFN(n);
}

void frames_flush_stale(mfn_t m, unsigned order)
{
    for (u64 n = m.n; n < m.n + (1UL << order); n++)
        tlb_flush_stale(&frame_table[n]);
}

mfn_t frames_alloc(unsigned order)
{
    mfn_t m = block_take(order, NULL);

    if (m.n != INVALID_MFN.n)
        frames_flush_stale(m, order);
    return m;
}

int domain_claim(struct domain *d, u64 pages)
{
    int rc = 0;

    spin_lock(&d->page_lock);
    if (!pages)
        claim_use(d, d->claimed);
    spin_lock(&heap_lock);
    if (!pages) {
        rc = 0;
    } else if (d->claimed || pages <= d->tot_pages || pages > d->max_pages) {
        rc = refuse(XEN_EINVAL, "a claim on top of another, or of nothing, or beyond the maximum");
    } else if (!room_for(pages - d->tot_pages, d)) {
        rc = refuse(XEN_ENOMEM, "there is not so much memory");
    } else {
        d->claimed = pages - d->tot_pages;
        claimed_frames += d->claimed;
    }
    spin_unlock(&heap_lock);
    spin_unlock(&d->page_lock);
    return rc;
}

void frames_free(mfn_t m, unsigned order)
{
    spin_lock(&heap_lock);
    block_free(m.n, order);
    spin_unlock(&heap_lock);
}

u64 frames_free_count(void)
{
    return ACCESS_ONCE(free_frames);
}

void frames_forget(u16 domain_id)
{
    spin_lock(&heap_lock);
    for (u64 n = 0; n < frames_max; n++)
        if (!frame_table[n].owner && frame_table[n].left_by == domain_id + 1)
            frame_table[n].left_by = 0;
    spin_unlock(&heap_lock);
}

void *pages_alloc(unsigned order)
{
    mfn_t m = frames_alloc(order);

    if (m.n == INVALID_MFN.n)
        return NULL;
    for (u64 i = 0; i < 1UL << order; i++)
        mfn_to_frame(mfn_add(m, i))->left_by = 0;
    return memset(mfn_to_virt(m), 0, PAGE_SIZE << order);
}

void pages_free(void *p, unsigned order)
{
    frames_free(virt_to_mfn(p), order);
}

static void owner_link(struct domain *d, struct frame *f)
{
    u32 n = (u32)frame_to_mfn(f).n;

    f->prev = FRAME_NIL;
    f->next = d->page_list;
    if (f->next != FRAME_NIL)
        frame_table[f->next].prev = n;
    d->page_list = n;
}

static void owner_unlink(struct domain *d, struct frame *f)
{
    if (f->prev == FRAME_NIL)
        d->page_list = f->next;
    else
        frame_table[f->prev].next = f->next;
    if (f->next != FRAME_NIL)
        frame_table[f->next].prev = f->prev;
}

/* What the domain itself left there is no secret from it: giving frames back and taking some again
 * costs no clearing, as with Xen. What was cleared stays so, if the block goes back to the heap. */
int frames_clean(mfn_t m, unsigned order, const struct domain *d)
{
    for (u64 i = 0; i < 1UL << order; i++) {
        struct frame *f = mfn_to_frame(mfn_add(m, i));

        if (f->left_by == d->id + 1 || f->left_by == LEFT_CLEAN)
            continue;
        memset(mfn_to_virt(mfn_add(m, i)), 0, PAGE_SIZE);
        f->left_by = LEFT_CLEAN;
        if (preempt_point(CLEAR_UNITS))
            return RESTART;
    }
    return 0;
}

/* The frames of a block become @d's, with one reference each. Under its page_lock, which it keeps.
 */
static void frames_hand_over(struct domain *d, mfn_t m, unsigned order)
{
    for (u64 i = 0; i < 1UL << order; i++) {
        struct frame *f = mfn_to_frame(mfn_add(m, i));

        f->left_by = 0;
        owner_link(d, f);
        f->owner = d;
        __atomic_store_n(&f->word, FRAME_ALLOCED | FRAME_REF_ONE, __ATOMIC_RELEASE);
    }
}

static bool room_in(const struct domain *d, unsigned order)
{
    return !d->dying && ACCESS_ONCE(d->tot_pages) + (1UL << order) <= d->max_pages;
}

mfn_t domain_block_alloc(struct domain *d, unsigned order)
{
    return room_in(d, order) ? block_take(order, d) : INVALID_MFN;
}

bool domain_pages_account(struct domain *d, unsigned order)
{
    bool room;

    spin_lock(&d->page_lock);
    room = room_in(d, order);
    if (likely(room)) {
        d->tot_pages += 1UL << order;
        d->away += 1UL << order;
        claim_use(d, 1UL << order);
    }
    spin_unlock(&d->page_lock);
    return room;
}

void domain_frames_replace(struct domain *d, mfn_t m, unsigned order)
{
    spin_lock(&d->page_lock);
    frames_hand_over(d, m, order);
    d->away -= 1UL << order;
    spin_unlock(&d->page_lock);
}

mfn_t domain_frames_alloc(struct domain *d, unsigned order, bool clear)
{
    mfn_t m = domain_block_alloc(d, order);

    if (m.n == INVALID_MFN.n)
        return m;
    frames_flush_stale(m, order);
    if (clear && frames_clean(m, order, d)) {
        frames_free(m, order);
        return RESTART_MFN;
    }
    if (unlikely(!domain_pages_account(d, order))) {
        frames_free(m, order);
        return INVALID_MFN;
    }
    domain_frames_replace(d, m, order);
    return m;
}

bool frame_disown(struct frame *f)
{
    u64 w = __atomic_fetch_and(&f->word, ~FRAME_ALLOCED, __ATOMIC_ACQ_REL);

    if (!(w & FRAME_ALLOCED))
        return false;
    frame_put(f);
    return true;
}

void frame_release(struct frame *f)
{
    struct domain *d = f->owner;

    BUG_ON(ACCESS_ONCE(f->word) & (FRAME_TYPE_COUNT | FRAME_PINNED | FRAME_LOCKED));
    preempt_charge(RELEASE_UNITS);
    tlb_stamp(f); /* read-only mappings leave stale translations too */
    if (unlikely(f->word & FRAME_INCOHERENT))
        tlb_flush_stale(f);
    spin_lock(&d->page_lock);
    owner_unlink(d, f);
    d->tot_pages--;
    f->left_by = d->dying ? 0 : d->id + 1;
    f->owner = NULL;
    f->word = 0;
    spin_unlock(&d->page_lock);
    frames_free(frame_to_mfn(f), 0);
}

void frame_share(mfn_t m, struct domain *d, bool writable)
{
    struct frame *f = mfn_to_frame(m);

    /* The hypervisor's own reference never goes, nor does its type reference: the frame cannot be
     * freed, nor become a page table. A page that guests may only read keeps no writable type to
     * share. */
    f->owner = d;
    __atomic_store_n(&f->word,
                     FRAME_REF_ONE + FRAME_TYPE_ONE +
                         (writable ? FT_WRITABLE | FRAME_VALIDATED : FT_NONE | FRAME_VALIDATED),
                     __ATOMIC_RELEASE);
}

bool frame_steal(struct frame *f, u32 *stolen)
{
    struct domain *d = f->owner;
    const u64 counts = FRAME_REF_MASK | FRAME_ALLOCED, ours = FRAME_ALLOCED | 2 * FRAME_REF_ONE;
    u64 w = ACCESS_ONCE(f->word);

    /* The type stays: whether a stale translation may write the frame depends on it. */
    do {
        if ((w & counts) != ours)
            return false;
    } while (!frame_word_cas(f, &w, w & ~counts));
    BUG_ON(w & (FRAME_TYPE_COUNT | FRAME_PINNED | FRAME_LOCKED));
    spin_lock(&d->page_lock);
    owner_unlink(d, f);
    f->owner = NULL;
    d->away++;
    spin_unlock(&d->page_lock);
    f->left_by = d->id + 1;
    f->next = *stolen;
    *stolen = (u32)frame_to_mfn(f).n;
    return true;
}

void frame_unsteal(struct domain *d, u32 *stolen)
{
    struct frame *f = &frame_table[*stolen];

    *stolen = f->next;
    f->left_by = 0;
    spin_lock(&d->page_lock);
    owner_link(d, f);
    f->owner = d;
    d->away--;
    __atomic_fetch_or(&f->word, FRAME_ALLOCED | FRAME_REF_ONE, __ATOMIC_RELEASE);
    spin_unlock(&d->page_lock);
}

void frame_free_stolen(u32 *stolen)
{
    struct frame *f = &frame_table[*stolen];

    *stolen = f->next;
    tlb_stamp(f);
    if (unlikely(f->word & FRAME_INCOHERENT))
        tlb_flush_stale(f);
    f->word = 0;
    frames_free(frame_to_mfn(f), 0);
}
