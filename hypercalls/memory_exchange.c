/*
 * exchange: a domain gives frames and gets as many others at once, of another order or below some
 * address. A kernel does so to get a contiguous block for a device.
 *
 * The lists are worked through in chunks, the smallest parts of both that have the same size: one
 * extent on the side of the larger order, several on the other. A chunk is done wholly or not at
 * all: new blocks are made ready, the old frames stolen, and only then does anything change that
 * the guest can see. Only frames that nothing maps or counts on can be stolen, so there is never a
 * use to be undone.
 *
 * Even one chunk is long, so it can be interrupted anywhere: what is done of it waits in the vcpu
 * (domain/exchange.h). The same call goes on with it; any other exchange that the guest makes in
 * between first undoes it, or, past the point of no return, completes it. That point is when the
 * guest's own count says that the chunk is done.
 */
#include "hypercalls/memory.h"

#include "hypervisor/boot/memory.h"
#include "hypervisor/cpu/preempt.h"
#include "hypervisor/debug/bug.h"
#include "hypervisor/mm/alloc.h"
#include "hypervisor/mm/extent.h"
#include "hypervisor/mm/pae.h"
#include "hypervisor/mm/uaccess.h"
#include "xen-like/abi/xen.h"

#define FRAME_UNITS 4  /* of work, see cpu/preempt.h: a frame is stolen, freed, handed over */
#define BLOCK_UNITS 12 /* a block is found, or its place in the list read and written */

/* A clean block: 0, -ENOMEM or RESTART. */
static int block_find(const struct exchange *x, mfn_t *m)
{
    int rc;

    if (x->out_order >= EXTENT_ORDER_MIN) {
        rc = extent_make(x->d, x->out_order, x->address_bits, true, m);
        if (!rc)
            extent_take();
        return rc;
    }
    *m = frames_alloc(x->out_order, x->address_bits);
    if (m->n == INVALID_MFN.n)
        return refuse(XEN_ENOMEM, "there is no such block, or none at so low an address");
    rc = frames_clean(*m, x->out_order, x->d);
    if (rc)
        frames_free(*m, x->out_order); /* which gives it out again, as clean as it is by now */
    return rc;
}

/* One more block for the chunk. */
static int block_add(struct exchange *x)
{
    mfn_t m;
    int rc = block_find(x, &m);

    if (rc)
        return rc;
    mfn_to_frame(m)->next = x->blocks;
    x->blocks = (u32)m.n;
    return 0;
}

/* Its old frames may be what is wrong, and Xen looks at them first: so keep what is wrong here. */
static int chunk_prepare(struct exchange *x)
{
    while (!x->rc && x->done < 1UL << x->out_shift) {
        x->rc = block_add(x);
        if (x->rc == RESTART) {
            x->rc = 0;
            return RESTART;
        }
        x->done++;
        if (preempt_point(BLOCK_UNITS))
            return RESTART;
    }
    return 0;
}

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

static int chunk_steal(struct exchange *x)
{
    for (u64 size = x->in_shift + x->in_order; x->done < 1UL << size; x->done++) {
        u64 i = (x->chunk << x->in_shift) + (x->done >> x->in_order), frame;
        int rc;

        if (word_read(&frame, x->in, i))
            return refuse(XEN_EFAULT, "the list cannot be read");
        rc = frame_take(x, MFN(frame + (x->done & ((1UL << x->in_order) - 1))));
        if (rc)
            return rc;
        if (preempt_point(FRAME_UNITS)) {
            x->done++;
            return RESTART;
        }
    }
    return x->rc;
}

/* When it is the domain's, a block takes its entry's place, at the pfn that the entry says. The
 * list may have become unreadable: the block is the domain's all the same. */
