/*
 * Events: one that may be what each of thousands of vcpus waits for, a page of words for which a
 * thousand events have waited, and the end of all that.
 */
#include "tests/guests/evtchn.h"
#include "tests/guests/longest-path/longest.h"
#include "tests/guests/vcpus.h"

#define POLLER 1
#define WORDS  (PAGE_SIZE / sizeof(event_word_t))

static evtchn_port_t never[2];

static void poller(u64 arg)
{
    struct sched_poll poll = {.nr_ports = ARRAY_SIZE(never)};

    (void)arg;
    set_xen_guest_handle(poll.ports, never);
    for (;;)
        call_sched_op(SCHEDOP_poll, &poll);
}

static void poller_wait(void)
{
    struct vcpu_runstate_info r;

    do {
        yield();
        vcpu_op(VCPUOP_get_runstate_info, POLLER, &r);
    } while (r.state != RUNSTATE_blocked);
}

static u64 page_new(void)
{
    return pfn_to_mfn(frame_alloc_zeroed()).n;
}

static void fifo_fill(void)
{
    struct evtchn_init_control control = {.control_gfn = page_new()};
    struct evtchn_expand_array words = {.array_gfn = page_new()};

    row("events.control", evtchn_op(EVTCHNOP_init_control, &control));
    for (evtchn_port_t port = 1; port < WORDS; port++)
        evtchn_send(port);
    poller_wait();
    row("events.expand", evtchn_op(EVTCHNOP_expand_array, &words));
}

void long_events(void)
{
    long port = 0;

    for (unsigned int i = 0; i < ARRAY_SIZE(never); i++)
        never[i] = (evtchn_port_t)evtchn_alloc(DOMID_SELF, DOMID_SELF);
    vcpu_run(POLLER, poller, 0);
    poller_wait();
    while (port < (long)WORDS)
        port = evtchn_ipi(0);
    row("events.send", evtchn_send((evtchn_port_t)port));
    fifo_fill();
    row("events.reset", evtchn_reset(DOMID_SELF));
}
