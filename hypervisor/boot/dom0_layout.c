/*
 * dom0's initial layout. See dom0_layout.h for the picture.
 *
 * Two quantities depend on each other: page tables map the whole region, and the region holds the
 * page tables. More tables never need fewer tables, so counting up from too few meets the smallest
 * number that suffices.
 *
 * Addresses may lie at the very top of the address space (Linux: 0xffffffff80000000). Sizes are far
 * below 2^63, so a sum that wraps shows as an end below its start, and is_guests() refuses it.
 */
#include "hypervisor/boot/dom0_layout.h"

#include "hypervisor/mm/layout.h"
#include "hypervisor/mm/pte.h"
#include "xen-like/abi/xen.h"
#include "xen-like/lib/image.h"

#define REGION_ALIGN   MIB(4)
#define REGION_PADDING KIB(512)
#define SIZE_LIMIT     (1UL << 56) /* more than any machine's memory, and sums of it do not wrap */

#define PAGES(bytes) (ALIGN_UP(bytes, PAGE_SIZE) >> PAGE_SHIFT)

_Static_assert(sizeof(struct start_info) + sizeof(struct dom0_vga_console_info) <= PAGE_SIZE,
               "both share a page");

static bool is_guests(u64 start, u64 end)
{
    return start < end && (end <= GUEST_LOW_END || start >= DIRECTMAP_VIRT_END);
}

/* Index, counted over the whole address space, of the table of @level that maps @va. */
static u64 table_number(u64 va, int level)
{
    return va >> PT_SHIFT(level + 1);
}

static u64 tables_spanned(u64 start, u64 end, int level)
{
    return table_number(end - 1, level) - table_number(start, level) + 1;
}

/* One L4, and what the levels below need. */
static u64 region_tables(u64 start, u64 end)
{
    return 1 + tables_spanned(start, end, 3) + tables_spanned(start, end, 2) +
           tables_spanned(start, end, 1);
}

/* Tables of one level for the p2m list, less those that the region has in any case. */
static u64 p2m_tables_of(const struct dom0_layout *l, int level)
{
    u64 first = MAX(table_number(l->start, level), table_number(l->p2m_start, level));
    u64 last = MIN(table_number(l->end - 1, level), table_number(l->p2m_end - 1, level));
    u64 common = first <= last ? last - first + 1 : 0;

    return tables_spanned(l->p2m_start, l->p2m_end, level) - common;
}

static u64 region_end(u64 stack_end)
{
    u64 end = ALIGN_UP(stack_end, REGION_ALIGN);

    return end - stack_end < REGION_PADDING ? end + REGION_ALIGN : end;
}

static const char *tables_settle(struct dom0_layout *l)
{
    u64 count = 1, needed = 2;

    while (count < needed) {
        count = needed;
        l->tables_end = l->tables_start + count * PAGE_SIZE;
        l->stack_start = l->tables_end;
        l->stack_end = l->stack_start + PAGE_SIZE;
        l->end = region_end(l->stack_end);
        if (!is_guests(l->start, l->end))
            return "it does not fit between VIRT_BASE and the end of the guest's address space";
        needed = region_tables(l->start, l->end);
    }
    l->region_pages = (l->end - l->start) >> PAGE_SHIFT;
    return NULL;
}

/* Everything from the kernel to start_info, packed page by page. */
static void elements_place(struct dom0_layout *l, const struct dom0_facts *f)
{
    u64 va;

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
    l->p2m_pages = PAGES(f->nr_pages * sizeof(u64));
    if (f->p2m_base == IMAGE_UNSET) {
        l->p2m_start = va;
        l->p2m_end = va + f->nr_pages * sizeof(u64);
        va += l->p2m_pages * PAGE_SIZE;
    }
    l->start_info = va;
    l->start_info_end = va + sizeof(struct start_info) + sizeof(struct dom0_vga_console_info);
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
static const char *frames_place(struct dom0_layout *l, const struct dom0_facts *f)
{
    u64 next = l->region_pages;

    l->initrd_pfn = l->initrd_start ? dom0_layout_pfn(l, l->initrd_start) : next;
    if (!l->initrd_start)
        next += l->initrd_pages;
    if (f->p2m_base == IMAGE_UNSET) {
        l->p2m_pfn = dom0_layout_pfn(l, l->p2m_start);
        return NULL;
    }
    l->p2m_pfn = next;
    l->p2m_start = f->p2m_base;
    l->p2m_end = f->p2m_base + f->nr_pages * sizeof(u64);
    if (l->p2m_start & ~PAGE_MASK || !is_guests(l->p2m_start, l->p2m_end))
        return "its INIT_P2M is no address of a guest";
    if (l->p2m_start < l->end && l->start < l->p2m_end)
        return "its INIT_P2M lies within its initial mapping";
    l->p2m_tables = p2m_tables_of(l, 3) + p2m_tables_of(l, 2) + p2m_tables_of(l, 1);
    return NULL;
}

static const char *facts_check(const struct dom0_facts *f)
{
    if (f->virt_base & ~PAGE_MASK)
        return "its VIRT_BASE is not the address of a page";
    if (f->kernel_start < f->virt_base || f->kernel_end < f->kernel_start)
        return "it lies below its VIRT_BASE";
    if (f->kernel_end - f->virt_base > SIZE_LIMIT || f->initrd_bytes > SIZE_LIMIT ||
        f->nr_pages > SIZE_LIMIT >> PAGE_SHIFT)
        return "its parts are larger than any machine";
    return NULL;
}

const char *dom0_layout_compute(struct dom0_layout *l, const struct dom0_facts *f)
{
    const char *why = facts_check(f);

    *l = (struct dom0_layout){0};
    if (why)
        return why;
    elements_place(l, f);
    why = tables_settle(l);
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
    if (dom0_layout_built_pages(l) > f->nr_pages)
        return "dom0 has too little memory for it (see dom0_mem=)";
    return NULL;
}
