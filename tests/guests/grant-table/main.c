/*
 * The table itself: its size and limits, its two versions and what the second can say beyond the
 * first, entries that change places, frames that change their owner, and the frames that another
 * domain's controller asks for. Linux looks at all of it when it starts, and believes it.
 */
#include "tests/guests/domctl.h"
#include "tests/guests/grant_table.h"

static u64 a, b;
static u8 *page_a, *page_b;
static xen_pfn_t list[FRAMES_MAX + 8];

static long setup(domid_t domid, u32 frames, void *to)
{
    gnttab_setup_table_t op = {.dom = domid, .nr_frames = frames, .status = 99};
    long rc;

    set_xen_guest_handle(op.frame_list, to);
    rc = grant_op(GNTTABOP_setup_table, &op, 1);
    return rc ? rc * 1000 : op.status;
}

/* frames * 1000 + limit, or the status. */
static long query(domid_t domid)
{
    gnttab_query_size_t op = {.dom = domid, .status = 99};
    long rc = grant_op(GNTTABOP_query_size, &op, 1);

    if (rc || op.status)
        return rc ? rc * 1000 : op.status;
    return op.nr_frames * 1000l + op.max_nr_frames;
}

static long version(domid_t domid)
{
    gnttab_get_version_t op = {.dom = domid};
    long rc = grant_op(GNTTABOP_get_version, &op, 1);

    return rc ? rc : (long)op.version;
}

static long version_set(u32 wanted)
{
    gnttab_set_version_t op = {.version = wanted};
    long rc = grant_op(GNTTABOP_set_version, &op, 1);

    return rc * 10 + op.version;
}

static long status_frames(domid_t domid, u32 frames, void *to)
{
    gnttab_get_status_frames_t op = {.dom = domid, .nr_frames = frames, .status = 99};
    long rc;

    set_xen_guest_handle(op.frame_list, to);
    rc = grant_op(GNTTABOP_get_status_frames, &op, 1);
    return rc ? rc * 1000 : op.status;
}

static long swap(grant_ref_t x, grant_ref_t y)
{
    gnttab_swap_grant_ref_t op = {.ref_a = x, .ref_b = y, .status = 99};
    long rc = grant_op(GNTTABOP_swap_grant_ref, &op, 1);

    return rc ? rc * 1000 : op.status;
}

static void try_size(void)
{
    row("size.first", query(DOMID_SELF));
    row("size.by-number", query(US));
    row("size.not-there", query(77));
    row("size.two", grant_op(GNTTABOP_query_size, list, 2));
    row("size.none", grant_op(GNTTABOP_query_size, list, 0));
    row("size.unreadable", grant_op(GNTTABOP_query_size, NOWHERE, 1));
    row("setup.none", setup(DOMID_SELF, 0, list));
    row("setup.not-there", setup(77, 1, list));
    row("setup.io", setup(DOMID_IO, 1, list));
    row("setup.unwritable", setup(DOMID_SELF, 1, NOWHERE));
    row("setup.in-hypervisor", setup(DOMID_SELF, 1, HYPERVISOR_ADDRESS));
    row("setup.too-many", setup(DOMID_SELF, 65, list));
    row("setup.max", setup(DOMID_SELF, ~0u, list));
    row("setup.two-tables", grant_op(GNTTABOP_setup_table, list, 2));
    row("setup.three", setup(DOMID_SELF, 3, list));
    row("size.three", query(DOMID_SELF));
    row("setup.one", setup(DOMID_SELF, 1, list));
    row("size.still-three", query(DOMID_SELF));
    row("setup.m2p", machine_to_phys_mapping[list[0]] == ~0ul);
    row("setup.all", setup(DOMID_SELF, 64, list));
    row("size.all", query(DOMID_SELF));
    row_want("setup.mapped", table_setup(64), 0);
    row_hex("setup.is-empty", *(u64 *)(uintptr_t)(TABLE_VA + 63 * PAGE_SIZE));
    row("setup.is-no-table", mmuext(MMUEXT_PIN_L1_TABLE, list[1]));
    row("status.version-1", status_frames(DOMID_SELF, 0, list));
    row("status.version-1-one", status_frames(DOMID_SELF, 1, list));
}

