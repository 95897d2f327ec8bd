/*
 * The extension call `intercept`, with types. All answer 0 or a negative errno
 * (xen-like/abi/intercept.h has them; -ENOSYS on a hypervisor that lacks the call), by way of
 * control_hook like every call of the toolstack's.
 */
#ifndef DOM0_INTERCEPT_CONTROL_H
#define DOM0_INTERCEPT_CONTROL_H

#include "dom0/intercept/schedule.h"
#include "dom0/toolstack/control.h"

/* Makes what a line says; a rule's id is written back. */
int intercept_add(struct schedule_line *line);

/* The first rule with this id or a higher one, as the line that makes it. -ENOENT: no more.
 *     for (u32 id = 0; !intercept_rule_next(&id, &line);) */
int intercept_rule_next(u32 *id, struct schedule_line *line);

/* The first redirection from (*domain, *port) on, which become the place behind it. */
int intercept_redirect_next(domid_t *domain, evtchn_port_t *port, struct schedule_line *line);

int intercept_delete(u32 id);

/* The first *count that the rule holds go on; 0: all. *count: so many went. */
int intercept_release(u32 id, u32 *count);

int intercept_inject(domid_t domain, evtchn_port_t port);

/* 1: nobody will wake the domain but another one or a device, unless by what the caller has not
 * handled yet; 0: somebody may. */
int intercept_sleeps(domid_t domain);

/* All rules that name this domain and its redirections; with XL_ANY_DOMAIN everything. */
int intercept_reset(domid_t domain);

/* Entries of the log from *next on; how many, 0: no more. *next is behind them. */
int intercept_log(u64 *next, struct xl_log_entry *entries, u32 room);

#endif
