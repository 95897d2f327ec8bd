/*
 * The buddy allocator.
 *
 * Free memory is kept as blocks of 2^order frames, aligned to their size, one list for each order
 * and width of addresses: how many bits those in the block have. Whoever needs short ones (a device
 * that knows 32 bits) finds them at once, and others get what lies highest. To allocate, take a
 * block of the order or split a larger one; to free, merge with the neighbour block ("buddy": its
 * number differs in one bit) as long as that is free and whole. The lists are threaded through the
 * frame table, so free memory itself is never touched.
 *
 * A stale TLB entry may still reach a freed frame, so frames_alloc flushes if a stamp says so
 * (tlb.h).
 */
#include "hypervisor/mm/alloc.h"

#include "hypervisor/cpu/preempt.h"
#include "hypervisor/cpu/spinlock.h"
#include "hypervisor/debug/bug.h"
#include "hypervisor/domain/life.h"
#include "hypervisor/mm/tlb.h"
#include "xen-like/lib/string.h"

#define CLEAR_UNITS    12 /* of work, see cpu/preempt.h: a page is cleared, */
#define ADDRESS_WIDTHS 64
#define LOW_WIDTH      32 /* what most devices know */
#define RELEASE_UNITS  4  /* a frame goes back to the heap */

static struct spinlock heap_lock = SPINLOCK(LOCK_HEAP); /* guards the lists and the count */
static u32 free_list[ALLOC_ORDER_MAX + 1][ADDRESS_WIDTHS] = {
    [0 ... ALLOC_ORDER_MAX] = {[0 ... ADDRESS_WIDTHS - 1] = FRAME_NIL}};
static unsigned width_most = PAGE_SHIFT; /* of any block ever */
static u64 free_frames;
static u64 free_by_width[ADDRESS_WIDTHS]; /* of these, by the bits of their addresses */
static u64 claimed_frames; /* of these: what domains have claimed and not yet taken, together */

/* The bits of addresses in a block. Its parts and its buddy have as many: frame 0 is in none. */
static inline unsigned width_of(u64 n)
{
    return 64 - (unsigned)__builtin_clzl(n) + PAGE_SHIFT;
}

static inline void block_push(u64 n, unsigned order, unsigned width)
{
    u32 *list = &free_list[order][width];
    struct frame *f = &frame_table[n];

    f->order = (u16)order;
    f->free = 1;
    f->prev = FRAME_NIL;
    f->next = *list;
    if (f->next != FRAME_NIL)
        frame_table[f->next].prev = (u32)n;
    *list = (u32)n;
}

static inline void block_remove(u64 n, unsigned order, unsigned width)
{
    struct frame *f = &frame_table[n];

    f->free = 0;
    if (f->next != FRAME_NIL)
        frame_table[f->next].prev = f->prev;
    if (f->prev != FRAME_NIL)
        frame_table[f->prev].next = f->next;
    else
        free_list[order][width] = f->next;
}

static void block_free(u64 n, unsigned order)
{
    unsigned width = width_of(n);

    ASSERT(!frame_table[n].free && !frame_table[n].word && !frame_table[n].owner);
    free_frames += 1UL << order;
    free_by_width[width] += 1UL << order;
    for (; order < ALLOC_ORDER_MAX; order++) {
        u64 buddy = n ^ (1UL << order);

        if (buddy >= frames_max || !frame_table[buddy].free || frame_table[buddy].order != order)
            break;
        block_remove(buddy, order, width);
        n &= ~(1UL << order);
    }
    block_push(n, order, width);
}

void frames_add(mfn_t start, mfn_t end)
{
    spin_lock(&heap_lock);
    for (u64 n = MAX(start.n, 1UL); n < end.n;) { /* frame 0 says "none" in several places */
        unsigned order = MIN((unsigned)__builtin_ctzl(n), ALLOC_ORDER_MAX);

        while (n + (1UL << order) > end.n)
            order--;
        for (u64 i = n; i < n + (1UL << order); i++) {
            frame_table[i].owner = NULL;
            frame_table[i].word = 0;
        }
        block_free(n, order);
        width_most = MAX(width_most, width_of(n));
        n += 1UL << order;
    }
    spin_unlock(&heap_lock);
}

