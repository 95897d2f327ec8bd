/* Debug key e: what each domain's ports are bound to, and which are pending. */
#include "hypervisor/event/intercept.h"

#include "hypervisor/debug/log.h"
#include "hypervisor/event/fifo.h"
#include "xen-like/lib/fmt.h"

#define PORTS_SHOWN 64 /* of a domain: the console is slow, and all interrupts wait */

static void bond_name(char *to, size_t size, union bond b)
{
    switch (b.kind) {
    case EVTCHNSTAT_unbound:
        fmt_snprintf(to, size, "waits for domain %u", b.domain);
        break;
    case EVTCHNSTAT_interdomain:
        if (b.hypervisor)
            fmt_snprintf(to, size, "the hypervisor");
        else
            fmt_snprintf(to, size, "domain %u port %u", b.domain, b.number);
        break;
    case EVTCHNSTAT_virq:
        fmt_snprintf(to, size, "virq %u", b.number);
        break;
    case EVTCHNSTAT_pirq:
        fmt_snprintf(to, size, "pirq %u", b.number);
        break;
    default:
        fmt_snprintf(to, size, "ipi");
    }
}

static void port_show(const struct domain *d, evtchn_port_t port)
{
    const struct channel *c = channel_at(d, port);
    char bond[48];

    bond_name(bond, sizeof(bond), channel_bond(c));
    log_always("  %5u: %s, to vcpu %u%s", port, bond, c->vcpu,
               event_is_pending(d, port) ? ", pending" : "");
}

static void ports_show(const struct domain *d)
{
    u32 shown = 0;

    log_always(" domain %u: %u ports in use of %u, %s", d->id, d->events.bound, d->events.limit,
               d->events.fifo ? "FIFO" : "two-level");
    for (u32 port = 1; port < d->events.ports && shown < PORTS_SHOWN; port++)
        if (channel_bond(channel_at(d, port)).kind != EVTCHNSTAT_closed) {
            port_show(d, port);
            shown++;
        }
    if (shown < d->events.bound)
        log_always("  and %u more", d->events.bound - shown);
}

void events_show(void)
{
    for (const struct domain *d = domains; d; d = d->next)
        ports_show(d);
    intercept_show();
}
