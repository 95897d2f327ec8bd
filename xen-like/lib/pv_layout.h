/*
 * Where the parts of a PV domain lie at its start: the addresses, frame numbers and counts that
 * follow from the kernel's notes and the sizes of things. Pure arithmetic, host tests run it;
 * nothing is allocated. The hypervisor builds dom0 by it, dom0's toolstack every other domain.
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
 * A 32-bit kernel with PAE has the same picture, below the hypervisor's part of its 4 GiB. Its
 * tables begin with the L3, which names four L2s from the beginning; its list has 32 bits for a
 * frame, and lies within the region whatever it asks for (Xen ignores its INIT_P2M).
 *
 * Behind the region, in frames that it does not map: the unmapped initrd, then the relocated p2m
 * list followed by the page tables that map it at its place.
 */
#ifndef XEN_LIKE_LIB_PV_LAYOUT_H
#define XEN_LIKE_LIB_PV_LAYOUT_H

#include "xen-like/lib/types.h"

/* What the layout depends on. Virtual addresses and byte counts as xen-like/lib/image.h has them.
 */
struct pv_facts {
    bool pae; /* a 32-bit kernel */
    u64 virt_base;
    u64 kernel_start, kernel_end;
    u64 entry;
    u64 hypercall_page; /* IMAGE_UNSET: none */
    u64 hv_start_low;   /* IMAGE_UNSET: a 32-bit kernel has no wish */
    u64 p2m_base;       /* IMAGE_UNSET: within the region */
    u64 initrd_bytes;
    bool initrd_unmapped;
    bool rings;            /* it is no control domain: it has pages of a console and a xenstore */
    u64 nr_pages;          /* the domain's memory */
    bool padding_may_lack; /* with less memory than the region: it ends where the memory does */
};

/* Virtual addresses, unless the name says otherwise. Ends are exclusive. */
struct pv_layout {
    u64 start, end;
    u64 kernel_start, kernel_end;
    u64 initrd_start, initrd_end; /* both 0 when it is not mapped */
    u64 p2m_start, p2m_end;
    u64 start_info, start_info_end;
    u64 store_ring, console_ring; /* both 0 for a control domain */
    u64 tables_start, tables_end;
    u64 stack_start, stack_end;

    bool pae;
    u64 region_pages;
    u64 initrd_pfn, initrd_pages; /* the pfn is meaningless without pages */
    u64 p2m_pfn, p2m_pages;       /* the list itself */
    u64 p2m_tables;               /* page tables for it, right behind it; 0 within the region */
    u64 nr_pages;
};

/* NULL, or in words why these facts give no layout. */
const char *pv_layout_compute(struct pv_layout *l, const struct pv_facts *f);

static inline u64 pv_layout_pfn(const struct pv_layout *l, u64 va)
{
    return (va - l->start) >> PAGE_SHIFT;
}

static inline u64 pv_layout_tables(const struct pv_layout *l)
{
    return (l->tables_end - l->tables_start) >> PAGE_SHIFT;
}

/* Bytes of an entry of the list of frames. */
static inline u64 pv_layout_p2m_entry(const struct pv_layout *l)
{
    return l->pae ? sizeof(u32) : sizeof(u64);
}

/* Is the list of frames outside of the initial region? */
static inline bool pv_layout_p2m_apart(const struct pv_layout *l)
{
    return l->p2m_pfn >= l->region_pages;
}

/* Frames that must be in place before the kernel starts; the rest of its memory follows them. */
static inline u64 pv_layout_built_pages(const struct pv_layout *l)
{
    return l->region_pages + (l->initrd_start ? 0 : l->initrd_pages) +
           (pv_layout_p2m_apart(l) ? l->p2m_pages + l->p2m_tables : 0);
}

#endif
