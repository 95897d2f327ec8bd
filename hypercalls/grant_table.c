/*
 * grant_table_op: lists of operations, each with a status of its own. The call itself fails only
 * when the list cannot be read or written, or is none.
 *
 * What drivers do for every request, map, unmap and copy, is read and written word by word in one
 * window. A list is interrupted between two operations and goes on with the rest of it.
 */
#include "hypercalls/grant_table.h"

#include "hypercalls/mmu.h"
#include "hypervisor/grant/grant.h"
#include "hypervisor/mm/tlb.h"
#include "hypervisor/mm/uaccess.h"

#define OP_BITS     12 /* Xen's: above them is how far cache_flush has looked through a table */
#define OP_MASK     ((1U << OP_BITS) - 1)
#define UNMAP_BATCH 32U /* to one flush, as Xen */
#define OP_UNITS    8   /* of work, cpu/preempt.h: an operation */
#define COPY_UNITS  16

#define WORDS(type)       (sizeof(type) / sizeof(u64))
#define WORD(type, field) (offsetof(type, field) / sizeof(u64))
#define OP_WORDS_MAX      WORDS(struct gnttab_copy)

/* The @n (constant) words of an operation, and one of them back. False: a fault. */
static inline bool words_read(u64 *to, u64 at, unsigned n)
{
    smap_open();
#define WORD_READ(i)                                                                               \
    if (n > (i)) {                                                                                 \
        u64 word;                                                                                  \
        GUEST_GET(word, at, i, fault);                                                             \
        to[i] = word;                                                                              \
    }
    WORD_READ(0) WORD_READ(1) WORD_READ(2) WORD_READ(3) WORD_READ(4) smap_close();
    return true;
fault:
    smap_close();
    return false;
}

static inline int unreadable(void)
{
    return refuse(XEN_EFAULT, "an operation that cannot be read");
}

static inline int unwritable(void)
{
    return refuse(XEN_EFAULT, "an operation that cannot take its answer");
}

static inline int map_one(u64 at)
{
    union {
        struct gnttab_map_grant_ref op;
        u64 words[WORDS(struct gnttab_map_grant_ref)];
    } a;

    _Static_assert(WORD(struct gnttab_map_grant_ref, handle) == 2, "with the status");
    if (unlikely(!words_read(a.words, at, ARRAY_SIZE(a.words))))
        return unreadable();
    a.op.status = grant_map(&a.op);
    smap_open();
    GUEST_PUT(at, 2, a.words[2], fault);
    GUEST_PUT(at, 3, a.words[3], fault);
    smap_close();
    return 0;
fault:
    smap_close();
    return unwritable();
}

/* unmap_grant_ref and unmap_and_replace, which differ in what their second word means. */
static inline int unmap_one(u64 at, bool replaces, struct grant_unmap *u)
{
    union {
        struct gnttab_unmap_grant_ref op;
        u64 words[WORDS(struct gnttab_unmap_grant_ref)];
    } a;

    _Static_assert(WORD(struct gnttab_unmap_grant_ref, status) == 2 &&
                       offsetof(struct gnttab_unmap_grant_ref, status) ==
                           offsetof(struct gnttab_unmap_and_replace, status),
                   "one shape");
    u->done = 0;
    if (unlikely(!words_read(a.words, at, ARRAY_SIZE(a.words))))
        return unreadable();
    u->host_addr = a.op.host_addr;
    u->dev_bus_addr = replaces ? 0 : a.words[1];
    u->new_addr = replaces ? a.words[1] : 0;
    u->handle = a.op.handle;
    a.op.status = grant_unmap_begin(u);
    smap_open();
    GUEST_PUT(at, 2, a.words[2], fault);
    smap_close();
    return 0;
fault:
    smap_close();
    return unwritable();
}

