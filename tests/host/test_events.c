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
// LINK: hypercalls/event_channel.c hypercalls/continuation.c
// LINK: hypercalls/authority.c
// LINK: hypervisor/grant/table.c hypervisor/grant/pin.c hypervisor/grant/maptrack.c
/*
 * Event channels between two domains, which one guest alone cannot see, at their limits, and where
 * calls are interrupted. What one guest sees is tests/guests/evtchn-*; random histories are in
 * test_events_storm.c.
 */
#include "tests/host/event_guest.h"

#include "hypercalls/hypercalls.h"
#include "hypervisor/event/pirq.h"

static unsigned delivered[EVTCHN_2L_NR_CHANNELS];

/* No device on the host: an interrupt that may be bound once. */
static evtchn_port_t pirq_port;

int pirq_bind(struct domain *d, u32 pirq, evtchn_port_t port)
{
    (void)d;
    if (pirq != 9)
        return -XEN_EPERM;
    pirq_port = port;
    return 0;
}

void pirq_unbind(struct domain *d, u32 pirq)
{
    (void)d;
    assert_int_equal(pirq, 9);
    pirq_port = 0;
}

static void note(struct event_guest *g, evtchn_port_t port)
{
    (void)g;
    delivered[port]++;
}

static struct event_guest *guest_new(u16 id, bool privileged)
{
    struct event_guest *g = event_guest_new(id, privileged);

    g->event = note;
    memset(delivered, 0, sizeof(delivered));
    return g;
}

/* A call of @g's, gone on with until it is done. */
static long call(struct event_guest *g, u32 op, void *argument)
{
    const u64 args[4] = {op, (u64)argument};

    machine_run(g->d);
    return machine_call((machine_call_fn)(void (*)(void))hc_event_channel_op, args, NULL);
}

static long alloc(struct event_guest *g, u16 domain, u16 remote)
{
    struct evtchn_alloc_unbound a = {.dom = domain, .remote_dom = remote};
    long r = call(g, EVTCHNOP_alloc_unbound, &a);

    return r ? r : (long)a.port;
}

static long connect_to(struct event_guest *g, u16 remote, evtchn_port_t port)
{
    struct evtchn_bind_interdomain a = {.remote_dom = remote, .remote_port = port};
    long r = call(g, EVTCHNOP_bind_interdomain, &a);

    return r ? r : (long)a.local_port;
}

static long status_of(struct event_guest *g, u16 domain, evtchn_port_t port,
                      struct evtchn_status *s)
{
    *s = (struct evtchn_status){.dom = domain, .port = port};
    return call(g, EVTCHNOP_status, s);
}

static void between_domains(void **state)
{
    struct event_guest *a = guest_new(0, true), *b = guest_new(1, false);
    struct evtchn_status s;
    struct evtchn_reset reset = {.dom = 0};
    long left, right;

    (void)state;
    assert_int_equal(alloc(b, 0, 1), -XEN_EPERM);
    assert_int_equal(alloc(b, 7, 1), -XEN_ESRCH);
    right = alloc(a, 1, DOMID_SELF); /* SELF is the caller: b's port, for a */
    assert_int_equal(right, 1);
    assert_int_equal(status_of(b, DOMID_SELF, 1, &s), 0);
    assert_int_equal(s.status, EVTCHNSTAT_unbound);
    assert_int_equal(s.u.unbound.dom, 0);
    assert_int_equal(connect_to(b, 1, 1), -XEN_EINVAL); /* it is not for b */
    left = connect_to(a, 1, 1);
    assert_int_equal(left, 1);
    assert_true(event_is_pending(a->d, 1));
    event_guest_upcalls(a);
    assert_int_equal(delivered[1], 1);
    assert_int_equal(status_of(a, 1, 1, &s), 0);
    assert_int_equal(s.status, EVTCHNSTAT_interdomain);
    assert_int_equal(s.u.interdomain.dom, 0);
    assert_int_equal(status_of(b, 0, 1, &s), -XEN_EPERM);
    assert_int_equal(status_of(b, 0, 64, &s), -XEN_EINVAL);
    assert_int_equal(call(b, EVTCHNOP_reset, &reset), -XEN_EPERM);
    reset.dom = 1;
    assert_int_equal(call(a, EVTCHNOP_reset, &reset), -XEN_EINVAL);

    event_guest_fifo(b);
    assert_int_equal(event_bind_vcpu(b->d, 1, 2), 0);
    assert_int_equal(event_send(a->d, 1), 0);
    assert_true(b->d->vcpus[2]->info->evtchn_upcall_pending);
    assert_int_equal(b->d->vcpus[2]->work & WORK_EVENT, WORK_EVENT);
    assert_false(b->d->vcpus[0]->info->evtchn_upcall_pending);
    assert_false(a->d->vcpus[0]->info->evtchn_upcall_pending);
    event_guest_upcalls(b);
    assert_int_equal(delivered[1], 2);
    event_guest_reset(b);
    assert_int_equal(status_of(a, 0, 1, &s), 0);
    assert_int_equal(s.status, EVTCHNSTAT_unbound);
    assert_int_equal(s.u.unbound.dom, 1);
    event_guest_end(b);
    event_guest_end(a);
}

