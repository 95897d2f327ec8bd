/*
 * exchange: frames given for others at once. A kernel does so to get a contiguous block for a
 * device, and then maps the block where the frames were; a wrong count of what was done loses it
 * memory, a wrong frame gives it somebody else's.
 */
#include "tests/guests/common.h"

#define EXTENTS 8
#define NOWHERE ((void *)0x70000000)
#define DONE(n) ((n) << 6)
#define NO_PFN  (~0UL)
#define MANY    (1ul << sizeof(long) * 5) /* 2^40; in 32 bits 2^20 */

static xen_pfn_t in[EXTENTS], out[EXTENTS];
static struct xen_memory_exchange request;
/* An address to map frames at; behind it is a page where nothing is mapped. */
static char window[2 * PAGE_SIZE] __attribute__((aligned(4096)));

/* Frames from our own allocator that nothing maps. */
static void in_make(void)
{
    for (unsigned int i = 0; i < EXTENTS; i++) {
        pfn_t pfn = frame_alloc();

        in[i] = (xen_pfn_t)pfn_to_mfn(pfn).n;
        call_update_va_mapping(pfn_to_virt(pfn), 0, UVMF_INVLPG);
        out[i] = 5000 + i;
    }
}

static void request_make(u64 in_count, unsigned int in_order, u64 out_count, unsigned int out_order)
{
    request = (struct xen_memory_exchange){
        .in = {.nr_extents = in_count, .extent_order = in_order, .domid = DOMID_SELF},
        .out = {.nr_extents = out_count, .extent_order = out_order, .domid = DOMID_SELF},
    };
    request.in.extent_start.p = in;
    request.out.extent_start.p = out;
}

static long request_run(void)
{
    return call_memory_op(XENMEM_exchange, &request);
}

static s64 owned(void)
{
    struct xen_memory_domain self = {.domid = DOMID_SELF};

    return call_memory_op(XENMEM_current_reservation, &self);
}

static s64 map_window(xen_pfn_t frame)
{
    return map_page(window, (u64)frame << PAGE_SHIFT | PTE_READ_WRITE);
}

/* What an exchange of the request answers, and how far it went. */
static void say(const char *name)
{
    s64 before = owned();

    row(name_of("answer", name), request_run());
    row(name_of("done", name), (s64)request.nr_exchanged);
    row(name_of("owned", name), owned() - before);
}

static s64 frames_with_pfns(const xen_pfn_t *list, unsigned int count, xen_pfn_t first)
{
    s64 right = 0;

    for (unsigned int i = 0; i < count; i++)
        right += machine_to_phys_mapping[list[i]] == first + i;
    return right;
}

/* How many of the frames that were given are not ours any more (they may have come back at once).
 */
static s64 frames_gone(void)
{
    s64 gone = 0;

    for (unsigned int i = 0; i < EXTENTS; i++) {
        bool back = false;

        for (unsigned int n = 0; n < EXTENTS; n++)
            back |= in[i] == out[n];
        gone += back || map_window(in[i]) != 0;
    }
    map_page(window, 0);
    return gone;
}

static void one_by_one(void)
{
    u64 sum = 0;
    s64 refused = 0;

    in_make();
    request_make(EXTENTS, 0, EXTENTS, 0);
    say("one-by-one");
    row("one-by-one.pfns", frames_with_pfns(out, EXTENTS, 5000));
    row("one-by-one.gone", frames_gone());
    for (unsigned int i = 0; i < EXTENTS; i++) {
        refused += map_window(out[i]) != 0;
        for (size_t n = 0; n < PAGE_SIZE / 8; n++)
            sum |= ((volatile u64 *)window)[n];
        memset(window, 0xa5, PAGE_SIZE);
    }
    map_page(window, 0);
    row("one-by-one.that-do-not-map", refused);
    row_hex("one-by-one.bits-in-new-frames", sum);
}

