/*
 * Copies between frames that are ours or granted to us: every pair of kinds, parts of pages, lists
 * that keep a side from one copy to the next, and what is refused. A network backend copies each
 * packet so, from and into pages that it never maps.
 */
#include "tests/guests/grant_table.h"

static u64 a, b; /* mfns */
static u8 *page_a, *page_b;

static gnttab_copy_t copy_of(u64 from, bool from_grant, u64 to, bool to_grant, u16 length)
{
    gnttab_copy_t op = {.len = length, .flags = 0};

    op.source.domid = from_grant ? US : DOMID_SELF;
    op.dest.domid = to_grant ? US : DOMID_SELF;
    if (from_grant)
        op.source.u.ref = (grant_ref_t)from;
    else
        op.source.u.gmfn = from;
    if (to_grant)
        op.dest.u.ref = (grant_ref_t)to;
    else
        op.dest.u.gmfn = to;
    op.flags = (u16)((from_grant ? GNTCOPY_source_gref : 0) | (to_grant ? GNTCOPY_dest_gref : 0));
    return op;
}

static u32 sum_b(void)
{
    u32 sum = 0;

    for (u32 i = 0; i < PAGE_SIZE; i++)
        sum = sum * 31 + page_b[i];
    return sum;
}

static void refill(void)
{
    for (u32 i = 0; i < PAGE_SIZE; i++)
        page_a[i] = (u8)(i * 7 + i / 256);
    memset(page_b, 0x5a, PAGE_SIZE);
    entry_set(10, GTF_permit_access, US, a);
    entry_set(11, GTF_permit_access, US, b);
    entry_set(12, GTF_permit_access | GTF_readonly, US, a);
    entry_set(13, GTF_permit_access | GTF_readonly, US, b);
}

static void try_op(const char *what, gnttab_copy_t op)
{
    row(name_of(what, "status"), grant_copy(&op));
    row(name_of(what, "sum"), sum_b());
    row_hex(name_of(what, "flags"), entries[10].flags | entries[11].flags << 8);
    refill();
}

static const struct {
    const char *what;
    u16 from, to, length;
} parts[] = {
    {"nothing", 0, 0, 0},           {"nothing-at-the-end", 4096, 4096, 0},
    {"a-byte", 17, 4095, 1},        {"crosswise", 1, 2049, 2047},
    {"a-page", 0, 0, 4096},         {"beyond-source", 1, 0, 4096},
    {"beyond-target", 0, 1, 4096},  {"far-beyond", 65535, 65535, 65535},
    {"nothing-beyond", 4097, 0, 0},
};

static void try_good(void)
{
    gnttab_copy_t op;

    try_op("frame-frame", copy_of(a, false, b, false, 100));
    try_op("grant-frame", copy_of(10, true, b, false, 100));
    try_op("frame-grant", copy_of(a, false, 11, true, 100));
    try_op("grant-grant", copy_of(10, true, 11, true, 100));
    try_op("ro-source", copy_of(12, true, 11, true, 4096));
    try_op("same-frame", copy_of(b, false, b, false, 4096));
    for (u32 i = 0; i < ARRAY_SIZE(parts); i++) {
        op = copy_of(10, true, 11, true, parts[i].length);
        op.source.offset = parts[i].from;
        op.dest.offset = parts[i].to;
        try_op(parts[i].what, op);
    }
    op = copy_of(10, true, 11, true, 8);
    op.source.domid = op.dest.domid = DOMID_SELF;
    try_op("granted-to-self", op);
    op.flags |= 4;
    try_op("unknown-flag", op);
}

static void try_bad(void)
{
    gnttab_copy_t op;
    u64 table = scratch_table(1).n;

    try_op("ro-target", copy_of(10, true, 13, true, 8));
    try_op("no-such-entry", copy_of(1u << 20, true, b, false, 8));
    try_op("no-such-target", copy_of(a, false, 512, true, 8));
    try_op("frame-beyond", copy_of(BEYOND_MEMORY, false, b, false, 8));
    try_op("frame-none", copy_of(~0ull, false, b, false, 8));
    try_op("frame-io", copy_of(0xa0, false, b, false, 8));
    try_op("frame-zero", copy_of(0, false, b, false, 8));
    try_op("table-as-source", copy_of(table, false, b, false, 8));
    try_op("table-as-target", copy_of(a, false, table, false, 8));
    entry_set(20, GTF_permit_access, US, table);
    try_op("granted-table-as-target", copy_of(a, false, 20, true, 8));
    row_hex("granted-table.flags", entries[20].flags);
    entry_set(21, GTF_permit_access, US, BEYOND_MEMORY);
    try_op("grant-beyond", copy_of(21, true, b, false, 8));
    entry_set(22, GTF_permit_access, 5, a);
    try_op("to-another", copy_of(22, true, b, false, 8));
    entry_set(23, GTF_accept_transfer, US, a);
    try_op("accept-transfer", copy_of(23, true, b, false, 8));
    entry_set(24, GTF_transitive, US, a);
    try_op("transitive", copy_of(24, true, b, false, 8));
    entry_set(25, GTF_permit_access | GTF_sub_page, US, a);
    try_op("sub-page", copy_of(25, true, b, false, 8));
    entry_set(26, 0, US, a);
    try_op("invalid", copy_of(26, true, b, false, 8));

    op = copy_of(10, true, 11, true, 8);
    op.source.domid = 77;
    try_op("no-such-source-domain", op);
    op = copy_of(10, true, 11, true, 8);
    op.dest.domid = 77;
    try_op("no-such-target-domain", op);
    op = copy_of(a, false, b, false, 8);
    op.source.domid = US;
    try_op("frame-by-our-number", op);
    op = copy_of(a, false, b, false, 8);
    op.dest.domid = 77;
    try_op("frame-of-nobody", op);
    op = copy_of(a, false, b, false, 8);
    op.source.domid = 77;
    try_op("source-frame-of-nobody", op);
    op = copy_of(a, false, b, false, 8);
    op.dest.domid = US;
    try_op("target-by-our-number", op);
}

