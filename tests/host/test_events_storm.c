// LINK: hypervisor/domain/list.c hypervisor/domain/shutdown.c hypervisor/domain/end.c
// LINK: hypervisor/domain/exchange.c hypervisor/mm/extent.c
// LINK: tests/host/fake_machine.c tests/host/event_guest.c hypervisor/mm/frame.c
// LINK: hypervisor/mm/alloc.c hypervisor/mm/ptype.c hypervisor/mm/pt_update.c
// LINK: hypervisor/mm/io_frames.c hypervisor/mm/linear.c hypervisor/mm/pae.c hypervisor/mm/audit.c
// LINK: hypervisor/mm/ranges.c
// LINK: hypervisor/domain/domain.c hypervisor/domain/base.c hypervisor/cpu/descriptors.c
// LINK: hypervisor/event/channel.c hypervisor/event/send.c hypervisor/event/virq.c
// LINK: hypervisor/event/two_level32.c hypervisor/domain/width.c
// LINK: hypervisor/event/fifo.c hypervisor/event/watched.c hypervisor/event/intercept.c
// LINK: hypervisor/event/redirect.c
// LINK: hypercalls/layout32.c
// LINK: hypercalls/authority.c
// LINK: hypervisor/grant/table.c hypervisor/grant/pin.c hypervisor/grant/maptrack.c
/*
 * Event channels in random histories. Two domains, each in either ABI, bind, send, mask, move and
 * close; a model says what each port is and whether an event waits there, and whenever the guests
 * take their upcalls, what is delivered must be just what the model holds. Then the same with
 * threads: several that send while one takes (no send may be lost), and one that writes garbage
 * wherever a guest can (nothing may happen).
 */
#include "tests/host/event_guest.h"

#define sched_yield libc_sched_yield /* the hypervisor has one, too */
#include <pthread.h>
#undef sched_yield

#define PORTS 96 /* so many are tried: more than one page of channels */

struct model_port {
    u8 kind;
    bool pending;
    int peer_guest;
    evtchn_port_t peer;
    u32 virq, vcpu;
};

static struct event_guest *guests[2];
static struct model_port ports[2][PORTS];
static bool delivered[2][PORTS];
static u64 deliveries;

static int guest_index(const struct event_guest *g)
{
    return g == guests[1];
}

static void note(struct event_guest *g, evtchn_port_t port)
{
    assert_true(port < PORTS);
    assert_false(delivered[guest_index(g)][port]);
    delivered[guest_index(g)][port] = true;
    deliveries++;
}

static void model_raise(int g, evtchn_port_t port)
{
    ports[g][port].pending = true;
}

static evtchn_port_t any_port(int g, u8 kind)
{
    for (int i = 0; i < 8; i++) {
        evtchn_port_t port = 1 + machine_random(PORTS - 1);

        if (ports[g][port].kind == kind)
            return port;
    }
    return 0;
}

/* What the operation answered for the model's next port: @port, or 0 if it has no more to watch. */
static evtchn_port_t model_new(int g, int port, u8 kind, u32 vcpu)
{
    if (port >= PORTS) {
        assert_int_equal(event_close(guests[g]->d, (u32)port), 0);
        return 0;
    }
    assert_true(port > 0);
    assert_int_equal(ports[g][port].kind, EVTCHNSTAT_closed);
    ports[g][port] = (struct model_port){.kind = kind, .vcpu = vcpu};
    return (u32)port;
}

static void do_alloc(int g)
{
    int other = (int)machine_random(2);
    evtchn_port_t port = model_new(g, event_alloc_unbound(guests[g]->d, guests[other]->d->id),
                                   EVTCHNSTAT_unbound, 0);

    ports[g][port].peer_guest = other;
}

static void do_connect(int g)
{
    int other = (int)machine_random(2), local;
    evtchn_port_t port = any_port(other, EVTCHNSTAT_unbound);

    local = event_bind_interdomain(guests[g]->d, guests[other]->d, port);
    if (!port || ports[other][port].peer_guest != g) {
        assert_int_equal(local, -XEN_EINVAL);
        return;
    }
    if (local >= PORTS) {
        event_close(guests[g]->d, (u32)local);
        return;
    }
    model_new(g, local, EVTCHNSTAT_interdomain, 0);
    ports[g][local].peer_guest = other;
    ports[g][local].peer = port;
    model_raise(g, (u32)local);
    ports[other][port].kind = EVTCHNSTAT_interdomain;
    ports[other][port].peer_guest = g;
    ports[other][port].peer = (u32)local;
}

