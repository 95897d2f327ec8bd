/*
 * Building and changing the hypervisor's page tables.
 *
 * One function, hv_map(), makes every mapping the hypervisor has. It takes the largest page that
 * fits, so the direct map of a large machine is a few dozen entries; it makes missing tables on the
 * way; and it refuses to map over something, since a forgotten mapping is a bug that would
 * otherwise show much later. All mappings are global: they are the same in every address space.
 *
 * Rights: text is executable and not writable, rodata neither, everything else not executable. The
 * page below the boot stack stays unmapped.
 */
#include "hypervisor/boot/paging.h"
#include "hypervisor/boot/memory.h"
#include "hypervisor/cpu/regs.h"
#include "hypervisor/debug/bug.h"
#include "hypervisor/mm/layout.h"
#include "hypervisor/mm/pte.h"

#define LEVEL_PAGES(level) (1UL << (PT_SHIFT(level) - PAGE_SHIFT)) /* 4 KiB pages of one entry */

extern char text_start[], text_end[], rodata_start[], rodata_end[], data_start[], bss_end[];
extern char early_stack_guard[];

u64 *hv_l4;

static int largest_level = 2;
static u64 mmio_next = MMIO_VIRT_START;

static mfn_t table_from_boot(void)
{
    return boot_alloc_pages(1, 1);
}

static mfn_t (*alloc_table)(void) = table_from_boot;

void hv_map_use_allocator(mfn_t (*alloc)(void))
{
    alloc_table = alloc;
}

static u64 *table_of(u64 entry)
{
    return phys_to_virt(entry & PTE_ADDR);
}

/* The table one level below `entry`, made when missing. */
static u64 *table_below(u64 *entry, u64 flags)
{
    if (!(*entry & PTE_P)) {
        mfn_t m = alloc_table();

        if (mfn_eq(m, INVALID_MFN))
            panic("no memory for the hypervisor's page tables");
        *entry = pte_make(m, PTE_P | PTE_RW | PTE_A);
    }
    BUG_ON(*entry & PTE_PSE);
    *entry |= flags & PTE_US;
    return table_of(*entry);
}

/* The level of the largest page that may map this address to this frame. */
static int level_fitting(u64 va, mfn_t mfn, u64 npages)
{
    for (int level = largest_level; level > 1; level--) {
        u64 mask = LEVEL_PAGES(level) - 1;

        if (npages > mask && !(mfn.n & mask) && !((va >> PAGE_SHIFT) & mask))
            return level;
    }
    return 1;
}

void hv_map(u64 va, mfn_t mfn, u64 npages, u64 flags)
{
    BUG_ON(pt_index(va, 4) < HV_FIRST_SLOT || pt_index(va, 4) > HV_LAST_SLOT);
    flags |= PTE_P | PTE_A | PTE_D | PTE_G;
    while (npages) {
        int level = level_fitting(va, mfn, npages);
        u64 *table = hv_l4, *entry;

        for (int l = 4; l > level; l--)
            table = table_below(&table[pt_index(va, l)], flags);
        entry = &table[pt_index(va, level)];
        BUG_ON(*entry & PTE_P);
        *entry = pte_make(mfn, flags | (level > 1 ? PTE_PSE : 0));
        va += LEVEL_PAGES(level) << PAGE_SHIFT;
        mfn.n += LEVEL_PAGES(level);
        npages -= LEVEL_PAGES(level);
    }
}

u64 *hv_lookup(u64 va, int *level)
{
    u64 *table = hv_l4;

    for (int l = 4;; l--) {
        u64 *entry = &table[pt_index(va, l)];

        if (!(*entry & PTE_P))
            return NULL;
        if (l == 1 || *entry & PTE_PSE) {
            *level = l;
            return entry;
        }
        table = table_of(*entry);
    }
}

void *hv_map_mmio(u64 phys, u64 bytes, u64 flags)
{
    u64 first = phys & PAGE_MASK, end = ALIGN_UP(phys + bytes, PAGE_SIZE);
    u64 va = mmio_next;

    for (u64 at = MMIO_VIRT_START; at < mmio_next && end - first == PAGE_SIZE; at += PAGE_SIZE) {
        int level;
        const u64 *entry = hv_lookup(at, &level);

        if (entry && level == 1 && pte_mfn(*entry).n == first >> PAGE_SHIFT)
            return (void *)(at + (phys - first));
    }
    if (end - first > MMIO_VIRT_END - mmio_next)
        panic("no address space left for device memory at %#lx", phys);
    mmio_next += end - first;
    hv_map(va, MFN(first >> PAGE_SHIFT), (end - first) >> PAGE_SHIFT,
           flags | PTE_RW | PTE_NX | PTE_PCD);
    return (void *)(va + (phys - first));
}

static void map_image(const char *start, const char *end, u64 flags)
{
    hv_map((u64)start, MFN(image_to_phys(start) >> PAGE_SHIFT), (u64)(end - start) >> PAGE_SHIFT,
           flags);
}

void paging_init(bool huge_pages)
{
    largest_level = huge_pages ? 3 : 2;
    hv_l4 = phys_to_virt(boot_alloc_pages(1, 1).n << PAGE_SHIFT);
    for (int slot = HV_FIRST_SLOT; slot <= HV_LAST_SLOT; slot++)
        table_below(&hv_l4[slot], slot == (int)pt_index(M2P_VIRT_START, 4) ? PTE_US : 0);
}

void paging_map_image(void)
{
    map_image(text_start, text_end, 0);
    map_image(rodata_start, rodata_end, PTE_NX);
    map_image(data_start, early_stack_guard, PTE_RW | PTE_NX);
    map_image(early_stack_guard + PAGE_SIZE, bss_end, PTE_RW | PTE_NX);
}
