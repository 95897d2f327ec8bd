/*
 * Where dom0's parts lie at its start: the addresses, frame numbers and counts that follow from the
 * kernel's notes and the sizes of things. Pure arithmetic, host tests run it; nothing is allocated.
 *
 * The rule is xen.h, "Start-of-day memory layout": one virtual region from the kernel's VIRT_BASE
 * that maps the first frames of the pseudo-physical memory in order:
 *
 *   start                     pfn 0
 *     kernel image
 *     initrd                  unless the kernel takes it unmapped (MOD_START_PFN)
 *     p2m list                unless the kernel wants it elsewhere (INIT_P2M)
 *     start_info              one page, with the console's description
 *     rings                   xenstore's page, then the console's: for who is no control domain
 *     page tables             the L4 first; read-only
 *     stack                   one page
 *     padding                 512 KiB at least
 *   end                       aligned to 4 MiB
 *
 * Behind the region, in frames that it does not map: the unmapped initrd, then the relocated p2m
 * list followed by the page tables that map it at its place.
 */
#ifndef HYPERVISOR_BOOT_DOM0_LAYOUT_H
#define HYPERVISOR_BOOT_DOM0_LAYOUT_H

#include "xen-like/lib/types.h"

/* What the layout depends on. Virtual addresses and byte counts as xen-like/lib/image.h has them.
 */
struct dom0_facts {
    u64 virt_base;
    u64 kernel_start, kernel_end;
    u64 entry;
    u64 hypercall_page; /* IMAGE_UNSET: none */
    u64 p2m_base;       /* IMAGE_UNSET: within the region */
    u64 initrd_bytes;
    bool initrd_unmapped;
    bool rings;   /* it is no control domain: it has pages of a console and a xenstore */
    u64 nr_pages; /* dom0's memory */
};

/* Virtual addresses, unless the name says otherwise. Ends are exclusive. */
struct dom0_layout {
    u64 start, end;
    u64 kernel_start, kernel_end;
    u64 initrd_start, initrd_end; /* both 0 when it is not mapped */
    u64 p2m_start, p2m_end;
    u64 start_info, start_info_end;
    u64 store_ring, console_ring; /* both 0 for a control domain */
    u64 tables_start, tables_end;
    u64 stack_start, stack_end;

    u64 region_pages;
    u64 initrd_pfn, initrd_pages; /* the pfn is meaningless without pages */
    u64 p2m_pfn, p2m_pages;       /* the list itself */
    u64 p2m_tables;               /* page tables for it, right behind it; 0 within the region */
    u64 nr_pages;
};

/* NULL, or in words why these facts give no layout. */
const char *dom0_layout_compute(struct dom0_layout *l, const struct dom0_facts *f);

static inline u64 dom0_layout_pfn(const struct dom0_layout *l, u64 va)
{
    return (va - l->start) >> PAGE_SHIFT;
}

static inline u64 dom0_layout_tables(const struct dom0_layout *l)
{
    return (l->tables_end - l->tables_start) >> PAGE_SHIFT;
}

/* Is the list of frames outside of the initial region? */
static inline bool dom0_layout_p2m_apart(const struct dom0_layout *l)
{
    return l->p2m_pfn >= l->region_pages;
}

/* Frames that must be in place before the kernel starts; the rest of its memory follows them. */
static inline u64 dom0_layout_built_pages(const struct dom0_layout *l)
{
    return l->region_pages + (l->initrd_start ? 0 : l->initrd_pages) +
           (dom0_layout_p2m_apart(l) ? l->p2m_pages + l->p2m_tables : 0);
}

#endif
