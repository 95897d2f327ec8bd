/*
 * dom0's frames, and the list that names them.
 *
 * The list of frames (p2m) is the domain's own memory, so it comes first: its pages are allocated,
 * reached by a temporary array of pointers, and from then on every other frame is entered where the
 * domain will read it. No second list is kept.
 *
 * Frames come in the largest blocks there are. What the kernel starts with is zeroed; the rest of
 * its memory is not (at this point it has been nobody else's, and touching all of a large machine
 * takes seconds): dom0's kernel does as it does on Xen, and on bare hardware.
 */
#include "hypervisor/boot/dom0_build.h"
#include "hypervisor/boot/memory.h"
#include "hypervisor/mm/alloc.h"
#include "hypervisor/mm/pae.h"
#include "xen-like/lib/string.h"

static const char too_little[] = "the machine has too little memory for it";

/* A block of at most @pages frames. *order is the largest order worth trying, and becomes that of
 * the block: once an order has run out, nobody asks for it again. */
static mfn_t block_alloc(struct domain *d, u64 pages, unsigned *order)
{
    unsigned fits = 63 - (unsigned)__builtin_clzl(pages);
    mfn_t m;

    *order = MIN(*order, fits);
    while ((m = domain_frames_alloc(d, *order, pae_address_bits(d, 0), false)).n == INVALID_MFN.n &&
           *order)
        --*order;
    return m;
}

static void pfn_set(struct dom0_builder *b, u64 pfn, mfn_t m)
{
    memcpy(dom0_p2m_entry(b, pfn), &m.n, pv_layout_p2m_entry(&b->layout));
    m2p_set(m, pfn);
}

/* Frames for pfns [from, to). */
static const char *frames_give(struct dom0_builder *b, u64 from, u64 to, bool zero)
{
    unsigned order = ALLOC_ORDER_MAX;

    while (from < to) {
        mfn_t m = block_alloc(b->d, to - from, &order);

        if (m.n == INVALID_MFN.n)
            return too_little;
        if (zero)
            memset(mfn_to_virt(m), 0, PAGE_SIZE << order);
        for (u64 i = 0; i < 1UL << order; i++)
            pfn_set(b, from + i, mfn_add(m, i));
        from += 1UL << order;
    }
    return NULL;
}

/* The pages of the list itself. Entries past the last frame of the domain say "none". */
static const char *list_make(struct dom0_builder *b)
{
    const struct pv_layout *l = &b->layout;
    unsigned order = ALLOC_ORDER_MAX;

    b->p2m_order = order_for(l->p2m_pages * sizeof(*b->p2m));
    b->p2m = pages_alloc(b->p2m_order);
    if (!b->p2m)
        return too_little;
    for (u64 done = 0; done < l->p2m_pages; done += 1UL << order) {
        mfn_t m = block_alloc(b->d, l->p2m_pages - done, &order);

        if (m.n == INVALID_MFN.n)
            return too_little;
        memset(mfn_to_virt(m), 0xff, PAGE_SIZE << order);
        for (u64 i = 0; i < 1UL << order; i++)
            b->p2m[done + i] = mfn_to_virt(mfn_add(m, i));
    }
    for (u64 i = 0; i < l->p2m_pages; i++)
        pfn_set(b, l->p2m_pfn + i, virt_to_mfn(b->p2m[i]));
    return NULL;
}

const char *dom0_memory_first(struct dom0_builder *b)
{
    const struct pv_layout *l = &b->layout;
    const char *why = list_make(b);

    if (!why)
        why = frames_give(b, 0, MIN(l->p2m_pfn, l->region_pages), true);
    if (!why) /* behind the list: the rest of the region, or the tables that map the list */
        why =
            frames_give(b, l->p2m_pfn + l->p2m_pages,
                        pv_layout_p2m_apart(l) ? pv_layout_built_pages(l) : l->region_pages, true);
    if (!why && l->initrd_pages && !l->initrd_start)
        why = frames_give(b, l->initrd_pfn, l->initrd_pfn + l->initrd_pages, true);
    return why;
}

const char *dom0_memory_rest(struct dom0_builder *b)
{
    const char *why = frames_give(b, pv_layout_built_pages(&b->layout), b->layout.nr_pages, false);

    pages_free(b->p2m, b->p2m_order);
    b->p2m = NULL;
    return why;
}

void dom0_memory_write(const struct dom0_builder *b, u64 pfn, u64 offset, const void *from,
                       u64 length)
{
    const u8 *src = from;

    pfn += offset >> PAGE_SHIFT;
    offset &= ~PAGE_MASK;
    for (u64 n; length; length -= n, offset = 0, pfn++) {
        u8 *to = (u8 *)dom0_page(b, pfn) + offset;

        n = MIN(length, PAGE_SIZE - offset);
        if (src) {
            memcpy(to, src, n);
            src += n;
        } else {
            memset(to, 0, n);
        }
    }
}