/* While a grant is mapped, or changed under a mapping. */
static void try_beside_maps(void)
{
    grant_handle_t handle;
    gnttab_copy_t op = copy_of(10, true, b, false, 64);

    refill();
    row("mapped.map",
        grant_map(scratch_page(0), 10, GNTMAP_host_map | GNTMAP_readonly, US, &handle, NULL));
    entries[10].frame = (u32)b;
    row("mapped.copy", grant_copy(&op));
    row("mapped.sum", sum_b());
    op = copy_of(a, false, 10, true, 64);
    row("mapped.write-changed", grant_copy(&op));
    row_hex("mapped.write-flags", entries[10].flags);
    entries[10].frame = (u32)a;
    row("mapped.write", grant_copy(&op));
    row_hex("mapped.flags", entries[10].flags);
    entries[10].flags = 0;
    op = copy_of(10, true, b, false, 64);
    row("mapped.revoked", grant_copy(&op));
    row("mapped.unmap", grant_unmap(scratch_page(0), 0, handle));
    row_hex("mapped.after", entries[10].flags);
    row("mapped.gone", grant_copy(&op));
    refill();
}

/* A list of forty, from few pages to one: most have a side of the one before. */
static void try_lists(void)
{
    static gnttab_copy_t list[40];
    u32 good = 0;

    for (u32 i = 0; i < ARRAY_SIZE(list); i++) {
        list[i] = copy_of(i & 4 ? 10 : a, i & 4, i & 8 ? 11 : b, i & 8, 16);
        list[i].source.offset = (u16)(i * 16);
        list[i].dest.offset = (u16)(4000 - i * 16);
        list[i].status = 99;
    }
    list[7].source.u.ref = ~0u;
    list[19].dest.offset = 4090;
    row("list.answer", grant_op(GNTTABOP_copy, list, ARRAY_SIZE(list)));
    for (u32 i = 0; i < ARRAY_SIZE(list); i++)
        good += !list[i].status;
    row("list.good", good);
    row("list.status-7", list[7].status);
    row("list.status-19", list[19].status);
    row("list.sum", sum_b());
    row_hex("list.flags", entries[10].flags | entries[11].flags << 8);
    row("list.none", grant_op(GNTTABOP_copy, list, 0));
    row("list.unreadable", grant_op(GNTTABOP_copy, (void *)0x700000000000, 1));
    row("list.negative", grant_op(GNTTABOP_copy, list, ~0u));
    refill();
}

/* The first copy has a grant's page; a later one names a frame by the grant's number. */
static void try_kinds_in_a_list(void)
{
    gnttab_copy_t list[2] = {copy_of(10, true, b, false, 64), copy_of(10, false, b, false, 64)};

    list[0].source.domid = DOMID_SELF;
    row("kinds.answer", grant_op(GNTTABOP_copy, list, 2));
    row("kinds.first", list[0].status);
    row("kinds.first-sum", sum_b());
    list[0].source.domid = list[1].source.domid = US;
    list[1].source.u.gmfn = a;
    row("kinds.answer-by-number", grant_op(GNTTABOP_copy, list, 2));
    row("kinds.by-number", list[1].status);
    refill();
}

void guest_main(void)
{
    pfn_t pfn = frame_alloc_zeroed();

    a = pfn_to_mfn(pfn).n;
    page_a = pfn_to_virt(pfn);
    pfn = frame_alloc_zeroed();
    b = pfn_to_mfn(pfn).n;
    page_b = pfn_to_virt(pfn);
    scratch_entry(1);
    row_want("setup", table_setup(1), 0);
    refill();
    try_good();
    try_bad();
    try_beside_maps();
    try_lists();
    try_kinds_in_a_list();
    guest_end();
}
