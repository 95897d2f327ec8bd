/*
 * The memory map of the boot. See memmap.h for the idea.
 *
 * What boot takes is remembered as extents. Allocation goes from the top of free memory downwards,
 * so nearly every extent grows the one before; pages of extents are chained (the first is in the
 * image), so there is no number of them at which the boot would fail.
 *
 * Rounding: a page that is only partly RAM is no RAM; a page that something touches is taken whole.
 */
#include "hypervisor/boot/memmap.h"
#include "hypervisor/mm/layout.h"

struct extent {
    u64 start, end;
};

#define EXTENTS_PER_NODE ((PAGE_SIZE - 16) / sizeof(struct extent))

struct extent_node {
    struct extent_node *next;
    u64 count;
    struct extent extents[EXTENTS_PER_NODE];
};

_Static_assert(sizeof(struct extent_node) <= PAGE_SIZE, "a node is one page");

#define NO_MEMORY (~0UL)

static const struct boot_info *boot;
static struct extent_node first_node;

/* An answer in the making: the kind of the page at `page`, known to hold up to `next`. */
struct question {
    u64 page, next;
    bool ram, none, tables, taken, module;
};

/* Does [start, end) cover the page asked for? Its nearer edge bounds the answer in any case. */
static bool covers(struct question *q, u64 start, u64 end)
{
    if (start >= end || end <= q->page)
        return false;
    if (start > q->page) {
        q->next = MIN(q->next, start);
        return false;
    }
    q->next = MIN(q->next, end);
    return true;
}

static bool touches(struct question *q, u64 start, u64 end)
{
    if (start >= end)
        return false;
    return covers(q, start & PAGE_MASK, end > PAGE_MASK ? PAGE_MASK : ALIGN_UP(end, PAGE_SIZE));
}

static void ask_firmware(struct question *q)
{
    struct memory_range r;

    for (u32 i = 0; boot_range_get(boot, i, &r); i++) {
        if (r.type == MEMORY_RAM)
            q->ram |= covers(q, ALIGN_UP(r.start, PAGE_SIZE), r.end & PAGE_MASK);
        else if (r.type == MEMORY_ACPI_RECLAIMABLE || r.type == MEMORY_ACPI_NVS)
            q->tables |= touches(q, r.start, r.end);
        else
            q->none |= touches(q, r.start, r.end);
    }
    /* RAM that the direct map cannot reach is of no use. */
    q->none |= touches(q, DIRECTMAP_VIRT_END - DIRECTMAP_VIRT_START, NO_MEMORY);
}

static void ask_boot(struct question *q)
{
    struct boot_module m;

    for (const struct extent_node *n = &first_node; n; n = n->next)
        for (u64 i = 0; i < n->count; i++)
            q->taken |= touches(q, n->extents[i].start, n->extents[i].end);
    for (u32 i = 0; boot_module_get(boot, i, &m); i++)
        q->module |= touches(q, m.start, m.end);
}

static enum memory_kind verdict(const struct question *q)
{
    if (q->none)
        return MEMORY_NONE;
    if (q->tables)
        return MEMORY_TABLES;
    if (!q->ram)
        return MEMORY_NONE;
    if (q->taken)
        return MEMORY_TAKEN;
    return q->module ? MEMORY_MODULE : MEMORY_FREE;
}

static enum memory_kind ask(u64 page, u64 *next)
{
    struct question q = {.page = page, .next = NO_MEMORY};

    ask_firmware(&q);
    ask_boot(&q);
    *next = q.next;
    return verdict(&q);
}

bool memmap_piece(u64 from, struct memory_piece *piece)
{
    u64 next;

    piece->start = from;
    piece->kind = ask(from, &piece->end);
    while (piece->end != NO_MEMORY && piece->end < PAGE_MASK &&
           ask(piece->end, &next) == piece->kind)
        piece->end = next;
    return !(piece->kind == MEMORY_NONE && piece->end >= PAGE_MASK);
}

void memmap_init(const struct boot_info *info)
{
    boot = info;
    first_node.next = NULL;
    first_node.count = 0;
}

static bool extent_grow(struct extent_node *n, u64 start, u64 end)
{
    for (u64 i = 0; i < n->count; i++) {
        struct extent *e = &n->extents[i];

        if (start > e->end || end < e->start)
            continue;
        e->start = MIN(e->start, start);
        e->end = MAX(e->end, end);
        return true;
    }
    return false;
}

/* A node for more extents. It lies in memory below 4 GiB, which is mapped at any time of the boot,
 * and its own page is the first that it records. */
static struct extent_node *node_add(struct extent_node *last)
{
    u64 phys;
    struct extent_node *n;

    /* One place is left in `last` for the node's own page; see memmap_take(). */
    phys = memmap_alloc(1, 1, EARLY_MAP_BYTES);
    if (phys == NO_MEMORY)
        return NULL;
    n = phys_to_virt(phys);
    n->next = NULL;
    n->count = 0;
    last->next = n;
    return n;
}

void memmap_take(u64 start, u64 end)
{
    struct extent_node *n = &first_node;

    for (;; n = n->next) {
        if (extent_grow(n, start, end))
            return;
        if (!n->next)
            break;
    }
    n->extents[n->count++] = (struct extent){start, end};
    if (n->count == EXTENTS_PER_NODE - 1)
        node_add(n);
}

u64 memmap_alloc(u64 n, u64 align, u64 limit)
{
    u64 bytes = n * PAGE_SIZE, best = NO_MEMORY;
    struct memory_piece p;

    for (u64 at = 0; memmap_piece(at, &p); at = p.end) {
        u64 end = MIN(p.end, limit), start;

        if (p.kind != MEMORY_FREE || end <= p.start || end - p.start < bytes)
            continue;
        start = ALIGN_DOWN(end - bytes, align * PAGE_SIZE);
        if (start >= p.start)
            best = start;
    }
    if (best != NO_MEMORY)
        memmap_take(best, best + bytes);
    return best;
}

u64 memmap_ram_end(void)
{
    struct memory_piece p;
    u64 end = 0;

    for (u64 at = 0; memmap_piece(at, &p); at = p.end)
        if (p.kind >= MEMORY_TAKEN)
            end = p.end;
    return end;
}
