/*
 * Frames come and go: increase_reservation, decrease_reservation and populate_physmap.
 *
 * All three take a list of extents (blocks of 2^order frames) and answer with how many they have
 * done, never with an errno; a caller learns of a refusal from the count, as on Xen. An extent that
 * fails ends the list.
 *
 * A frame that is given back loses its owner's reference. While mappings or page tables still count
 * on it, it stays; the last of them frees it. So nothing here has to ask what it is used for.
 */
#include "hypercalls/memory.h"

#include "hypervisor/boot/memory.h"
#include "hypervisor/cpu/preempt.h"
#include "hypervisor/debug/bug.h"
#include "hypervisor/domain/domain.h"
#include "hypervisor/domain/vnuma.h"
#include "hypervisor/mm/alloc.h"
#include "hypervisor/mm/pae.h"
#include "hypervisor/mm/uaccess.h"
#include "xen-like/abi/xen.h"

/* More extents than this do not fit beside the operation in 32 bits of a command word. */
#define EXTENTS_MAX (UINT32_MAX >> 6)

#define FRAME_UNITS 5 /* of work, see cpu/preempt.h */

#define NODE_NONE 0xffU /* XENMEMF_get_node() of flags that name no node */

struct request {
    struct domain *d;
    u64 list; /* guest address of the extents, may be 0 for increase_reservation only */
    u64 count;
    u32 order;
    u32 address_bits; /* frames must lie below 2^this bytes; 0: anywhere */
    u64 within;       /* decrease_reservation: frames of the next extent that are done already */
    bool narrow;      /* the list is a 32-bit guest's */
    bool waits;       /* others want the CPU: the rest later */
};

static bool extent_read(const struct request *r, u64 i, u64 *frame)
{
    return !word_read_as(r->narrow, frame, r->list, i);
}

static bool extent_write(const struct request *r, u64 i, u64 frame)
{
    return !word_write_as(r->narrow, r->list, i, frame);
}

/* Take the owner's reference of one frame of @d away. */
static bool frame_give_back(struct domain *d, mfn_t m)
{
    struct frame *f = frame_get_mfn(m, d);

    if (!f) {
        (void)refuse(XEN_ENXIO, "the frame is not this domain's");
        return false;
    }
    if (frame_disown(f))
        m2p_set(m, INVALID_M2P_ENTRY);
    frame_put(f);
    return true;
}

/* A small block, at once. */
static mfn_t small_alloc(struct request *r, u64 pfn)
{
    mfn_t m = domain_frames_alloc(r->d, r->order, r->address_bits, true);

    r->waits = m.n == RESTART_MFN.n;
    if (!mfn_valid(m))
        return INVALID_MFN;
    for (u64 n = 0; n < 1UL << r->order; n++) {
        m2p_set(mfn_add(m, n), pfn == INVALID_M2P_ENTRY ? pfn : pfn + n);
        dirty_mark(mfn_to_frame(mfn_add(m, n)));
    }
    return m;
}

/* A large one, whose frames follow (extent_finish). */
static mfn_t extent_alloc(struct request *r, u64 pfn)
{
    mfn_t m;
    int rc = extent_make(r->d, r->order, r->address_bits, false, &m);

    r->waits = rc == RESTART;
    if (rc)
        return INVALID_MFN;
    return extent_assign(pfn) ? INVALID_MFN : m;
}

/* One extent of increase_reservation or populate_physmap, which says which pfn the new frames shall
 * have; it is told the first frame. False when the list ends here. */
static bool extent_give(struct request *r, u64 i, bool populate)
{
    bool large = r->order >= EXTENT_ORDER_MIN, told;
    u64 pfn = INVALID_M2P_ENTRY;
    mfn_t m;

    if (populate && !extent_read(r, i, &pfn))
        return false;
    m = large ? extent_alloc(r, pfn) : small_alloc(r, pfn);
    if (!mfn_valid(m))
        return false;
    told = !r->list || extent_write(r, i, m.n);
    r->waits = large ? extent_finish() : preempt_point((u32)FRAME_UNITS << r->order);
    r->waits &= told; /* or else the list ends here, whoever finishes the extent */
    return told;
}

static u64 extents_give(struct request *r, u64 i, bool populate)
{
    while (i < r->count && !r->waits && extent_give(r, i, populate))
        i++;
    return i;
}

/* Frame by frame, so it can wait within an extent too. Where in an extent has no room in the
 * command word of a 32-bit guest: the vcpu keeps the frame that is next, which a list that begins
 * with another extent has nothing to do with. */