static void try_swap(void)
{
    grant_handle_t handle;

    entry_set(100, GTF_permit_access, US, a);
    entry_set(101, GTF_permit_access | GTF_readonly, 5, b);
    row("swap.answer", swap(100, 101));
    row_hex("swap.first", entries[100].flags | (u32)entries[100].domid << 16);
    row_hex("swap.second", entries[101].flags | (u32)entries[101].domid << 16);
    row("swap.frames", entries[100].frame == b && entries[101].frame == a);
    row("swap.same", swap(100, 100));
    row("swap.beyond", swap(100, 1u << 20));
    row("swap.beyond-first", swap(~0u, 100));
    row("swap.map", grant_map(scratch_page(0), 101, GNTMAP_host_map, US, &handle, NULL));
    row("swap.in-use", swap(100, 101));
    row("swap.in-use-first", swap(101, 100));
    row("swap.same-in-use", swap(101, 101));
    row("swap.unmap", grant_unmap(scratch_page(0), 0, handle));
}

static void entry2_set(grant_ref_t ref, u16 flags, domid_t domid, u64 mfn, u16 offset, u16 length)
{
    entries2[ref].hdr.flags = 0;
    entries2[ref].sub_page.page_off = offset;
    entries2[ref].sub_page.length = length;
    entries2[ref].full_page.frame = mfn;
    entries2[ref].hdr.domid = domid;
    __atomic_store_n(&entries2[ref].hdr.flags, flags, __ATOMIC_SEQ_CST);
}

static void entry2_pass_on(grant_ref_t ref, u16 flags, domid_t domid, domid_t from, grant_ref_t of)
{
    entries2[ref].hdr.flags = 0;
    entries2[ref].transitive.trans_domid = from;
    entries2[ref].transitive.gref = of;
    entries2[ref].hdr.domid = domid;
    __atomic_store_n(&entries2[ref].hdr.flags, flags, __ATOMIC_SEQ_CST);
}

static long copy2(grant_ref_t from, u16 offset, u16 length, bool back)
{
    gnttab_copy_t op = {.len = length, .flags = GNTCOPY_source_gref};

    op.source = (struct gnttab_copy_ptr){.u.ref = from, .domid = US, .offset = offset};
    op.dest = (struct gnttab_copy_ptr){.u.gmfn = b, .domid = DOMID_SELF, .offset = offset};
    if (back) {
        struct gnttab_copy_ptr other = op.source;

        op.source = op.dest;
        op.dest = other;
        op.flags = GNTCOPY_dest_gref;
    }
    return grant_copy(&op);
}

static void try_parts(void)
{
    static const struct {
        const char *what;
        u16 offset, length;
    } rows[] = {
        {"all", 100, 50},   {"begin", 100, 1}, {"end", 149, 1},     {"before", 99, 1},
        {"behind", 150, 1}, {"over", 120, 31}, {"nothing", 110, 0}, {"nothing-before", 0, 0},
    };
    grant_handle_t handle;

    entry2_set(20, GTF_permit_access | GTF_sub_page, US, a, 100, 50);
    for (u32 i = 0; i < ARRAY_SIZE(rows); i++)
        row(name_of("part", rows[i].what), copy2(20, rows[i].offset, rows[i].length, false));
    row("part.write", copy2(20, 100, 50, true));
    row("part.write-over", copy2(20, 100, 51, true));
    row("part.map", grant_map(scratch_page(0), 20, GNTMAP_host_map, US, &handle, NULL));
    row_hex("part.status", statuses[20]);
    entry2_set(21, GTF_permit_access | GTF_sub_page, US, a, 4000, 1000);
    row("part.long", copy2(21, 4000, 96, false));
    row("part.long-beyond", copy2(21, 4000, 97, false));
    entry2_set(21, GTF_permit_access | GTF_sub_page, US, a, 5000, 1000);
    row("part.outside", copy2(21, 5000, 1, false));
    entry2_set(21, GTF_permit_access | GTF_sub_page | GTF_readonly, US, a, 0, 100);
    row("part.ro", copy2(21, 0, 10, true));
}

static void try_passed_on(void)
{
    grant_handle_t handle;

    entry2_pass_on(30, GTF_transitive, US, US, 20);
    row("passed-on.by-self", copy2(30, 100, 10, false));
    entry2_pass_on(30, GTF_transitive, US, 77, 20);
    row("passed-on.not-there", copy2(30, 100, 10, false));
    entry2_pass_on(30, GTF_transitive, 5, 77, 20);
    row("passed-on.to-another", copy2(30, 100, 10, false));
    entry2_pass_on(30, GTF_transitive | GTF_readonly, US, 77, 20);
    row("passed-on.ro", copy2(30, 100, 10, true));
    row("passed-on.map", grant_map(scratch_page(0), 30, GNTMAP_host_map, US, &handle, NULL));
    row_hex("passed-on.status", statuses[30]);
}

