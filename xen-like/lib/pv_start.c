/*
 * The first tables and start_info; pv_start.h.
 *
 * Tables are built with the flags that a guest may use, as any guest would build its own, and are
 * mapped read-only: one that is writable anywhere is none. They are taken from the layout's range
 * in order; that the range is used up exactly is what pv_layout.c has counted.
 */
#include "xen-like/lib/pv_start.h"

#include "xen-like/lib/string.h"

#define MAGIC_64 "xen-3.0-x86_64"
#define MAGIC_32 "xen-3.0-x86_32p"

/* The CPU's bits of an entry. */
#define PRESENT  0x1u
#define WRITABLE 0x2u
#define USER     0x4u
#define ACCESSED 0x20u
#define DIRTY    0x40u

#define TABLE_FLAGS (PRESENT | WRITABLE | USER | ACCESSED | DIRTY)
#define PAGE_FLAGS  (PRESENT | ACCESSED)

#define LEVELS           4
#define PAE_LEVELS       3
#define INDEX(va, level) ((va) >> (PAGE_SHIFT + 9 * ((level)-1)) & 511u)
#define FRAME(entry)     ((entry) >> PAGE_SHIFT)

struct tables {
    const struct pv_memory *m;
    int levels;
    u64 *root;
    u64 next; /* pfn of the next table */
};

/* What a table of @level says of the next one. The four entries of a PAE root know no rights. */
static u64 table_flags(const struct tables *t, int level)
{
    return level == PAE_LEVELS && t->levels == PAE_LEVELS ? PRESENT : TABLE_FLAGS;
}

/* The entry that maps @va at @wanted level; tables on the way are added where they are missing. */
static u64 *entry_at(struct tables *t, u64 va, int wanted)
{
    u64 *table = t->root;

    for (int level = t->levels; level > wanted; level--) {
        u64 *entry = &table[INDEX(va, level)];

        if (!*entry)
            *entry = t->m->frame_of(t->m->ctx, t->next++) << PAGE_SHIFT | table_flags(t, level);
        table = t->m->page_of(t->m->ctx, FRAME(*entry));
    }
    return &table[INDEX(va, wanted)];
}

static void pages_map(struct tables *t, u64 va, u64 pfn, u64 pages, u64 flags)
{
    for (; pages; pages--, pfn++, va += PAGE_SIZE)
        *entry_at(t, va, 1) = t->m->frame_of(t->m->ctx, pfn) << PAGE_SHIFT | flags;
}

void pv_tables_make(const struct pv_memory *m, const struct pv_layout *l)
{
    u64 root = pv_layout_pfn(l, l->tables_start), end = root + pv_layout_tables(l);
    struct tables t = {
        .m = m,
        .levels = l->pae ? PAE_LEVELS : LEVELS,
        .root = m->page_of(m->ctx, m->frame_of(m->ctx, root)),
        .next = root + 1,
    };

    for (u64 va = 0; l->pae && va < GIB(4); va += GIB(1))
        entry_at(&t, va, 2);
    pages_map(&t, l->start, 0, root, PAGE_FLAGS | WRITABLE);
    pages_map(&t, l->tables_start, root, end - root, PAGE_FLAGS);
    pages_map(&t, l->tables_end, end, l->region_pages - end, PAGE_FLAGS | WRITABLE);
    if (!pv_layout_p2m_apart(l))
        return;
    t.next = l->p2m_pfn + l->p2m_pages;
    pages_map(&t, l->p2m_start, l->p2m_pfn, l->p2m_pages, PAGE_FLAGS | DIRTY | WRITABLE);
}

const char *pv_root_refuse(const struct pv_layout *l, const struct image *i, u64 frame)
{
    if (l->pae && !image_takes_extended_cr3(i) && frame >= GIB(4) >> PAGE_SHIFT)
        return "it knows no extended CR3, and its L3 lies above 4 GiB";
    return NULL;
}

void pv_start_info_fill(struct start_info_x86_64 *si, const struct pv_layout *l,
                        const struct image *i, u64 initrd_bytes, const char *cmdline)
{
    /* The letter tells of page-table entries that reach above 4 GiB: for who says so, at any width.
     */
    str_copy(si->magic,
             l->pae                   ? MAGIC_32
             : i->pae == IMAGE_PAE_NO ? MAGIC_64
                                      : MAGIC_64 "p",
             sizeof(si->magic));
    si->nr_pages = l->nr_pages;
    si->pt_base = l->tables_start;
    si->nr_pt_frames = pv_layout_tables(l);
    si->mfn_list = l->p2m_start;
    if (initrd_bytes) {
        si->mod_start = l->initrd_start ? l->initrd_start : l->initrd_pfn;
        si->mod_len = initrd_bytes;
        si->flags |= l->initrd_start ? 0 : SIF_MOD_START_PFN;
    }
    if (pv_layout_p2m_apart(l)) {
        si->first_p2m_pfn = l->p2m_pfn;
        si->nr_p2m_frames = l->p2m_pages + l->p2m_tables;
    }
    if (cmdline)
        str_copy((char *)si->cmd_line, cmdline, sizeof(si->cmd_line));
}

/* Each field of the same name, each of which fits: frames, addresses below 4 GiB, counts. */
void pv_start_info_narrow(void *page)
{
    const struct start_info_x86_64 wide = *(const struct start_info_x86_64 *)page;
    struct start_info_x86_32 *si = page;

    memset(page, 0, sizeof(wide));
    memcpy(si->magic, wide.magic, sizeof(si->magic));
    memcpy(si->cmd_line, wide.cmd_line, sizeof(si->cmd_line));
#define FIELD(name) si->name = (u32)wide.name
    FIELD(nr_pages);
    FIELD(shared_info);
    FIELD(flags);
    FIELD(store_mfn);
    FIELD(store_evtchn);
    FIELD(pt_base);
    FIELD(nr_pt_frames);
    FIELD(mfn_list);
    FIELD(mod_start);
    FIELD(mod_len);
    FIELD(first_p2m_pfn);
    FIELD(nr_p2m_frames);
#undef FIELD
    if (wide.flags & SIF_INITDOMAIN) {
        si->console.dom0.info_off = wide.console.dom0.info_off;
        si->console.dom0.info_size = wide.console.dom0.info_size;
    } else {
        si->console.domU.mfn = (u32)wide.console.domU.mfn;
        si->console.domU.evtchn = wide.console.domU.evtchn;
    }
}
