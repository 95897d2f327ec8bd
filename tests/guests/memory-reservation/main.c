/*
 * Frames given back and asked for: what a balloon driver does all day. Wrong here, a guest leaks
 * memory, or keeps the use of a frame that already belongs to somebody else.
 *
 * The calls answer with a count and never with an errno, so the rows are counts.
 */
#include "guest-kernel/core/fault.h"
#include "guest-kernel/core/guest.h"
#include "guest-kernel/core/report.h"
#include "guest-kernel/mm/frame.h"
#include "guest-kernel/mm/page_table.h"
#include "guest-kernel/core/hypercall.h"
#include "xen-like/lib/fmt.h"
#include "xen-like/lib/string.h"

#define EXTENTS      8
#define NOWHERE      ((void *)0x70000000)
#define DONE(n)      ((n) << 6) /* extents done by an earlier call, in the command word */
#define OTHER_DOMAIN 77
#define NO_PFN       (~0UL) /* in the machine-to-phys table: not known */

static xen_pfn_t list[EXTENTS];
/* An address to map frames at; behind it is a page where nothing is mapped. */
static char window[2 * PAGE_SIZE] __attribute__((aligned(4096)));

static struct xen_memory_reservation request(void *extents, u64 count, unsigned int order)
{
    struct xen_memory_reservation r = {
        .nr_extents = count,
        .extent_order = order,
        .domid = DOMID_SELF,
    };

    r.extent_start.p = extents;
    return r;
}

static long reserve(unsigned int op, void *extents, u64 count, unsigned int order)
{
    struct xen_memory_reservation r = request(extents, count, order);

    return call_memory_op(op, &r);
}

static long reserve_flags(unsigned int flags)
{
    struct xen_memory_reservation r = request(list, 1, 0);
    long done;

    r.mem_flags = flags;
    list[0] = 0;
    done = call_memory_op(XENMEM_populate_physmap, &r);
    if (done == 1)
        reserve(XENMEM_decrease_reservation, list, 1, 0);
    return done;
}

static s64 owned(void)
{
    struct xen_memory_domain self = {.domid = DOMID_SELF};

    return call_memory_op(XENMEM_current_reservation, &self);
}

/* Frames from our own allocator that are mapped nowhere else: made ready to be given back. */
static void list_of_own_frames(unsigned int count)
{
    for (unsigned int i = 0; i < count; i++) {
        pfn_t pfn = frame_alloc();

        list[i] = pfn_to_mfn(pfn).n;
        call_update_va_mapping(pfn_to_virt(pfn), 0, UVMF_INVLPG);
    }
}

static void round_trip(void)
{
    xen_pfn_t given[EXTENTS];
    s64 before = owned(), unknown = 0;

    list_of_own_frames(EXTENTS);
    memcpy(given, list, sizeof(given));
    row("memory.decrease_8", reserve(XENMEM_decrease_reservation, list, EXTENTS, 0));
    row("memory.owned_after_decrease", owned() - before);
    for (unsigned int i = 0; i < EXTENTS; i++)
        unknown += machine_to_phys_mapping[given[i]] == NO_PFN;
    row("memory.decreased_frames_without_pfn", unknown);
    row("memory.decrease_the_same", reserve(XENMEM_decrease_reservation, given, 1, 0));
    row("memory.map_a_decreased_frame",
        call_update_va_mapping(window, given[0] << PAGE_SHIFT | PTE_READ_WRITE, UVMF_INVLPG));

    for (unsigned int i = 0; i < EXTENTS; i++)
        list[i] = 1000 + i;
    row("memory.populate_8", reserve(XENMEM_populate_physmap, list, EXTENTS, 0));
    row("memory.owned_after_populate", owned() - before);
    unknown = 0;
    for (unsigned int i = 0; i < EXTENTS; i++)
        unknown += machine_to_phys_mapping[list[i]] != 1000 + i;
    row("memory.populated_frames_with_another_pfn", unknown);
}