/* The end of one domain leaves the other's ports waiting, not leading nowhere. */
static void a_domain_ends(void **state)
{
    struct event_guest *a = guest_new(0, true), *b = guest_new(1, false);
    struct evtchn_status s;

    (void)state;
    assert_int_equal(alloc(a, 0, 1), 1);
    assert_int_equal(connect_to(b, 0, 1), 1);
    event_guest_end(b);
    assert_int_equal(event_send(a->d, 1), 0);
    assert_int_equal(status_of(a, 0, 1, &s), 0);
    assert_int_equal(s.status, EVTCHNSTAT_unbound);
    a->d->dying = true;
    assert_int_equal(alloc(a, 0, 1), -XEN_EINVAL);
    event_guest_end(a);
}

static void all_ports(void **state)
{
    struct event_guest *a = guest_new(0, true), *b = guest_new(1, false);
    long port;

    (void)state;
    for (port = 1; port < 1024; port++)
        assert_int_equal(alloc(b, DOMID_SELF, 1), port);
    assert_int_equal(alloc(b, DOMID_SELF, 1), -XEN_ENOSPC);
    for (port = 1; port < (long)EVTCHN_2L_NR_CHANNELS; port++)
        assert_int_equal(alloc(a, DOMID_SELF, 1), port);
    assert_int_equal(alloc(a, DOMID_SELF, 1), -XEN_ENOSPC);
    event_guest_fifo(a);
    machine_preempt_in = 1;
    for (; port < EVTCHN_FIFO_NR_CHANNELS; port++) {
        assert_int_equal(alloc(a, DOMID_SELF, 1), port);
        machine_preempt_in = 1 + machine_random(10);
    }
    machine_preempt_in = 0;
    assert_int_equal(alloc(a, DOMID_SELF, 1), -XEN_ENOSPC);
    assert_int_equal(event_close(a->d, 77777), 0);
    assert_int_equal(event_bind_ipi(a->d, 1), 77777);
    machine_preempt_in = 3;
    event_guest_reset(a);
    assert_int_equal(a->d->events.bound, 0);
    assert_int_equal(alloc(a, DOMID_SELF, 1), 1);
    event_guest_end(b);
    event_guest_end(a);
}

/* With 32 bits the two-level ABI has a quarter of the ports, FIFO all; and what waits when a guest
 * goes over to FIFO is found beside the mask bits of that layout. */
static void ports_of_32_bits(void **state)
{
    struct event_guest *a;
    long port;

    (void)state;
    event_guests_32bit = 1;
    a = guest_new(0, true);
    for (port = 1; port < 1024; port++)
        assert_int_equal(event_bind_ipi(a->d, 0), port);
    assert_int_equal(event_bind_ipi(a->d, 0), -XEN_ENOSPC);
    event_guest_mask(a, 1023);
    event_guest_mask(a, 64);
    event_send(a->d, 1023);
    event_send(a->d, 31);
    event_guest_upcalls(a);
    assert_int_equal(delivered[31], 1);
    assert_int_equal(delivered[1023], 0);
    assert_true(event_is_pending(a->d, 1023));
    assert_false(event_is_pending(a->d, 1022));
    event_guest_fifo(a);
    assert_true(event_is_pending(a->d, 1023));
    assert_false(event_is_pending(a->d, 64));
    assert_int_equal(event_bind_ipi(a->d, 0), 1024);
    event_guest_reset(a);
    assert_ptr_equal(a->d->events.words, &fifo_none);
    event_guest_end(a);
    event_guests_32bit = 0;
}

