// LINK: hypervisor/boot/memmap.c hypervisor/boot/multiboot2.c xen-like/lib/string.c
/*
 * The boot's memory map, held against a model that asks every byte-granular source about every
 * page: thousands of random maps with ranges that overlap, touch, share pages and lie about being
 * RAM. And the allocator on top: never a page that is not free, never one twice, top first,
 * aligned.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "hypervisor/boot/memmap.h"
#include "hypervisor/mm/layout.h"

#define WORLD_PAGES 64
#define SOURCES_MAX 6
#define ROUNDS      150

u64 host_directmap; /* set to memory that stands in for physical memory */

static u32 random_state = 12345;

static u32 random_below(u32 n)
{
    random_state = random_state * 1103515245 + 12345;
    return (random_state >> 16) % n;
}

/* A tag list of ranges and modules, as mb2_parse() wants it. */
struct world {
    u64 words[512];
    u32 at; /* bytes used */
    struct memory_range ranges[SOURCES_MAX];
    u32 range_count;
    struct boot_module modules[SOURCES_MAX];
    u32 module_count;
    struct boot_info info;
};

static void put(struct world *w, const void *p, u32 n)
{
    memcpy((u8 *)w->words + w->at, p, n);
    w->at += n;
}

static void put32(struct world *w, u32 v)
{
    put(w, &v, sizeof(v));
}

static void world_make(struct world *w)
{
    w->at = 8;
    put32(w, MB2_TAG_MMAP);
    put32(w, 16 + 24 * w->range_count);
    put32(w, 24);
    put32(w, 0);
    for (u32 i = 0; i < w->range_count; i++) {
        u64 length = w->ranges[i].end - w->ranges[i].start;

        put(w, &w->ranges[i].start, 8);
        put(w, &length, 8);
        put32(w, w->ranges[i].type);
        put32(w, 0);
    }
    for (u32 i = 0; i < w->module_count; i++) {
        put32(w, MB2_TAG_MODULE);
        put32(w, 17);
        put32(w, w->modules[i].start);
        put32(w, w->modules[i].end);
        put(w, "\0\0\0\0\0\0\0", 8);
    }
    put32(w, MB2_TAG_END);
    put32(w, 8);
    memcpy(w->words, &w->at, sizeof(w->at));
    assert_null(mb2_parse(&w->info, w->words, 0, sizeof(w->words)));
    memmap_init(&w->info);
}

static void world_of_one_range(struct world *w, u64 pages)
{
    memset(w, 0, sizeof(*w));
    w->ranges[w->range_count++] = (struct memory_range){0, pages * PAGE_SIZE, MEMORY_RAM};
    world_make(w);
}

static bool overlaps(u64 start, u64 end, u64 page)
{
    return start < end && start < (page + 1) * PAGE_SIZE && end > page * PAGE_SIZE;
}

static bool contains(const struct memory_range *r, u64 page)
{
    return r->start <= page * PAGE_SIZE && r->end >= (page + 1) * PAGE_SIZE;
}

/* What a page is, by asking about that page alone. */
static enum memory_kind model(const struct world *w, const bool *taken, u64 page)
{
    bool ram = false, none = false, tables = false;

    for (u32 i = 0; i < w->range_count; i++) {
        const struct memory_range *r = &w->ranges[i];

        if (r->type == MEMORY_RAM)
            ram |= contains(r, page);
        else if (r->type == MEMORY_ACPI_RECLAIMABLE || r->type == MEMORY_ACPI_NVS)
            tables |= overlaps(r->start, r->end, page);
        else
            none |= overlaps(r->start, r->end, page);
    }
    if (none)
        return MEMORY_NONE;
    if (tables)
        return MEMORY_TABLES;
    if (!ram)
        return MEMORY_NONE;
    if (taken[page])
        return MEMORY_TAKEN;
    for (u32 i = 0; i < w->module_count; i++)
        if (overlaps(w->modules[i].start, w->modules[i].end, page))
            return MEMORY_MODULE;
    return MEMORY_FREE;
}

static void check_against_model(const struct world *w, const bool *taken)
{
    struct memory_piece p;
    u64 at = 0, previous_end = 0;
    int previous = -1;

    for (; memmap_piece(at, &p); at = p.end) {
        assert_int_equal(p.start, previous_end);
        assert_true(p.end > p.start);
        assert_int_not_equal(p.kind, previous); /* pieces of one kind are one piece */
        for (u64 page = p.start / PAGE_SIZE; page < p.end / PAGE_SIZE && page < WORLD_PAGES; page++)
            assert_int_equal(p.kind, model(w, taken, page));
        previous = p.kind;
        previous_end = p.end;
    }
    for (u64 page = at / PAGE_SIZE; page < WORLD_PAGES; page++)
        assert_int_equal(model(w, taken, page), MEMORY_NONE);
}

static u64 random_edge(void)
{
    u64 page = random_below(WORLD_PAGES) * PAGE_SIZE;

    return random_below(2) ? page : page + random_below(PAGE_SIZE);
}