/* The frames in list[] are new and ours. */
static void new_frames_are_clear(void)
{
    u64 sum = 0;
    s64 refused = 0;

    for (unsigned int i = 0; i < EXTENTS; i++) {
        refused += call_update_va_mapping(window, list[i] << PAGE_SHIFT | PTE_READ_WRITE,
                                          UVMF_INVLPG) != 0;
        for (size_t n = 0; n < PAGE_SIZE / 8; n++)
            sum |= ((volatile u64 *)window)[n];
        memset(window, 0xa5, PAGE_SIZE);
    }
    row("memory.new_frames_that_do_not_map", refused);
    row_hex("memory.bits_in_new_frames", sum);
}

/* list[EXTENTS - 1] is mapped at window: given back, it stays until the mapping goes. */
static void a_mapped_frame_stays(void)
{
    xen_pfn_t *mapped = &list[EXTENTS - 1];
    s64 before = owned();

    row("memory.decrease_a_mapped_frame", reserve(XENMEM_decrease_reservation, mapped, 1, 0));
    row("memory.owned_while_mapped", owned() - before);
    row_hex("memory.still_there", *(volatile u64 *)window);
    row("memory.decrease_it_again", reserve(XENMEM_decrease_reservation, mapped, 1, 0));
    row("memory.map_it_again",
        call_update_va_mapping(window, *mapped << PAGE_SHIFT | PTE_READ_WRITE, UVMF_INVLPG));
    row("memory.unmap_it", call_update_va_mapping(window, 0, UVMF_INVLPG));
    row("memory.owned_after_unmap", owned() - before);
    row("memory.map_it_then",
        call_update_va_mapping(window, *mapped << PAGE_SHIFT | PTE_READ_WRITE, UVMF_INVLPG));
}

/* So does a page table: its pin keeps it. */
static void a_pinned_table_stays(void)
{
    mfn_t table = table_new();
    xen_pfn_t frame = table.n;
    s64 before = owned();

    call_update_va_mapping(mfn_to_virt(table), 0, UVMF_INVLPG);
    row("memory.pin", table_pin(table, 1));
    row("memory.decrease_a_pinned_table", reserve(XENMEM_decrease_reservation, &frame, 1, 0));
    row("memory.owned_while_pinned", owned() - before);
    row("memory.unpin", table_unpin(table));
    row("memory.owned_after_unpin", owned() - before);
}

static void larger_blocks(void)
{
    xen_pfn_t base;
    s64 before = owned();

    list[0] = 2000;
    row("memory.populate_order_4", reserve(XENMEM_populate_physmap, list, 1, 4));
    base = list[0];
    row("memory.block_is_aligned", (s64)(base % 16));
    row("memory.last_pfn_of_the_block", (s64)machine_to_phys_mapping[base + 15]);
    row("memory.owned_with_the_block", owned() - before);
    row("memory.decrease_order_4", reserve(XENMEM_decrease_reservation, list, 1, 4));
    row("memory.increase_without_a_list", reserve(XENMEM_increase_reservation, NULL, 2, 1));
    row("memory.owned_with_the_increase", owned() - before);
    row("memory.increase_2", reserve(XENMEM_increase_reservation, list, 2, 0));
    row("memory.increased_frame_has_no_pfn", machine_to_phys_mapping[list[0]] == NO_PFN);
    row("memory.decrease_2", reserve(XENMEM_decrease_reservation, list, 2, 0));
}