static void try_maps2(void)
{
    grant_handle_t x, y;

    entry2_set(40, GTF_permit_access, US, a, 0, 0);
    row("map2.read",
        grant_map(scratch_page(0), 40, GNTMAP_host_map | GNTMAP_readonly, US, &x, NULL));
    row_hex("map2.reading", statuses[40]);
    row_hex("map2.entry", entries2[40].hdr.flags);
    row("map2.write", grant_map(scratch_page(1), 40, GNTMAP_host_map, US, &y, NULL));
    row_hex("map2.writing", statuses[40]);
    row("map2.busy", version_set(1));
    row("map2.unmap-writer", grant_unmap(scratch_page(1), 0, y));
    row_hex("map2.reading-again", statuses[40]);
    entries2[40].hdr.flags |= GTF_readonly;
    row("map2.write-of-ro", grant_map(scratch_page(1), 40, GNTMAP_host_map, US, &y, NULL));
    row_hex("map2.write-of-ro-status", statuses[40]);
    row("map2.unmap", grant_unmap(scratch_page(0), 0, x));
    row_hex("map2.after", statuses[40]);
    row("map2.last", grant_map(scratch_page(0), 256 * 64 - 1, GNTMAP_host_map, US, &x, NULL));
    row("map2.beyond", grant_map(scratch_page(0), 256 * 64, GNTMAP_host_map, US, &x, NULL));
    entry2_set(41, GTF_permit_access, US, 1ull << 40 | a, 0, 0);
    row("map2.far-frame", grant_map(scratch_page(0), 41, GNTMAP_host_map, US, &x, NULL));
    entry2_set(42, GTF_permit_access | GTF_readonly, 5, b, 3, 4);
    entry2_set(43, GTF_permit_access, US, a, 0, 0);
    row("map2.swap", swap(42, 43));
    row_hex("map2.swapped", entries2[43].hdr.flags | (u32)entries2[43].hdr.domid << 16);
}

static void try_versions(void)
{
    grant_handle_t kept;

    row("version.first", version(DOMID_SELF));
    row("version.by-number", version(US));
    row("version.not-there", version(77));
    row("version.unreadable", grant_op(GNTTABOP_get_version, NOWHERE, 1));
    row("version.set-0", version_set(0));
    row("version.set-3", version_set(3));
    row("version.set-same", version_set(1));
    row("version.set-unreadable", grant_op(GNTTABOP_set_version, NOWHERE, 1));
    entry_set(1, GTF_permit_access, US, a);
    entry_set(2, GTF_accept_transfer, US, b);
    entry_set(9, GTF_permit_access, US, a);
    row("version.map-9", grant_map(scratch_page(0), 9, GNTMAP_host_map, US, &kept, NULL));
    row("version.busy", version_set(2));
    row("version.unmap-9", grant_unmap(scratch_page(0), 0, kept));
    row("version.map-1", grant_map(scratch_page(0), 1, GNTMAP_host_map, US, &kept, NULL));
    row("version.set-2", version_set(2));
    row("version.is-2", version(DOMID_SELF));
    row("status.too-many", status_frames(DOMID_SELF, 9, list));
    row("status.not-there", status_frames(77, 1, list));
    row("status.unwritable", status_frames(DOMID_SELF, 1, NOWHERE));
    row("status.all", status_frames(DOMID_SELF, 8, list));
    row_want("status.mapped", frames_map(STATUS_VA, list, 8), 0);
    row_hex("kept.1", entries2[1].hdr.flags | (u32)entries2[1].hdr.domid << 16);
    row_hex("kept.1-status", statuses[1]);
    row("kept.1-frame", entries2[1].full_page.frame == a);
    row_hex("kept.2", entries2[2].hdr.flags);
    row_hex("kept.9", entries2[9].hdr.flags);
    row("kept.unmap", grant_unmap(scratch_page(0), 0, kept));
    row_hex("kept.status-after", statuses[1]);
    try_maps2();
    try_parts();
    try_passed_on();
    row("back.status-mapped", version_set(1));
    for (u32 i = 0; i < 8; i++)
        map_page((void *)(uintptr_t)(STATUS_VA + i * PAGE_SIZE), 0);
    entry2_set(3, GTF_permit_access, US, 1ull << 33, 0, 0);
    row("back.far-frame", version_set(1));
    entry2_pass_on(3, GTF_transitive, US, 5, 1);
    row("back.transitive", version_set(1));
    entries2[3].hdr.flags = 0;
    row("back.answer", version_set(1));
    row_hex("back.1", entries[1].flags | (u32)entries[1].domid << 16);
    row_hex("back.9", entries[9].flags);
    row("back.map", grant_map(scratch_page(0), 1, GNTMAP_host_map, US, &kept, NULL));
    row("back.unmap", grant_unmap(scratch_page(0), 0, kept));
    row("back.size", query(DOMID_SELF));
}

