/* The FIFO ABI (fifo.c): what of it differs from the other one, and what a domain has of it. */
#ifndef HYPERVISOR_EVENT_FIFO_H
#define HYPERVISOR_EVENT_FIFO_H

#include "hypervisor/event/channel.h"

#define FIFO_PAGE_WORDS (PAGE_SIZE / sizeof(event_word_t))

struct fifo {
    u32 *pages[EVTCHN_FIFO_NR_CHANNELS /
               FIFO_PAGE_WORDS]; /* the guest's: each holds both references */
    u32 words;                   /* there are; pages are only added to. Written under events_lock */
    u32 raised;                  /* what waited for those below has been raised. events_lock */
    struct spinlock lock;        /* the domain's queues: heads, tails, links, channel.tail */
};

/* Of 32-bit domains in the two-level ABI. Their sends go this way, too, find no word, and end in
 * two_level32.c: so other sends need not ask for the width. */
extern struct fifo fifo_none;

bool fifo_raise(struct domain *d, evtchn_port_t port, struct channel *c);
bool fifo_raise_for(struct vcpu *v, evtchn_port_t port, struct channel *c, u32 priority);
bool fifo_is_pending(const struct domain *d, evtchn_port_t port);
bool fifo_is_masked(const struct domain *d, evtchn_port_t port);
void fifo_clear(struct domain *d, evtchn_port_t port, struct channel *c);
void fifo_unmask(struct domain *d, evtchn_port_t port, struct channel *c);

/* Is it in a queue still? Then nobody may get it. */
bool fifo_is_linked(const struct domain *d, evtchn_port_t port);

/* Its control blocks and pages of words, which stay where they are while @see looks: takes
 * events_lock.
 */
void fifo_each_page(const struct domain *d, void (*see)(const void *page));

/* Back to the two-level ABI. All ports are closed. events_lock, or the domain's end. 0 or RESTART.
 */
int fifo_end(struct domain *d);

#endif