/* Eight frames for a block of eight, and the block for eight frames. */
static void to_a_block_and_back(void)
{
    in_make();
    request_make(EXTENTS, 0, 1, 3);
    out[0] = 6000;
    say("to-a-block");
    row("to-a-block.aligned", (s64)(out[0] % EXTENTS));
    row("to-a-block.last-pfn", (s64)machine_to_phys_mapping[out[0] + EXTENTS - 1]);
    row("to-a-block.rest-of-the-list", (s64)out[1]);
    row("to-a-block.maps", map_window(out[0] + EXTENTS - 1));
    map_page(window, 0);

    in[0] = out[0];
    for (unsigned int i = 0; i < EXTENTS; i++)
        out[i] = 7000 + i;
    request_make(1, 3, EXTENTS, 0);
    say("from-a-block");
    row("from-a-block.pfns", frames_with_pfns(out, EXTENTS, 7000));
    memcpy(in, out, sizeof(in));
    out[0] = 7100;
    out[1] = 7200;
    request_make(EXTENTS, 0, 2, 2);
    say("two-blocks");
    row("two-blocks.first", (s64)machine_to_phys_mapping[out[0] + 3]);
    row("two-blocks.second", (s64)machine_to_phys_mapping[out[1] + 3]);
    memcpy(in, out, 2 * sizeof(in[0]));
    out[0] = 7300;
    out[1] = 7400;
    request_make(2, 2, 4, 1);
    out[2] = 7500;
    out[3] = 7600;
    say("blocks-to-smaller");
    row("blocks-to-smaller.last", (s64)machine_to_phys_mapping[out[3] + 1]);
}

/* A chunk that fails is as it was, what came before it is done. */
static void partly(void)
{
    xen_pfn_t kept;

    in_make();
    kept = in[5];
    row("partly.mark", map_window(in[4]));
    memset(window, 0x5a, PAGE_SIZE);
    map_page(window, 0);
    in[5] = NO_PFN;
    request_make(EXTENTS, 0, 2, 2);
    out[1] = 5100;
    say("bad-frame");
    row("bad-frame.first-block", (s64)machine_to_phys_mapping[out[0]]);
    row("bad-frame.list-of-the-second", (s64)out[1]);
    row("bad-frame.still-maps", map_window(in[4]));
    row_hex("bad-frame.content", *(volatile u64 *)window);
    map_page(window, 0);

    in[5] = kept;
    request.nr_exchanged = 4;
    say("the-rest");
    row("the-rest.pfn", (s64)machine_to_phys_mapping[out[1] + 3]);
    say("all-done");
    request.nr_exchanged = 9;
    say("more-than-all");

    in_make();
    request_make(EXTENTS, 0, 2, 2);
    request.nr_exchanged = 3; /* amid the first block: it is done whole */
    say("amid-a-block");

    in_make();
    in[1] = in[0];
    request_make(2, 0, 2, 0);
    say("twice-the-same");
}

/* A frame that anything counts on is not given. */
static void frames_in_use(void)
{
    mfn_t table = table_new();

    in_make();
    map_window(in[1]);
    request_make(2, 0, 2, 0);
    say("mapped");
    map_page(window, (u64)in[2] << PAGE_SHIFT | PTE_PRESENT);
    in[0] = in[2];
    request_make(1, 0, 1, 0);
    say("mapped-read-only");
    map_page(window, 0);
    say("unmapped-again");

    call_update_va_mapping(mfn_to_virt(table), 0, UVMF_INVLPG);
    table_pin(table, 1);
    in[0] = (xen_pfn_t)table.n;
    request_make(1, 0, 1, 0);
    say("pinned-table");
    table_unpin(table);
    say("unpinned-table");
    in[0] = start_info->shared_info >> PAGE_SHIFT;
    request_make(1, 0, 1, 0);
    say("shared-info");
    in[0] = 0xfee00;
    request_make(1, 0, 1, 0);
    say("device");
    in[0] = (xen_pfn_t)table_boot_root().n;
    request_make(1, 0, 1, 0);
    say("base-pointer");
}