static long transfer(u64 mfn, domid_t to, grant_ref_t ref)
{
    gnttab_transfer_t op = {.mfn = mfn, .domid = to, .ref = ref, .status = 99};
    long rc = grant_op(GNTTABOP_transfer, &op, 1);

    return rc ? rc * 1000 : op.status;
}

static u64 frame_unmapped(void)
{
    pfn_t pfn = frame_alloc_zeroed();
    u64 mfn = pfn_to_mfn(pfn).n;

    *(u64 *)pfn_to_virt(pfn) = 0x7777;
    map_page(pfn_to_virt(pfn), 0);
    return mfn;
}

static void try_transfer(void)
{
    u64 mfn = frame_unmapped();

    row("transfer.none", transfer(~0ull, US, 200));
    row("transfer.io", transfer(0xa0, US, 200));
    row("transfer.mapped", transfer(a, US, 200));
    entry_set(200, GTF_accept_transfer, US, 4711);
    row("transfer.answer", transfer(mfn, US, 200));
    row_hex("transfer.flags", entries[200].flags);
    mfn = entries[200].frame;
    row("transfer.m2p", machine_to_phys_mapping[mfn]);
    row("transfer.map", map_page(scratch_page(0), mfn << PAGE_SHIFT | ENTRY_READ_WRITE));
    row_hex("transfer.content", *(u64 *)scratch_page(0));
    row("transfer.unmap", map_page(scratch_page(0), 0));
    row("transfer.again", transfer(mfn, US, 200));
    row("transfer.gone", transfer(mfn, US, 200));
    row("transfer.not-there", transfer(frame_unmapped(), 77, 200));
    row("transfer.no-entry", transfer(frame_unmapped(), US, 1u << 20));
    entry_set(201, GTF_permit_access, US, 0);
    row("transfer.other-kind", transfer(frame_unmapped(), US, 201));
    entry_set(201, GTF_accept_transfer, 5, 0);
    row("transfer.from-another", transfer(frame_unmapped(), US, 201));
    entry_set(201, GTF_accept_transfer | GTF_readonly, US, 0);
    row("transfer.committed", transfer(frame_unmapped(), US, 201));
    row("transfer.unreadable", grant_op(GNTTABOP_transfer, NOWHERE, 1));
}

static long flush(u64 address, u16 offset, u16 length, u32 what)
{
    gnttab_cache_flush_t op = {
        .a.dev_bus_addr = address, .offset = offset, .length = length, .op = what};

    return grant_op(GNTTABOP_cache_flush, &op, 1);
}

static void try_cache_flush(void)
{
    const u32 both = GNTTAB_CACHE_CLEAN | GNTTAB_CACHE_INVAL;

    row("cache.clean", flush(a << PAGE_SHIFT, 0, 4096, GNTTAB_CACHE_CLEAN));
    row("cache.both", flush(a << PAGE_SHIFT, 3, 100, both));
    row("cache.invalidate", flush(a << PAGE_SHIFT, 3, 100, GNTTAB_CACHE_INVAL));
    row("cache.nothing", flush(a << PAGE_SHIFT, 3, 100, 0));
    row("cache.no-length", flush(a << PAGE_SHIFT, 3, 0, both));
    row("cache.by-grant", flush(5, 3, 100, both | GNTTAB_CACHE_SOURCE_GREF));
    row("cache.unknown", flush(a << PAGE_SHIFT, 3, 100, 4));
    row("cache.offset", flush(a << PAGE_SHIFT, 4096, 0, both));
    row("cache.over", flush(a << PAGE_SHIFT, 4095, 2, both));
    row("cache.length", flush(a << PAGE_SHIFT, 0, 4097, both));
    row("cache.beyond", flush(BEYOND_MEMORY << PAGE_SHIFT, 0, 1, both));
    row("cache.io", flush(0xa0000, 0, 1, both));
    row("cache.continued",
        hypercall_grant_table_op(GNTTABOP_cache_flush | 1u << 12, (uintptr_t)list, 0));
    row("cache.unreadable", grant_op(GNTTABOP_cache_flush, NOWHERE, 1));
}