/* Is there so much beside what other domains than @d have claimed? Under heap_lock. */
static bool room_for(u64 count, const struct domain *d)
{
    u64 others = claimed_frames - (d ? d->claimed : 0);

    return free_frames >= others + count;
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

/* Take the first block of its list, of 2^@have frames, and keep its lowest 2^@order. The lists of
 * the orders between have no blocks. Under heap_lock. */
static inline void block_cut(u64 n, unsigned have, unsigned order, unsigned width)
{
    struct frame *f = &frame_table[n];

    f->free = 0;
    free_list[have][width] = f->next;
    if (f->next != FRAME_NIL)
        frame_table[f->next].prev = FRAME_NIL;
    while (have > order) { /* give the upper half back, keep the lower */
        u64 upper = n + (1UL << --have);

        f = &frame_table[upper];
        f->order = (u16)have;
        f->free = 1;
        f->progress = 0; /* of no free frame; so that the three are one store */
        f->next = f->prev = FRAME_NIL;
        free_list[have][width] = (u32)upper;
    }
    free_frames -= 1UL << order;
    free_by_width[width] -= 1UL << order;
}

/* Of the free blocks whose addresses have up to @width bits, one with as many as possible; among
 * these the smallest. Under heap_lock. */
static inline mfn_t block_find(unsigned order, unsigned width)
{
    for (; width > PAGE_SHIFT; width--) {
        if (unlikely(!free_by_width[width]))
            continue;
        for (unsigned have = order; have <= ALLOC_ORDER_MAX; have++) {
            u64 n = free_list[have][width];

            if (n == FRAME_NIL)
                continue;
            block_cut(n, have, order, width);
            return MFN(n);
        }
    }
    return INVALID_MFN;
}

mfn_t block_take(unsigned order, u32 bits, struct domain *d)
{
    mfn_t m = INVALID_MFN;

    spin_lock(&heap_lock);
    if (likely(room_for(1UL << order, d)))
        m = block_find(order, bits && bits < width_most ? bits : width_most);
    spin_unlock(&heap_lock);
    return m;
}

void frames_flush_stale(mfn_t m, unsigned order)
{
    for (u64 n = m.n; n < m.n + (1UL << order); n++)
        tlb_flush_stale(&frame_table[n]);
}

mfn_t frames_alloc(unsigned order, u32 bits)
{
    mfn_t m = block_take(order, bits, NULL);

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
    } else if (d->dying || d->claimed || pages <= d->tot_pages || pages > d->max_pages) {
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

u64 frames_claimed_count(void)
{
    return ACCESS_ONCE(claimed_frames);
}

u64 frames_free_between(u32 min, u32 max)
{
    u64 sum = 0;

    for (u32 width = min; width < ADDRESS_WIDTHS && (!max || width <= max); width++)
        sum += ACCESS_ONCE(free_by_width[width]);
    return sum;
}

void *pages_alloc_unclear(unsigned order)
{
    mfn_t m = frames_alloc(order, 0);

    if (m.n == INVALID_MFN.n)
        return NULL;
    for (u64 i = 0; i < 1UL << order; i++)
        mfn_to_frame(mfn_add(m, i))->left_by = LEFT_ANYTHING;
    return mfn_to_virt(m);
}

void *pages_alloc(unsigned order)
{
    void *pages = pages_alloc_unclear(order);

    return pages ? memset(pages, 0, PAGE_SIZE << order) : NULL;
}

void *page_alloc_low(void)
{
    mfn_t m = frames_alloc(0, LOW_WIDTH);

    if (m.n == INVALID_MFN.n)
        return pages_alloc(0);
    mfn_to_frame(m)->left_by = LEFT_ANYTHING;
    return memset(mfn_to_virt(m), 0, PAGE_SIZE);
}

void pages_free(void *p, unsigned order)
{
    frames_free(virt_to_mfn(p), order);
}

static void owner_link(u32 *list, struct frame *f)
{
    u32 n = (u32)frame_to_mfn(f).n;

    f->prev = FRAME_NIL;
    f->next = *list;
    if (f->next != FRAME_NIL)
        frame_table[f->next].prev = n;
    *list = n;
}

static void owner_unlink(struct domain *d, struct frame *f)
{
    u32 *list = &frame_table[f->prev].next;

    if (f->prev == FRAME_NIL)
        list = &frame_table[d->page_list] == f ? &d->page_list : &d->held_list;
    *list = f->next;
    if (f->next != FRAME_NIL)
        frame_table[f->next].prev = f->prev;
}

struct frame *domain_frame_leave(struct domain *d)
{
    struct frame *f = NULL;

    spin_lock(&d->page_lock);
    while (!f && d->page_list != FRAME_NIL) {
        f = &frame_table[d->page_list];
        owner_unlink(d, f);
        owner_link(&d->held_list, f);
        if (!frame_get(f, d))
            f = NULL; /* its last reference just went: it waits for the lock */
    }
    spin_unlock(&d->page_lock);
    return f;
}

bool domain_has_no_frames(const struct domain *d)
{
    return !d->tot_pages && !d->shared_pages;
}

/* What the domain itself left there is no secret from it: giving frames back and taking some again
 * costs no clearing, as with Xen. What was cleared stays so, if the block goes back to the heap.
 * For others than the caller everything is cleared: they may end while this is interrupted, and
 * another domain have their place. */
int frames_clean(mfn_t m, unsigned order, const struct domain *d)
{
    const bool own = d == current->domain && d->trace;

    for (u64 i = 0; i < 1UL << order; i++) {
        struct frame *f = mfn_to_frame(mfn_add(m, i));

        if ((own && f->left_by == d->trace) || f->left_by == LEFT_CLEAN)
            continue;
        memset(mfn_to_virt(mfn_add(m, i)), 0, PAGE_SIZE);
        f->left_by = LEFT_CLEAN;
        if (preempt_point(CLEAR_UNITS))
            return RESTART;
    }
    return 0;
}

/* The frames of a block become @d's, with one reference each. Under its page_lock, which it keeps.
 * A domain that is dying gives its frames back, and may be done with that: with a second reference,
 * for frame_return. */
static void frames_hand_over(struct domain *d, mfn_t m, unsigned order)
{
    u64 refs = d->dying ? 2 * FRAME_REF_ONE : FRAME_REF_ONE;

    for (u64 i = 0; i < 1UL << order; i++) {
        struct frame *f = mfn_to_frame(mfn_add(m, i));

        f->left_by = 0;
        owner_link(&d->page_list, f);
        f->owner = d;
        __atomic_store_n(&f->word, FRAME_ALLOCED | refs, __ATOMIC_RELEASE);
        dirty_mark(f);
    }
}

static void frame_return(struct frame *f)
{
    frame_disown(f);
    frame_put(f);
}

static bool room_in(const struct domain *d, unsigned order)
{
    return !d->dying && ACCESS_ONCE(d->tot_pages) + (1UL << order) <= d->max_pages;
}

mfn_t domain_block_alloc(struct domain *d, unsigned order, u32 bits)
{
    return room_in(d, order) ? block_take(order, bits, d) : INVALID_MFN;
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

void domain_pages_unaccount(struct domain *d)
{
    bool last;

    spin_lock(&d->page_lock);
    d->tot_pages--;
    d->away--;
    last = d->dead && domain_has_no_frames(d);
    spin_unlock(&d->page_lock);
    if (last)
        domain_gone(d);
}

void domain_frames_replace(struct domain *d, mfn_t m, unsigned order)
{
    bool dying;

    spin_lock(&d->page_lock);
    dying = d->dying;
    frames_hand_over(d, m, order);
    d->away -= 1UL << order;
    spin_unlock(&d->page_lock);
    for (u64 i = 0; unlikely(dying) && i < 1UL << order; i++)
        frame_return(mfn_to_frame(mfn_add(m, i)));
}

mfn_t domain_frames_alloc(struct domain *d, unsigned order, u32 bits, bool clear)
{
    mfn_t m = domain_block_alloc(d, order, bits);

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
    bool last;

    BUG_ON(ACCESS_ONCE(f->word) & (FRAME_TYPE_COUNT | FRAME_PINNED | FRAME_LOCKED));
    preempt_charge(RELEASE_UNITS);
    tlb_stamp(f); /* read-only mappings leave stale translations too */
    if (unlikely(f->word & FRAME_INCOHERENT))
        tlb_flush_stale(f);
    spin_lock(&d->page_lock);
    if (unlikely(f->next == FRAME_SHARED)) {
        d->shared_pages--;
    } else {
        owner_unlink(d, f);
        d->tot_pages--;
    }
    f->left_by = d->dying ? LEFT_ANYTHING : d->trace;
    f->owner = NULL;
    f->word = 0;
    last = d->dead && domain_has_no_frames(d);
    spin_unlock(&d->page_lock);
    frames_free(frame_to_mfn(f), 0);
    if (unlikely(last))
        domain_gone(d);
}

void frame_share(mfn_t m, struct domain *d, bool writable)
{
    struct frame *f = mfn_to_frame(m);

    /* The hypervisor's own references stay as long as it uses the frame: it cannot be freed, nor
     * become a page table. A page that guests may only read keeps no writable type to
     * share. */
    f->next = FRAME_SHARED;
    d->shared_pages++;
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
    f->left_by = d->trace;
    f->next = *stolen;
    *stolen = (u32)frame_to_mfn(f).n;
    return true;
}

void frame_unsteal(struct domain *d, u32 *stolen)
{
    struct frame *f = &frame_table[*stolen];
    bool dying;

    *stolen = f->next;
    f->left_by = 0;
    spin_lock(&d->page_lock);
    owner_link(&d->page_list, f);
    f->owner = d;
    d->away--;
    dying = d->dying;
    __atomic_fetch_or(&f->word, FRAME_ALLOCED | (dying ? 2 : 1) * FRAME_REF_ONE, __ATOMIC_RELEASE);
    spin_unlock(&d->page_lock);
    if (unlikely(dying))
        frame_return(f);
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