/* No memory for channels: an error, and nothing else. */
static void no_memory(void **state)
{
    struct event_guest *a = guest_new(0, true);
    void *taken = NULL, *p;
    long port;

    (void)state;
    while ((p = pages_alloc(0))) {
        *(void **)p = taken;
        taken = p;
    }
    for (port = 1; port < 64; port++)
        assert_int_equal(alloc(a, DOMID_SELF, 1), port);
    assert_int_equal(alloc(a, DOMID_SELF, 1), -XEN_ENOMEM);
    assert_int_equal(event_bind_virq(a->d, VIRQ_TIMER, 1), -XEN_ENOMEM);
    assert_int_equal(a->d->vcpus[1]->events.virqs[VIRQ_TIMER], 0);
    assert_int_equal(
        event_init_control(a->d, &(struct evtchn_init_control){.control_gfn = a->words.n}),
        -XEN_ENOMEM);
    for (; taken; taken = p) {
        p = *(void **)taken;
        pages_free(taken, 0);
    }
    assert_int_equal(alloc(a, DOMID_SELF, 1), 64);
    event_guest_end(a);
}

static void virtual_interrupts(void **state)
{
    struct event_guest *a = guest_new(0, true);

    (void)state;
    dom0 = a->d;
    virq_raise(a->d->vcpus[1], VIRQ_TIMER);
    virq_raise_global(VIRQ_CONSOLE);
    assert_int_equal(event_bind_virq(a->d, VIRQ_TIMER, 1), 1);
    assert_int_equal(event_bind_virq(a->d, VIRQ_TIMER, 2), 2);
    assert_int_equal(event_bind_virq(a->d, VIRQ_CONSOLE, 0), 3);
    assert_int_equal(event_bind_vcpu(a->d, 3, 2), 0);
    assert_int_equal(event_bind_vcpu(a->d, 1, 2), -XEN_EINVAL);
    virq_raise(a->d->vcpus[1], VIRQ_TIMER);
    virq_raise(a->d->vcpus[0], VIRQ_TIMER);
    virq_raise_global(VIRQ_CONSOLE);
    assert_true(event_is_pending(a->d, 1));
    assert_false(event_is_pending(a->d, 2));
    assert_true(a->d->vcpus[1]->info->evtchn_upcall_pending);
    assert_true(a->d->vcpus[2]->info->evtchn_upcall_pending);
    event_guest_upcalls(a);
    assert_int_equal(delivered[1] + delivered[3], 2);
    assert_int_equal(event_close(a->d, 3), 0); /* bound on vcpu 0, though it has moved */
    virq_raise_global(VIRQ_CONSOLE);
    assert_int_equal(event_bind_virq(a->d, VIRQ_CONSOLE, 0), 3);
    dom0 = NULL;
    virq_raise_global(VIRQ_CONSOLE);
    assert_false(event_is_pending(a->d, 3));
    event_guest_end(a);
}

static void physical_interrupts(void **state)
{
    struct event_guest *a = guest_new(0, true);
    struct evtchn_bind_pirq bind = {.pirq = 3};

    (void)state;
    assert_int_equal(call(a, EVTCHNOP_bind_pirq, &bind), -XEN_EPERM);
    assert_int_equal(a->d->events.bound, 0);
    bind.pirq = 9;
    assert_int_equal(call(a, EVTCHNOP_bind_pirq, &bind), 0);
    assert_int_equal(bind.port, pirq_port);
    assert_int_equal(event_send(a->d, pirq_port), -XEN_EINVAL);
    event_pirq_raise(a->d, pirq_port);
    assert_true(event_is_pending(a->d, pirq_port));
    assert_int_equal(event_close(a->d, bind.port), 0);
    assert_int_equal(pirq_port, 0);
    event_pirq_raise(a->d, bind.port);
    assert_false(event_is_pending(a->d, bind.port));
    event_guest_end(a);
}

static void count(void *data)
{
    ++*(unsigned *)data;
}