static void random_world(struct world *w)
{
    static const u32 types[] = {MEMORY_RAM,      MEMORY_RAM, MEMORY_RAM, 2, MEMORY_ACPI_RECLAIMABLE,
                                MEMORY_ACPI_NVS, 5};

    memset(w, 0, sizeof(*w));
    w->range_count = 1 + random_below(SOURCES_MAX);
    for (u32 i = 0; i < w->range_count; i++) {
        u64 a = random_edge(), b = random_edge();

        w->ranges[i] =
            (struct memory_range){MIN(a, b), MAX(a, b), types[random_below(ARRAY_SIZE(types))]};
    }
    w->module_count = random_below(SOURCES_MAX);
    for (u32 i = 0; i < w->module_count; i++) {
        u64 a = random_edge(), b = random_edge();

        w->modules[i] = (struct boot_module){MIN(a, b), MAX(a, b), ""};
    }
    world_make(w);
}

static void every_page_is_what_its_sources_say(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        bool taken[WORLD_PAGES] = {false};
        struct world w;

        random_world(&w);
        for (int i = 0; i < 3; i++) {
            u64 a = random_edge(), b = random_edge(), start = MIN(a, b), end = MAX(a, b);

            memmap_take(start, end);
            for (u64 page = 0; page < WORLD_PAGES; page++)
                taken[page] |= overlaps(start, end, page);
        }
        check_against_model(&w, taken);
    }
}

static void allocation_takes_only_what_is_free_and_highest_first(void **state)
{
    (void)state;
    for (int round = 0; round < ROUNDS; round++) {
        bool taken[WORLD_PAGES] = {false};
        struct world w;

        random_world(&w);
        for (;;) {
            u64 n = 1 + random_below(4), align = 1UL << random_below(3);
            u64 limit = (1 + random_below(WORLD_PAGES)) * PAGE_SIZE;
            u64 phys = memmap_alloc(n, align, limit), best = ~0UL;

            for (u64 page = 0; (page + n) * PAGE_SIZE <= limit; page += align) {
                bool free = true;

                for (u64 i = 0; i < n; i++)
                    free &= model(&w, taken, page + i) == MEMORY_FREE;
                if (free)
                    best = page * PAGE_SIZE;
            }
            assert_int_equal(phys, best);
            if (phys == ~0UL)
                break;
            for (u64 i = 0; i < n; i++)
                taken[phys / PAGE_SIZE + i] = true;
            check_against_model(&w, taken);
        }
    }
}

/* Far more separate extents than the first node of the chain holds. */
static void any_number_of_places_can_be_taken(void **state)
{
    enum {
        PAGES = 4096
    };
    static struct world w;
    struct memory_piece p;
    u64 taken = 0, unused = 0;
    void *memory = aligned_alloc(PAGE_SIZE, PAGES * PAGE_SIZE);

    (void)state;
    host_directmap = (u64)memory;
    world_of_one_range(&w, PAGES);
    for (u64 page = 0; page < 2000; page += 2)
        memmap_take(page * PAGE_SIZE, (page + 1) * PAGE_SIZE);
    for (u64 at = 0; memmap_piece(at, &p); at = p.end) {
        if (p.kind == MEMORY_TAKEN)
            taken += (p.end - p.start) / PAGE_SIZE;
        else if (p.kind == MEMORY_FREE)
            unused += (p.end - p.start) / PAGE_SIZE;
    }
    assert_int_equal(taken + unused, PAGES);
    assert_in_range(taken, 1000, 1010); /* and the nodes' own pages */
    for (u64 page = 0; page < 2000; page += 2) {
        assert_true(memmap_piece(page * PAGE_SIZE, &p));
        assert_int_equal(p.kind, MEMORY_TAKEN);
        assert_true(memmap_piece((page + 1) * PAGE_SIZE, &p));
        assert_int_equal(p.kind, MEMORY_FREE);
    }
    assert_int_equal(memmap_alloc(1, 1, 1000 * PAGE_SIZE), 999 * PAGE_SIZE);
    for (int i = 0; i < 1000; i++)
        assert_true(memmap_alloc(1, 1, ~0UL) != ~0UL);
    memmap_init(&w.info); /* lets go of the nodes */
    host_directmap = 0;
    free(memory);
}

static void ram_past_the_direct_map_is_not_used(void **state)
{
    static struct world w;
    u64 reach = DIRECTMAP_VIRT_END - DIRECTMAP_VIRT_START;

    (void)state;
    memset(&w, 0, sizeof(w));
    w.ranges[w.range_count++] = (struct memory_range){reach - PAGE_SIZE, reach * 2, MEMORY_RAM};
    w.ranges[w.range_count++] = (struct memory_range){reach * 4, ~0UL, MEMORY_RAM};
    world_make(&w);
    assert_int_equal(memmap_ram_end(), reach);
    assert_int_equal(memmap_alloc(1, 1, ~0UL), reach - PAGE_SIZE);
    assert_int_equal(memmap_alloc(1, 1, ~0UL), ~0UL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_page_is_what_its_sources_say),
        cmocka_unit_test(allocation_takes_only_what_is_free_and_highest_first),
        cmocka_unit_test(any_number_of_places_can_be_taken),
        cmocka_unit_test(ram_past_the_direct_map_is_not_used),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
