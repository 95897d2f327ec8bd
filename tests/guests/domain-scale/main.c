/*
 * A thousand domains at once: each ticks ten times a second and answers events, and none gets lost.
 * What one costs the hypervisor beside its own memory, and how long it takes to make and to end one
 * when there are many, is printed; docs/domains.md has the table.
 */
#include "tests/guests/tinies.h"

#define STEPS      10 /* lines of the table */
#define PORTS_EACH 5  /* beside the one that is used here */

static struct tiny *tinies;
static u64 count, built;

static bool all_ticked(void)
{
    for (u64 i = 0; i < built; i++) {
        if (tiny_report(&tinies[i]).ticks < 5)
            return false;
    }
    return true;
}

static bool all_answered(void)
{
    for (u64 i = 0; i < built; i++) {
        if (tiny_report(&tinies[i]).events < 3)
            return false;
    }
    return true;
}

static void build_all(void)
{
    u64 free = machine_free_pages();

    for (u64 step = 0; step < STEPS; step++) {
        u64 start = time_now_ns(), from = built;

        for (; built < count * (step + 1) / STEPS; built++) {
            if (tiny_build(&tinies[built]) || tiny_watch(&tinies[built]) ||
                domain_unpause(tinies[built].domain.domid))
                return;
        }
        console_printf("%5" F64 "u domains: made in %" F64
                       "u us each; beside its memory one costs %" F64 "u bytes\n",
                       built, (time_now_ns() - start) / 1000 / (built - from),
                       (free - machine_free_pages() - built * TINY_PAGES) * PAGE_SIZE / built);
    }
}

static void end_all(void)
{
    u64 ended = 0;

    for (u64 step = 0; step < STEPS; step++) {
        u64 start = time_now_ns(), from = ended, last = built * (step + 1) / STEPS;

        for (; ended < last; ended++) {
            tiny_leave(&tinies[ended]);
            if (domain_destroy(tinies[ended].domain.domid))
                return;
        }
        console_printf("%5" F64 "u domains left: ended in %" F64 "u us each\n", built - ended,
                       (time_now_ns() - start) / 1000 / (ended - from));
    }
    row_want("scale.ended", (s64)(ended == built), 1);
}

/* As many ports as this domain would have if each of them had a console, a xenstore ring, disks and
 * cards: the ports that events are exchanged by come behind them. The hypervisor keeps what it
 * needs for as many ports of ours as there ever were: so one for each domain more, for now. */
static evtchn_port_t port_new(void)
{
    struct evtchn_alloc_unbound port = {.dom = DOMID_SELF, .remote_dom = DOMID_SELF};

    return control_event(EVTCHNOP_alloc_unbound, &port) ? 0 : port.port;
}

static void ports_take(void)
{
    evtchn_port_t *ports = heap_alloc(count * sizeof(*ports));
    u64 taken = 0;

    for (u64 i = 0; i < count * PORTS_EACH; i++)
        taken += port_new() != 0;
    row_want("scale.ports", (s64)(taken == count * PORTS_EACH), 1);
    for (u64 i = 0; i < count; i++)
        ports[i] = port_new();
    for (u64 i = 0; i < count; i++) {
        struct evtchn_close close = {.port = ports[i]};

        control_event(EVTCHNOP_close, &close);
    }
    heap_free(ports);
}

static bool never(void)
{
    return false;
}

void guest_main(void)
{
    u64 machine;
    struct tiny first;

    toolstack_begin();
    count = argument("domains=", 100);
    tinies = heap_alloc(count * sizeof(*tinies));
    ports_take();
    if (tiny_build(&first) || domain_destroy(first.domain.domid))
        guest_panic("not even one");
    serve_until(never, 500);
    machine = machine_free_pages();
    build_all();
    row_want("scale.built", (s64)(built == count), 1);
    row_want("scale.ticked", serve_until(all_ticked, 60000), 1);
    for (u32 i = 0; i < 3; i++) {
        for (u64 n = 0; n < built; n++)
            event_send(tinies[n].port);
        serve_until(never, 500);
    }
    row_want("scale.answered", serve_until(all_answered, 60000), 1);
    end_all();
    row_pages_are_back("scale.memory-is-back", machine);
    guest_end();
}
