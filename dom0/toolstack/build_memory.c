/*
 * The domain's memory. All its frames are asked for by pfn; those that the layout names are mapped
 * here in one piece, in the order of their pfns, so that everything that follows is plain stores:
 * the kernel's segments, the ramdisk and the list of frames are copied to where the kernel will
 * find them. The hypervisor hands out frames with whatever was in them, so the piece is cleared
 * first.
 */
#include "dom0/mm/heap.h"
#include "dom0/toolstack/builder.h"
#include "xen-like/lib/fmt.h"
#include "xen-like/lib/string.h"

#define BLOCK_ORDER 9 /* 2 MiB at a time, while there are blocks as large */
#define BATCH       512

/* Pages that nobody has nor claims; @unknown if that is not told. */
static u64 memory_free(u64 unknown)
{
    struct xen_sysctl_physinfo info;

    if (machine_info(&info))
        return unknown;
    return info.free_pages > info.outstanding_pages ? info.free_pages - info.outstanding_pages : 0;
}

/* How much is missing, and where it could come from. */
static int memory_lacks(struct builder *b, u64 pages)
{
    u64 free = memory_free(0);

    fmt_snprintf(b->reason, BUILD_REASON_SIZE,
                 "%" F64 "u MiB of memory are wanted, %" F64
                 "u MiB are free: set memory= lower, or destroy or "
                 "shrink (mem-set) another guest",
                 pages >> (20 - PAGE_SHIFT), free >> (20 - PAGE_SHIFT));
    return -XEN_ENOMEM;
}

/* Says what is wanted before it is taken, so that too little is known at once; 0 gives it up. For a
 * 32-bit dom0 Xen does not know the call: a look must do, for there is one builder only. */
static int memory_claim(struct builder *b, u64 pages)
{
    struct xen_memory_reservation claim = {.nr_extents = pages, .domid = b->domain->domid};
    int answer = control_memory(XENMEM_claim_pages, &claim);

    if (answer == -XEN_ENOSYS)
        answer = pages && pages > memory_free(pages) ? -XEN_ENOMEM : 0;
    if (answer == -XEN_ENOMEM)
        return memory_lacks(b, pages);
    return answer ? build_fail(b, answer, "claiming its memory") : 0;
}

/*
 * Frames for pfns [pfn, pfn + count * 2^order) in blocks; the list of first pfns becomes that of
 * first frames. How many blocks there were, or a negative errno.
 */
static int blocks_take(struct builder *b, u64 pfn, u64 count, unsigned int order)
{
    xen_pfn_t list[BATCH];
    struct xen_memory_reservation want = {
        .nr_extents = count, .extent_order = order, .domid = b->domain->domid};
    int got;

    for (u64 i = 0; i < count; i++)
        list[i] = pfn + (i << order);
    set_xen_guest_handle(want.extent_start, list);
    got = control_memory(XENMEM_populate_physmap, &want);
    for (int i = 0; i < got; i++) {
        for (u64 k = 0; k < (u64)1 << order; k++)
            b->frames[pfn + ((u64)i << order) + k] = list[i] + k;
    }
    return got;
}

static int frames_take(struct builder *b)
{
    unsigned int order = BLOCK_ORDER;

    for (u64 pfn = 0; pfn < b->pages;) {
        u64 count = MIN((b->pages - pfn) >> order, (u64)BATCH);
        int got = count ? blocks_take(b, pfn, count, order) : 0;

        if (got > 0)
            pfn += (u64)got << order;
        if (got == (s64)count && count)
            continue;
        if (!order)
            return build_fail(b, got < 0 ? got : -XEN_ENOMEM, "giving it memory");
        order = 0; /* no larger blocks, or not so many pages left */
    }
    return 0;
}

/* image_load's receiver. */
static const char *segment_copy(void *ctx, u64 paddr, const void *from, u64 length)
{
    struct builder *b = ctx;
    u64 va = paddr - b->image.paddr_offset + b->image.virt_base;

    if (va < b->layout.kernel_start || va > b->layout.kernel_end ||
        length > b->layout.kernel_end - va)
        return "a segment lies outside of the kernel";
    if (from)
        memcpy(builder_va(b, va), from, length);
    return NULL; /* zeros are there */
}

/* The list of frames as the kernel reads it. Entries past the last frame say "none". */
static void list_write(struct builder *b)
{
    const struct pv_layout *l = &b->layout;
    u8 *list = builder_page(b, l->p2m_pfn);
    u64 entry = pv_layout_p2m_entry(l);

    memset(list, 0xff, l->p2m_pages << PAGE_SHIFT);
    for (u64 pfn = 0; pfn < b->pages; pfn++) {
        u64 frame = b->frames[pfn]; /* whatever our own width */

        memcpy(list + pfn * entry, &frame, entry);
    }
}

static int contents_load(struct builder *b)
{
    const struct pv_layout *l = &b->layout;
    const char *why;

    memset(b->map.at, 0, b->map.pages << PAGE_SHIFT);
    if (!image_load(&b->image, segment_copy, b, &why))
        return build_refuse(b, b->config->kernel ? b->config->kernel : "kernel", why);
    if (b->ramdisk.size)
        memcpy(builder_page(b, l->initrd_pfn), b->ramdisk.bytes, b->ramdisk.size);
    list_write(b);
    return 0;
}

int build_memory(struct builder *b)
{
    int answer = memory_claim(b, b->pages);

    if (answer)
        return answer;
    b->frames = heap_alloc(b->pages * sizeof(*b->frames));
    if (!b->frames)
        return build_fail(b, -XEN_ENOMEM, "listing its frames in the control domain");
    answer = frames_take(b);
    if (!answer)
        answer = memory_claim(b, 0);
    if (answer)
        return answer;
    answer =
        foreign_map(&b->map, b->domain->domid, b->frames, pv_layout_built_pages(&b->layout), true);
    return answer ? build_fail(b, answer, "mapping its first memory") : contents_load(b);
}
