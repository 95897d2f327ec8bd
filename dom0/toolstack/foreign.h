/*
 * Other domains' frames, in our own space: a run of addresses that shows the machine frames of a
 * list, in its order. The mapping counts as a use of each frame: a domain that ends gives a frame
 * back when the last mapping goes, so unmap what is not needed.
 */
#ifndef DOM0_TOOLSTACK_FOREIGN_H
#define DOM0_TOOLSTACK_FOREIGN_H

#include "dom0/mm/area.h"

struct foreign {
    void *at; /* NULL: nothing is mapped */
    u64 pages;
    struct area *area;
};

/* Any number of frames. 0 or a negative errno; then nothing is mapped. */
int foreign_map(struct foreign *f, domid_t domain, const xen_pfn_t *frames, u64 pages,
                bool writable);
/* Harmless on what is not mapped. */
void foreign_unmap(struct foreign *f);

#endif