static void do_bind(int g)
{
    u32 vcpu = machine_random(GUEST_VCPUS), virq = machine_random(2) ? VIRQ_TIMER : VIRQ_CONSOLE;
    bool bound = false;
    int port;

    if (machine_random(2)) {
        model_new(g, event_bind_ipi(guests[g]->d, vcpu), EVTCHNSTAT_ipi, vcpu);
        return;
    }
    vcpu = virq == VIRQ_CONSOLE ? 0 : vcpu;
    for (port = 1; port < PORTS; port++)
        bound |= ports[g][port].kind == EVTCHNSTAT_virq && ports[g][port].virq == virq &&
                 (virq == VIRQ_CONSOLE || ports[g][port].vcpu == vcpu);
    port = event_bind_virq(guests[g]->d, virq, vcpu);
    if (bound)
        assert_int_equal(port, -XEN_EEXIST);
    else
        ports[g][model_new(g, port, EVTCHNSTAT_virq, vcpu)].virq = virq;
}

static void do_close(int g)
{
    evtchn_port_t port = 1 + machine_random(PORTS - 1);
    struct model_port *p = &ports[g][port];
    int r = event_close(guests[g]->d, port);

    assert_int_equal(r, p->kind == EVTCHNSTAT_closed ? -XEN_EINVAL : 0);
    if (p->kind == EVTCHNSTAT_interdomain) {
        ports[p->peer_guest][p->peer].kind = EVTCHNSTAT_unbound;
        ports[p->peer_guest][p->peer].peer_guest = g;
    }
    if (!r)
        *p = (struct model_port){};
}

static void do_send(int g)
{
    evtchn_port_t port = machine_random(PORTS);
    const struct model_port *p = &ports[g][port];
    int r = event_send(guests[g]->d, port);

    switch (p->kind) {
    case EVTCHNSTAT_interdomain:
        model_raise(p->peer_guest, p->peer);
        break;
    case EVTCHNSTAT_ipi:
        model_raise(g, port);
        break;
    case EVTCHNSTAT_unbound:
        break;
    default:
        assert_int_equal(r, -XEN_EINVAL);
        return;
    }
    assert_int_equal(r, 0);
}

static void do_virq(int g)
{
    u32 vcpu = machine_random(GUEST_VCPUS);

    virq_raise(guests[g]->d->vcpus[vcpu], VIRQ_TIMER);
    for (evtchn_port_t port = 1; port < PORTS; port++)
        if (ports[g][port].kind == EVTCHNSTAT_virq && ports[g][port].virq == VIRQ_TIMER &&
            ports[g][port].vcpu == vcpu)
            model_raise(g, port);
}

static void do_mask(int g)
{
    evtchn_port_t port = machine_random(PORTS);

    if (machine_random(2))
        event_guest_mask(guests[g], port);
    else if (ports[g][port].kind != EVTCHNSTAT_closed)
        assert_int_equal(event_unmask(guests[g]->d, port), 0);
}

static void do_move(int g)
{
    evtchn_port_t port = machine_random(PORTS);
    u32 vcpu = machine_random(GUEST_VCPUS);
    struct model_port *p = &ports[g][port];
    bool may = p->kind == EVTCHNSTAT_unbound || p->kind == EVTCHNSTAT_interdomain ||
               (p->kind == EVTCHNSTAT_virq && p->virq == VIRQ_CONSOLE);

    assert_int_equal(event_bind_vcpu(guests[g]->d, port, vcpu), may ? 0 : -XEN_EINVAL);
    if (may)
        p->vcpu = vcpu;
    event_set_priority(guests[g]->d, port, machine_random(18));
}

/* All upcalls are taken: what is delivered is what was pending and not masked. */
static void do_take(int g)
{
    memset(delivered[g], 0, sizeof(delivered[g]));
    event_guest_upcalls(guests[g]);
    for (evtchn_port_t port = 0; port < PORTS; port++) {
        struct model_port *p = &ports[g][port];
        bool expected = p->pending && !event_guest_masked(guests[g], port);

        assert_int_equal(delivered[g][port], expected);
        p->pending &= !expected;
        if (p->kind != EVTCHNSTAT_closed)
            assert_int_equal(event_is_pending(guests[g]->d, port), p->pending);
    }
}

