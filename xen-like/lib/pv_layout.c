/*
 * A PV domain's initial layout. See pv_layout.h for the picture.
 *
 * Two quantities depend on each other: page tables map the whole region, and the region holds the
 * page tables. More tables never need fewer tables, so counting up from too few meets the smallest
 * number that suffices.
 *
 * Addresses may lie at the very top of the address space (Linux: 0xffffffff80000000). Sizes are far
 * below 2^63, so a sum that wraps shows as an end below its start, and is_guests() refuses it.
 */
#include "xen-like/lib/pv_layout.h"

#include "xen-like/abi/xen.h"
#include "xen-like/lib/image.h"

#define LOW_END    (1ULL << 47)          /* of the lower half of the address space */
#define HIGH_START 0xffff880000000000ull /* above the hole that the hypervisor keeps */
#define TABLE_SHIFT(level)                                                                         \
    (PAGE_SHIFT + 9 * (level)) /* address bits that a table of level maps                          \
                                */

#define REGION_ALIGN   MIB(4)
#define REGION_PADDING KIB(512)
#define SIZE_LIMIT     (1ULL << 56) /* more than any machine's memory, and sums of it do not wrap */

#define PAE_L2S 4 /* all that 4 GiB can have: xen.h wants each of them there */

#define PAGES(bytes) (ALIGN_UP(bytes, PAGE_SIZE) >> PAGE_SHIFT)

_Static_assert(sizeof(struct start_info_x86_64) + sizeof(struct dom0_vga_console_info) <= PAGE_SIZE,
               "both share a page");

#ifdef HYPERVISOR_VIRT_END /* it is a 32-bit kernel's in 32 bits */
_Static_assert(HIGH_START == HYPERVISOR_VIRT_END, "xen-x86_64.h");
#endif

static bool is_guests(const struct pv_layout *l, u64 start, u64 end)
{
    if (l->pae)
        return start < end && end <= HYPERVISOR_VIRT_START_X86_32;
    return start < end && (end <= LOW_END || start >= HIGH_START);
}

/* Index, counted over the whole address space, of the table of @level that maps @va. */
static u64 table_number(u64 va, int level)
{
    return va >> TABLE_SHIFT(level);
}

static u64 tables_spanned(u64 start, u64 end, int level)
{
    return table_number(end - 1, level) - table_number(start, level) + 1;
}

/* The root, and what the levels below need. */
static u64 region_tables(const struct pv_layout *l)
{
    u64 middle = l->pae ? PAE_L2S
                        : tables_spanned(l->start, l->end, 3) + tables_spanned(l->start, l->end, 2);

    return 1 + middle + tables_spanned(l->start, l->end, 1);
}

/* Tables of one level for the p2m list, less those that the region has in any case. */
static u64 p2m_tables_of(const struct pv_layout *l, int level)
{
    u64 first = MAX(table_number(l->start, level), table_number(l->p2m_start, level));
    u64 last = MIN(table_number(l->end - 1, level), table_number(l->p2m_end - 1, level));
    u64 common = first <= last ? last - first + 1 : 0;

    return tables_spanned(l->p2m_start, l->p2m_end, level) - common;
}

static u64 region_end(const struct pv_layout *l, const struct pv_facts *f)
{
    u64 end = ALIGN_UP(l->stack_end, REGION_ALIGN);

    end = end - l->stack_end < REGION_PADDING ? end + REGION_ALIGN : end;
    if (!f->padding_may_lack || end - l->start <= f->nr_pages * PAGE_SIZE)
        return end;
    return MAX(l->start + f->nr_pages * PAGE_SIZE, l->stack_end);
}

static const char *tables_settle(struct pv_layout *l, const struct pv_facts *f)
{
    u64 count = 1, needed = 2;

    while (count < needed) {
        count = needed;
        l->tables_end = l->tables_start + count * PAGE_SIZE;
        l->stack_start = l->tables_end;
        l->stack_end = l->stack_start + PAGE_SIZE;
        l->end = region_end(l, f);
        if (!is_guests(l, l->start, l->end))
            return "it does not fit between VIRT_BASE and the end of the guest's address space";
        needed = region_tables(l);
    }
    l->region_pages = (l->end - l->start) >> PAGE_SHIFT;
    return NULL;
}

