/*
 * The FIFO ABI: a word of the guest's memory for each port, and for each vcpu and priority a queue,
 * linked through the words of the ports that are in it. The guest takes from the head, the
 * hypervisor adds at the tail.
 *
 *   control block           words             PENDING  an event came
 *     head[7] -> 5     [5] P L ---> 9         MASKED   it shall wait
 *                      [9] P L ---> 0 <- tail LINKED   the port is in a queue
 *                                             BUSY     the guest must not unmask it by itself now
 *
 * All of this is in pages that the guest writes too, at any time, whatever the ABI says. So nothing
 * read from there is followed: the tails are the hypervisor's own, a link is only ever written, and
 * a guest that puts garbage there loses its own events.
 *
 * What the last setter of a bit of a word has seen in it decides who goes on: PENDING set by one
 * who sees MASKED or LINKED ends there, without a lock; the guest tests PENDING after it has
 * cleared either. Queues change under the domain's lock (one: a port that moves is in two queues).
 */
#include "hypervisor/cpu/preempt.h"
#include "hypervisor/event/channel.h"
#include "hypervisor/event/fifo.h"
#include "hypervisor/event/two_level.h"
#include "hypervisor/mm/alloc.h"
#include "hypervisor/mm/ptype.h"
#include "xen-like/lib/string.h"

#define PENDING (1U << EVTCHN_FIFO_PENDING)
#define MASKED  (1U << EVTCHN_FIFO_MASKED)
#define LINKED  (1U << EVTCHN_FIFO_LINKED)
#define BUSY    (1U << EVTCHN_FIFO_BUSY)
#define LINK    ((u32)EVTCHN_FIFO_LINK_MASK)

/* A guest that keeps to the ABI changes a linked and busy word four times at most, and so many
 * tries are what Xen has; other CPUs' sends, which set PENDING, come on top. Who needs more is
 * given up. */
#define LINK_TRIES 64

/* Of work, see cpu/preempt.h: an event that waited; a control block that is let go. */
#define RAISE_UNITS   4
#define CONTROL_UNITS 2

struct fifo fifo_none;

static u32 bits_set(u32 *word, u32 bits)
{
    return __atomic_fetch_or(word, bits, __ATOMIC_SEQ_CST);
}

static u32 bits_clear(u32 *word, u32 bits)
{
    return __atomic_fetch_and(word, ~bits, __ATOMIC_SEQ_CST);
}

/* The guest's word of a port, or NULL. */
static u32 *word_of(const struct domain *d, evtchn_port_t port)
{
    const struct fifo *f = d->events.words;

    return port < __atomic_load_n(&f->words, __ATOMIC_SEQ_CST)
               ? &f->pages[port / FIFO_PAGE_WORDS][port % FIFO_PAGE_WORDS]
               : NULL;
}