/* The other ABI: all ports are closed in between, the other domain's ends wait. */
static void do_reset(int g)
{
    if (machine_random(20))
        return;
    do_take(g);
    machine_preempt_in = machine_random(20);
    event_guest_reset(guests[g]);
    machine_preempt_in = 0;
    for (evtchn_port_t port = 1; port < PORTS; port++) {
        struct model_port *p = &ports[g][port];

        if (p->kind == EVTCHNSTAT_interdomain && p->peer_guest != g)
            ports[!g][p->peer].kind = EVTCHNSTAT_unbound;
        *p = (struct model_port){};
    }
    if (machine_random(2))
        event_guest_fifo(guests[g]);
}

static void statuses_check(int g)
{
    for (evtchn_port_t port = 1; port < PORTS; port++) {
        struct evtchn_status s = {.port = port};
        const struct model_port *p = &ports[g][port];

        if (event_status(guests[g]->d, &s))
            continue; /* no struct yet */
        assert_int_equal(s.status, p->kind);
        assert_int_equal(s.vcpu, p->vcpu);
        if (p->kind == EVTCHNSTAT_interdomain) {
            assert_int_equal(s.u.interdomain.dom, guests[p->peer_guest]->d->id);
            assert_int_equal(s.u.interdomain.port, p->peer);
        }
    }
}

static void setup(void (*event)(struct event_guest *, evtchn_port_t))
{
    memset(ports, 0, sizeof(ports));
    for (int g = 0; g < 2; g++) {
        guests[g] = event_guest_new((u16)g, g == 0);
        guests[g]->event = event;
    }
}

static void finish(void)
{
    for (int g = 0; g < 2; g++)
        event_guest_end(guests[g]);
}

static void histories(u32 steps_taken)
{
    static void (*const steps[])(int) = {do_alloc, do_connect, do_connect, do_bind, do_close,
                                         do_send,  do_send,    do_send,    do_send, do_virq,
                                         do_mask,  do_mask,    do_move,    do_take, do_reset};

    deliveries = 0;
    setup(note);
    for (u32 i = 0; i < steps_taken; i++) {
        steps[machine_random(ARRAY_SIZE(steps))]((int)machine_random(2));
        if (i % 64 == 0)
            statuses_check((int)machine_random(2));
    }
    assert_true(deliveries > steps_taken / 20);
    finish();
}

static void as_the_model_says(void **state)
{
    (void)state;
    histories(200000);
}

/* Each other domain, then both, have 32 bits. */
static void as_the_model_says_in_32_bits(void **state)
{
    (void)state;
    for (event_guests_32bit = 1; event_guests_32bit < 4; event_guests_32bit++)
        histories(50000);
    event_guests_32bit = 0;
}

/* A debug build's locks know who holds them by the CPU, and here is one for all threads. */
#ifndef DEBUG
#define SENDERS 3
#define SENDS   1000000
#define LINES   40

static u32 sent[LINES + 1], heard[LINES + 1];
static bool over;

static void hear(struct event_guest *g, evtchn_port_t port)
{
    (void)g;
    heard[port] = __atomic_load_n(&sent[port], __ATOMIC_SEQ_CST);
}

static void *sender(void *seed)
{
    u64 r = (u64)seed;

    for (u32 i = 0; i < SENDS; i++) {
        evtchn_port_t port = 1 + (u32)((r = r * 6364136223846793005UL + 12345) >> 33) % LINES;

        __atomic_fetch_add(&sent[port], 1, __ATOMIC_SEQ_CST);
        event_send(guests[0]->d, port);
    }
    return NULL;
}

/* The guest's other vcpu: priorities change, and ports are masked for a while. */
static void *mover(void *unused)
{
    (void)unused;
    for (u32 i = 0; !__atomic_load_n(&over, __ATOMIC_SEQ_CST); i++) {
        evtchn_port_t port = 1 + i % LINES;

        event_set_priority(guests[0]->d, port, i / 7 % 2);
        event_guest_mask(guests[0], port);
        event_unmask(guests[0]->d, port);
    }
    return NULL;
}

