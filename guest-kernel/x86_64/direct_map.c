/*
 * Building the direct map, with only what the loader left us.
 *
 * The loader maps our image, then its own gifts (p2m list, start_info, page tables, stack), then
 * some spare frames up to a 4 MiB boundary; all other frames of the domain have no address at all.
 * Yet to write page tables for them we need frames that we can write. The trick is a window: one
 * address whose mapping is moved, by update_va_mapping, onto each frame that is to become a table.
 * While the frame is an ordinary page we fill it with plain stores; then the window moves on,
 * nobody can write to it any more, and it may become a page table. The hypervisor learns of all
 * tables at once, when the last step hooks the top ones into the root: then it walks them and
 * checks every entry.
 *
 * Tables must have no writable mapping anywhere: so the spare frames lose the mapping that the
 * loader gave them, and the direct map itself shows every table (the loader's and ours) read-only.
 */
#include "guest-kernel/mm/direct_map.h"
#include "guest-kernel/mm/batch.h"
#include "guest-kernel/mm/pte.h"
#include "guest-kernel/core/hypercall.h"

#define LOADER_PADDING   KIB(512) /* at least so much is mapped behind the loader's last gift */
#define LOADER_ALIGNMENT MIB(4)

extern char image_base[];
static u8 window[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));

/* A run of frames. */
struct frame_run {
    u64 first, count;
};

/* tables[1] is the run of level 1 tables, and so on up to level 3; loader is what the loader made.
 */
struct plan {
    struct frame_run tables[PT_LEVELS];
    struct frame_run loader;
};

static bool run_contains(const struct frame_run *run, u64 pfn)
{
    return pfn - run->first < run->count;
}

pfn_t virt_to_pfn(const void *address)
{
    u64 base = (u64)address >= (u64)image_base ? (u64)image_base : DIRECT_MAP_START;

    return (pfn_t){((u64)address - base) >> PAGE_SHIFT};
}

static void plan_make(struct plan *plan)
{
    u64 entries = start_info->nr_pages, next;

    plan->loader.first = virt_to_pfn((void *)start_info->pt_base).n;
    plan->loader.count = start_info->nr_pt_frames;
    next = plan->loader.first + plan->loader.count + 1; /* the loader's stack is one page */
    for (unsigned int level = 1; level < PT_LEVELS; level++) {
        entries = (entries + PT_ENTRIES - 1) / PT_ENTRIES;
        plan->tables[level] = (struct frame_run){next, entries};
        next += entries;
    }
}

static bool plan_has_table(const struct plan *plan, u64 pfn)
{
    for (unsigned int level = 1; level < PT_LEVELS; level++) {
        if (run_contains(&plan->tables[level], pfn))
            return true;
    }
    return run_contains(&plan->loader, pfn);
}

/* Takes the spare frames out of the loader's mapping. */
static void spare_unmap(u64 first_pfn)
{
    u64 start = (u64)image_base + (first_pfn << PAGE_SHIFT);
    u64 end = ALIGN_UP(start + LOADER_PADDING, LOADER_ALIGNMENT);
    struct va_batch batch = {0};

    for (u64 va = start; va < end; va += PAGE_SIZE)
        va_batch_add(&batch, (void *)va, 0);
    va_batch_flush(&batch);
}

static void window_move(u64 pte)
{
    long answer = call_update_va_mapping(window, pte, UVMF_INVLPG);

    if (answer)
        guest_panic("direct map: the window cannot be moved: error %ld", answer);
}

/* The entry of a level's table that leads to a frame: a page (level 1) or a table one level down.
 */
static u64 plan_entry(const struct plan *plan, unsigned int level, u64 pfn)
{
    mfn_t mfn = pfn_to_mfn((pfn_t){pfn});

    if (level > 1)
        return pte_make(mfn, PTE_TABLE);
    return pte_make(mfn, plan_has_table(plan, pfn) ? PTE_KERNEL_READ_ONLY : PTE_KERNEL_READ_WRITE) |
           PTE_NX;
}

/* Fills the tables of one level; lower is the run of frames that their entries lead to. */
static void level_fill(const struct plan *plan, unsigned int level, struct frame_run lower)
{
    const struct frame_run *run = &plan->tables[level];
    u64 *table = (u64 *)window;

    for (u64 i = 0; i < run->count; i++) {
        window_move(pte_make(pfn_to_mfn((pfn_t){run->first + i}), PTE_READ_WRITE));
        for (u64 slot = 0; slot < PT_ENTRIES; slot++) {
            u64 index = i * PT_ENTRIES + slot;

            table[slot] = index < lower.count ? plan_entry(plan, level, lower.first + index) : 0;
        }
    }
}

static void root_hook(const struct frame_run *top)
{
    mfn_t root = virt_to_mfn((void *)start_info->pt_base);
    struct mmu_batch batch = {0};

    for (u64 i = 0; i < top->count; i++) {
        u64 slot = pt_index(DIRECT_MAP_START, PT_LEVELS) + i;

        mmu_batch_add(&batch, mfn_to_address(root) + slot * sizeof(u64),
                      pte_make(pfn_to_mfn((pfn_t){top->first + i}), PTE_TABLE));
    }
    mmu_batch_flush(&batch);
}

pfn_t direct_map_init(void)
{
    struct frame_run lower = {0, start_info->nr_pages};
    struct plan plan;

    plan_make(&plan);
    spare_unmap(plan.tables[1].first);
    for (unsigned int level = 1; level < PT_LEVELS; level++) {
        level_fill(&plan, level, lower);
        lower = plan.tables[level];
    }
    window_move(0);
    root_hook(&lower);
    return (pfn_t){lower.first + lower.count};
}