/* Let @word, the tail, lead to @port: false if it is in no queue any more. */
static bool tail_link(u32 *word, evtchn_port_t port)
{
    u32 w = ACCESS_ONCE(*word);

    for (int i = 0; i < LINK_TRIES && w & LINKED; i++) {
        if (__atomic_compare_exchange_n(word, &w, (w & ~(BUSY | LINK)) | port, false,
                                        __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
            return true;
        w = bits_set(word, BUSY) | BUSY;
    }
    bits_clear(word, BUSY);
    return w & LINKED;
}

/* Put the port at the end of @v's queue, unless somebody did: true if it is the first one there. */
static bool queue_add(struct vcpu *v, evtchn_port_t port, struct channel *c, u32 priority)
{
    struct domain *d = v->domain;
    evtchn_port_t *tail = &v->events.tails[priority];
    bool first = false;

    spin_lock(&d->events.fifo->lock);
    if (!(bits_set(word_of(d, port), LINKED) & LINKED)) {
        /* A tail that is linked now in another queue, or again here, is no tail there any more. */
        if (c->tail && *c->tail == port)
            *c->tail = 0;
        c->tail = tail;
        first = !*tail || !tail_link(word_of(d, *tail), port);
        if (first)
            __atomic_store_n(&v->events.control->head[priority], port, __ATOMIC_SEQ_CST);
        *tail = port;
    }
    spin_unlock(&d->events.fifo->lock);
    return first;
}

/* Without a control block the guest hears nothing: it must not bind events before. Without a word
 * the event waits for one (event_expand_array). */
bool fifo_raise_for(struct vcpu *v, evtchn_port_t port, struct channel *c, u32 priority)
{
    struct domain *d = v->domain;
    u32 *word = word_of(d, port), was;

    if (unlikely(!word)) {
        if (!d->events.fifo)
            return two_level32_raise(d, port, v->id);
        __atomic_store_n(&c->waits, true, __ATOMIC_SEQ_CST);
        word = word_of(d, port);
    }
    if (unlikely(!word || !ACCESS_ONCE(v->events.control)))
        return false;
    was = bits_set(word, PENDING);
    if (!(was & (MASKED | LINKED)) && queue_add(v, port, c, priority) &&
        !(bits_set(&v->events.control->ready, 1U << priority) >> priority & 1))
        upcall_raise(v);
    return !(was & PENDING);
}

bool fifo_raise(struct domain *d, evtchn_port_t port, struct channel *c)
{
    return fifo_raise_for(d->vcpus[c->vcpu], port, c, ACCESS_ONCE(c->priority));
}

bool fifo_is_pending(const struct domain *d, evtchn_port_t port)
{
    const u32 *word = word_of(d, port);

    return word && ACCESS_ONCE(*word) & PENDING;
}

bool fifo_is_masked(const struct domain *d, evtchn_port_t port)
{
    const u32 *word = word_of(d, port);

    return word && ACCESS_ONCE(*word) & MASKED;
}

bool fifo_is_linked(const struct domain *d, evtchn_port_t port)
{
    const u32 *word = word_of(d, port);

    return word && ACCESS_ONCE(*word) & LINKED;
}

void fifo_clear(struct domain *d, evtchn_port_t port, struct channel *c)
{
    u32 *word = word_of(d, port);

    c->waits = false;
    if (word)
        bits_clear(word, PENDING);
}

void fifo_unmask(struct domain *d, evtchn_port_t port, struct channel *c)
{
    u32 *word = word_of(d, port);

    if (word && bits_clear(word, MASKED) & PENDING)
        fifo_raise(d, port, c);
    else if (unlikely(!d->events.fifo))
        two_level32_unmask(d, port, c->vcpu);
}

/* A frame of the guest's that the hypervisor writes to: the guest cannot make it a table. */
static int page_map(struct domain *d, u64 gfn, void **page)
{
    int r = frame_get_and_type(MFN(gfn), d, FT_WRITABLE);

    *page = mfn_to_virt(MFN(gfn));
    return r;
}

static void page_unmap(const void *page)
{
    if (page)
        frame_put_and_type(mfn_to_frame(virt_to_mfn(page)));
}

/* Events that are pending by the bits of the two-level ABI become pending with their words. */
static void two_level_waits(const struct domain *d)
{
    for (u32 i = 0; i < two_level_ports(d) / WORD_BITS; i++)
        for (xen_ulong_t w = ACCESS_ONCE(d->shared->evtchn_pending[i]); w; w &= w - 1) {
            struct channel *c = channel_find(d, i * CHANNELS_PER_PAGE + (u32)__builtin_ctzl(w));

            if (c)
                __atomic_store_n(&c->waits, true, __ATOMIC_SEQ_CST);
        }
}

/* Who sends from here on sees that; who has not seen it yet is looked for when there are words. */
static void fifo_begin(struct domain *d, struct fifo *f)
{
    f->lock = (struct spinlock)SPINLOCK(LOCK_FIFO);
    __atomic_store_n(&d->events.fifo, f, __ATOMIC_RELEASE);
    __atomic_store_n(&d->events.words, f, __ATOMIC_SEQ_CST);
    two_level_waits(d);
}

static int control_map(struct vcpu *v, u64 gfn, u32 offset)
{
    void *page;
    int r;

    if (v->events.control)
        return refuse(XEN_EINVAL, "the vcpu has a control block");
    r = page_map(v->domain, gfn, &page);
    if (!r)
        __atomic_store_n(&v->events.control, page + offset, __ATOMIC_RELEASE);
    return r;
}

int event_init_control(struct domain *d, struct evtchn_init_control *a)
{
    struct vcpu *v = domain_vcpu(d, a->vcpu);
    struct fifo *f = NULL;
    int r;

    a->link_bits = EVTCHN_FIFO_LINK_BITS;
    if (!v)
        return refuse(XEN_ENOENT, "there is no such vcpu");
    if (a->offset > PAGE_SIZE - sizeof(struct evtchn_fifo_control_block) || a->offset % sizeof(u64))
        return refuse(XEN_EINVAL, "the control block is not aligned, or not on one page");
    spin_lock(&events_lock);
    if (!d->events.fifo && !(f = pages_alloc(order_for(sizeof(*f)))))
        r = refuse(XEN_ENOMEM, "no memory for the FIFO ABI");
    else
        r = control_map(v, a->control_gfn, a->offset);
    if (f && !r)
        fifo_begin(d, f);
    else if (f)
        pages_free(f, order_for(sizeof(*f)));
    spin_unlock(&events_lock);
    return r;
}

/* What waited for words that are there now is raised. 0 or RESTART. Under events_lock. */
static int waiting_raise(struct domain *d)
{
    struct fifo *f = d->events.fifo;

    while (f->raised < f->words) {
        evtchn_port_t port = f->raised++;
        struct channel *c = channel_find(d, port);

        if (!c || !__atomic_exchange_n(&c->waits, false, __ATOMIC_SEQ_CST))
            continue;
        event_raise(d, port, c);
        if (preempt_point(RAISE_UNITS))
            return RESTART;
    }
    return 0;
}

/* One more page of words. Under events_lock. */
static int array_expand(struct domain *d, u64 gfn)
{
    struct fifo *f = d->events.fifo;
    void *page;
    int r;

    if (f->words == EVTCHN_FIFO_NR_CHANNELS)
        return refuse(XEN_ENOSPC, "there are words for all ports");
    r = page_map(d, gfn, &page);
    if (r)
        return r;
    if (!f->words)
        two_level_waits(d);
    f->pages[f->words / FIFO_PAGE_WORDS] = page;
    __atomic_store_n(&f->words, f->words + FIFO_PAGE_WORDS, __ATOMIC_SEQ_CST);
    return 0;
}

int event_expand_array(struct domain *d, u64 gfn, bool goes_on)
{
    int r = 0;

    spin_lock(&events_lock);
    if (!d->events.fifo)
        r = refuse(XEN_EOPNOTSUPP, "the guest uses the two-level ABI");
    else if (!goes_on)
        r = array_expand(d, gfn);
    if (!r)
        r = waiting_raise(d);
    spin_unlock(&events_lock);
    return r;
}

int event_set_priority(struct domain *d, evtchn_port_t port, u32 priority)
{
    struct channel *c = channel_find(d, port);

    if (!c)
        return refuse(XEN_EINVAL, "there is no such port");
    if (!d->events.fifo)
        return refuse(XEN_ENOSYS, "priorities are of the FIFO ABI");
    if (channel_bond(c).kind == EVTCHNSTAT_closed)
        return refuse(XEN_EACCES, "the port is closed");
    if (priority > EVTCHN_FIFO_PRIORITY_MIN)
        return refuse(XEN_EINVAL, "there is no such priority");
    c->priority = (u8)priority;
    return 0;
}

void fifo_each_page(const struct domain *d, void (*see)(const void *page))
{
    const struct fifo *f;

    spin_lock(&events_lock);
    f = d->events.fifo;
    for (u32 i = 0; f && i < d->max_vcpus; i++)
        if (d->vcpus[i] && d->vcpus[i]->events.control)
            see(d->vcpus[i]->events.control);
    for (u32 i = 0; f && i < f->words; i += FIFO_PAGE_WORDS)
        see(f->pages[i / FIFO_PAGE_WORDS]);
    spin_unlock(&events_lock);
}

/* Of all vcpus. RESTART: it is called again. */
static int controls_drop(struct domain *d)
{
    for (u32 i = 0; i < d->max_vcpus; i++) {
        struct vcpu *v = d->vcpus[i];

        if (!v || !v->events.control)
            continue;
        page_unmap(v->events.control);
        v->events.control = NULL;
        memset(v->events.tails, 0, sizeof(v->events.tails));
        if (preempt_point(CONTROL_UNITS) && i + 1 < d->max_vcpus)
            return RESTART;
    }
    return 0;
}

/* Nobody sends to @d any more: its ports are closed, and whoever found one open has left
 * (reset_end in channel.c; the end of the domain waits too). */
int fifo_end(struct domain *d)
{
    struct fifo *f = d->events.fifo;

    if (!f)
        return 0;
    if (controls_drop(d))
        return RESTART;
    d->events.words = d->is_32bit ? &fifo_none : NULL;
    d->events.fifo = NULL;
    for (u32 port = 0; port < f->words; port += FIFO_PAGE_WORDS)
        page_unmap(f->pages[port / FIFO_PAGE_WORDS]);
    pages_free(f, order_for(sizeof(*f)));
    return 0;
}
