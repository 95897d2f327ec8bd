/* Mapping other domains' frames; foreign.h. A refusal in the middle takes back what came before. */
#include "dom0/toolstack/foreign.h"

#include "dom0/toolstack/control.h"

#define PIECE 64 /* frames between two questions to the hook */

int foreign_map(struct foreign *f, domid_t domain, const xen_pfn_t *frames, u64 pages,
                bool writable)
{
    u64 flags = (writable ? PTE_KERNEL_READ_WRITE : PTE_KERNEL_READ_ONLY) | PTE_NX, n;
    int answer = 0;

    *f = (struct foreign){.pages = pages, .area = area_reserve(pages)};
    if (!f->area)
        return -XEN_ENOMEM;
    for (u64 done = 0; done < pages; done += n) {
        n = MIN(pages - done, (u64)PIECE);
        answer = control_refused(__HYPERVISOR_mmu_update, 0);
        if (!answer)
            answer = area_map(f->area, done, frames + done, n, flags, domain);
        if (!answer)
            continue;
        area_unmap(f->area, 0, done);
        area_release(f->area);
        return answer;
    }
    f->at = area_page(f->area, 0);
    return 0;
}

void foreign_unmap(struct foreign *f)
{
    if (!f->at)
        return;
    area_unmap(f->area, 0, f->pages);
    area_release(f->area);
    f->at = NULL;
}
