/*
 * Interception of events: redirections and rules, as xen-like/abi/intercept.h has them, which says
 * what each does. Here is what the gate calls (hypercalls/intercept.c; errors are -XEN_E...), and
 * what becomes of an event (watched.c).
 *
 * All of it is guarded by one lock, which nobody takes when nothing is intercepted. It ranks below
 * the locks that raising an event takes: what was held goes on under it.
 */
#ifndef HYPERVISOR_EVENT_INTERCEPT_H
#define HYPERVISOR_EVENT_INTERCEPT_H

#include "hypervisor/event/watched.h"
#include "xen-like/abi/intercept.h"

/* Whoever calls any of the functions below holds the lock. When it is let go, what is due goes on,
 * and event_watched says whether there is anything to intercept. */
void intercept_lock(void);
void intercept_unlock(void);

/* Redirections (redirect.c). Of @r's domain, @d; and the first from (r->domain, r->port) on. */
int redirect_change(struct domain *d, const struct xl_redirect *r);
int redirect_get(struct xl_redirect *r);
int redirects_drop(struct domain *d); /* all: 0 or RESTART */
void redirect_apply(struct event *e); /* lead it elsewhere, if its port is redirected */
extern u64 redirects_assigned;        /* of all domains */

/* Rules (intercept.c). */
int rule_add(struct xl_rule *r);
int rule_get(struct xl_rule *r);
int rule_delete(u32 id);
int rule_release(struct xl_release *r);
int event_inject(struct domain *d, evtchn_port_t port);

/* Will nobody wake @d but another domain or a device? The other CPUs are held (cpu/smp.h): no event
 * is on its way, and no timer's function runs. */
bool domain_sleeps(const struct domain *d);

/* Rules that name domain @id; or with XL_ANY_DOMAIN all, and the log. 0 or RESTART. */
int rules_reset(u16 id);

/* The log's first entry from *@next on, which becomes the one after it; false: there is none. */
bool log_entry_get(u64 *next, struct xl_log_entry *entry);

/* These take the lock themselves. An event was sent, or came: false if it does not go on now; or
 * where @e leads to then. @d is dying: what is held for it is gone, and its redirections: 0 or
 * RESTART. And for the debug key. */
bool event_intercept(struct event *e);
int intercept_leave(struct domain *d);
void intercept_show(void);

#endif
