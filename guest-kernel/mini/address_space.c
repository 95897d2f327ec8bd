/* Making, filling and freeing the memory of a process; fork is in address_space_fork.c. */
#include "guest-kernel/mini/address_space.h"
#include "guest-kernel/core/guest.h"
#include "guest-kernel/mini/programs.h"
#include "guest-kernel/mini/space_tables.h"
#include "guest-kernel/mm/frame.h"
#include "guest-kernel/core/hypercall.h"
#include "xen-like/lib/string.h"

#define STACK_SIZE (16 * PAGE_SIZE)

static struct region *region_find(struct address_space *space, u64 va)
{
    for (unsigned int i = 0; i < REGION_COUNT; i++) {
        struct region *region = &space->regions[i];

        if (va >= region->start && va < region->end)
            return region;
    }
    return NULL;
}

unsigned long space_create(struct address_space *space, const void *image, size_t size)
{
    const struct program_header *header = image;

    space->regions[REGION_IMAGE] = (struct region){
        .start = header->start,
        .end = header->start + ALIGN_UP(size, PAGE_SIZE),
        .content = image,
        .content_size = size,
    };
    space->regions[REGION_HEAP] =
        (struct region){.start = HEAP_START, .end = HEAP_START + HEAP_SIZE};
    space->regions[REGION_STACK] =
        (struct region){.start = ROOT_SLOT_END - STACK_SIZE, .end = ROOT_SLOT_END};
    space_tables_make(space);
    return header->entry;
}

void space_destroy(struct address_space *space)
{
    space_tables_free(space);
}

void space_enter(const struct address_space *space)
{
    table_switch(space->kernel_root, space->user_root);
}

void space_leave(void)
{
    table_switch(table_boot_root(), (mfn_t){0});
}

/* Changes one entry of the space in force. */
static void page_set(u64 va, pfn_t pfn)
{
    long answer = call_update_va_mapping((void *)(unsigned long)va,
                                         pte_make(pfn_to_mfn(pfn), PTE_READ_WRITE), UVMF_INVLPG);

    if (answer)
        guest_panic("page 0x%" F64 "x cannot be mapped: error %ld", va, answer);
}

/* A page that was never touched: its part of the content, if it has any, and zeros. */
static void page_fill(struct address_space *space, struct region *region, u64 page)
{
    pfn_t pfn = frame_alloc_zeroed();
    u64 offset = page - region->start;

    if (offset < region->content_size)
        memcpy(pfn_to_virt(pfn), (const u8 *)region->content + offset,
               MIN(region->content_size - offset, PAGE_SIZE));
    table_reach(space->kernel_root, page);
    page_set(page, pfn);
    region->filled++;
}

/* A write to a page that fork made read-only. Whoever is left alone with a frame keeps it. */
static void page_unshare(struct region *region, u64 page, pfn_t shared)
{
    pfn_t own = shared;

    if (frame_holders(shared) > 1) {
        own = frame_alloc();
        memcpy(pfn_to_virt(own), pfn_to_virt(shared), PAGE_SIZE);
        region->copied++;
    } else {
        region->reclaimed++;
    }
    page_set(page, own);
    if (own.n != shared.n)
        frame_free(shared);
}

bool space_fault(struct address_space *space, u64 va, bool write)
{
    struct region *region = region_find(space, va);
    u64 page = ALIGN_DOWN(va, PAGE_SIZE), pte;

    if (!region)
        return false;
    pte = table_lookup(space->kernel_root, page);
    if (!(pte & PTE_PRESENT))
        page_fill(space, region, page);
    else if (write && !(pte & PTE_WRITE))
        page_unshare(region, page, mfn_to_pfn(pte_mfn(pte)));
    else
        return false; /* it is there and allowed: whatever the CPU disliked, we cannot cure it */
    return true;
}
