/* Areas of addresses; area.h has the idea. */
#include "dom0/mm/area.h"

#include "dom0/mm/heap.h"
#include "guest-kernel/core/lock.h"
#include "guest-kernel/mm/frame.h"
#include "guest-kernel/mm/page_table.h"
#include "guest-kernel/core/hypercall.h"

#ifdef __x86_64__
#define AREA_START 0xffffc00000000000ull /* far above the direct map of any memory */
#define AREA_END   0xffffe00000000000ull
#else
#define AREA_START 0x80000000ull /* there are no processes here, whose addresses these would be */
#define AREA_END   USER_END
#endif
#define ORDERS   48
#define REQUESTS 64

static struct list free_areas[ORDERS];
static u64 next_address = AREA_START;
static struct lock lock; /* guards both, and the making of tables */

static unsigned int order_of(u64 pages)
{
    return pages > 1 ? 64 - (unsigned int)__builtin_clzll(pages - 1) : 0;
}

/* Tables under [start, end); the walk of the first missing one makes it. */
static bool tables_make(u64 start, u64 end)
{
    u64 span = PT_ENTRIES * PAGE_SIZE;

    if (frame_free_count() < (end - start) / span + 2 * PT_LEVELS)
        return false;
    for (u64 va = start; va < end; va += span)
        table_reach(table_boot_root(), va);
    return true;
}

static struct area *area_new(unsigned int order)
{
    u64 size = PAGE_SIZE << order, start = ALIGN_UP(next_address, size);
    struct area *a;

    if (start >= AREA_END || size > AREA_END - start || !tables_make(start, start + size))
        return NULL;
    a = heap_alloc(sizeof(*a));
    if (!a)
        return NULL;
    *a = (struct area){.start = start, .order = order};
    next_address = start + size;
    return a;
}

struct area *area_reserve(u64 pages)
{
    unsigned int order = order_of(pages);
    struct list *first = NULL;
    struct area *a;
    bool open;

    if (order >= ORDERS - PAGE_SHIFT)
        return NULL;
    open = lock_take(&lock);
    if (!free_areas[order].next)
        list_init(&free_areas[order]);
    first = list_take_first(&free_areas[order]);
    a = first ? LIST_ENTRY(first, struct area, link) : area_new(order);
    lock_release(&lock, open);
    return a;
}

void area_release(struct area *a)
{
    bool open = lock_take(&lock);

    list_add_head(&free_areas[a->order], &a->link);
    lock_release(&lock, open);
}

/* Machine address of the entry that maps a page of the area. */
static u64 entry_of(const struct area *a, u64 index)
{
    return table_walk(table_boot_root(), a->start + index * PAGE_SIZE, 1);
}

/* frames NULL: the entries become empty. *done: how many were written. */
static int entries_write(const struct area *a, u64 first, const xen_pfn_t *frames, u64 count,
                         u64 flags, domid_t owner, u64 *done)
{
    mmu_update_t requests[REQUESTS];
    u64 entry = 0;

    for (*done = 0; *done < count;) {
        unsigned int n = 0, written = 0;
        int answer;

        for (; n < REQUESTS && *done + n < count; n++) {
            u64 index = first + *done + n;

            entry = !n || index % PT_ENTRIES == 0 ? entry_of(a, index) : entry + sizeof(u64);
            requests[n].ptr = entry | MMU_NORMAL_PT_UPDATE;
            requests[n].val = frames ? (u64)frames[*done + n] << PAGE_SHIFT | flags : 0;
        }
        answer = (int)call_mmu_update(requests, n, &written, owner);
        *done += answer ? written : n;
        if (answer)
            return answer;
    }
    return 0;
}

int area_map(const struct area *a, u64 first, const xen_pfn_t *frames, u64 count, u64 flags,
             domid_t owner)
{
    u64 done;
    int answer = entries_write(a, first, frames, count, flags, owner, &done);

    if (answer && done)
        area_unmap(a, first, done);
    return answer;
}

void area_unmap(const struct area *a, u64 first, u64 count)
{
    mmuext_op_t flush = {.cmd = MMUEXT_TLB_FLUSH_ALL};
    u64 done;

    if (entries_write(a, first, NULL, count, 0, DOMID_SELF, &done) ||
        call_mmuext_op(&flush, 1, NULL, DOMID_SELF))
        guest_panic("an area at %" F64 "x cannot be unmapped", a->start);
}

/* Frames of the area's pages [0, count), which are our own, go back. */
static void backing_free(struct area *a, u64 count)
{
    pfn_t pfns[REQUESTS];

    for (u64 done = 0, n; done < count; done += n) {
        n = MIN(count - done, (u64)REQUESTS);
        for (u64 i = 0; i < n; i++) {
            u64 va = a->start + (done + i) * PAGE_SIZE;

            pfns[i] = mfn_to_pfn(pte_mfn(table_lookup(table_boot_root(), va)));
        }
        area_unmap(a, done, n);
        for (u64 i = 0; i < n; i++)
            frame_free(pfns[i]);
    }
}

/* Frames of our own for the area's pages [first, first + count), at most REQUESTS of them. */
static int backing_alloc(struct area *a, u64 first, u64 count)
{
    pfn_t pfns[REQUESTS];
    xen_pfn_t mfns[REQUESTS];
    int answer;

    for (u64 i = 0; i < count; i++) {
        pfns[i] = frame_alloc();
        mfns[i] = pfn_to_mfn(pfns[i]).n;
    }
    answer = area_map(a, first, mfns, count, PTE_KERNEL_READ_WRITE | PTE_NX, DOMID_SELF);
    for (u64 i = 0; answer && i < count; i++)
        frame_free(pfns[i]);
    return answer;
}

struct area *area_alloc(u64 pages)
{
    struct area *a;

    if (frame_free_count() < pages + pages / PT_ENTRIES + 4 * PT_LEVELS)
        return NULL;
    a = area_reserve(pages);
    for (u64 done = 0; a && done < pages; done += REQUESTS) {
        if (!backing_alloc(a, done, MIN(pages - done, (u64)REQUESTS)))
            continue;
        area_free(a, done);
        return NULL;
    }
    return a;
}

void area_free(struct area *a, u64 pages)
{
    backing_free(a, pages);
    area_release(a);
}
