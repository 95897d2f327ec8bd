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
 * none. */
mfn_t frames_alloc(unsigned order);
void frames_free(mfn_t m, unsigned order);
u64 frames_free_count(void);

/* What an earlier domain of this number left in free frames is nobody's any more. Before a domain
 * gets the number. */
void frames_forget(u16 domain_id);

/* One or more zeroed pages for the hypervisor's own use, as pointer into the direct map; NULL if
 * none. */
void *pages_alloc(unsigned order);
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
mfn_t domain_frames_alloc(struct domain *d, unsigned order, bool clear);

/* The same in steps, for extent.h: a block (for NULL: in place of other frames), INVALID_MFN if
 * there is none or, by the second, @d may not have so much (nothing is taken from its accounts yet,
 * and stale translations may reach it); then its accounts, false if it may not; then
 * domain_frames_replace. */
mfn_t block_take(unsigned order, struct domain *d);
mfn_t domain_block_alloc(struct domain *d, unsigned order);
void frames_flush_stale(mfn_t m, unsigned order);
bool domain_pages_account(struct domain *d, unsigned order);

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

/* Share a page of the hypervisor with @d (shared_info and the like): it may map it, never retype
 * it. */
void frame_share(mfn_t m, struct domain *d, bool writable);

#endif
