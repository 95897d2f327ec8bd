/*
 * The balloon: memory that is given back to the hypervisor, and taken again. Frames that were never
 * used lie together at the end of what the allocator has (frame.c), and only those go, from the
 * last one down: so what is missing is one run of frames, that nobody has to write down, and a
 * kernel that needs runs itself keeps some.
 *
 * A frame must have no mapping when it is given back. One that is taken is another frame of the
 * machine under the same pfn.
 */
#include "guest-kernel/mm/balloon.h"
#include "guest-kernel/mm/direct_map.h"
#include "guest-kernel/mm/frame.h"
#include "guest-kernel/mm/pte.h"
#include "guest-kernel/core/hypercall.h"

#define NOT_THERE (~0ul) /* in the list of machine frames */

static u64 missing; /* frames, the last ones of the domain */

static unsigned long *p2m_entry(pfn_t pfn)
{
    return &((unsigned long *)start_info->mfn_list)[pfn.n];
}

/* One frame of the machine, given or taken; *frame is its mfn to give, or the pfn that it becomes
 * and then its mfn. Whether it was. */
static bool exchange_one(unsigned int command, xen_pfn_t *frame)
{
    struct xen_memory_reservation one = {.nr_extents = 1, .domid = DOMID_SELF};

    set_xen_guest_handle(one.extent_start, frame);
    return call_memory_op(command, &one) == 1;
}

static void map(pfn_t pfn, u64 pte)
{
    long answer = call_update_va_mapping(pfn_to_virt(pfn), pte, UVMF_INVLPG | UVMF_ALL);

    if (answer)
        guest_panic("frame %" F64 "u of the direct map cannot be changed: error %ld", pfn.n,
                    answer);
}

static u64 pte_of(pfn_t pfn)
{
    return pte_make(pfn_to_mfn(pfn), PTE_KERNEL_READ_WRITE) | PTE_NX;
}

static bool give_one(void)
{
    pfn_t pfn;

    if (!frame_leave_last(&pfn))
        return false;
    map(pfn, 0);
    if (!exchange_one(XENMEM_decrease_reservation, p2m_entry(pfn))) {
        map(pfn, pte_of(pfn));
        frame_join_last();
        return false;
    }
    *p2m_entry(pfn) = NOT_THERE;
    missing++;
    return true;
}

static bool take_one(void)
{
    pfn_t pfn = {direct_map_frames() - missing};
    xen_pfn_t frame = (xen_pfn_t)pfn.n;

    if (!missing || !exchange_one(XENMEM_populate_physmap, &frame))
        return false;
    *p2m_entry(pfn) = frame;
    map(pfn, pte_of(pfn));
    frame_join_last();
    missing--;
    return true;
}

u64 balloon_set(u64 frames)
{
    while (direct_map_frames() - missing > frames && give_one())
        ;
    while (direct_map_frames() - missing < frames && take_one())
        ;
    return direct_map_frames() - missing;
}
