/* Blocks of any size; heap.h has the idea. A block is preceded by 16 bytes that say what it is. */
#include "dom0/mm/heap.h"

#include "dom0/mm/area.h"
#include "guest-kernel/core/lock.h"
#include "guest-kernel/mm/direct_map.h"
#include "guest-kernel/mm/frame.h"
#include "xen-like/lib/string.h"

struct block {
    struct area *area; /* NULL: a small one */
    u64 size;          /* an order, or of a large one its pages */
} __attribute__((aligned(HEAP_HEAD)));
_Static_assert(sizeof(struct block) == HEAP_HEAD, "as heap_cost() says");
_Static_assert(sizeof(struct area) + HEAP_HEAD <= HEAP_AREA, "likewise");

struct free_block {
    struct block head;
    struct free_block *next;
};

static struct free_block *free_blocks[HEAP_ORDER_MAX + 1];
static struct lock lock; /* guards it */

static void small_add(unsigned int order)
{
    u8 *frame = pfn_to_virt(frame_alloc());

    for (u64 at = 0; at < PAGE_SIZE; at += 1ul << order) {
        struct free_block *b = (struct free_block *)(frame + at);

        b->next = free_blocks[order];
        free_blocks[order] = b;
    }
}

static struct block *small_alloc(u64 bytes)
{
    unsigned int order = HEAP_ORDER_MIN;
    struct free_block *b;
    bool open;

    while (1u << order < bytes)
        order++;
    open = lock_take(&lock);
    if (!free_blocks[order] && frame_free_count())
        small_add(order);
    b = free_blocks[order];
    if (b)
        free_blocks[order] = b->next;
    lock_release(&lock, open);
    if (!b)
        return NULL;
    memset(b, 0, 1ul << order);
    b->head.size = order;
    return &b->head;
}

static struct block *large_alloc(u64 bytes)
{
    u64 pages = ALIGN_UP(bytes, PAGE_SIZE) >> PAGE_SHIFT;
    struct area *a = area_alloc(pages);
    struct block *b;

    if (!a)
        return NULL;
    b = area_page(a, 0);
    memset(b, 0, pages << PAGE_SHIFT);
    *b = (struct block){.area = a, .size = pages};
    return b;
}

void *heap_alloc(u64 bytes)
{
    struct block *b;

    if (bytes >= (u64)1 << 40)
        return NULL;
    bytes += sizeof(*b);
    b = bytes <= 1ul << HEAP_ORDER_MAX ? small_alloc(bytes) : large_alloc(bytes);
    return b ? b + 1 : NULL;
}

void heap_free(void *block)
{
    struct free_block *b;
    bool open;

    if (!block)
        return;
    b = (struct free_block *)((struct block *)block - 1);
    if (b->head.area) {
        area_free(b->head.area, b->head.size);
        return;
    }
    open = lock_take(&lock);
    b->next = free_blocks[b->head.size];
    free_blocks[b->head.size] = b;
    lock_release(&lock, open);
}

char *heap_text(const char *text)
{
    u64 size = strlen(text) + 1;
    char *copy = heap_alloc(size);

    if (copy)
        memcpy(copy, text, size);
    return copy;
}
