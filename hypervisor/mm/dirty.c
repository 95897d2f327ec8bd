/* See dirty.h. The bits are by machine frame: a frame is found without a lock, and what its domain
 * calls it is asked when somebody wants to know (the M2P). */
#include "hypervisor/mm/dirty.h"

#include "hypervisor/boot/memory.h"
#include "hypervisor/cpu/preempt.h"
#include "hypervisor/debug/bug.h"
#include "hypervisor/event/fifo.h"
#include "hypervisor/grant/grant.h"
#include "hypervisor/mm/alloc.h"
#include "hypervisor/mm/pte.h"
#include "hypervisor/mm/shadow.h"
#include "xen-like/lib/string.h"

#define WORD_BITS   64
#define TABLE_UNITS 40 /* of work, cpu/preempt.h: a table is looked through, */
#define TELL_UNITS  6  /* a frame is told */

u32 dirty_logs;
static unsigned long *dirty_map; /* a bit for each frame; kept once it is there */

static inline unsigned long bit_of(u64 n)
{
    return 1UL << n % WORD_BITS;
}

void dirty_mark_frame(struct frame *f)
{
    u64 n = frame_to_mfn(f).n;
    struct domain *d = ACCESS_ONCE(f->owner);

    /* Without looking first: the exchange also puts the write that it is about before it. */
    if (d && d->log.on &&
        !(__atomic_fetch_or(&dirty_map[n / WORD_BITS], bit_of(n), __ATOMIC_SEQ_CST) & bit_of(n)))
        __atomic_fetch_add(&d->log.frames, 1, __ATOMIC_RELAXED);
}

void dirty_unmapped(struct frame *f)
{
    if (f->owner != current->domain)
        dirty_mark_frame(f);
}

int dirty_start(struct domain *d)
{
    u64 bytes = (frames_max + WORD_BITS - 1) / WORD_BITS * sizeof(*dirty_map);

    if (d->log.on)
        return refuse(XEN_EINVAL, "the domain is watched already");
    if (!dirty_map)
        dirty_map = pages_alloc(order_for(bytes));
    if (!dirty_map)
        return refuse(XEN_ENOMEM, "no memory for marks");
    if (shadow_prepare())
        return -XEN_ENOMEM;
    if (!dirty_logs) /* else it may begin with marks of an earlier time, which do no harm */
        memset(dirty_map, 0, bytes);
    d->log = (struct dirty_log){.on = true};
    __atomic_fetch_add(&dirty_logs, 1, __ATOMIC_SEQ_CST);
    return 0;
}

int dirty_stop(struct domain *d)
{
    if (!d->log.on)
        return refuse(XEN_EINVAL, "the domain is not watched");
    d->log = (struct dirty_log){0};
    __atomic_fetch_sub(&dirty_logs, 1, __ATOMIC_SEQ_CST);
    return 0;
}

static void frames_mark(const mfn_t *frames, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        if (frames[i].n)
            dirty_mark_frame(mfn_to_frame(frames[i]));
}

static void device_mark(void *unused, mfn_t m, bool writable)
{
    (void)unused;
    if (writable)
        dirty_mark_frame(mfn_to_frame(m));
}

static void page_mark(const void *page)
{
    dirty_mark_frame(mfn_to_frame(virt_to_mfn(page)));
}

/* What the hypervisor, or through its windows the CPU, may write at any time. */
static void held_mark(const struct domain *d)
{
    for (u32 i = 0; i < d->max_vcpus; i++) {
        const struct vcpu *v = d->vcpus[i];

        if (!v)
            continue;
        frames_mark(&v->info_mfn, 1);
        frames_mark(v->gdt_frames, ARRAY_SIZE(v->gdt_frames));
        frames_mark(v->ldt_frames, ARRAY_SIZE(v->ldt_frames));
    }
    fifo_each_page(d, page_mark);
    if (d->pirqs.ends)
        page_mark(d->pirqs.ends);
    grants_each_use(d, device_mark, NULL);
}

/* If the frame @n is an L1 table of another domain, which may map @d's memory: what it maps
 * writable. */
static u32 table_mark(const struct domain *d, u64 n)
{
    const struct frame *f = &frame_table[n];
    const struct domain *owner = ACCESS_ONCE(f->owner);
    u64 w = ACCESS_ONCE(f->word);
    const u64 *t = mfn_to_virt(MFN(n));

    if (!owner || owner == d || (w & FRAME_TYPE_MASK) != FT_L1 || !frame_type_count(w))
        return 0;
    for (unsigned i = 0; i < PT_ENTRIES; i++)
        if ((t[i] & (PTE_P | PTE_RW)) == (PTE_P | PTE_RW) && mfn_valid(pte_mfn(t[i])) &&
            mfn_to_frame(pte_mfn(t[i]))->owner == d)
            dirty_mark_frame(mfn_to_frame(pte_mfn(t[i])));
    return TABLE_UNITS;
}

struct question {
    struct domain *d;
    u64 pages;
    bool clean;
    int (*tell)(u64 pfn, void *to);
    void *to;
};

/* The marked frame @n, if it is the domain's and among those that are asked for. The mark goes
 * first: what is written from now on is marked again. */
static int frame_tell(const struct question *q, u64 n)
{
    u64 pfn = m2p[n];
    int rc;

    if (frame_table[n].owner != q->d || pfn >= q->pages)
        return 0;
    if (q->clean)
        __atomic_fetch_and(&dirty_map[n / WORD_BITS], ~bit_of(n), __ATOMIC_SEQ_CST);
    rc = q->tell(pfn, q->to);
    if (rc && q->clean)
        dirty_mark_frame(&frame_table[n]);
    return rc;
}

/* The first half of the way looks for writable mappings, the second tells. */
static int dirty_step(const struct question *q, u64 *at)
{
    u64 n = *at % frames_max;
    int rc = 0;

    if (*at < frames_max) {
        preempt_charge(table_mark(q->d, n));
    } else if (!dirty_map[n / WORD_BITS]) {
        *at += MIN(WORD_BITS - n % WORD_BITS, frames_max - n);
        return 0;
    } else if (dirty_map[n / WORD_BITS] & bit_of(n)) {
        rc = frame_tell(q, n);
        preempt_charge(TELL_UNITS);
    }
    ++*at;
    return rc;
}

int dirty_read(struct domain *d, u64 pages, bool clean, int (*tell)(u64 pfn, void *to), void *to)
{
    const struct question q = {d, pages, clean, tell, to};
    int rc = 0;

    if (!d->log.on)
        return 0;
    if (!d->log.next)
        held_mark(d);
    while (!rc && d->log.next < 2 * frames_max) {
        rc = dirty_step(&q, &d->log.next);
        if (!rc && preempt_point(d->log.next % WORD_BITS ? 0 : 1))
            return RESTART;
    }
    d->log.next = 0;
    return rc;
}
