/*
 * Which events are recorded, where, and who may read that: see trace.h.
 *
 * t_info (public/trace.h) says where the buffers are: for each CPU an index of the word where its
 * list of frames begins. The control domain maps t_info to read it, and the buffers to write its
 * `cons` there; both as frames of DOMID_XEN, which nobody else may name. They are never freed.
 *
 * That a buffer is half full is said by VIRQ_TBUF, but not here, where any lock may be held: the
 * CPU asks itself, and is interrupted on its way to the guest.
 */
#include "hypervisor/debug/trace.h"

#include "xen-like/abi/intercept.h"
#include "hypervisor/boot/memory.h"
#include "hypervisor/cpu/entry.h"
#include "hypervisor/cpu/regs.h"
#include "hypervisor/debug/bug.h"
#include "hypervisor/debug/log.h"
#include "hypervisor/debug/trace_buffer.h"
#include "hypervisor/domain/domain.h"
#include "hypervisor/event/watched.h"
#include "hypervisor/mm/alloc.h"
#include "hypervisor/mm/io_frames.h"
#include "xen-like/lib/bitmap.h"
#include "xen-like/lib/parse.h"
#include "xen-like/lib/string.h"

#define OURS (XL_TRC & TRACE_CLASSES)

/* The first word of t_info behind the indices, of which there is room for all CPUs there may be. */
#define LISTS_AT ((u32)((offsetof(struct t_info, mfn_offset[CPUS_MAX]) + 3) / sizeof(u32)))

u32 trace_mask;

static struct {
    u32 mask, pages; /* options, and what became of them */
    bool keep_last, on;
} chosen;

static struct t_info *info;
static u32 info_pages;
static struct trace_buffer buffers[CPUS_MAX];
static struct cpu_set cpus = {{[0 ... CPUS_MAX / 64 - 1] = ~0UL}};
static bool begun[CPUS_MAX]; /* each has said who runs there, since recording began. Its own */

static const char *number_set(const char *value, u32 *to)
{
    const char *end;
    u64 n;

    if (!parse_unsigned(value, &end, &n) || *end || n > UINT32_MAX)
        return "a number, as in 32 or 0x2f000";
    *to = (u32)n;
    return NULL;
}

const char *trace_set_mask(const char *value)
{
    return number_set(value, &chosen.mask);
}

const char *trace_set_pages(const char *value)
{
    return number_set(value, &chosen.pages);
}

const char *trace_set_full(const char *value)
{
    if (strcmp(value, "keep-last"))
        return "keep-last";
    chosen.keep_last = true;
    return NULL;
}

/* ---- recording ---- */

/* As on Xen: class and subclass have each a bit in common with the mask's. */
static bool is_recorded(u32 event)
{
    u32 common = trace_mask & event;

    return common & TRACE_CLASSES && common & 0xfu << TRC_SUBCLS_SHIFT;
}

static void put(struct trace_buffer *b, u32 event, u32 count, const u32 *words)
{
    const struct vcpu *v = current;
    u32 who = XL_TRACE_NOBODY;

    if (unlikely(b->lost) && v)
        who = (u32)v->id << 16 | v->domain->id;
    switch (trace_buffer_put(b, event, count, words, rdtsc(), who)) {
    case TRACE_PUT_HALF:
        return smp_ask(this_cpu()->id, ASK_TRACE);
    case TRACE_PUT_BAD:
        trace_enable(false);
        return log_warn("trace: CPU %u: cons %#x is nonsense: nothing is recorded any more",
                        this_cpu()->id, b->shared->cons);
    default:
        return;
    }
}

static __attribute__((cold, noinline)) void runs_record(u32 cpu)
{
    u32 who = current ? TRACE_WHO(current) : XL_TRACE_NOBODY;

    begun[cpu] = true;
    if (trace_mask & OURS)
        put(&buffers[cpu], XL_TRACE_runs, 1, &who);
}

void trace_record(u32 event, u32 count, const u32 *words)
{
    u32 cpu = this_cpu()->id;

    if (!is_recorded(event) || !bitmap_test(cpus.bits, cpu) || !buffers[cpu].shared)
        return;
    if (unlikely(!begun[cpu]))
        runs_record(cpu);
    put(&buffers[cpu], event, count, words);
}

void trace_record_vcpu(u32 event, const struct vcpu *v)
{
    trace_record(event, 2, (const u32[]){v->domain->id, v->id});
}

void trace_record_who(u32 event, const struct vcpu *v)
{
    trace_record(event, 1, &(const u32){TRACE_WHO(v)});
}

int trace_record_given(const struct xl_trace_record *r)
{
    bool ring = (r->event & ~0xfffU) == XL_TRC_RING,
         guest = (r->event & TRACE_CLASSES) == (TRC_GUEST & TRACE_CLASSES);

    if (r->words > ARRAY_SIZE(r->word) || !(ring || guest) || r->event != TRC_HD_TO_EVENT(r->event))
        return refuse(XEN_EINVAL, "a record that only the hypervisor writes, or that is too long");
    trace_record(r->event, r->words, r->word);
    return is_recorded(r->event);
}

