/*
 * The FIFO form: 131072 ports, in order and with priorities. A port is one word of an array whose
 * frames we give to the hypervisor as more ports come: PENDING, MASKED, LINKED and the number of
 * the next port in the queue. Each vcpu has 16 queues, 0 the most urgent. The hypervisor appends:
 * it links a port that goes pending unmasked behind the last one of its queue, or, if the queue is
 * empty, writes it to head[] of the vcpu's control block and sets the queue's bit in `ready`. We
 * take from the front.
 *
 * Invariant: heads[q] is the port at the front of queue q, 0 if the next one will be told by the
 * control block. Taking a port reads its link and clears LINKED in one step: had it no link, the
 * queue is empty, and the hypervisor, which finds LINKED clear, will tell the next through head[].
 */
#include "guest-kernel/event/form.h"
#include "guest-kernel/mm/direct_map.h"
#include "guest-kernel/mm/frame.h"
#include "guest-kernel/core/hypercall.h"

#define PENDING        (1u << EVTCHN_FIFO_PENDING)
#define MASKED         (1u << EVTCHN_FIFO_MASKED)
#define LINKED         (1u << EVTCHN_FIFO_LINKED)
#define BUSY           (1u << EVTCHN_FIFO_BUSY)
#define WORDS_PER_PAGE (PAGE_SIZE / sizeof(event_word_t))
#define PAGES          (EVTCHN_FIFO_NR_CHANNELS / WORDS_PER_PAGE)

/* One frame for each vcpu: the control block, and behind it what only we use. */
struct fifo_queues {
    struct evtchn_fifo_control_block control;
    u32 heads[EVTCHN_FIFO_MAX_QUEUES];
};

static event_word_t *array[PAGES];
static u32 pages;

static event_word_t *word_of(u32 port)
{
    return &array[port / WORDS_PER_PAGE][port % WORDS_PER_PAGE];
}

static long vcpu_init(struct vcpu *vcpu)
{
    pfn_t pfn = frame_alloc_zeroed();
    struct evtchn_init_control init = {
        .control_gfn = pfn_to_mfn(pfn).n,
        .offset = offsetof(struct fifo_queues, control),
        .vcpu = vcpu->id,
    };
    long answer = call_event_channel_op(EVTCHNOP_init_control, &init);

    if (answer)
        frame_free(pfn);
    else
        vcpu->fifo = pfn_to_virt(pfn);
    return answer;
}

static void array_expand(void)
{
    pfn_t pfn = frame_alloc();
    struct evtchn_expand_array expand = {.array_gfn = pfn_to_mfn(pfn).n};
    event_word_t *words = pfn_to_virt(pfn);
    long answer;

    for (unsigned int i = 0; i < WORDS_PER_PAGE; i++)
        words[i] = MASKED;
    array[pages++] = words;
    answer = call_event_channel_op(EVTCHNOP_expand_array, &expand);
    if (answer)
        guest_panic("expand_array: error %ld", answer);
}

static void port_init(u32 port)
{
    while (pages <= port / WORDS_PER_PAGE)
        array_expand();
}

/* Takes a port out of its queue; answers the one behind it, 0 if that is not linked yet. */
static u32 word_unlink(event_word_t *word)
{
    event_word_t old = ACCESS_ONCE(*word);

    while (!__atomic_compare_exchange_n(word, &old, old & ~(LINKED | EVTCHN_FIFO_LINK_MASK), false,
                                        __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
        ;
    return old & EVTCHN_FIFO_LINK_MASK;
}

/* Answers whether the queue has more. */
static bool queue_take(struct fifo_queues *fifo, unsigned int queue)
{
    u32 port = fifo->heads[queue];
    event_word_t *word;

    if (!port)
        port = ACCESS_ONCE(fifo->control.head[queue]);
    word = word_of(port);
    fifo->heads[queue] = word_unlink(word);
    event_deliver(port); /* unless it was masked or cleared since it was put into the queue */
    return fifo->heads[queue] != 0;
}

static void scan(struct vcpu *self)
{
    struct fifo_queues *fifo = self->fifo;
    u32 ready = __atomic_exchange_n(&fifo->control.ready, 0, __ATOMIC_SEQ_CST);

    while (ready) {
        unsigned int queue = (unsigned int)__builtin_ctz(ready);

        if (!queue_take(fifo, queue))
            ready &= ~(1u << queue);
        ready |= __atomic_exchange_n(&fifo->control.ready, 0, __ATOMIC_SEQ_CST);
    }
}

static void mask(u32 port)
{
    __atomic_fetch_or(word_of(port), MASKED, __ATOMIC_SEQ_CST);
}

/* Not while the hypervisor is busy with the word. */
static void unmask(u32 port)
{
    event_word_t *word = word_of(port), old;

    do {
        old = ACCESS_ONCE(*word) & ~BUSY;
    } while (!__atomic_compare_exchange_n(word, &old, old & ~MASKED, false, __ATOMIC_SEQ_CST,
                                          __ATOMIC_SEQ_CST));
}

static bool clear(u32 port)
{
    return __atomic_fetch_and(word_of(port), ~PENDING, __ATOMIC_SEQ_CST) & PENDING;
}

static bool take(u32 port)
{
    event_word_t *word = word_of(port), old = ACCESS_ONCE(*word);

    while ((old & (PENDING | MASKED)) == PENDING)
        if (__atomic_compare_exchange_n(word, &old, old & ~PENDING, false, __ATOMIC_SEQ_CST,
                                        __ATOMIC_SEQ_CST))
            return true;
    return false;
}

static bool is_pending(u32 port)
{
    return ACCESS_ONCE(*word_of(port)) & PENDING;
}

const struct event_ops fifo_ops = {vcpu_init, port_init, scan, mask,
                                   unmask,    clear,     take, is_pending};