static u64 decrease(struct request *r, u64 i)
{
    u64 next = current->decrease_next;

    current->decrease_next = 0;
    if (next)
        call_unbind(current);
    for (; i < r->count && !r->waits; i++, next = 0) {
        u64 frame;

        if (!extent_read(r, i, &frame))
            break;
        if (next && next - frame < 1UL << r->order)
            r->within = next - frame;
        for (; r->within < 1UL << r->order; r->within++) {
            if (r->waits && r->narrow)
                current->decrease_next = frame + r->within;
            if (r->waits || !frame_give_back(r->d, MFN(frame + r->within)))
                return i;
            r->waits = preempt_point(FRAME_UNITS);
        }
        r->within = 0;
    }
    return i;
}

/* There is one node, 0; a request for another one is a wish unless it says "exact". */
bool memory_node_acceptable(u32 flags)
{
    u32 node = XENMEMF_get_node(flags);

    if (node == NODE_NONE)
        return true;
    if (!is_authorised(DEED_LARGE_EXTENTS, NULL))
        return !(flags & XENMEMF_exact_node_request);
    return node < NODES_MAX && (node == 0 || !(flags & XENMEMF_exact_node_request));
}

/* The same of frames for a node of @d's own (XENMEMF_vnode): where its builder wants that to be. */
static bool vnode_acceptable(const struct domain *d, u32 flags)
{
    const struct vnuma *n = __atomic_load_n(&d->vnuma, __ATOMIC_ACQUIRE);
    u32 node = XENMEMF_get_node(flags);

    if (!n)
        return true;
    return node < n->nr_nodes && (!n->nodes[node] || !(flags & XENMEMF_exact_node_request));
}

/* NULL, or the rule that this request breaks. */
static const char *request_make(struct request *r, const struct xen_memory_reservation *want,
                                u32 op, u64 start)
{
    u32 bits = XENMEMF_get_address_bits(want->mem_flags);
    u64 list = (u64)want->extent_start.p;

    if (want->nr_extents > EXTENTS_MAX || start >= want->nr_extents)
        return "the number of extents is out of range";
    r->d = domain_named(want->domid);
    if (!r->d || !is_authorised(DEED_OWN, r->d))
        return "there is no such domain, or it is another's";
    if (bits && bits <= PAGE_SHIFT)
        return "no frame has so short an address";
    if (!(want->mem_flags & XENMEMF_vnode ? vnode_acceptable(r->d, want->mem_flags)
                                          : memory_node_acceptable(want->mem_flags)))
        return "there is no such node";
    if (want->extent_order > memory_order_max())
        return "an extent is too large";
    if (op == XENMEM_populate_physmap && want->mem_flags & XENMEMF_populate_on_demand)
        return "only hardware guests are populated on demand";
    if ((list || op != XENMEM_increase_reservation) &&
        !(r->narrow ? caller_range_ok(list, want->nr_extents * sizeof(u32))
                    : guest_range_ok(list, want->nr_extents * sizeof(u64))))
        return "the list is not in guest memory";
    r->list = list;
    r->count = want->nr_extents;
    r->order = want->extent_order;
    r->address_bits = pae_address_bits(r->d, bits);
    return NULL;
}

/* @start, the upper part of the command word: the first extent, and above EXTENTS_MAX what a list
 * that was interrupted within an extent has left there. Anything else there is too large a number.
 */
long memory_reservation(u32 op, u64 start, u64 arg)
{
    struct xen_memory_reservation want;
    struct request r = {.within = start / (EXTENTS_MAX + 1UL), .narrow = caller_is_32bit()};
    const char *rule = "the argument cannot be read";
    u64 done = start & EXTENTS_MAX;

    if (unlikely(current->extent.left) && extent_finish())
        return memory_continue(op, start, arg);
    if (!STRUCT_READ(&want, arg)) {
        rule = request_make(&r, &want, op, done);
        if (r.within && (op != XENMEM_decrease_reservation || r.within >> want.extent_order))
            rule = "the number of extents is out of range";
    }
    if (rule) {
        (void)refuse(XEN_EINVAL, rule);
        return (long)start;
    }
    done = op == XENMEM_decrease_reservation
               ? decrease(&r, done)
               : extents_give(&r, done, op == XENMEM_populate_physmap);
    if (r.waits && (done < r.count || current->extent.left))
        return memory_continue(op, r.narrow ? done : done | r.within * (EXTENTS_MAX + 1UL), arg);
    return (long)done;
}
