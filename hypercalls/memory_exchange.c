/*
 * exchange: a domain gives frames and gets as many others at once, of another order or below some
 * address. A kernel does so to get a contiguous block for a device.
 *
 * The lists are worked through in chunks, the smallest parts of both that have the same size: one
 * extent on the side of the larger order, several on the other. A chunk is done wholly or not at
 * all: its frames are stolen first, then new ones allocated, and only then does anything change
 * that the guest can see. Only frames that nothing maps or counts on can be stolen, so there is
 * never a use to be undone.
 */
#include "hypercalls/memory.h"

#include "hypervisor/boot/memory.h"
#include "hypervisor/cpu/preempt.h"
#include "hypervisor/debug/bug.h"
#include "hypervisor/mm/alloc.h"
#include "hypervisor/mm/uaccess.h"
#include "xen-like/abi/xen.h"

#define FRAME_UNITS 8 /* of work, see cpu/preempt.h */

struct exchange {
    struct domain *d;
    u64 in, out; /* guest addresses of the lists */
    u32 in_order, out_order;
    u32 in_shift, out_shift; /* extents of a chunk, as powers of two; one of them is 0 */
    u32 address_bits;        /* the new frames must lie below 2^this bytes */
    u32 stolen;              /* frames of the chunk, see frame_steal */
    u32 blocks;              /* new blocks of the chunk, linked by their first frames likewise */
};

static int frame_take(struct exchange *x, mfn_t m)
{
    struct frame *f = frame_get_mfn(m, x->d);

    if (!f)
        return refuse(XEN_EINVAL, "the frame is not this domain's");
    if (frame_steal(f, &x->stolen))
        return 0;
    frame_put(f);
    return refuse(XEN_EINVAL, "the frame is in use");
}

static int chunk_steal(struct exchange *x, u64 chunk)
{
    int rc;

    for (u64 i = chunk << x->in_shift; i < (chunk + 1) << x->in_shift; i++) {
        u64 frame;

        if (guest_read(&frame, x->in + i * sizeof(frame), sizeof(frame)))
            return refuse(XEN_EFAULT, "the list cannot be read");
        for (u64 n = 0; n < 1UL << x->in_order; n++) {
            rc = frame_take(x, MFN(frame + n));
            if (rc)
                return rc;
        }
    }
    return 0;
}

/* An address limit is a matter of luck: the allocator is asked once, as for a reservation. */
static bool block_acceptable(const struct exchange *x, mfn_t m)
{
    u64 last = m.n + (1UL << x->out_order) - 1;

    if (x->address_bits >= 64)
        return true;
    return x->address_bits > PAGE_SHIFT && last >> (x->address_bits - PAGE_SHIFT) == 0;
}

static int chunk_alloc(struct exchange *x)
{
    for (u64 i = 0; i < 1UL << x->out_shift; i++) {
        mfn_t m = frames_alloc(x->out_order);

        if (m.n == INVALID_MFN.n)
            return refuse(XEN_ENOMEM, "there is no such block");
        mfn_to_frame(m)->next = x->blocks;
        x->blocks = (u32)m.n;
        if (!block_acceptable(x, m))
            return refuse(XEN_ENOMEM, "there is no block below the address");
    }
    return 0;
}

static void blocks_free(struct exchange *x)
{
    while (x->blocks != FRAME_NIL) {
        mfn_t m = MFN(x->blocks);

        x->blocks = mfn_to_frame(m)->next;
        frames_free(m, x->out_order);
    }
}

/* Blocks like those that the chunk will get are cleared and go back to the heap, which gives them
 * out again: clearing is what takes long, and can be interrupted here. 0 or RESTART. */
static int chunk_prepare(struct exchange *x)
{
    int rc = 0;

    if (!chunk_alloc(x))
        for (u32 n = x->blocks; n != FRAME_NIL && !rc; n = frame_table[n].next)
            rc = frames_clean(MFN(n), x->out_order, x->d);
    blocks_free(x);
    return rc;
}

static void chunk_undo(struct exchange *x)
{
    frames_unsteal(x->d, x->stolen);
    x->stolen = FRAME_NIL;
    blocks_free(x);
}

/* The new block becomes the domain's at the pfn that its list says, and takes that entry's place.
 * The list may have become unreadable: the block is the domain's all the same. */
static int block_give(struct exchange *x, mfn_t m, u64 extent)
{
    u64 at = x->out + extent * sizeof(u64), pfn;

    for (u64 n = 0; n < 1UL << x->out_order; n++)
        m2p[m.n + n] = INVALID_M2P_ENTRY;
    frames_clean(m, x->out_order, x->d); /* if it is not one of those that were prepared */
    domain_frames_replace(x->d, m, x->out_order);
    if (guest_read(&pfn, at, sizeof(pfn)))
        return refuse(XEN_EFAULT, "the list of new frames cannot be read");
    for (u64 n = 0; n < 1UL << x->out_order; n++)
        m2p[m.n + n] = pfn + n;
    if (guest_write(at, &m.n, sizeof(m.n)))
        return refuse(XEN_EFAULT, "the list of new frames cannot be written");
    return 0;
}

