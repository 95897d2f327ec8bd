/*
 * Memory in any size, for a kernel whose allocator knows only frames. Small blocks are cut from a
 * frame in powers of two and stay with their size when they come back; large ones are areas of
 * frames. A block is zeroed, aligned to 16 bytes, and freed exactly once.
 */
#ifndef DOM0_MM_HEAP_H
#define DOM0_MM_HEAP_H

#include "xen-like/lib/types.h"

#define HEAP_HEAD      16 /* bytes before a block, that say what it is */
#define HEAP_ORDER_MIN 5  /* small blocks, with their heads: 32 bytes */
#define HEAP_ORDER_MAX 11
#define HEAP_AREA      64 /* a large one's frames are described in a small one */

/* NULL without memory. */
void *heap_alloc(u64 bytes);
/* How many bytes of memory a block of so many takes. For who has to answer for others. */
static inline u64 heap_cost(u64 bytes)
{
    u64 cost = 1ul << HEAP_ORDER_MIN;

    bytes += HEAP_HEAD;
    if (bytes > 1ul << HEAP_ORDER_MAX)
        return ALIGN_UP(bytes, (u64)PAGE_SIZE) + HEAP_AREA;
    while (cost < bytes)
        cost *= 2;
    return cost;
}

/* NULL is fine. */
void heap_free(void *block);
/* A copy of a text; NULL without memory. */
char *heap_text(const char *text);

#endif
