/* The using side of grants in a test that gives them to itself: one page of the scratch address for
 * each mapping. */
#ifndef TESTS_GUESTS_GRANTS_H
#define TESTS_GUESTS_GRANTS_H

#include "tests/guests/common.h"

/* Answers the status, or the call's errno. */
static inline s16 ref_map(domid_t domain, grant_ref_t ref, bool read_only, unsigned int page,
                          grant_handle_t *handle)
{
    struct gnttab_map_grant_ref map = {.host_addr = (uintptr_t)scratch_page(page),
                                       .flags = GNTMAP_host_map | (read_only ? GNTMAP_readonly : 0),
                                       .ref = ref,
                                       .dom = domain};
    long answer = call_grant_table_op(GNTTABOP_map_grant_ref, &map, 1);

    *handle = map.handle;
    return answer ? (s16)answer : map.status;
}

static inline s16 ref_unmap(grant_handle_t handle, unsigned int page)
{
    struct gnttab_unmap_grant_ref unmap = {.host_addr = (uintptr_t)scratch_page(page),
                                           .handle = handle};
    long answer = call_grant_table_op(GNTTABOP_unmap_grant_ref, &unmap, 1);

    return answer ? (s16)answer : unmap.status;
}

#endif