/* One flush for all that were begun, whether or not the last one went well. */
static int unmap_batch(u64 list, u32 count, bool replaces)
{
    struct grant_unmap batch[UNMAP_BATCH];
    u32 n = 0;
    int rc = 0;

    for (; !rc && n < count; n++)
        rc = unmap_one(list + n * sizeof(struct gnttab_unmap_grant_ref), replaces, &batch[n]);
    guest_flush(NULL);
    for (u32 i = 0; i < n; i++)
        grant_unmap_end(&batch[i]);
    return rc;
}

static long list_continue(u32 op, u64 list, u32 left)
{
    return call_continue(__HYPERVISOR_grant_table_op, op, list, left, 0);
}

static long unmap_list(u32 op, u64 list, u32 left)
{
    while (left) {
        u32 n = MIN(left, UNMAP_BATCH);
        int rc = unmap_batch(list, n, op == GNTTABOP_unmap_and_replace);

        if (unlikely(rc))
            return rc;
        left -= n;
        list += n * sizeof(struct gnttab_unmap_grant_ref);
        if (left && preempt_point(n * OP_UNITS))
            return list_continue(op, list, left);
    }
    return 0;
}

static long map_list(u64 list, u32 left)
{
    for (; left; left--, list += sizeof(struct gnttab_map_grant_ref)) {
        int rc = map_one(list);

        if (unlikely(rc))
            return rc;
        if (unlikely(preempt_point(OP_UNITS)) && left > 1)
            return list_continue(GNTTABOP_map_grant_ref, list + sizeof(struct gnttab_map_grant_ref),
                                 left - 1);
    }
    return 0;
}

/* 0, -EFAULT, or RESTART: nothing was done. */
static inline int copy_one(u64 at, struct grant_side *from, struct grant_side *to, bool narrow)
{
    union {
        struct gnttab_copy op;
        u64 words[WORDS(struct gnttab_copy)];
    } a;
    int rc;

    _Static_assert(WORD(struct gnttab_copy, status) == 4, "the last word");
    if (unlikely(narrow ? STRUCT_READ(&a.op, at) : !words_read(a.words, at, ARRAY_SIZE(a.words))))
        return unreadable();
    rc = grant_copy(&a.op, from, to);
    if (unlikely(rc == RESTART))
        return rc;
    a.op.status = (s16)rc;
    if (unlikely(narrow))
        return GRANT_STATUS_WRITE(at, a.op);
    smap_open();
    GUEST_PUT(at, 4, a.words[4], fault);
    smap_close();
    return 0;
fault:
    smap_close();
    return unwritable();
}

static long copy_list(u64 list, u32 left)
{
    struct grant_side from = {0}, to = {0};
    const bool narrow = caller_is_32bit();
    const u64 step = STRUCT_BYTES(struct gnttab_copy);
    int rc = 0;

    while (left) {
        rc = copy_one(list, &from, &to, narrow);
        if (unlikely(rc))
            break;
        left--;
        list += step;
        if (unlikely(preempt_point(COPY_UNITS)) && left) {
            rc = RESTART;
            break;
        }
    }
    grant_copy_end(&from, &to);
    return likely(rc != RESTART) ? rc : list_continue(GNTTABOP_copy, list, left);
}

static int transfer_one(u64 at)
{
    struct gnttab_transfer op;

    if (STRUCT_READ(&op, at))
        return unreadable();
    op.status = grant_transfer(op.mfn, op.domid, op.ref);
    return GRANT_STATUS_WRITE(at, op) ? unwritable() : 0;
}

static int swap_one(u64 at)
{
    struct gnttab_swap_grant_ref op;

    if (guest_read(&op, at, sizeof(op)))
        return unreadable();
    op.status = grants_swap(current->domain, op.ref_a, op.ref_b);
    return GRANT_STATUS_WRITE(at, op) ? unwritable() : 0;
}

/* The operations that nobody makes often. */
static long rare_list(u32 op, u64 list, u32 left, u64 size, int (*one)(u64 at))
{
    for (; left; left--, list += size) {
        int rc = one(list);

        if (rc)
            return rc;
        if (preempt_point(OP_UNITS) && left > 1)
            return list_continue(op, list + size, left - 1);
    }
    return 0;
}

