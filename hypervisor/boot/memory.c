/*
 * From the loader's memory to ours, in three steps that depend on one another:
 *
 *   1. tables for image and direct map, made of memory below 4 GiB (all that start.asm mapped);
 *   2. load them: now all RAM can be reached;
 *   3. M2P and frame table, which grow with the machine, from any memory.
 *
 * Then everything that is still free goes to the frame allocator. Allocation is top-down, so that
 * low memory, which some devices need, stays with whoever comes later.
 */
#include "hypervisor/boot/memory.h"
#include "hypervisor/boot/memmap.h"
#include "hypervisor/boot/paging.h"
#include "hypervisor/cpu/features.h"
#include "hypervisor/cpu/regs.h"
#include "hypervisor/debug/bug.h"
#include "hypervisor/debug/console.h"
#include "hypervisor/debug/log.h"
#include "hypervisor/mm/layout.h"
#include "hypervisor/mm/pae.h"
#include "hypervisor/mm/pte.h"
#include "xen-like/lib/string.h"

#define LARGE_PAGES (1UL << (PT_SHIFT(2) - PAGE_SHIFT)) /* 4 KiB pages in a 2 MiB one */

extern char image_start[], image_end[];

u64 *m2p;
u64 m2p_frames;
u32 *m2p32;
u64 m2p32_frames;

static u64 alloc_limit = EARLY_MAP_BYTES; /* boot can reach physical memory below this */
static bool handed_over;

mfn_t boot_alloc_pages(u64 n, u64 align)
{
    u64 phys;

    if (handed_over)
        panic("memory asked of the boot allocator after its end");
    phys = memmap_alloc(n, align, alloc_limit);
    if (phys == ~0UL)
        panic("out of memory during boot: %lu pages in one piece are wanted", n);
    memset(phys_to_virt(phys), 0, n << PAGE_SHIFT);
    return MFN(phys >> PAGE_SHIFT);
}

/* Pages that hold `bytes`, rounded to large ones when it is worth one. */
static u64 pages_for(u64 bytes)
{
    u64 pages = ALIGN_UP(bytes, PAGE_SIZE) >> PAGE_SHIFT;

    return pages < LARGE_PAGES ? pages : ALIGN_UP(pages, LARGE_PAGES);
}

static void map_ram(void)
{
    struct memory_piece p;

    for (u64 at = 0; memmap_piece(at, &p); at = p.end) {
        u64 flags = p.kind == MEMORY_TABLES ? PTE_NX : PTE_NX | PTE_RW;

        if (p.kind != MEMORY_NONE)
            hv_map((u64)phys_to_virt(p.start), MFN(p.start >> PAGE_SHIFT),
                   (p.end - p.start) >> PAGE_SHIFT, flags);
    }
}

/* Large pages, of which the control domain is told and all of which it may map: a toolstack maps
 * the last one to its end. */
static void make_m2p(void)
{
    u64 pages = ALIGN_UP(m2p_frames * sizeof(*m2p), LARGE_PAGES << PAGE_SHIFT) >> PAGE_SHIFT;
    mfn_t m = boot_alloc_pages(pages, LARGE_PAGES);

    m2p = phys_to_virt(m.n << PAGE_SHIFT);
    for (u64 i = 0; i < (pages << PAGE_SHIFT) / sizeof(*m2p); i++)
        m2p[i] = INVALID_M2P_ENTRY;
    hv_map(M2P_VIRT_START, m, pages, PTE_US | PTE_NX);
}

/* Large pages, so that no table of ours is below that of a guest which names them. */
static void make_m2p32(void)
{
    u64 frames = MIN(m2p_frames, M2P32_MAX);
    u64 pages = ALIGN_UP(frames * sizeof(*m2p32), LARGE_PAGES << PAGE_SHIFT) >> PAGE_SHIFT;
    mfn_t m = boot_alloc_pages(pages, LARGE_PAGES);

    m2p32 = phys_to_virt(m.n << PAGE_SHIFT);
    m2p32_frames = frames;
    memset(m2p32, 0xff, pages << PAGE_SHIFT);
    pae_window_make(m, pages << PAGE_SHIFT);
}

/* The table may be pieced together, unlike the M2P: large machines may have no free piece of that
 * size. */
static void make_frame_table(void)
{
    u64 pages = pages_for(m2p_frames * FRAME_INFO_SIZE);
    u64 step = MIN(pages, LARGE_PAGES);

    for (u64 done = 0; done < pages; done += step)
        hv_map(FRAMETABLE_VIRT_START + (done << PAGE_SHIFT),
               boot_alloc_pages(step, step < LARGE_PAGES ? 1 : LARGE_PAGES), step, PTE_RW | PTE_NX);
}

static void take_what_is_used(const struct boot_info *info)
{
    memmap_take(0, LOW_MEMORY_BYTES);
    memmap_take(image_to_phys(image_start), image_to_phys(image_end));
    memmap_take(info->mbi_start, info->mbi_end);
}

static void say_memory(const struct boot_info *info)
{
    struct memory_range r;

    log_info("memory map of the firmware:");
    for (u32 i = 0; boot_range_get(info, i, &r); i++)
        log_info(" %016lx - %016lx %s", r.start, r.end,
                 r.type == MEMORY_RAM                ? "RAM"
                 : r.type == MEMORY_ACPI_RECLAIMABLE ? "ACPI tables"
                 : r.type == MEMORY_ACPI_NVS         ? "ACPI NVS"
                                                     : "reserved");
    log_info("%lu MiB of RAM, highest frame %#lx", memory_ram_frames() >> (20 - PAGE_SHIFT),
             m2p_frames - 1);
}

void memory_init(const struct boot_info *info)
{
    memmap_init(info);
    take_what_is_used(info);
    m2p_frames = memmap_ram_end() >> PAGE_SHIFT;

    paging_init(features.huge_pages);
    paging_map_image();
    map_ram();
    console_move_vga(hv_map_mmio(VGA_TEXT_PHYS, PAGE_SIZE, 0));
    write_cr3(virt_to_phys(hv_l4));
    alloc_limit = ~0UL;

    make_m2p();
    make_m2p32();
    make_frame_table();
    say_memory(info);
}

static void give_pieces(enum memory_kind kind, void (*give)(mfn_t start, mfn_t end))
{
    struct memory_piece p;

    for (u64 at = 0; memmap_piece(at, &p); at = p.end)
        if (p.kind == kind)
            give(MFN(p.start >> PAGE_SHIFT), MFN(p.end >> PAGE_SHIFT));
}

void boot_free_ranges(void (*give)(mfn_t start, mfn_t end))
{
    handed_over = true;
    give_pieces(MEMORY_FREE, give);
}

void boot_release_modules(void (*give)(mfn_t start, mfn_t end))
{
    give_pieces(MEMORY_MODULE, give);
}

u64 memory_ram_frames(void)
{
    struct memory_piece p;
    u64 frames = 0;

    for (u64 at = 0; memmap_piece(at, &p); at = p.end)
        if (p.kind >= MEMORY_TAKEN)
            frames += (p.end - p.start) >> PAGE_SHIFT;
    return frames;
}