static bool p2m_is_within(const struct pv_facts *f)
{
    return f->pae || f->p2m_base == IMAGE_UNSET;
}

/* Everything from the kernel to start_info, packed page by page. */
static void elements_place(struct pv_layout *l, const struct pv_facts *f)
{
    u64 va, p2m_bytes;

    l->pae = f->pae;
    l->start = f->virt_base;
    l->kernel_start = f->kernel_start;
    l->kernel_end = f->kernel_end;
    va = ALIGN_UP(f->kernel_end, PAGE_SIZE);
    l->initrd_pages = PAGES(f->initrd_bytes);
    if (f->initrd_bytes && !f->initrd_unmapped) {
        l->initrd_start = va;
        l->initrd_end = va + f->initrd_bytes;
        va += l->initrd_pages * PAGE_SIZE;
    }
    p2m_bytes = f->nr_pages * pv_layout_p2m_entry(l);
    l->p2m_pages = PAGES(p2m_bytes);
    if (p2m_is_within(f)) {
        l->p2m_start = va;
        l->p2m_end = va + p2m_bytes;
        va += l->p2m_pages * PAGE_SIZE;
    }
    l->start_info = va;
    l->start_info_end =
        va + sizeof(struct start_info_x86_64) + sizeof(struct dom0_vga_console_info);
    va += PAGE_SIZE;
    if (f->rings) {
        l->store_ring = va;
        l->console_ring = va + PAGE_SIZE;
        va += 2 * PAGE_SIZE;
    }
    l->tables_start = va;
    l->nr_pages = f->nr_pages;
}

/* Frames behind the region, in the order of the picture. */
static const char *frames_place(struct pv_layout *l, const struct pv_facts *f)
{
    u64 next = l->region_pages;

    l->initrd_pfn = l->initrd_start ? pv_layout_pfn(l, l->initrd_start) : next;
    if (!l->initrd_start)
        next += l->initrd_pages;
    if (p2m_is_within(f)) {
        l->p2m_pfn = pv_layout_pfn(l, l->p2m_start);
        return NULL;
    }
    l->p2m_pfn = next;
    l->p2m_start = f->p2m_base;
    l->p2m_end = f->p2m_base + f->nr_pages * sizeof(u64);
    if (l->p2m_start & ~PAGE_MASK || !is_guests(l, l->p2m_start, l->p2m_end))
        return "its INIT_P2M is no address of a guest";
    if (l->p2m_start < l->end && l->start < l->p2m_end)
        return "its INIT_P2M lies within its initial mapping";
    l->p2m_tables = p2m_tables_of(l, 3) + p2m_tables_of(l, 2) + p2m_tables_of(l, 1);
    return NULL;
}

static const char *facts_check(const struct pv_facts *f)
{
    if (f->virt_base & ~PAGE_MASK)
        return "its VIRT_BASE is not the address of a page";
    if (f->kernel_start < f->virt_base || f->kernel_end < f->kernel_start)
        return "it lies below its VIRT_BASE";
    if (f->kernel_end - f->virt_base > SIZE_LIMIT || f->initrd_bytes > SIZE_LIMIT ||
        f->nr_pages > SIZE_LIMIT >> PAGE_SHIFT)
        return "its parts are larger than any machine";
    if (f->pae && f->hv_start_low != IMAGE_UNSET && f->hv_start_low > HYPERVISOR_VIRT_START_X86_32)
        return "it wants the hypervisor's part of its addresses to begin higher than it does";
    return NULL;
}

const char *pv_layout_compute(struct pv_layout *l, const struct pv_facts *f)
{
    const char *why = facts_check(f);

    *l = (struct pv_layout){0};
    if (why)
        return why;
    elements_place(l, f);
    why = tables_settle(l, f);
    if (!why)
        why = frames_place(l, f);
    if (why)
        return why;
    if (f->entry < l->start || f->entry >= l->end)
        return "its entry point lies outside of its initial mapping";
    if (f->hypercall_page != IMAGE_UNSET &&
        (f->hypercall_page & ~PAGE_MASK || f->hypercall_page < l->start ||
         f->hypercall_page >= ALIGN_UP(l->kernel_end, PAGE_SIZE)))
        return "its HYPERCALL_PAGE is no page of the kernel";
    if (pv_layout_built_pages(l) > f->nr_pages)
        return "it has too little memory for its parts";
    return NULL;
}
