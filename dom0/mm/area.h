/*
 * Ranges of addresses for what has no place in the direct map: other domains' frames, and blocks
 * larger than a page made of frames that do not lie together.
 *
 * An area is a power of two of pages, aligned to its size, so one of up to 512 pages never crosses
 * from one last-level table to the next. Addresses come from a rising mark and go back to a list
 * for their size; the tables under an area are made once and stay. Nothing is mapped in an area
 * that was just reserved.
 */
#ifndef DOM0_MM_AREA_H
#define DOM0_MM_AREA_H

#include "guest-kernel/mm/pte.h"
#include "xen-like/lib/list.h"

struct area {
    struct list link; /* on the list of free ones */
    u64 start;        /* virtual address */
    unsigned int order;
};

/* At least so many pages of addresses; NULL if there is no memory for their tables. */
struct area *area_reserve(u64 pages);
void area_release(struct area *a);

/*
 * Maps machine frames of @owner (DOMID_SELF: our own) from the area's page @first on, with the
 * flags of an entry. 0 or a negative errno of mmu_update; refused, none of them is mapped.
 */
int area_map(const struct area *a, u64 first, const xen_pfn_t *frames, u64 count, u64 flags,
             domid_t owner);
/* Afterwards no CPU has a translation left. */
void area_unmap(const struct area *a, u64 first, u64 count);

/* An area of own frames, contents undefined; NULL without memory. And its end. */
struct area *area_alloc(u64 pages);
void area_free(struct area *a, u64 pages);

static inline void *area_page(const struct area *a, u64 index)
{
    return (void *)(uintptr_t)(a->start + index * PAGE_SIZE);
}

#endif