static int chunk_give(struct exchange *x)
{
    while (x->blocks) {
        u64 extent = (x->chunk << x->out_shift) + (x->done >> x->out_order), frame, pfn;
        bool known = !word_read(&pfn, x->out, extent);

        frame = exchange_give_part(x, known ? pfn : INVALID_M2P_ENTRY);
        if (!known)
            x->rc = refuse(XEN_EFAULT, "the list of new frames cannot be read");
        if (frame && word_write(x->out, extent, frame))
            x->rc = refuse(XEN_EFAULT, "the list of new frames cannot be written");
        if (preempt_point(BLOCK_UNITS + (1U << MIN(x->out_order, (u32)EXTENT_ORDER_MIN))))
            return RESTART;
    }
    return 0;
}

/* The guest's count: so many chunks are done. */
static int count_write(const struct exchange *x, u64 chunks)
{
    struct xen_memory_exchange done = {.nr_exchanged = chunks << x->in_shift};

    return STRUCT_WRITE_FIELD(x->arg, &done, nr_exchanged);
}

/* Old frames and new ones change places: 0 or RESTART. */
static int chunk_commit(struct exchange *x)
{
    if (chunk_give(x) || exchange_free(x))
        return RESTART;
    if (x->rc) /* a chunk whose frames could not all be told is not counted: as on Xen */
        count_write(x, x->chunk);
    return 0;
}

/* The chunk, from wherever it is. 0, RESTART, or what is wrong: then it is undone, or, if the lists
 * went bad behind it, done all the same. */
static int chunk_run(struct exchange *x)
{
    int rc;

    if (x->phase == EXCHANGE_PREPARE) {
        if (chunk_prepare(x))
            return RESTART;
        x->done = 0;
        x->phase = EXCHANGE_STEAL;
    }
    if (x->phase == EXCHANGE_STEAL) {
        rc = chunk_steal(x);
        if (rc == RESTART)
            return RESTART;
        x->rc = rc ? rc : count_write(x, x->chunk + 1); /* before anything else that it can see */
        x->done = 0;
        x->phase = rc ? EXCHANGE_UNDO : EXCHANGE_GIVE;
    }
    if (x->phase == EXCHANGE_UNDO ? exchange_undo(x) : chunk_commit(x))
        return RESTART;
    rc = x->rc;
    *x = (struct exchange){0};
    call_unbind(current);
    return rc;
}

/* What another call left: 0, or RESTART. */
static int chunk_settle(struct exchange *x)
{
    if (x->phase < EXCHANGE_UNDO)
        x->phase = EXCHANGE_UNDO;
    return chunk_run(x) == RESTART ? RESTART : 0;
}

/* As on Xen only where a list begins is looked at; each access of an entry is checked anyway. */
static bool list_ok(u64 list, u64 first, u64 end)
{
    return caller_is_32bit() || (end - first < ~0UL / sizeof(u64) &&
                                 guest_range_ok(list + first * sizeof(u64), sizeof(u64)));
}

static bool sizes_same(const struct xen_memory_exchange *want, u64 most)
{
    const struct xen_memory_reservation *in = &want->in, *out = &want->out;

    return most >> in->extent_order >= in->nr_extents &&
           most >> out->extent_order >= out->nr_extents &&
           in->nr_extents << in->extent_order == out->nr_extents << out->extent_order;
}

/* What Xen looks at first when it translates a 32-bit guest's lists: all of them, and that a chunk
 * of both has room where it does so, in two pages. */
static int narrow_check(const struct xen_memory_exchange *want)
{
    const struct xen_memory_reservation *in = &want->in, *out = &want->out;
    const u32 least = MIN(in->extent_order, out->extent_order);
    const u64 chunk = 1UL << (MAX(in->extent_order, out->extent_order) - least) % 64;

    if (MAX(in->extent_order, out->extent_order) >= 32) /* of which Xen takes the low five bits */
        return refuse(XEN_EPERM, "an extent is too large");
    if (want->nr_exchanged > in->nr_extents || !sizes_same(want, UINT32_MAX) ||
        (in->extent_order == least && want->nr_exchanged % chunk))
        return refuse(XEN_EINVAL, "the lists have not the same size, or end in an extent");
    if (!caller_range_ok((u64)in->extent_start.p, in->nr_extents * sizeof(u32)) ||
        !caller_range_ok((u64)out->extent_start.p, out->nr_extents * sizeof(u32)))
        return refuse(XEN_EFAULT, "a list is not in guest memory");
    if ((chunk + 1) * sizeof(u64) > 2 * PAGE_SIZE - sizeof(*want))
        return refuse(XEN_E2BIG, "extents of too different sizes");
    return 0;
}

