/*
 * dom0's first page tables, in its own frames.
 *
 * They are built as any guest would build its own, with the flags a guest may use, and then go
 * through the same validation as every table of every guest: whatever the validator would refuse,
 * the loader cannot do either, and each reference that the tables hold is counted by the same code.
 * The validator also gives the entries the form in which Xen's guests read them (user bit, and the
 * mark of a kernel page).
 *
 * At the end the L4 is pinned, and held once more as the base pointer of the vcpu.
 */
#include "hypervisor/boot/dom0_build.h"
#include "hypervisor/debug/bug.h"
#include "hypervisor/mm/hv_slots.h"
#include "hypervisor/mm/pt_update.h"

#define TABLE_FLAGS (PTE_P | PTE_RW | PTE_US | PTE_A | PTE_D)
#define PAGE_FLAGS  (PTE_P | PTE_A)

static mfn_t table_take(struct dom0_builder *b)
{
    ASSERT(b->next_table < b->last_table);
    return dom0_mfn(b, b->next_table++);
}

/* The entry of an L1 that maps @va; tables on the way are added where they are missing. */
static u64 *l1_slot(struct dom0_builder *b, u64 *l4, u64 va)
{
    u64 *table = l4;

    for (int level = 4; level > 1; level--) {
        u64 *slot = &table[pt_index(va, level)];

        if (!(*slot & PTE_P))
            *slot = pte_make(table_take(b), TABLE_FLAGS);
        table = mfn_to_virt(pte_mfn(*slot));
    }
    return &table[pt_index(va, 1)];
}

static void pages_map(struct dom0_builder *b, u64 *l4, u64 va, u64 pfn, u64 pages, u64 flags)
{
    for (; pages; pages--, pfn++, va += PAGE_SIZE)
        *l1_slot(b, l4, va) = pte_make(dom0_mfn(b, pfn), flags);
}

static u64 l4_pfn(const struct dom0_builder *b)
{
    return dom0_layout_pfn(&b->layout, b->layout.tables_start);
}

void dom0_tables_make(struct dom0_builder *b)
{
    const struct dom0_layout *l = &b->layout;
    u64 tables_end = l4_pfn(b) + dom0_layout_tables(l);
    u64 *l4 = dom0_page(b, l4_pfn(b));

    b->next_table = l4_pfn(b) + 1;
    b->last_table = tables_end;
    pages_map(b, l4, l->start, 0, l4_pfn(b), PAGE_FLAGS | PTE_RW);
    pages_map(b, l4, l->tables_start, l4_pfn(b), dom0_layout_tables(l), PAGE_FLAGS);
    pages_map(b, l4, l->tables_end, tables_end, l->region_pages - tables_end, PAGE_FLAGS | PTE_RW);
    ASSERT(b->next_table == b->last_table);
    if (!dom0_layout_p2m_apart(l))
        return;

    b->next_table = l->p2m_pfn + l->p2m_pages;
    b->last_table = b->next_table + l->p2m_tables;
    pages_map(b, l4, l->p2m_start, l->p2m_pfn, l->p2m_pages, PAGE_FLAGS | PTE_D | PTE_RW);
    ASSERT(b->next_table == b->last_table);
}

const char *dom0_tables_validate(struct dom0_builder *b)
{
    mfn_t l4 = dom0_mfn(b, l4_pfn(b));

    if (table_pin(l4, b->d, 4) || frame_get_and_type(l4, b->d, FT_L4))
        return "its first page tables do not pass validation";
    hv_slots_m2p(mfn_to_virt(l4), true);
    b->v->cr3_kernel = l4.n << PAGE_SHIFT;
    b->v->cr3_user = 0;
    return NULL;
}
