/*
 * The page allocator: hands out the domain's free frames one at a time, and counts how many hold
 * each (a copy-on-write page has several holders). A frame goes back when its last holder frees it.
 */
#ifndef GUEST_KERNEL_MM_FRAME_H
#define GUEST_KERNEL_MM_FRAME_H

#include "guest-kernel/mm/frame_number.h"

/* Everything from first_free on belongs to the allocator from now on. */
void frame_init(pfn_t first_free);

/* A frame with one holder, content undefined. No memory left ends the kernel. */
pfn_t frame_alloc(void);

/* The same, filled with zeros. */
pfn_t frame_alloc_zeroed(void);

/* So many with adjacent numbers, to be freed one by one. There are only so many runs: who needs one
 * again should keep it. */
pfn_t frame_alloc_run(u64 count);

/* The last frame leaves the allocator, if it was never handed out and there remain enough such for
 * runs; and the last one that left comes back. */
bool frame_leave_last(pfn_t *pfn);
void frame_join_last(void);

/* One holder more; one less. */
void frame_share(pfn_t pfn);
void frame_free(pfn_t pfn);

u32 frame_holders(pfn_t pfn);
u64 frame_free_count(void);

#endif