static void the_hypervisor_is_the_other_end(void **state)
{
    struct event_guest *a = guest_new(1, false);
    unsigned sent = 0;
    int port = event_hypervisor_bind(a->d, count, &sent);

    (void)state;
    assert_int_equal(port, 1);
    assert_int_equal(event_send(a->d, 1), 0);
    assert_int_equal(sent, 1);
    assert_false(event_is_pending(a->d, 1));
    event_hypervisor_send(a->d, 1);
    assert_true(event_is_pending(a->d, 1));
    assert_int_equal(event_bind_vcpu(a->d, 1, 2), 0);
    assert_int_equal(event_close(a->d, 1), 0);
    event_hypervisor_send(a->d, 1);
    assert_false(event_is_pending(a->d, 1));
    assert_int_equal(alloc(a, DOMID_SELF, 1), 1);
    event_hypervisor_send(a->d, 1);
    event_hypervisor_send(a->d, 99999);
    assert_false(event_is_pending(a->d, 1));
    assert_int_equal(sent, 1);
    event_guest_end(a);
}

static void polls(void **state)
{
    struct event_guest *a = guest_new(0, true);
    struct vcpu *v = a->d->vcpus[1];

    (void)state;
    for (evtchn_port_t port = 1; port < 4; port++)
        assert_int_equal(event_bind_ipi(a->d, 0), port);
    assert_int_equal(event_poll_port(a->d, 0), -XEN_EINVAL);
    assert_int_equal(event_poll_port(a->d, 9), -XEN_EINVAL);
    assert_int_equal(event_poll_port(a->d, 9999), -XEN_EINVAL);
    assert_int_equal(event_poll_port(a->d, 1), 0);
    event_guest_mask(a, 1);
    for (u32 port = 2; port-- > 0;) { /* a port alone; POLL_ANY */
        vcpu_stop(v, STOP_BLOCKED);
        event_poll_begin(v, POLL_ANY);
        if (port)
            event_poll_begin(v, 1);
        assert_int_equal(a->d->events.pollers, 1);
        event_send(a->d, 2 + !port);
        assert_int_equal(!!(v->sched.stopped & STOP_BLOCKED), port);
        event_send(a->d, 1);
        assert_int_equal(v->sched.stopped & STOP_BLOCKED, 0);
        assert_int_equal(v->events.poll, POLL_NONE);
        assert_int_equal(a->d->events.pollers, 0);
    }
    assert_int_equal(event_poll_port(a->d, 1), 1);
    event_poll_end(v);
    assert_int_equal(a->d->events.pollers, 0);
    event_guest_end(a);
}

/* Events that come before their page of words, or their vcpu's control block, is there. */
static void words_come_later(void **state)
{
    struct event_guest *a = guest_new(0, true);
    struct evtchn_init_control c = {.control_gfn = a->controls[0].n, .vcpu = 0};

    (void)state;
    for (evtchn_port_t port = 1; port < 5; port++)
        assert_int_equal(event_bind_ipi(a->d, port == 4), port);
    event_send(a->d, 1);
    assert_int_equal(event_init_control(a->d, &c), 0);
    event_send(a->d, 2);
    event_send(a->d, 3);
    event_send(a->d, 4);
    assert_false(event_is_pending(a->d, 1));
    assert_int_equal(event_close(a->d, 3), 0);
    assert_int_equal(event_expand_array(a->d, a->words.n, false), 0);
    assert_true(event_is_pending(a->d, 1));
    assert_true(event_is_pending(a->d, 2));
    assert_int_equal(*event_guest_word(a, 3), 0);
    assert_int_equal(*event_guest_word(a, 4), 0); /* nobody could hear it */
    assert_audit(a->d);
    event_guest_end(a);
}

/* A queue whose last port has no word any more, since there was a reset. */
static void words_go(void **state)
{
    struct event_guest *a = guest_new(0, true);
    mfn_t more = machine_frame(a->d);

    (void)state;
    for (evtchn_port_t port = 1; port < 1100; port++)
        assert_int_equal(event_bind_ipi(a->d, 0), port);
    event_guest_fifo(a);
    assert_int_equal(event_expand_array(a->d, more.n, false), 0);
    event_send(a->d, 1099);
    event_guest_reset(a);
    memset(mfn_to_virt(more), 0, PAGE_SIZE);
    event_guest_fifo(a);
    assert_int_equal(event_bind_ipi(a->d, 0), 1);
    event_send(a->d, 1);
    event_guest_upcalls(a);
    assert_int_equal(delivered[1], 1);
    event_guest_end(a);
}

