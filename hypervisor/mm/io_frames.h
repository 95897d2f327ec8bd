/*
 * Frames that are not RAM: device registers, firmware, holes.
 *
 * They carry no counts. Those below frames_max belong to a system domain of their own (as Xen's
 * DOMID_IO); above it there are no records at all. Only a domain that was permitted may map them,
 * and then uncached unless it asked for a cache attribute itself.
 */
#ifndef HYPERVISOR_MM_IO_FRAMES_H
#define HYPERVISOR_MM_IO_FRAMES_H

#include "hypervisor/domain/domain.h"
#include "hypervisor/mm/frame.h"
#include "hypervisor/mm/pte.h"

extern struct domain domain_io;
extern struct domain
    domain_xen;       /* DOMID_XEN: owns what the hypervisor shares with the privileged */
extern u32 phys_bits; /* width of a physical address on this CPU */
extern mfn_t hypertransport_end; /* AMD: the 12 GiB before are the bus's own; 0: no such range */

static inline bool mfn_is_io(mfn_t m)
{
    return unlikely(!mfn_valid(m)) || unlikely(mfn_to_frame(m)->owner == &domain_io);
}

/* Every frame from now on is I/O until io_frames_are_ram says otherwise. Boot only. */
void io_frames_init(mfn_t max);
void io_frames_are_ram(mfn_t start, mfn_t end);

/* The page of registers at @phys is the hypervisor's to write; domains may only look. Boot only. */
void io_frame_keep(u64 phys);
bool io_frame_is_kept(mfn_t m);

/* May @d map the I/O frame @m? */
bool io_frame_permitted(const struct domain *d, mfn_t m);

/* @by lets @d map the frames from @first to @last, or forbids it; what is mapped stays. One caller
 * at a time. 0; -EPERM: @by may not map all of them himself; -ENOMEM. */
int io_frames_permit(struct domain *by, struct domain *d, u64 first, u64 last, bool allow);

/*
 * A present L1 entry that names an I/O frame: 0, with cache attributes made safe in *e and no right
 * to write what is kept; -EPERM when not permitted; -EINVAL for the all-ones frame number, as Xen
 * answers.
 */
int io_l1e_get(u64 *e, const struct domain *pt_dom, const struct domain *pg_dom);

#endif
