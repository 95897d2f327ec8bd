/*
 * Events that somebody watches: the trace, which records them, or interception, which may change
 * what becomes of them. Mostly nobody does; so who sends an event or raises one looks at
 * event_watched once and, if it is not 0, comes here instead (watched.c), where all events go the
 * same slow way: where from, where to, what shall become of it, and what became of it.
 *
 * What is not watched: the event of EVTCHNOP_unmask and of new words (fifo.c), which came before.
 */
#ifndef HYPERVISOR_EVENT_WATCHED_H
#define HYPERVISOR_EVENT_WATCHED_H

#include "hypervisor/event/channel.h"

/* Bits of event_watched: who wants to know. */
#define WATCH_TRACE     1u
#define WATCH_INTERCEPT 2u
extern u8 event_watched;

/* From now on @who does, or does no more; others may be passing without, until each CPU was
 * quiescent once. */
void event_watch(u8 who, bool on);

/* An event on its way. */
struct event {
    struct domain *from; /* whose send it was, and on which port. NULL: nobody's */
    evtchn_port_t from_port;
    struct domain *to; /* NULL: nobody hears it, or only the hypervisor */
    evtchn_port_t port;
    struct channel *end; /* the end at that port */
    u32 from_vcpu;       /* that ran, or none: 0xffff; 0 if nobody sent it */
    u32 to_vcpu;         /* that it is for */
    u32 number;          /* which VIRQ, or pirq */
    u8 kind;             /* EVTCHNSTAT_*: of the port that it was sent on, or came to */
    u8 priority;
    bool routed; /* to_vcpu and priority are not the end's, but a redirection's */
};

/* Lead it to @port of @to: to nobody, if that is not in use. */
void event_aim(struct event *e, struct domain *to, evtchn_port_t port);

/* Whose it was and whom it is for, as the trace writes a `who' (abi/trace.h). */
u32 event_from_who(const struct event *e);
u32 event_to_who(const struct event *e);

/* It arrives there now: XL_SENT_*. */
u32 event_arrive(const struct event *e);

/* event_send(), and event_come() below, when somebody watches. */
long event_send_watched(struct domain *d, evtchn_port_t port);
void event_come_watched(struct domain *d, evtchn_port_t port);

/* An event that no guest sent comes for @port of @d, whose end is @c. */
static inline void event_come(struct domain *d, evtchn_port_t port, struct channel *c)
{
    if (unlikely(event_watched))
        event_come_watched(d, port);
    else
        event_raise(d, port, c);
}

#endif