/* Lists that end where nothing is mapped, or cannot be written. */
static void lists(void)
{
    xen_pfn_t *at_the_end = (xen_pfn_t *)(window + PAGE_SIZE) - 2;

    in_make();
    map_window(in[7]);
    memcpy(at_the_end, in, 2 * sizeof(in[0]));
    request_make(3, 0, 3, 0);
    request.in.extent_start.p = at_the_end;
    say("in-ends-at-a-hole");

    memcpy(at_the_end, out, 2 * sizeof(out[0]));
    in[0] = in[3];
    in[1] = in[4];
    in[2] = in[5];
    request_make(3, 0, 3, 0);
    request.out.extent_start.p = at_the_end;
    say("out-ends-at-a-hole");
    say("out-ends-at-a-hole-again");

    in_make();
    request_make(1, 0, 1, 0);
    request.in.extent_start.p = HYPERVISOR_ADDRESS;
    say("in-of-the-hypervisor");
    request_make(1, 0, 1, 0);
    request.out.extent_start.p = HYPERVISOR_ADDRESS;
    say("out-of-the-hypervisor");
    request_make(1, 0, 1, 0);
    request.in.extent_start.p = NOWHERE;
    say("in-unmapped");
    request_make(MANY, 0, MANY, 0);
    request.in.extent_start.p = NOWHERE;
    say("very-long");
    request_make(~0ul, 0, ~0ul, 0);
    say("longest");
    map_page(window, 0);
}

static void refusals(void)
{
    in_make();
    row("refused.unreadable", call_memory_op(XENMEM_exchange, NOWHERE));
    row("refused.of-the-hypervisor", call_memory_op(XENMEM_exchange, HYPERVISOR_ADDRESS));
    row("refused.with-extents", call_memory_op(XENMEM_exchange | DONE(1), &request));
    row("refused.with-extents-unreadable", call_memory_op(XENMEM_exchange | DONE(1), NOWHERE));
    request_make(0, 0, 0, 0);
    say("nothing");
    request_make(2, 0, 1, 0);
    say("two-for-one");
    request_make(2, 0, 1, 2);
    say("two-for-four");
    request_make(1, 19, 1, 19);
    say("order-19");
    request_make(1, 0, 1, ~0u);
    say("order-huge");
    request_make(1, 18, 1, 18);
    in[0] = NO_PFN;
    say("order-18-of-nothing");
    request_make(~(~0ul >> 1), 1, ~(~0ul >> 1), 1);
    say("size-overflows");
    request_make(1, 0, 1, 0);
    request.in.domid = 77;
    say("two-domains");
    request.out.domid = 77;
    say("another-domain");
    request.in.domid = request.out.domid = DOMID_IO;
    say("the-io-domain");
}

static void flags_say(const char *name, unsigned int flags)
{
    request_make(1, 0, 1, 0);
    request.out.mem_flags = flags;
    in_make();
    say(name);
}

static void flags(void)
{
    flags_say("below-4-gib", XENMEMF_address_bits(32));
    flags_say("below-8-kib", XENMEMF_address_bits(13));
    flags_say("below-a-page", XENMEMF_address_bits(12));
    flags_say("any-address", XENMEMF_address_bits(200));
    flags_say("node-0", XENMEMF_node(0));
    flags_say("exactly-node-0", XENMEMF_exact_node(0));
    flags_say("node-64", XENMEMF_node(64));
    flags_say("virtual-node", XENMEMF_vnode);
    flags_say("virtual-node-64", XENMEMF_vnode | XENMEMF_node(64));
}

void guest_main(void)
{
    map_page(window, 0);
    map_page(window + PAGE_SIZE, 0);
    one_by_one();
    to_a_block_and_back();
    partly();
    frames_in_use();
    lists();
    refusals();
    flags();
    guest_end();
}