/* ---- what is recorded ---- */

static void apply(void)
{
    u32 mask = chosen.on ? chosen.mask : 0;

    if (!trace_mask)
        memset(begun, 0, sizeof(begun));
    __atomic_store_n(&trace_mask, mask, __ATOMIC_RELEASE);
    for (u32 cpu = 0; cpu < cpus_online; cpu++)
        ACCESS_ONCE(percpu_of(cpu)->syscall_entry) =
            mask & (TRC_PV | XL_TRC) & TRACE_CLASSES ? syscall_entry_traced : syscall_entry;
    event_watch(WATCH_TRACE, mask & OURS);
}

int trace_enable(bool on)
{
    if (on && !info)
        return refuse(XEN_EINVAL, "there are no trace buffers");
    chosen.on = on;
    apply();
    for (u32 cpu = 0; !on && cpu < cpus_online; cpu++)
        ACCESS_ONCE(buffers[cpu].lost) = 0;
    return 0;
}

void trace_set_events(u32 mask)
{
    chosen.mask = mask;
    apply();
}

void trace_set_cpus(const struct cpu_set *set)
{
    cpus = *set;
}

void trace_state(struct trace_state *to)
{
    *to = (struct trace_state){chosen.mask, info ? virt_to_mfn(info) : MFN(0), info_pages};
}

/* ---- buffers ---- */

/* As many as t_info has a number for, and the last CPU's list begins where an index reaches. */
static u32 pages_possible(u32 pages)
{
    u32 others = MAX(cpus_online - 1, 1U);

    return MIN(pages, (UINT16_MAX - (cpus_online > 1 ? LISTS_AT : 0)) / others);
}

static void share(mfn_t m, u32 pages, bool writable)
{
    for (; pages; pages--, m = mfn_add(m, 1)) {
        m2p_set(m, INVALID_M2P_ENTRY);
        frame_share(m, &domain_xen, writable);
    }
}

static void buffer_make(u32 cpu, mfn_t m, u32 pages)
{
    struct trace_buffer *b = &buffers[cpu];
    u32 list = LISTS_AT + cpu * pages;

    b->shared = mfn_to_virt(m);
    b->size = (u32)(pages * PAGE_SIZE - sizeof(struct t_buf));
    b->keep_last = chosen.keep_last;
    *b->shared = (struct t_buf){0};
    info->mfn_offset[cpu] = (u16)list;
    for (u32 i = 0; i < pages; i++)
        ((u32 *)info)[list + i] = (u32)(m.n + i);
    share(m, pages, true);
}

/* All in one block, t_info first. What it has beyond them goes back. */
static int buffers_make(u32 pages)
{
    u64 lists = LISTS_AT + (u64)cpus_online * (pages = pages_possible(pages)), all;
    unsigned order;
    mfn_t m;

    info_pages = (u32)((lists * sizeof(u32) + PAGE_SIZE - 1) >> PAGE_SHIFT);
    all = info_pages + (u64)cpus_online * pages;
    order = order_for(all * PAGE_SIZE);
    m = order <= ALLOC_ORDER_MAX ? frames_alloc(order, 0) : INVALID_MFN;
    if (mfn_eq(m, INVALID_MFN))
        return refuse(XEN_ENOMEM, "no memory for trace buffers");
    for (u64 i = all; i < 1UL << order; i++)
        frames_free(mfn_add(m, i), 0);
    info = memset(mfn_to_virt(m), 0, info_pages * PAGE_SIZE);
    info->tbuf_size = (u16)pages;
    for (u32 cpu = 0; cpu < cpus_online; cpu++)
        buffer_make(cpu, mfn_add(m, info_pages + cpu * pages), pages);
    share(m, info_pages, false);
    chosen.pages = pages;
    log_always("trace: t_info at mfn %#lx, %u pages", m.n, info_pages);
    return 0;
}

int trace_set_size(u32 pages)
{
    int rc;

    if (chosen.pages && pages != chosen.pages)
        return refuse(XEN_EINVAL, "there are trace buffers, of another size");
    if (info || !pages)
        return info ? refuse(XEN_EBUSY, "there are trace buffers")
                    : refuse(XEN_EINVAL, "trace buffers without a page");
    rc = buffers_make(pages);
    return rc ? rc : trace_enable(true);
}

void trace_init(void)
{
    chosen.mask = chosen.mask && chosen.pages ? chosen.mask : TRC_ALL;
    if (chosen.pages && buffers_make(chosen.pages)) {
        log_warn("trace: no memory for %u pages for each CPU", chosen.pages);
        chosen.pages = 0;
    }
}

void trace_start(void)
{
    if (info)
        trace_enable(true);
}
