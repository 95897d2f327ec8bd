/*
 * Frames given back and asked for again, by each of the ways of memory_op. The frame that is given
 * may still be mapped, be a table, be pinned or live: then it stays the domain's until its last use
 * ends. The pool takes the new frame in its place.
 */
#include "tests/guests/storm/storm.h"

static struct xen_memory_reservation reservation(xen_pfn_t *list, u64 count)
{
    struct xen_memory_reservation r = {.nr_extents = count, .domid = DOMID_SELF};

    r.extent_start.p = list;
    return r;
}

static long memory_op(unsigned int command, const void *argument)
{
    struct call c = {.number = __HYPERVISOR_memory_op, .a = {command, (uintptr_t)argument}};

    return call_do(&c);
}

/* A frame more; never refused, for one was given back before. */
static mfn_t frame_ask(unsigned int index)
{
    xen_pfn_t extent = arena_pfn(index).n;
    struct xen_memory_reservation r = reservation(&extent, 1);
    bool populate = one_in(2);
    long answer = memory_op(populate ? XENMEM_populate_physmap : XENMEM_increase_reservation, &r);

    if (answer != 1)
        guest_panic("no frame for the one given back: %ld", answer);
    return (mfn_t){extent};
}

static s64 swap_by_reservation(unsigned int index)
{
    xen_pfn_t extent = arena_mfn(index).n;
    struct xen_memory_reservation r = reservation(&extent, 1);
    long answer = memory_op(XENMEM_decrease_reservation, &r);

    if (answer == 1) {
        mmuext(MMUEXT_UNPIN_TABLE,
               extent); /* a pinned frame is not free yet: the last to name it */
        arena_replace(index, frame_ask(index));
    }
    return answer;
}

/* A frame that is in use, even by a read-only mapping, is not exchanged. */
static s64 swap_by_exchange(unsigned int index)
{
    xen_pfn_t in = arena_mfn(index).n, out = arena_pfn(index).n;
    struct xen_memory_exchange exchange = {
        .in = {.nr_extents = 1, .domid = DOMID_SELF},
        .out = {.nr_extents = 1, .domid = DOMID_SELF},
    };
    bool hidden = !one_in(4);
    long answer;

    exchange.in.extent_start.p = &in;
    exchange.out.extent_start.p = &out;
    if (hidden)
        arena_hide(index);
    answer = memory_op(XENMEM_exchange, &exchange);
    if (exchange.nr_exchanged)
        arena_replace(index, (mfn_t){out});
    else if (hidden)
        arena_show(index);
    return answer;
}

/* Structures of any words, frames of nobody's, counts of any size; never a frame of the arena. */
static s64 reservation_refused(void)
{
    static const u32 commands[] = {XENMEM_increase_reservation, XENMEM_populate_physmap,
                                   XENMEM_decrease_reservation, XENMEM_exchange};
    static const u64 strange[] = {0, BEYOND_MEMORY, NO_FRAME_AT_ALL, 1ull << 52};
    xen_pfn_t *list = argument_at_end(sizeof(*list));
    struct xen_memory_exchange *argument = argument_new(sizeof(*argument));

    *list = PICK(strange);
    argument->in = reservation(list, any_count());
    argument->in.extent_order = (u32)(20 + draw(64)); /* 4 GiB and more */
    argument->in.domid = (domid_t)any_domid();
    argument->out = argument->in;
    argument->out.extent_start.p = (void *)(uintptr_t)pointer_to(list);
    return memory_op(PICK(commands), (void *)(uintptr_t)pointer_to(argument));
}

s64 frame_swap(const char **what)
{
    unsigned int index = (unsigned int)draw(ARENA_FRAMES);

    /* Which frame comes back is each hypervisor's choice; entries may still name the old one. */
    switch (options.same ? 2 : draw(3)) {
    case 0:
        *what = "swap-by-reservation";
        return swap_by_reservation(index);
    case 1:
        *what = "swap-by-exchange";
        return swap_by_exchange(index);
    default:
        *what = "swap-refused";
        return reservation_refused();
    }
}