static int sizes_check(const struct xen_memory_exchange *want)
{
    const struct xen_memory_reservation *in = &want->in, *out = &want->out;
    int rc = caller_is_32bit() ? narrow_check(want) : 0;

    if (rc)
        return rc;
    if (MAX(in->extent_order, out->extent_order) > memory_order_max())
        return refuse(XEN_EPERM, "an extent is too large");
    if (want->nr_exchanged > in->nr_extents)
        return refuse(XEN_EINVAL, "more is done than was asked for");
    if (in->domid != out->domid)
        return refuse(XEN_EINVAL, "the lists name two domains");
    if (!sizes_same(want, UINT64_MAX))
        return refuse(XEN_EINVAL, "the lists have not the same size");
    return 0;
}

/* The next chunk, after sizes_check. */
static int chunk_make(struct exchange *next, u64 arg, const struct xen_memory_exchange *want)
{
    const struct xen_memory_reservation *in = &want->in, *out = &want->out;
    u64 done = want->nr_exchanged;
    int rc;
    struct exchange x = {
        .phase = EXCHANGE_PREPARE,
        .arg = arg,
        .in = (u64)in->extent_start.p,
        .out = (u64)out->extent_start.p,
        .in_order = in->extent_order,
        .out_order = out->extent_order,
    };
    if (x.in_order <= x.out_order)
        x.in_shift = x.out_order - x.in_order;
    else
        x.out_shift = x.in_order - x.out_order;
    x.chunk = done >> x.in_shift;
    if (!list_ok(x.in, done, in->nr_extents) ||
        !list_ok(x.out, x.chunk << x.out_shift, out->nr_extents))
        return refuse(XEN_EFAULT, "a list is not in guest memory");
    if (!memory_node_acceptable(out->mem_flags))
        return refuse(XEN_EINVAL, "there is no such node");
    rc = authorise_named(DEED_OWN, in->domid, &x.d);
    if (rc)
        return rc;
    x.domain_id = x.d->id;
    x.address_bits = pae_address_bits(x.d, XENMEMF_get_address_bits(out->mem_flags));
    *next = x;
    return 0;
}

/* One chunk: 0 when there was none, 1 when it is done, or an errno, or RESTART. */
static int exchange_step(struct exchange *x, u64 arg)
{
    struct xen_memory_exchange want;
    int rc = 0;

    /* Beside a domain that has ended meanwhile nothing can be stolen; with frames away none ends.
     */
    if (x->phase && x->phase <= EXCHANGE_STEAL && !x->stolen && domain_find(x->domain_id) != x->d) {
        x->rc = refuse(XEN_ESRCH, "the domain has ended");
        x->phase = EXCHANGE_UNDO;
    }
    if (!x->phase) {
        if (STRUCT_READ(&want, arg))
            return refuse(XEN_EFAULT, "the argument cannot be read");
        rc = sizes_check(&want);
        if (!rc && want.nr_exchanged == want.in.nr_extents)
            return 0;
        if (!rc)
            rc = chunk_make(x, arg, &want);
    }
    if (!rc)
        rc = chunk_run(x);
    return rc ? rc : 1;
}

long memory_exchange(u64 arg)
{
    struct exchange *x = &current->exchange;
    int rc = 0;

    /* A large block that is the guest's already is no block to be given, nor to be dropped. */
    if (unlikely(current->extent.left) && extent_finish())
        return memory_continue(XENMEM_exchange, 0, arg);
    if (x->phase && x->arg != arg)
        rc = chunk_settle(x);
    while (!rc) {
        rc = exchange_step(x, arg);
        if (rc != 1)
            break;
        rc = preempt_point(BLOCK_UNITS) ? RESTART : 0;
    }
    return rc == RESTART ? memory_continue(XENMEM_exchange, 0, arg) : rc;
}