static void threads_send(bool fifo)
{
    pthread_t threads[SENDERS + 1];

    memset(sent, 0, sizeof(sent));
    memset(heard, 0, sizeof(heard));
    over = false;
    setup(hear);
    if (fifo)
        event_guest_fifo(guests[0]);
    for (evtchn_port_t port = 1; port <= LINES; port++)
        assert_int_equal(event_bind_ipi(guests[0]->d, port % 8 == 0), port);
    for (u64 i = 0; i < SENDERS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, sender, (void *)(i + 1)), 0);
    assert_int_equal(pthread_create(&threads[SENDERS], NULL, mover, NULL), 0);
    for (u32 total = 0; total < SENDERS * SENDS;) {
        event_guest_upcalls(guests[0]);
        total = 0;
        for (evtchn_port_t port = 1; port <= LINES; port++)
            total += __atomic_load_n(&sent[port], __ATOMIC_SEQ_CST);
    }
    __atomic_store_n(&over, true, __ATOMIC_SEQ_CST);
    for (u32 i = 0; i <= SENDERS; i++)
        pthread_join(threads[i], NULL);
    event_guest_upcalls(guests[0]);
    for (evtchn_port_t port = 1; port <= LINES; port++)
        assert_int_equal(heard[port], sent[port]);
    for (evtchn_port_t port = 1; fifo && port <= LINES; port++)
        assert_int_equal(*event_guest_word(guests[0], port), 0);
    finish();
}

static void no_send_is_lost(void **state)
{
    (void)state;
    threads_send(false);
}

static void no_send_is_lost_in_32_bits(void **state)
{
    (void)state;
    event_guests_32bit = 1;
    threads_send(false);
    event_guests_32bit = 0;
}

static void no_send_is_lost_in_queues(void **state)
{
    (void)state;
    threads_send(true);
}

static void *scribbler(void *unused)
{
    u64 r = 99;
    u32 *places[] = {mfn_to_virt(guests[0]->words), mfn_to_virt(guests[0]->controls[0]),
                     mfn_to_virt(guests[0]->controls[1]), (u32 *)guests[0]->d->shared};

    while (!__atomic_load_n(&over, __ATOMIC_SEQ_CST)) {
        r = r * 6364136223846793005UL + 12345;
        __atomic_store_n(&places[r >> 33 & 3][r >> 40 & 31], (u32)(r >> (r >> 60)),
                         __ATOMIC_SEQ_CST);
    }
    return unused;
}

static void garbage_harms_nobody_else(void **state)
{
    pthread_t thread;

    (void)state;
    over = false;
    setup(hear);
    event_guest_fifo(guests[0]);
    assert_int_equal(pthread_create(&thread, NULL, scribbler, NULL), 0);
    for (u32 i = 0; i < 300000; i++) {
        evtchn_port_t port = machine_random(32);

        switch (machine_random(8)) {
        case 0:
            event_bind_ipi(guests[0]->d, machine_random(GUEST_VCPUS));
            break;
        case 1:
            event_close(guests[0]->d, port);
            break;
        case 2:
            event_unmask(guests[0]->d, port);
            break;
        case 3:
            event_set_priority(guests[0]->d, port, machine_random(16));
            break;
        case 4:
            if (!machine_random(50)) {
                event_guest_reset(guests[0]);
                event_guest_fifo(guests[0]);
            }
            break;
        default:
            event_send(guests[0]->d, port);
        }
    }
    __atomic_store_n(&over, true, __ATOMIC_SEQ_CST);
    pthread_join(thread, NULL);
    finish();
}
#endif

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(as_the_model_says, machine_all_free),
        cmocka_unit_test_teardown(as_the_model_says_in_32_bits, machine_all_free),
#ifndef DEBUG
        cmocka_unit_test_teardown(no_send_is_lost, machine_all_free),
        cmocka_unit_test_teardown(no_send_is_lost_in_32_bits, machine_all_free),
        cmocka_unit_test_teardown(no_send_is_lost_in_queues, machine_all_free),
        cmocka_unit_test_teardown(garbage_harms_nobody_else, machine_all_free),
#endif
    };

    machine_frames = 1024;
    machine_quiet = true;
    return cmocka_run_group_tests(tests, machine_setup, NULL);
}
