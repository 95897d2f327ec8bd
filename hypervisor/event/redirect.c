/*
 * Redirections: a list for each domain, in the order of its ports. They are few, and a send on a
 * port of a domain that has some looks at those of lower ports; each has a page of its own.
 */
#include "hypervisor/cpu/preempt.h"
#include "hypervisor/event/intercept.h"
#include "hypervisor/mm/alloc.h"

#define REMOVE_UNITS 4 /* of work, see cpu/preempt.h */

struct redirect {
    struct redirect *next;
    struct xl_redirect r;
};

u64 redirects_assigned;

/* Where the first one from @port on is linked. */
static struct redirect **redirect_at(struct domain *d, evtchn_port_t port)
{
    struct redirect **at = &d->events.redirects;

    while (*at && (*at)->r.port < port)
        at = &(*at)->next;
    return at;
}

static void redirect_remove(struct redirect **at)
{
    struct redirect *gone = *at;

    *at = gone->next;
    pages_free(gone, 0);
    redirects_assigned--;
}

static int redirect_assign(struct domain *d, struct redirect **at, const struct xl_redirect *r)
{
    struct redirect *new = d->dying ? NULL : pages_alloc(0);

    if (!new)
        return refuse(XEN_ENOMEM, "no memory for a redirection, or its domain ends");
    *new = (struct redirect){.next = *at, .r = *r};
    new->r.domain = d->id;
    new->r.hits = 0;
    *at = new;
    redirects_assigned++;
    return 0;
}

static int redirect_update(struct xl_redirect *old, const struct xl_redirect *r)
{
    if (old->type != r->type || old->deliver != r->deliver || old->to_port != r->to_port)
        return refuse(XEN_EINVAL, "an update changes vcpu and priority only");
    old->to_vcpu = r->to_vcpu;
    old->priority = r->priority;
    return 0;
}

static bool redirect_is_valid(const struct domain *d, const struct xl_redirect *r)
{
    const struct domain *to = r->deliver == XL_DELIVER_SELF ? current->domain : d;

    if (!r->port || r->port >= d->events.limit || r->flags & (r->flags - 1) ||
        r->flags > XL_REDIRECT_RESET)
        return false;
    if (r->flags == XL_REDIRECT_DEASSIGN)
        return true;
    if ((r->type != EVTCHNSTAT_interdomain && r->type != EVTCHNSTAT_ipi) ||
        r->deliver > XL_DELIVER_SELF)
        return false;
    return r->deliver == XL_DELIVER_PASS ||
           (r->to_port && r->to_port < to->events.limit &&
            (to != d || r->deliver == XL_DELIVER_SELF ||
             (domain_vcpu(d, r->to_vcpu) && r->priority <= EVTCHN_FIFO_PRIORITY_MIN)));
}

int redirect_change(struct domain *d, const struct xl_redirect *r)
{
    struct redirect **at;

    if (r->flags == XL_REDIRECT_RESET)
        return redirects_drop(d);
    if (!redirect_is_valid(d, r))
        return refuse(XEN_EINVAL, "there can be no such port, or no such redirection");
    at = redirect_at(d, r->port);
    if (!*at || (*at)->r.port != r->port)
        return r->flags ? refuse(XEN_ENOENT, "it is not redirected") : redirect_assign(d, at, r);
    if (!r->flags)
        return refuse(XEN_EEXIST, "it is redirected already");
    if (r->flags == XL_REDIRECT_UPDATE)
        return redirect_update(&(*at)->r, r);
    redirect_remove(at);
    return 0;
}

int redirects_drop(struct domain *d)
{
    while (d->events.redirects) {
        redirect_remove(&d->events.redirects);
        if (preempt_point(REMOVE_UNITS))
            return RESTART;
    }
    return 0;
}

int redirect_get(struct xl_redirect *r)
{
    for (struct domain *d = domains; d; d = d->next) {
        const struct redirect *first = *redirect_at(d, d->id == r->domain ? r->port : 0);

        if (d->id < r->domain || !first)
            continue;
        *r = first->r;
        return 0;
    }
    return refuse(XEN_ENOENT, "there are no more redirections");
}

void redirect_apply(struct event *e)
{
    struct redirect *found = e->from ? *redirect_at(e->from, e->from_port) : NULL;
    const struct xl_redirect *r;

    if (!found || found->r.port != e->from_port ||
        (e->kind == EVTCHNSTAT_ipi) != (found->r.type == EVTCHNSTAT_ipi))
        return;
    found->r.hits++;
    r = &found->r;
    if (r->deliver == XL_DELIVER_PASS)
        return;
    event_aim(e, r->deliver == XL_DELIVER_SELF ? dom0 : e->from, r->to_port);
    e->routed = r->deliver == XL_DELIVER_PORT;
    e->priority = (u8)r->priority;
    if (e->routed)
        e->to_vcpu = r->to_vcpu;
}