/* Lists that go wrong half way, and command words of a call that was interrupted. */
static void partial_lists(void)
{
    xen_pfn_t *at_the_end = (xen_pfn_t *)(window + PAGE_SIZE) - 3;
    xen_pfn_t kept;

    list_of_own_frames(4);
    kept = list[2];
    list[2] = ~0UL;
    row("memory.decrease_until_a_bad_frame", reserve(XENMEM_decrease_reservation, list, 4, 0));
    list[2] = kept;
    row("memory.decrease_the_rest", reserve(XENMEM_decrease_reservation | DONE(2), list, 4, 0));
    row("memory.decrease_all_done", reserve(XENMEM_decrease_reservation | DONE(4), list, 4, 0));
    row("memory.decrease_more_than_done",
        reserve(XENMEM_decrease_reservation | DONE(9), list, 4, 0));

    list[0] = pfn_to_mfn(frame_alloc()).n;
    call_update_va_mapping(window, list[0] << PAGE_SHIFT | PTE_READ_WRITE, UVMF_INVLPG);
    for (unsigned int i = 0; i < 3; i++)
        at_the_end[i] = 3000 + i;
    row("memory.populate_a_list_that_ends_at_a_hole",
        reserve(XENMEM_populate_physmap, at_the_end, 4, 0));
    row("memory.decrease_a_list_that_ends_at_a_hole",
        reserve(XENMEM_decrease_reservation, at_the_end, 4, 0));
}

/* The refusals that the three operations share. */
static void refusals_of(const char *name, unsigned int op)
{
    struct xen_memory_reservation r = request(list, 1, 0);

#define REFUSAL(what, answer)                                                                      \
    do {                                                                                           \
        char text[64];                                                                             \
        fmt_snprintf(text, sizeof(text), "memory.%s_%s", name, what);                              \
        row(text, answer);                                                                         \
    } while (0)
    list[0] = ~0UL;
    REFUSAL("bad_argument", call_memory_op(op, NOWHERE));
    REFUSAL("bad_argument_of_the_second_part", call_memory_op(op | DONE(1), NOWHERE));
    REFUSAL("no_extents", reserve(op, list, 0, 0));
    REFUSAL("too_many_extents", reserve(op, list, 1UL << 26, 0));
    REFUSAL("order_19", reserve(op, list, 1, 19));
    REFUSAL("order_huge", reserve(op, list, 1, ~0u));
    REFUSAL("list_of_the_hypervisor", reserve(op, (void *)HYPERVISOR_VIRT_START, 1, 0));
    r.domid = OTHER_DOMAIN;
    REFUSAL("another_domain", call_memory_op(op, &r));
    r.domid = DOMID_IO;
    REFUSAL("the_io_domain", call_memory_op(op, &r));
#undef REFUSAL
}

static void refusals(void)
{
    refusals_of("increase", XENMEM_increase_reservation);
    refusals_of("decrease", XENMEM_decrease_reservation);
    refusals_of("populate", XENMEM_populate_physmap);
    row("memory.populate_unreadable", reserve(XENMEM_populate_physmap, NOWHERE, 1, 0));
    row("memory.decrease_unreadable", reserve(XENMEM_decrease_reservation, NOWHERE, 1, 0));
    list[0] = start_info->shared_info >> PAGE_SHIFT;
    row("memory.decrease_shared_info", reserve(XENMEM_decrease_reservation, list, 1, 0));
    list[0] = 0xfee00;
    row("memory.decrease_a_device", reserve(XENMEM_decrease_reservation, list, 1, 0));
}

static void flags(void)
{
    row("memory.below_4_gib", reserve_flags(XENMEMF_address_bits(32)));
    row("memory.below_2_mib", reserve_flags(XENMEMF_address_bits(13)));
    row("memory.below_one_page", reserve_flags(XENMEMF_address_bits(12)));
    row("memory.any_address", reserve_flags(XENMEMF_address_bits(200)));
    row("memory.node_0", reserve_flags(XENMEMF_node(0)));
    row("memory.exactly_node_0", reserve_flags(XENMEMF_exact_node(0)));
    row("memory.node_64", reserve_flags(XENMEMF_node(64)));
    row("memory.virtual_node", reserve_flags(XENMEMF_vnode));
}

void guest_main(void)
{
    call_update_va_mapping(window, 0, UVMF_INVLPG);
    call_update_va_mapping(window + PAGE_SIZE, 0, UVMF_INVLPG);
    round_trip();
    new_frames_are_clear();
    a_mapped_frame_stays();
    a_pinned_table_stays();
    larger_blocks();
    partial_lists();
    refusals();
    flags();
    guest_end();
}
