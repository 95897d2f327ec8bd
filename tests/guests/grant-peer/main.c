/*
 * The other domain of tests/guests/grant-domains: it grants some frames to the first domain, does
 * what it may and may not with those that were granted to it, and then waits for its end, with
 * everything still mapped.
 */
#include "tests/guests/grant-peer/peer.h"
#include "tests/guests/grant_table.h"

#define FIRST 0

static volatile s64 *results;
static u64 own; /* an mfn */

static void result(enum result which, s64 value)
{
    results[which] = value;
}

static volatile u8 *page_granted(grant_ref_t ref, u16 flags, u8 fill)
{
    pfn_t pfn = frame_alloc();

    memset(pfn_to_virt(pfn), fill, PAGE_SIZE);
    entry_set(ref, flags, FIRST, pfn_to_mfn(pfn).n);
    return pfn_to_virt(pfn);
}

static void maps_try(void)
{
    volatile u8 *rw = scratch_page(0), *ro = scratch_page(2);
    u64 entry;

    result(RESULT_map_rw, grant_map((void *)rw, OURS_RW, GNTMAP_host_map, FIRST, NULL, NULL));
    result(RESULT_map_device, grant_map(NULL, OURS_SECOND, GNTMAP_device_map, FIRST, NULL, NULL));
    result(RESULT_map_ro,
           grant_map((void *)ro, OURS_RO, GNTMAP_host_map | GNTMAP_readonly, FIRST, NULL, NULL));
    result(RESULT_map_ro_to_write,
           grant_map(scratch_page(3), OURS_RO, GNTMAP_host_map, FIRST, NULL, NULL));
    result(RESULT_map_of_another,
           grant_map(scratch_page(3), OURS_NOT, GNTMAP_host_map, FIRST, NULL, NULL));
    result(RESULT_map_never_granted,
           grant_map(scratch_page(3), 300, GNTMAP_host_map, FIRST, NULL, NULL));
    result(RESULT_read_rw, rw[7]);
    result(RESULT_read_ro, ro[7]);
    rw[8] = 0x88;
    entry = table_lookup(table_boot_root(), (uintptr_t)rw);
    result(RESULT_map_by_mmu_update,
           map_page(scratch_page(4), (entry & PTE_ADDRESS_MASK) | PTE_PRESENT | PTE_USER));
    result(RESULT_entry_copied, map_page(scratch_page(4), entry));
    result(RESULT_no_handle, grant_unmap((void *)rw, 0, 77777));
}

static long copy(u64 from, bool from_grant, u64 to, bool to_grant)
{
    gnttab_copy_t op = {.len = 16};

    op.source.domid = from_grant ? FIRST : DOMID_SELF;
    op.dest.domid = to_grant ? FIRST : DOMID_SELF;
    op.source.u.gmfn = from;
    op.dest.u.gmfn = to;
    op.flags = (u16)((from_grant ? GNTCOPY_source_gref : 0) | (to_grant ? GNTCOPY_dest_gref : 0));
    return grant_copy(&op);
}

static void copies_try(volatile u8 *page)
{
    u64 theirs = table_lookup(table_boot_root(), (uintptr_t)scratch_page(0)) >> PAGE_SHIFT &
                 (PTE_ADDRESS_MASK >> PAGE_SHIFT);
    gnttab_copy_t list[2] = {{.source = {.u.ref = OURS_RO, .domid = FIRST},
                              .dest = {.u.gmfn = own, .domid = DOMID_SELF},
                              .len = 16,
                              .flags = GNTCOPY_source_gref},
                             {.source = {.u.gmfn = theirs, .domid = FIRST},
                              .dest = {.u.gmfn = own, .domid = DOMID_SELF},
                              .len = 16}};
    gnttab_copy_t frame = list[1];

    result(RESULT_copy_from_ro, copy(OURS_RO, true, own, false));
    result(RESULT_copied, page[15] << 8 | page[16]);
    result(RESULT_copy_to_ro, copy(own, false, OURS_RO, true));
    result(RESULT_copy_to_second, copy(own, false, OURS_SECOND, true));
    result(RESULT_copy_of_frame, grant_copy(&frame));
    grant_op(GNTTABOP_copy, list, 2);
    result(RESULT_copy_of_frame_behind_grant, list[1].status);
}

