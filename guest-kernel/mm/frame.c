/*
 * Frames that were never used lie above a rising mark; frames that came back are chained through
 * their own first word. Nothing needs preparing, so a kernel that uses ten frames touches ten.
 *
 * A run of frames can be had only above the mark: what comes back is single.
 *
 * Invariant: holders[pfn] is 0 exactly for free frames, and free_count counts them.
 */
#include "guest-kernel/mm/frame.h"
#include "guest-kernel/core/lock.h"
#include "guest-kernel/mm/direct_map.h"
#include "xen-like/lib/string.h"

#define NO_FRAME (~0ull)
#define KEPT     512 /* frames that were never handed out do not leave: for runs */

static u32 *holders; /* one for each frame of the domain, in the first frames of the free range */
static u64 unused;   /* the first pfn never handed out, */
static u64 end;      /* and where those end: what is behind left (balloon.c) */
static u64 returned = NO_FRAME; /* head of the chain of frames that came back */
static u64 free_count;
static struct lock lock; /* guards all of the above */

static u64 *chain_word(u64 pfn)
{
    return pfn_to_virt((pfn_t){pfn});
}

void frame_init(pfn_t first_free)
{
    u64 frames = direct_map_frames();
    u64 bytes = ALIGN_UP(frames * sizeof(*holders), PAGE_SIZE);

    holders = pfn_to_virt(first_free);
    unused = first_free.n + (bytes >> PAGE_SHIFT);
    if (unused > frames)
        guest_panic("no memory for the page allocator");
    memset(holders, 0, (size_t)bytes);
    end = frames;
    free_count = end - unused;
}

static u64 frame_take(void)
{
    u64 pfn = returned;

    if (pfn != NO_FRAME) {
        returned = *chain_word(pfn);
        return pfn;
    }
    if (unused == end)
        guest_panic("out of memory");
    return unused++;
}

pfn_t frame_alloc(void)
{
    bool open = lock_take(&lock);
    u64 pfn = frame_take();

    holders[pfn] = 1;
    free_count--;
    lock_release(&lock, open);
    return (pfn_t){pfn};
}

pfn_t frame_alloc_run(u64 count)
{
    bool open = lock_take(&lock);
    u64 first = unused;

    if (count > end - unused)
        guest_panic("no %" F64 "u frames in a row", count);
    for (u64 i = 0; i < count; i++)
        holders[first + i] = 1;
    unused += count;
    free_count -= count;
    lock_release(&lock, open);
    return (pfn_t){first};
}

bool frame_leave_last(pfn_t *pfn)
{
    bool open = lock_take(&lock), leaves = end > unused + KEPT;

    if (leaves) {
        *pfn = (pfn_t){--end};
        free_count--;
    }
    lock_release(&lock, open);
    return leaves;
}

void frame_join_last(void)
{
    bool open = lock_take(&lock);

    end++;
    free_count++;
    lock_release(&lock, open);
}

pfn_t frame_alloc_zeroed(void)
{
    pfn_t pfn = frame_alloc();

    memset(pfn_to_virt(pfn), 0, PAGE_SIZE);
    return pfn;
}

void frame_share(pfn_t pfn)
{
    bool open = lock_take(&lock);

    holders[pfn.n]++;
    lock_release(&lock, open);
}

void frame_free(pfn_t pfn)
{
    bool open = lock_take(&lock);

    if (!holders[pfn.n])
        guest_panic("frame %" F64 "u was freed twice", pfn.n);
    if (!--holders[pfn.n]) {
        *chain_word(pfn.n) = returned;
        returned = pfn.n;
        free_count++;
    }
    lock_release(&lock, open);
}

u32 frame_holders(pfn_t pfn)
{
    return holders[pfn.n];
}

u64 frame_free_count(void)
{
    return free_count;
}
