/*
 * Runs of granted frames; granted.h has the promises. Mapping goes through grant_table_op with an
 * address of ours, whose page tables an area has ready; the hypervisor writes the entry and keeps
 * count of it, so nobody else may touch that entry until it is unmapped by its handle.
 */
#include "dom0/mm/granted.h"

#include "dom0/mm/heap.h"
#include "guest-kernel/core/hypercall.h"

int granted_errno(s16 status)
{
    switch (status) {
    case GNTST_okay:
        return 0;
    case GNTST_bad_gntref:
        return -XEN_ENOENT;
    case GNTST_permission_denied:
        return -XEN_EPERM;
    case GNTST_bad_domain:
        return -XEN_ESRCH;
    case GNTST_no_space:
    case GNTST_no_device_space:
        return -XEN_ENOMEM;
    default:
        return -XEN_EINVAL;
    }
}

static int page_map(struct granted *g, u32 n, domid_t domain, grant_ref_t ref, bool writable)
{
    gnttab_map_grant_ref_t op = {.host_addr = (uintptr_t)area_page(g->area, n),
                                 .flags = GNTMAP_host_map | (writable ? 0 : GNTMAP_readonly),
                                 .ref = ref,
                                 .dom = domain};
    long answer = hypercall_grant_table_op(GNTTABOP_map_grant_ref, (uintptr_t)&op, 1);

    if (answer)
        return (int)answer;
    g->handles[n] = op.handle;
    return granted_errno(op.status);
}

static void page_unmap(struct granted *g, u32 n)
{
    gnttab_unmap_grant_ref_t op = {.host_addr = (uintptr_t)area_page(g->area, n),
                                   .handle = g->handles[n]};
    long answer = hypercall_grant_table_op(GNTTABOP_unmap_grant_ref, (uintptr_t)&op, 1);

    if (answer || op.status != GNTST_okay)
        guest_panic("a grant cannot be unmapped: %ld, %d", answer, op.status);
}

int granted_map(struct granted *g, domid_t domain, const grant_ref_t *refs, u32 count,
                bool writable)
{
    int answer;

    *g = (struct granted){.area = area_reserve(count), .handles = heap_alloc(count * sizeof(u32))};
    for (answer = g->area && g->handles ? 0 : -XEN_ENOMEM; !answer && g->pages < count;) {
        answer = page_map(g, g->pages, domain, refs[g->pages], writable);
        g->pages += !answer;
    }
    if (g->area)
        g->at = area_page(g->area, 0);
    if (answer)
        granted_unmap(g);
    return answer;
}

void granted_unmap(struct granted *g)
{
    while (g->pages)
        page_unmap(g, --g->pages);
    if (g->area)
        area_release(g->area);
    heap_free(g->handles);
    *g = (struct granted){0};
}