static void tables_try(void)
{
    static xen_pfn_t list[1];
    gnttab_setup_table_t setup = {.dom = FIRST, .nr_frames = 1, .status = 99};
    gnttab_query_size_t size = {.dom = FIRST, .status = 99};
    gnttab_get_version_t version = {.dom = FIRST};
    struct xen_mem_acquire_resource want = {.domid = FIRST, .type = XENMEM_resource_grant_table};

    set_xen_guest_handle(setup.frame_list, list);
    grant_op(GNTTABOP_setup_table, &setup, 1);
    grant_op(GNTTABOP_query_size, &size, 1);
    result(RESULT_setup_of_first, setup.status);
    result(RESULT_size_of_first, size.status);
    result(RESULT_version_of_first, grant_op(GNTTABOP_get_version, &version, 1));
    result(RESULT_resource_of_first, call_memory_op(XENMEM_acquire_resource, &want));
}

/* A second life in version 2 passes a grant on. */
static void version_2(void)
{
    gnttab_set_version_t op = {.version = 2};

    result(RESULT_version, grant_op(GNTTABOP_set_version, &op, 1));
    for (grant_ref_t ref = THEIRS_RW; ref <= THEIRS_RESULTS; ref++) {
        entries2[ref].full_page.frame =
            table_lookup(table_boot_root(), (uintptr_t)scratch_page(ref)) >> PAGE_SHIFT &
            (PTE_ADDRESS_MASK >> PAGE_SHIFT);
        entries2[ref].hdr.domid = FIRST;
    }
    entries2[THEIRS_PASSED].transitive.trans_domid = FIRST;
    entries2[THEIRS_PASSED].transitive.gref = OURS_RO;
    entries2[THEIRS_PASSED].hdr.domid = FIRST;
    __atomic_store_n(&entries2[THEIRS_PASSED].hdr.flags, GTF_transitive, __ATOMIC_SEQ_CST);
    __atomic_store_n(&entries2[THEIRS_RW].hdr.flags, GTF_permit_access, __ATOMIC_SEQ_CST);
    __atomic_store_n(&entries2[THEIRS_RO].hdr.flags, GTF_permit_access | GTF_readonly,
                     __ATOMIC_SEQ_CST);
    __atomic_store_n(&entries2[THEIRS_RESULTS].hdr.flags, GTF_permit_access, __ATOMIC_SEQ_CST);
}

void guest_main(void)
{
    pfn_t pfn = frame_alloc_zeroed();
    volatile u8 *rw, *ro;

    own = pfn_to_mfn(pfn).n;
    scratch_entry(1);
    if (table_setup(2))
        guest_panic("no grant table");
    rw = page_granted(THEIRS_RW, 0, 0xa0);
    ro = page_granted(THEIRS_RO, 0, 0xa1);
    results = (volatile s64 *)page_granted(THEIRS_RESULTS, 0, 0xff);
    maps_try();
    copies_try(pfn_to_virt(pfn));
    tables_try();
    map_page(scratch_page(THEIRS_RW), pte_make(virt_to_mfn((u8 *)rw), PTE_PRESENT | PTE_USER));
    map_page(scratch_page(THEIRS_RO), pte_make(virt_to_mfn((u8 *)ro), PTE_PRESENT | PTE_USER));
    map_page(scratch_page(THEIRS_RESULTS),
             pte_make(virt_to_mfn((s64 *)results), PTE_PRESENT | PTE_USER));
    result(RESULT_done, 1);
    if (cmdline_has("version-2")) {
        version_2();
    } else {
        result(RESULT_version, 0);
        entries[THEIRS_RW].flags = GTF_permit_access;
        entries[THEIRS_RO].flags = GTF_permit_access | GTF_readonly;
        __atomic_store_n(&entries[THEIRS_RESULTS].flags, GTF_permit_access, __ATOMIC_SEQ_CST);
    }
    for (;;)
        call_sched_op(SCHEDOP_yield, NULL);
}