/* On a machine of two CPUs, the other of which this one does not have. */
static int reset_on_two(struct domain *d, bool goes_on)
{
    int r;

    cpus_online = 2;
    r = event_reset(d, goes_on);
    cpus_online = 1;
    return r;
}

/* All ports are closed, and the reset waits until nobody sends: to one that was bound meanwhile
 * somebody may. Its pages go when those have left, too, who came after the port had come. */
static void a_reset_waits_for_senders(void **state)
{
    struct event_guest *a = guest_new(0, true);

    (void)state;
    assert_int_equal(event_bind_ipi(a->d, 0), 1);
    event_guest_fifo(a);
    assert_int_equal(reset_on_two(a->d, false), RESTART);
    assert_int_equal(reset_on_two(a->d, true), RESTART); /* they have not left */
    assert_int_equal(event_bind_ipi(a->d, 0), 1);
    machine_quiesced();
    assert_int_equal(reset_on_two(a->d, true), -XEN_EAGAIN); /* it is bound: that one fails */
    assert_int_equal(reset_on_two(a->d, false), RESTART);
    assert_int_equal(event_bind_ipi(a->d, 0), 1);
    machine_quiesced();
    assert_int_equal(event_close(a->d, 1),
                     0); /* and closed: its senders have not been waited for */
    assert_int_equal(reset_on_two(a->d, true), RESTART);
    assert_non_null(a->d->events.fifo);
    machine_quiesced();
    assert_int_equal(event_reset(a->d, true), 0);
    assert_null(a->d->events.fifo);
    a->fifo = false;
    event_guest_end(a);
}

/* A reset that is interrupted, and what its other vcpus do meanwhile. */
static void a_reset_is_interrupted(void **state)
{
    struct event_guest *a = guest_new(0, true);

    (void)state;
    for (evtchn_port_t port = 1; port < 500; port++)
        assert_int_equal(event_bind_ipi(a->d, 0), port);
    event_guest_fifo(a);
    assert_int_equal(event_reset(a->d, true), -XEN_EBUSY); /* there is none to go on with */
    host_percpu.work_left = 0;
    machine_preempt_in = 1;
    assert_int_equal(event_reset(a->d, false), RESTART);
    machine_preempt_in = 0;
    assert_int_equal(event_reset(a->d, false), -XEN_EBUSY);
    assert_int_equal(event_bind_ipi(a->d, 1), 1);
    assert_int_equal(event_reset(a->d, true), -XEN_EAGAIN);
    assert_int_equal(a->d->events.bound, 1);
    assert_non_null(a->d->events.fifo);
    event_send(a->d, 1);
    event_guest_upcalls(a);
    assert_int_equal(delivered[1], 1);
    event_guest_reset(a);
    assert_null(a->d->events.fifo);
    event_guest_end(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(between_domains, machine_all_free),
        cmocka_unit_test_teardown(a_domain_ends, machine_all_free),
        cmocka_unit_test_teardown(all_ports, machine_all_free),
        cmocka_unit_test_teardown(ports_of_32_bits, machine_all_free),
        cmocka_unit_test_teardown(no_memory, machine_all_free),
        cmocka_unit_test_teardown(virtual_interrupts, machine_all_free),
        cmocka_unit_test_teardown(physical_interrupts, machine_all_free),
        cmocka_unit_test_teardown(the_hypervisor_is_the_other_end, machine_all_free),
        cmocka_unit_test_teardown(polls, machine_all_free),
        cmocka_unit_test_teardown(words_come_later, machine_all_free),
        cmocka_unit_test_teardown(words_go, machine_all_free),
        cmocka_unit_test_teardown(a_reset_waits_for_senders, machine_all_free),
        cmocka_unit_test_teardown(a_reset_is_interrupted, machine_all_free),
    };

    machine_frames = 4096;
    machine_quiet = true;
    return cmocka_run_group_tests(tests, machine_setup, NULL);
}
