/*
 * The allocator of machine frames: a buddy system over the frame table, plus the accounting that
 * ties a frame to a domain. Frames of the hypervisor itself have no owner.
 */
#ifndef HYPERVISOR_MM_ALLOC_H
#define HYPERVISOR_MM_ALLOC_H

#include "hypervisor/mm/frame.h"

#define ALLOC_ORDER_MAX 18 /* blocks of up to 1 GiB */

/* The smallest order of a block that holds @bytes. */
static inline unsigned order_for(u64 bytes)
{
    unsigned order = 0;

    while (PAGE_SIZE << order < bytes)
        order++;
    return order;
}

/* Hand frames [start, end) to the allocator. Boot only, and release of boot modules. */
void frames_add(mfn_t start, mfn_t end);

/* A block of 2^order frames, aligned to its size, contents undefined; INVALID_MFN when there is
 * none. Here and below, @bits: of how many bits no address in it has more; 0: any block will do. */
mfn_t frames_alloc(unsigned order, u32 bits);
void frames_free(mfn_t m, unsigned order);

/* Is this such a block? */
static inline bool block_has_bits(mfn_t m, unsigned order, u32 bits)
{
    if (!bits || bits >= 64)
        return true;
    return bits > PAGE_SHIFT && (m.n + (1UL << order) - 1) >> (bits - PAGE_SHIFT) == 0;
}

u64 frames_free_count(void);

/* Free frames that domains have claimed; and those whose addresses have at least @min and at most
 * @max bits, 0 being any. */
u64 frames_claimed_count(void);
u64 frames_free_between(u32 min, u32 max);

/* One or more zeroed pages for the hypervisor's own use, as pointer into the direct map; NULL if
 * none. */
void *pages_alloc(unsigned order);
/* The same with whatever was in them: for who reads nothing that he has not written. */
void *pages_alloc_unclear(unsigned order);
/* One page, zeroed: below 4 GiB if there is such a one, otherwise anywhere. NULL: none. */
void *page_alloc_low(void);
void pages_free(void *p, unsigned order);

/*
 * Keep memory free until @d has @pages frames in all; 0 gives up what was kept. -EINVAL, -ENOMEM.
 */
int domain_claim(struct domain *d, u64 pages);

/*
 * Give @d a block of 2^order frames: owner set, one reference each (ALLOCED), in the domain's page
 * list.
 * @clear: nothing that anybody else left there is still there; otherwise they hold whatever they
 * held. Returns INVALID_MFN when memory or the domain's max_pages is exhausted; with @clear also
 * RESTART_MFN: others want the CPU, and the next attempt finds what was cleared so far clean. Takes
 * d->page_lock.
 */
#define RESTART_MFN MFN(~1UL)
mfn_t domain_frames_alloc(struct domain *d, unsigned order, u32 bits, bool clear);

/* The same in steps, for extent.h: a block (for NULL: in place of other frames), INVALID_MFN if
 * there is none or, by the second, @d may not have so much (nothing is taken from its accounts or
 * claims yet, and stale translations may reach it); then its accounts, false if it may not; then
 * domain_frames_replace. */
mfn_t block_take(unsigned order, u32 bits, struct domain *d);
mfn_t domain_block_alloc(struct domain *d, unsigned order, u32 bits);
void frames_flush_stale(mfn_t m, unsigned order);
bool domain_pages_account(struct domain *d, unsigned order);

/* One frame that was accounted so, or stolen (below), is not to come. */
void domain_pages_unaccount(struct domain *d);

/* Clear what somebody else than @d left in a block of frames_alloc: 0 or RESTART. */
int frames_clean(mfn_t m, unsigned order, const struct domain *d);

/*
 * Take the owner's own reference away (decrease_reservation): false when it was already taken.
 * The caller holds a reference of its own, so the frame is still alive on return.
 */
bool frame_disown(struct frame *f);

/* The last reference went: take it from its owner and free it. Called by frame_put only. */
void frame_release(struct frame *f);

/*
 * An exchange of frames, which never lets the domain's tot_pages change: frames leave it one by one
 * for a list (linked by frame.next, 0 at its end), are freed or come back, and others take their
 * place. All but frame_free_stolen take d->page_lock.
 *
 * frame_steal takes a frame, to which the caller holds a reference, from its owner: false, and
 * nothing changed, when anybody else counts on it. Otherwise nobody can get at it any more, and the
 * caller's reference is gone as well. frame_unsteal gives the first of the list back,
 * frame_free_stolen frees it; domain_frames_replace hands over a block of frames_alloc, after
 * frames_clean.
 */
bool frame_steal(struct frame *f, u32 *stolen);
void frame_unsteal(struct domain *d, u32 *stolen);
void frame_free_stolen(u32 *stolen);
void domain_frames_replace(struct domain *d, mfn_t m, unsigned order);

/* Of a dying domain: the next of its frames, which from now on is only its own as long as others
 * hold it, with a reference for the caller; NULL: that was the last. And has it none at all, not
 * even shared ones? Under page_lock. */
struct frame *domain_frame_leave(struct domain *d);
bool domain_has_no_frames(const struct domain *d);

/* Share a page of the hypervisor with @d (shared_info and the like): it may map it, never retype
 * it. When the hypervisor's own references are put (frame_put_and_type), and nobody else has any,
 * it is freed. */
void frame_share(mfn_t m, struct domain *d, bool writable);

#endif