static int chunk_commit(struct exchange *x, u64 chunk)
{
    int rc = 0;

    for (u32 n = x->stolen; n != FRAME_NIL; n = frame_table[n].next)
        m2p[n] = INVALID_M2P_ENTRY;
    frames_free_stolen(x->stolen);
    x->stolen = FRAME_NIL;
    for (u64 i = chunk << x->out_shift; x->blocks != FRAME_NIL; i++) {
        mfn_t m = MFN(x->blocks);
        int failed;

        x->blocks = mfn_to_frame(m)->next;
        failed = block_give(x, m, i);
        if (failed)
            rc = failed;
    }
    return rc;
}

static int chunk_exchange(struct exchange *x, u64 chunk)
{
    int rc = chunk_prepare(x);

    if (rc)
        return rc;
    rc = chunk_steal(x, chunk);
    if (!rc)
        rc = chunk_alloc(x);
    if (!rc)
        return chunk_commit(x, chunk);
    chunk_undo(x);
    return rc;
}

/* As on Xen only where a list begins is looked at; each access of an entry is checked anyway. */
static bool list_ok(u64 list, u64 first, u64 end)
{
    return end - first < ~0UL / sizeof(u64) &&
           guest_range_ok(list + first * sizeof(u64), sizeof(u64));
}

static int sizes_check(const struct xen_memory_exchange *want)
{
    const struct xen_memory_reservation *in = &want->in, *out = &want->out;

    if (MAX(in->extent_order, out->extent_order) > memory_order_max())
        return refuse(XEN_EPERM, "an extent is too large");
    if (want->nr_exchanged > in->nr_extents)
        return refuse(XEN_EINVAL, "more is done than was asked for");
    if (in->domid != out->domid)
        return refuse(XEN_EINVAL, "the lists name two domains");
    if (~0UL >> in->extent_order < in->nr_extents || ~0UL >> out->extent_order < out->nr_extents ||
        in->nr_extents << in->extent_order != out->nr_extents << out->extent_order)
        return refuse(XEN_EINVAL, "the lists have not the same size");
    return 0;
}

/* After sizes_check. */
static int exchange_make(struct exchange *x, const struct xen_memory_exchange *want)
{
    const struct xen_memory_reservation *in = &want->in, *out = &want->out;
    u64 done = want->nr_exchanged;
    u32 bits = XENMEMF_get_address_bits(out->mem_flags);

    *x = (struct exchange){
        .d = memory_domain(in->domid),
        .in = (u64)in->extent_start.p,
        .out = (u64)out->extent_start.p,
        .in_order = in->extent_order,
        .out_order = out->extent_order,
        .address_bits = bits ? bits : 64,
        .stolen = FRAME_NIL,
        .blocks = FRAME_NIL,
    };
    if (x->in_order <= x->out_order)
        x->in_shift = x->out_order - x->in_order;
    else
        x->out_shift = x->in_order - x->out_order;
    if (!list_ok(x->in, done, in->nr_extents) ||
        !list_ok(x->out, done >> x->in_shift << x->out_shift, out->nr_extents))
        return refuse(XEN_EFAULT, "a list is not in guest memory");
    if (!memory_node_acceptable(out->mem_flags))
        return refuse(XEN_EINVAL, "there is no such node");
    if (!x->d)
        return refuse(XEN_ESRCH, "there is no such domain");
    return 0;
}

/* All chunks that are not done yet; @want->nr_exchanged says in the end how far they are. */
static int exchange_run(struct exchange *x, struct xen_memory_exchange *want)
{
    u64 chunk = want->nr_exchanged >> x->in_shift;
    u64 end = want->in.nr_extents >> x->in_shift;
    int rc = 0;

    while (chunk < end) {
        rc = chunk_exchange(x, chunk);
        if (rc)
            break;
        chunk++;
        if (preempt_point((u32)FRAME_UNITS << MAX(x->in_order, x->out_order)) && chunk < end) {
            rc = RESTART;
            break;
        }
    }
    want->nr_exchanged = chunk << x->in_shift;
    return rc;
}

long memory_exchange(u64 arg)
{
    struct xen_memory_exchange want;
    struct exchange x;
    int rc;

    if (guest_read(&want, arg, sizeof(want)))
        return refuse(XEN_EFAULT, "the argument cannot be read");
    rc = sizes_check(&want);
    if (!rc && want.nr_exchanged == want.in.nr_extents)
        return 0;
    if (!rc)
        rc = exchange_make(&x, &want);
    if (!rc)
        rc = exchange_run(&x, &want);
    if (guest_write(arg + offsetof(struct xen_memory_exchange, nr_exchanged), &want.nr_exchanged,
                    sizeof(want.nr_exchanged)))
        return refuse(XEN_EFAULT, "the answer cannot be written");
    return rc == RESTART ? memory_continue(XENMEM_exchange, 0, arg) : rc;
}
