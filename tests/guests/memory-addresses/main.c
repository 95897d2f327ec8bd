/*
 * Frames whose addresses are short: a kernel asks for them for a device that knows 32 bits, on a
 * machine where the control domain's own memory lies higher. And all frames of a 32-bit guest have
 * a place in the table of frames that is shown to it, however large the machine (run.wide).
 */
#include "tests/guests/common.h"

#define EXTENTS 8

static xen_pfn_t list[EXTENTS], in[EXTENTS];

static s64 needing_more(const xen_pfn_t *frames, s64 count, unsigned int order, unsigned int bits)
{
    s64 more = 0;

    for (s64 i = 0; i < count; i++)
        more += ((u64)frames[i] + (1UL << order) - 1) >> (bits - PAGE_SHIFT) != 0;
    return more;
}

/* Extents of our own more, whose addresses have @bits at most. */
static void increase(const char *name, unsigned int order, unsigned int bits)
{
    struct xen_memory_reservation more = {
        .nr_extents = EXTENTS,
        .extent_order = order,
        .mem_flags = XENMEMF_address_bits(bits),
        .domid = DOMID_SELF,
    };
    s64 done;

    more.extent_start.p = list;
    done = call_memory_op(XENMEM_increase_reservation, &more);
    row(name_of("done", name), done);
    row_want(name_of("above", name), needing_more(list, done, order, bits), 0);
    more.nr_extents = (u64)done;
    row(name_of("given-back", name), call_memory_op(XENMEM_decrease_reservation, &more));
}

/* Eight frames of ours for a block of eight that lies low. */
static void exchange(const char *name, unsigned int bits)
{
    struct xen_memory_exchange request = {
        .in = {.nr_extents = EXTENTS, .domid = DOMID_SELF},
        .out = {.nr_extents = 1, .extent_order = 3, .domid = DOMID_SELF},
    };
    request.in.extent_start.p = in;
    request.out.extent_start.p = list;
    request.out.mem_flags = XENMEMF_address_bits(bits);
    for (unsigned int i = 0; i < EXTENTS; i++) {
        pfn_t pfn = frame_alloc();

        in[i] = pfn_to_mfn(pfn).n;
        call_update_va_mapping(pfn_to_virt(pfn), 0, UVMF_INVLPG);
    }
    list[0] = 7000;
    row(name_of("answer", name), call_memory_op(XENMEM_exchange, &request));
    row(name_of("done", name), (s64)request.nr_exchanged);
    if (!request.nr_exchanged)
        return;
    row_want(name_of("above", name), needing_more(list, 1, 3, bits), 0);
    row_want(name_of("last-pfn", name), (s64)machine_to_phys_mapping[list[0] + EXTENTS - 1], 7007);
}

/* Of what we were started with. */
static void own_frames(void)
{
    u64 above = 0, unknown = 0;

    for (u64 pfn = 0; pfn < start_info->nr_pages; pfn++) {
        xen_pfn_t frame = pfn_to_mfn((pfn_t){pfn}).n;

        above += (u64)frame >> (32 - PAGE_SHIFT) != 0;
        unknown += machine_to_phys_mapping[frame] != pfn;
    }
    row_text("own.above-4-gib", above > start_info->nr_pages / 2 ? "most" : "few");
    row_want("own.unknown", (s64)unknown, 0);
}

void guest_main(void)
{
    own_frames();
    increase("frames-32", 0, 32);
    increase("frames-28", 0, 28);
    increase("blocks-32", 9, 32);
    increase("blocks-30", 9, 30);
    increase("frames-13", 0, 13);
    exchange("exchange-32", 32);
    exchange("exchange-29", 29);
    exchange("exchange-12", 12);
    guest_end();
}
