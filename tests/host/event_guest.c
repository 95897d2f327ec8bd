/* The guest's half of the event ABIs: see event_guest.h. */
#include "tests/host/event_guest.h"

#include "hypervisor/domain/shared32.h"
#include "hypervisor/domain/width.h"
#include "hypervisor/event/pirq.h"

u32 event_guests_32bit;

/* No devices, unless a test has one. */
__attribute__((weak)) void pirqs_init(struct domain *d)
{
    (void)d;
}

__attribute__((weak)) void pirqs_destroy(struct domain *d)
{
    (void)d;
}

__attribute__((weak)) int pirq_bind(struct domain *d, u32 pirq, evtchn_port_t port)
{
    (void)d, (void)pirq, (void)port;
    return -XEN_EINVAL;
}

__attribute__((weak)) void pirq_unbind(struct domain *d, u32 pirq)
{
    (void)d, (void)pirq;
}

struct event_guest *event_guest_new(u16 id, bool privileged)
{
    struct event_guest *g = calloc(1, sizeof(*g));

    assert_non_null(g);
    g->d = machine_domain_create(id, GUEST_VCPUS, 64, privileged);
    if (event_guests_32bit >> id & 1)
        assert_int_equal(domain_set_width(g->d, 32), 0);
    for (u32 i = 0; i < GUEST_VCPUS; i++) {
        assert_non_null(vcpu_create(g->d, i));
        g->controls[i] = machine_frame(g->d);
    }
    g->words = machine_frame(g->d);
    machine_run(g->d);
    return g;
}

void event_guest_end(struct event_guest *g)
{
    assert_audit(g->d);
    while (events_close(g->d) || events_release(g->d))
        ;
    for (u32 i = 0; i < GUEST_VCPUS; i++)
        assert_int_equal(machine_types(g->controls[i]), 0);
    assert_int_equal(machine_types(g->words), 0);
    machine_domain_end(g->d);
    free(g);
}

void event_guest_fifo(struct event_guest *g)
{
    memset(g->heads, 0, sizeof(g->heads));
    memset(mfn_to_virt(g->words), 0, PAGE_SIZE);
    for (u32 i = 0; i < GUEST_VCPUS; i++) {
        struct evtchn_init_control a = {.control_gfn = g->controls[i].n, .offset = 8, .vcpu = i};

        memset(mfn_to_virt(g->controls[i]), 0, PAGE_SIZE);
        assert_int_equal(event_init_control(g->d, &a), 0);
        assert_int_equal(a.link_bits, 17);
    }
    assert_int_equal(event_expand_array(g->d, g->words.n, false), 0);
    g->fifo = true;
}

void event_guest_reset(struct event_guest *g)
{
    bool again = false;

    for (int r; (r = event_reset(g->d, again)); again = true)
        assert_int_equal(r, RESTART);
    g->fifo = false;
    for (u32 i = 0; i < GUEST_VCPUS; i++)
        g->d->vcpus[i]->info->evtchn_upcall_pending = 0;
}

u32 *event_guest_word(struct event_guest *g, evtchn_port_t port)
{
    return (u32 *)mfn_to_virt(g->words) + port;
}

/* The 32 bits that have the mask of @port: of a 64-bit guest's word, too. */
static u32 *mask_word(const struct event_guest *g, evtchn_port_t port)
{
    u32 *words = g->d->is_32bit ? shared32(g->d)->evtchn_mask : (u32 *)g->d->shared->evtchn_mask;

    return words + port / 32;
}

bool event_guest_masked(struct event_guest *g, evtchn_port_t port)
{
    const u32 *word = g->fifo ? event_guest_word(g, port) : mask_word(g, port);

    return ACCESS_ONCE(*word) & (g->fifo ? WORD_MASKED : 1U << port % 32);
}

void event_guest_mask(struct event_guest *g, evtchn_port_t port)
{
    if (g->fifo)
        __atomic_fetch_or(event_guest_word(g, port), WORD_MASKED, __ATOMIC_SEQ_CST);
    else
        __atomic_fetch_or(mask_word(g, port), 1U << port % 32, __ATOMIC_SEQ_CST);
}

