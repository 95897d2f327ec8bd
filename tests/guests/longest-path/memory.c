/* Memory by the block: taken, given, exchanged; and the long lists that describe it. */
#include "tests/guests/longest-path/longest.h"

#define FRAMES 8192u
#define BLOCK  9u /* the order of 2 MiB */

static xen_pfn_t list[FRAMES], blocks[FRAMES >> BLOCK];

static struct xen_memory_reservation reservation(xen_pfn_t *extents, u64 count, unsigned int order)
{
    struct xen_memory_reservation r = {
        .nr_extents = count, .extent_order = order, .domid = DOMID_SELF};

    r.extent_start.p = extents;
    return r;
}

static void frames_one_by_one(void)
{
    struct xen_memory_reservation r = reservation(list, FRAMES, 0);

    for (unsigned int i = 0; i < FRAMES; i++)
        list[i] = frame_new_unmapped().n;
    row_want("one-by-one.decrease", call_memory_op(XENMEM_decrease_reservation, &r), FRAMES);
    row_want("one-by-one.populate", call_memory_op(XENMEM_populate_physmap, &r), FRAMES);
}

static long exchange(xen_pfn_t *in, u64 count, unsigned int order, xen_pfn_t *out, u64 out_count,
                     unsigned int out_order)
{
    struct xen_memory_exchange x = {.in = reservation(in, count, order),
                                    .out = reservation(out, out_count, out_order)};

    return call_memory_op(XENMEM_exchange, &x);
}

static void exchanges(void)
{
    const u64 n = FRAMES >> BLOCK;

    row_want("exchange.to-blocks", exchange(list, FRAMES, 0, blocks, n, BLOCK), 0);
    row_want("exchange.blocks", exchange(blocks, n, BLOCK, blocks, n, BLOCK), 0);
    row_want("exchange.from-blocks", exchange(blocks, n, BLOCK, list, FRAMES, 0), 0);
}

/* Blocks above those that were freed before: others have left something in them. */
static void blocks_of(unsigned int order)
{
    xen_pfn_t block = 0x100000;
    struct xen_memory_reservation r = reservation(&block, 1, order);

    row_want(name_nth("blocks", "populate", order), call_memory_op(XENMEM_populate_physmap, &r), 1);
    row_want(name_nth("blocks", "decrease", order), call_memory_op(XENMEM_decrease_reservation, &r),
             1);
}

/* One chunk: all the frames for one block, and back. */
static void one_large_exchange(void)
{
    xen_pfn_t block = 0x200000;
    /* common/compat/memory.c: two orders so different are refused to a 32-bit guest. */
    const long refused = sizeof(long) == sizeof(u32) ? -XEN_E2BIG : 0;

    row_want("large.to-a-block", exchange(list, FRAMES, 0, &block, 1, 13), refused);
    row_want("large.from-a-block", exchange(&block, 1, 13, list, FRAMES, 0), refused);
    list[FRAMES - 1] = 0;
    row_want("large.bad-end", exchange(list, FRAMES, 0, &block, 1, 13),
             refused ? refused : -XEN_EINVAL);
    list[FRAMES - 1] = list[0];
}

static void maps(void)
{
    static u8 buffer[64 * PAGE_SIZE];
    struct xen_memory_map map = {.nr_entries = 128};

    map.buffer.p = buffer;
    row_want("maps.machine", call_memory_op(XENMEM_machine_memory_map, &map), 0);
}

void long_memory(void)
{
    struct xen_memory_reservation r = reservation(list, FRAMES, 0);

    frames_one_by_one();
    exchanges();
    one_large_exchange();
    row_want("one-by-one.decrease-again", call_memory_op(XENMEM_decrease_reservation, &r),
             FRAMES - 1);
    blocks_of(9);
    blocks_of(11);
    blocks_of(13);
    maps();
}
