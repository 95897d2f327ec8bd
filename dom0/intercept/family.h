/*
 * THE SCHEDULES that `explore` tries: one is drawn from each seed, for a guest of which it is known
 * which events come to it when nobody interferes.
 *
 * Only what the ABI allows: an event may come late, after ones that were sent later, or again. It
 * is never lost; so a guest that fails under one of these is wrong.
 *
 * Most schedules are a few points: the N-th event of a port is delayed (or comes again). Mistakes
 * in concurrent programs need few orderings to show, mostly one or two; with k points among n
 * events a mistake of depth k is met with a chance of about 1 / n^k, however long the guest runs
 * (the bound of probabilistic concurrency testing, with delays as its points of change). By how
 * much, is drawn with each doubling as likely as any other, from a microsecond to the length of a
 * whole undisturbed run: short gaps are as easy to meet as long ones. The others disturb everything
 * a little: each event late by chance, small windows reordered, copies.
 */
#ifndef DOM0_INTERCEPT_FAMILY_H
#define DOM0_INTERCEPT_FAMILY_H

#include "xen-like/abi/intercept.h"
#include "xen-like/lib/types.h"

#define FAMILY_RULES_MAX 3

/* An event of the run that nobody interfered with: the nth that came to this port. */
struct plain_event {
    evtchn_port_t port;
    u64 nth;
};

struct plain_run {
    struct plain_event *events;
    u32 count;
    u64 length; /* ns, from its first instruction to its end */
};

/* The seed's rules for that domain; how many. */
u32 family_draw(u64 seed, domid_t domain, const struct plain_run *plain,
                struct xl_rule rules[FAMILY_RULES_MAX]);

/* What the log has of events that came to @domain, as they are wanted above; how many. */
u32 plain_events(struct plain_event *events, const struct xl_log_entry *entries, u32 count,
                 domid_t domain);

#endif