static void two_level_take(struct event_guest *g, struct vcpu_info *info)
{
    struct shared_info *s = g->d->shared;
    u64 words = __atomic_exchange_n(&info->evtchn_pending_sel, 0, __ATOMIC_SEQ_CST);

    for (; words; words &= words - 1) {
        u32 word = (u32)__builtin_ctzl(words);
        u64 ports = ACCESS_ONCE(s->evtchn_pending[word]) & ~ACCESS_ONCE(s->evtchn_mask[word]);

        for (; ports; ports &= ports - 1) {
            __atomic_fetch_and(&s->evtchn_pending[word], ~(ports & -ports), __ATOMIC_SEQ_CST);
            g->event(g, word * 64 + (u32)__builtin_ctzl(ports));
        }
    }
}

/* The same with words of 32 bits. */
static void two_level32_take(struct event_guest *g, struct vcpu_info_x86_32 *info)
{
    struct shared_info_x86_32 *s = shared32(g->d);
    u32 words = __atomic_exchange_n(&info->evtchn_pending_sel, 0, __ATOMIC_SEQ_CST);

    for (; words; words &= words - 1) {
        u32 word = (u32)__builtin_ctz(words);
        u32 ports = ACCESS_ONCE(s->evtchn_pending[word]) & ~ACCESS_ONCE(s->evtchn_mask[word]);

        for (; ports; ports &= ports - 1) {
            __atomic_fetch_and(&s->evtchn_pending[word], ~(ports & -ports), __ATOMIC_SEQ_CST);
            g->event(g, word * 32 + (u32)__builtin_ctz(ports));
        }
    }
}

/* The first port of a queue: its link becomes the queue's new head. */
static void fifo_take_one(struct event_guest *g, u32 vcpu, u32 queue, u32 *ready)
{
    const struct evtchn_fifo_control_block *control = mfn_to_virt(g->controls[vcpu]) + 8;
    evtchn_port_t *head = &g->heads[vcpu][queue], port = *head;
    u32 *word, old;

    if (!port)
        port = __atomic_load_n(&control->head[queue], __ATOMIC_SEQ_CST);
    assert_true(port && port < FIFO_PAGE_WORDS);
    word = event_guest_word(g, port);
    old = ACCESS_ONCE(*word);
    while (!__atomic_compare_exchange_n(word, &old, old & ~(WORD_LINKED | WORD_LINK), false,
                                        __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST))
        ;
    *head = old & WORD_LINK;
    if (!*head)
        *ready &= ~(1U << queue);
    if ((old & (WORD_PENDING | WORD_MASKED)) == WORD_PENDING) {
        __atomic_fetch_and(word, ~WORD_PENDING, __ATOMIC_SEQ_CST);
        g->event(g, port);
    }
}

static void fifo_take(struct event_guest *g, u32 vcpu)
{
    struct evtchn_fifo_control_block *control = mfn_to_virt(g->controls[vcpu]) + 8;
    u32 ready = __atomic_exchange_n(&control->ready, 0, __ATOMIC_SEQ_CST);

    while (ready) {
        fifo_take_one(g, vcpu, (u32)__builtin_ctz(ready), &ready);
        ready |= __atomic_exchange_n(&control->ready, 0, __ATOMIC_SEQ_CST);
    }
}

void event_guest_upcalls(struct event_guest *g)
{
    for (bool any = true; any;) {
        any = false;
        for (u32 i = 0; i < GUEST_VCPUS; i++) {
            struct vcpu_info *info = g->d->vcpus[i]->info;

            if (!__atomic_exchange_n(&info->evtchn_upcall_pending, 0, __ATOMIC_SEQ_CST))
                continue;
            any = true;
            if (g->fifo)
                fifo_take(g, i);
            else if (g->d->is_32bit)
                two_level32_take(g, vcpu_info32(g->d->vcpus[i]));
            else
                two_level_take(g, info);
        }
    }
}
