/*
 * Rows of grants: what a backend pays for a frontend's page, mapped and given back or copied. We
 * grant to ourselves. `grant-map-unmap` is both calls, with one grant; `grant-map-unmap-32` the
 * same with lists of 32, for each grant.
 */
#include "guest-kernel/grant/grant.h"
#include "guest-kernel/mm/frame.h"
#include "guest-kernel/core/hypercall.h"
#include "tests/guests/bench/measure.h"
#include "tests/guests/bench/region.h"
#include "tests/guests/bench/rows.h"

#define LIST 32

static gnttab_map_grant_ref_t maps[LIST];
static gnttab_unmap_grant_ref_t unmaps[LIST];
static gnttab_copy_t copies[LIST];
static grant_ref_t refs[LIST];
static xen_pfn_t target;

static inline long map_unmap(u32 count)
{
    long rc = call_grant_table_op(GNTTABOP_map_grant_ref, maps, count);

    for (u32 i = 0; i < count; i++)
        unmaps[i].handle = maps[i].handle;
    rc |= call_grant_table_op(GNTTABOP_unmap_grant_ref, unmaps, count);
    return rc ? rc : maps[0].status + unmaps[0].status;
}

static long map_unmap_one(void)
{
    return map_unmap(1);
}

static long map_unmap_list(void)
{
    return map_unmap(LIST);
}

static long copy_one(void)
{
    long rc = call_grant_table_op(GNTTABOP_copy, copies, 1);

    return rc ? rc : copies[0].status;
}

static long copy_list(void)
{
    long rc = call_grant_table_op(GNTTABOP_copy, copies, LIST);

    return rc ? rc : copies[LIST - 1].status;
}

static void operations_set(u16 bytes)
{
    for (u32 i = 0; i < LIST; i++) {
        maps[i] = (gnttab_map_grant_ref_t){.host_addr = (uintptr_t)region_page(i),
                                           .flags = GNTMAP_host_map,
                                           .ref = refs[i],
                                           .dom = 0};
        unmaps[i] = (gnttab_unmap_grant_ref_t){.host_addr = (uintptr_t)region_page(i)};
        copies[i] = (gnttab_copy_t){.source = {.u.ref = refs[i], .domid = 0},
                                    .dest = {.u.gmfn = target, .domid = DOMID_SELF},
                                    .len = bytes,
                                    .flags = GNTCOPY_source_gref};
    }
}

void rows_grants(void)
{
    static const struct bench maps_rows[] = {
        {"grant-map-unmap", .run = map_unmap_one},
        {"grant-map-unmap-32", .run = map_unmap_list, .per_run = LIST, .runs = RUNS_LONG},
    };
    static const struct bench copy_64[] = {
        {"grant-copy-64", .run = copy_one},
        {"grant-copy-64-32", .run = copy_list, .per_run = LIST, .runs = RUNS_LONG},
    };
    static const struct bench copy_4096 = {"grant-copy-4096", .run = copy_one};

    bench_require("grant_init", grant_init());
    target = pfn_to_mfn(frame_alloc_zeroed()).n;
    for (u32 i = 0; i < LIST; i++) {
        region_entry(i);
        refs[i] = grant_give(0, pfn_to_mfn(frame_alloc_zeroed()), false);
        bench_require("grant_give", refs[i] == GRANT_NONE ? -1 : 0);
    }
    operations_set(64);
    bench_rows(maps_rows, ARRAY_SIZE(maps_rows));
    bench_rows(copy_64, ARRAY_SIZE(copy_64));
    operations_set(4096);
    bench_rows(&copy_4096, 1);
}