/* A range of a frame that is the caller's, or granted to it and in use: 0; RESTART, with where to
 * look on in *@ref; or an errno. */
static int cache_flush_one(const struct gnttab_cache_flush *op, grant_ref_t *ref)
{
    const u32 kinds = GNTTAB_CACHE_CLEAN | GNTTAB_CACHE_INVAL;
    mfn_t m = MFN(op->a.dev_bus_addr >> PAGE_SHIFT);
    struct domain *owner;

    if (op->offset >= PAGE_SIZE || op->offset + op->length > PAGE_SIZE || op->op & ~kinds)
        return refuse(XEN_EINVAL, "not within a page, or an unknown kind of flush");
    if (!op->length || !op->op)
        return *ref ? refuse(XEN_EILSEQ, "what was to go on has changed") : 0;
    if (!mfn_valid(m))
        return refuse(XEN_EINVAL, "there is no such frame");
    owner = ACCESS_ONCE(mfn_to_frame(m)->owner);
    if (!owner || !owner->grants)
        return refuse(XEN_EPERM, "a frame of no domain that grants");
    if (owner != current->domain) {
        int rc = grant_is_used(owner, m, current->domain, ref);

        if (rc)
            return rc;
    }
    if (op->op == GNTTAB_CACHE_INVAL)
        return refuse(XEN_EOPNOTSUPP, "this CPU cannot only forget what it has cached");
    cache_flush_range((u8 *)mfn_to_virt(m) + op->offset, op->length);
    return 0;
}

static long cache_flush_list(u64 list, u32 left, grant_ref_t ref)
{
    for (; left; left--, list += sizeof(struct gnttab_cache_flush), ref = 0) {
        struct gnttab_cache_flush op;
        int rc;

        if (guest_read(&op, list, sizeof(op)))
            return unreadable();
        do
            rc = cache_flush_one(&op, &ref);
        while (rc == RESTART && !preempt_point(COPY_UNITS));
        if (rc == RESTART)
            return list_continue(GNTTABOP_cache_flush | ref, list, left);
        if (rc)
            return rc;
    }
    return 0;
}

#define IN_RANGE(type) guest_range_ok(list, (u64)count *STRUCT_BYTES(struct gnttab_##type))

static long lists_do(u32 op, u64 list, u32 count, u32 further)
{
    switch (op) {
    case GNTTABOP_map_grant_ref:
        return IN_RANGE(map_grant_ref) ? map_list(list, count) : unreadable();
    case GNTTABOP_unmap_grant_ref:
    case GNTTABOP_unmap_and_replace:
        return IN_RANGE(unmap_grant_ref) ? unmap_list(op, list, count) : unreadable();
    case GNTTABOP_copy:
        return IN_RANGE(copy) ? copy_list(list, count) : unreadable();
    case GNTTABOP_transfer:
        if (!IN_RANGE(transfer))
            return unreadable();
        if (!grants_options.transfer)
            return refuse(XEN_EOPNOTSUPP, "transfers are switched off");
        return rare_list(op, list, count, STRUCT_BYTES(struct gnttab_transfer), transfer_one);
    case GNTTABOP_swap_grant_ref:
        return IN_RANGE(swap_grant_ref)
                   ? rare_list(op, list, count, sizeof(struct gnttab_swap_grant_ref), swap_one)
                   : unreadable();
    case GNTTABOP_cache_flush:
        return IN_RANGE(cache_flush) ? cache_flush_list(list, count, further) : unreadable();
    default:
        return grant_table_setup(op, list, count);
    }
}

long hc_grant_table_op(unsigned long cmd, unsigned long list, unsigned long count)
{
    u32 op = (u32)cmd & OP_MASK, further = (u32)cmd & ~OP_MASK;

    if (unlikely((s32)count < 0))
        return refuse(XEN_EINVAL, "a list of a negative length");
    if (unlikely(further) && op != GNTTABOP_cache_flush)
        return refuse(XEN_EINVAL, "the command word has unknown bits");
    return lists_do(op, list, (u32)count, further);
}