/* The table of a domain that has never run, as a toolstack sees it. */
static long resource(domid_t domid, u32 id, u64 frame, u32 count, void *to, u32 *told)
{
    struct xen_mem_acquire_resource want = {.domid = domid,
                                            .type = XENMEM_resource_grant_table,
                                            .id = id,
                                            .frame = frame,
                                            .nr_frames = count};
    long rc;

    set_xen_guest_handle(want.frame_list, to);
    rc = call_memory_op(XENMEM_acquire_resource, &want);
    if (told)
        *told = want.nr_frames;
    return rc;
}

static void try_others(void)
{
    struct xen_domctl_createdomain *create = create_begin(1);
    const u32 shared = XENMEM_resource_grant_table_id_shared;
    const u32 status = XENMEM_resource_grant_table_id_status;
    domid_t other;
    u32 told;

    create->max_grant_frames = 5;
    create->grant_opts = XEN_DOMCTL_GRANT_version(1);
    row_want("others.create", domctl(XEN_DOMCTL_createdomain, 0), 0);
    other = op.domain;
    row("others.size", query(other));
    row("others.version", version(other));
    row("others.setup", setup(other, 2, list));
    row("others.setup-too-many", setup(other, 6, list));
    row("others.size-after", query(other));
    row("others.status", status_frames(other, 1, list));
    row("resource.size", resource(other, shared, 0, 0, NULL, &told));
    row("resource.size-told", told);
    row("resource.status-size", resource(other, status, 0, 0, NULL, &told));
    row("resource.status-told", told);
    row("resource.some-without-list", resource(other, shared, 0, 2, NULL, &told));
    row("resource.unknown-id", resource(other, 2, 0, 0, NULL, &told));
    row("resource.none", resource(other, shared, 0, 0, list, &told));
    row("resource.first", resource(other, shared, 0, 1, list, &told));
    row("resource.grows", resource(other, shared, 2, 2, list + 1, &told));
    row("resource.size-then", query(other));
    row("resource.beyond", resource(other, shared, 4, 2, list, &told));
    row("resource.far", resource(other, shared, 1000, 1, list, &told));
    row("resource.of-status", resource(other, status, 0, 1, list, &told));
    row("resource.unwritable", resource(other, shared, 0, 1, NOWHERE, &told));
    row("resource.ours", resource(US, shared, 0, 1, list, &told));
    row("resource.first-again", resource(other, shared, 0, 1, list, &told));
    row("resource.map", hypercall_update_va_mapping_otherdomain(
                            (uintptr_t)scratch_page(0), list[0] << PAGE_SHIFT | ENTRY_READ_WRITE,
                            UVMF_INVLPG, other));
    ((volatile grant_entry_v1_t *)scratch_page(0))[1] =
        (grant_entry_v1_t){.flags = GTF_permit_access, .domid = US, .frame = (u32)a};
    row("others.not-its-frame", grant_map(scratch_page(1), 1, GNTMAP_host_map, other, NULL, NULL));
    row("others.transfer", transfer(frame_unmapped(), other, 3));
    row("resource.unmap", map_page(scratch_page(0), 0));
    row("others.destroy", domctl_bare(XEN_DOMCTL_destroydomain, other));
}

void guest_main(void)
{
    pfn_t pfn = frame_alloc_zeroed();

    a = pfn_to_mfn(pfn).n;
    page_a = pfn_to_virt(pfn);
    pfn = frame_alloc_zeroed();
    b = pfn_to_mfn(pfn).n;
    page_b = pfn_to_virt(pfn);
    memset(page_a, 0x11, PAGE_SIZE);
    memset(page_b, 0x22, PAGE_SIZE);
    scratch_entry(1);
    try_size();
    try_swap();
    try_versions();
    try_transfer();
    try_cache_flush();
    try_others();
    guest_end();
}
