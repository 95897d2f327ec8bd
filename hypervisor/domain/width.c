/*
 * A domain becomes a 32-bit one: see width.h. It has no memory then, so all that there is of either
 * width is its shared page, which says little yet, and its vcpus.
 */
#include "hypervisor/domain/width.h"

#include "hypervisor/debug/bug.h"
#include "hypervisor/domain/vcpu_info.h"
#include "hypervisor/event/fifo.h"
#include "hypervisor/mm/pae.h"
#include "hypervisor/time/wallclock.h"

/* Of a domain that is a 32-bit one. */
static int roots_make(struct domain *d)
{
    int rc = 0;

    for (u32 i = 0; i < d->max_vcpus && !rc; i++)
        if (d->vcpus[i])
            rc = pae_root_make(d->vcpus[i]);
    return rc;
}

static void roots_drop(struct domain *d)
{
    for (u32 i = 0; i < d->max_vcpus; i++)
        if (d->vcpus[i])
            pae_root_drop(d->vcpus[i]);
}

/* Of the layout only: all are where they were. */
static void vcpus_place(struct domain *d)
{
    for (u32 i = 0; i < d->max_vcpus; i++)
        if (d->vcpus[i])
            vcpu_info_place(d->vcpus[i], d->vcpus[i]->info);
}

int domain_set_width(struct domain *d, u32 bits)
{
    int rc;

    if (bits == (d->is_32bit ? 32 : 64))
        return 0;
    if (bits != 32)
        return refuse(XEN_EINVAL, "a width that no domain has, or this one no more");
    if (d->tot_pages)
        return refuse(XEN_EACCES, "a domain with memory keeps its width");
    if (d->shared_mfn.n >= GIB(4) >> PAGE_SHIFT)
        return refuse(XEN_ENOMEM, "no memory below 4 GiB was left for its shared page");
    d->is_32bit = true;
    rc = roots_make(d);
    if (rc) {
        roots_drop(d);
        d->is_32bit = false;
        return rc;
    }
    if (!d->events.fifo)
        d->events.words = &fifo_none;
    vcpus_place(d);
    wallclock_publish(d);
    return 0;
}
