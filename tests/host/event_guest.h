/*
 * The guest's half of both event ABIs, as public/event_channel.h describes it, on the memory that a
 * fake machine's domain shares with the hypervisor.
 */
#ifndef TESTS_HOST_EVENT_GUEST_H
#define TESTS_HOST_EVENT_GUEST_H

#include "hypervisor/cpu/preempt.h"
#include "hypervisor/event/fifo.h"
#include "tests/host/fake_machine.h"

#define WORD_PENDING (1U << EVTCHN_FIFO_PENDING)
#define WORD_MASKED  (1U << EVTCHN_FIFO_MASKED)
#define WORD_LINKED  (1U << EVTCHN_FIFO_LINKED)
#define WORD_LINK    ((u32)EVTCHN_FIFO_LINK_MASK)

#define GUEST_VCPUS 3

/* A guest kernel: what it knows of its own. */
struct event_guest {
    struct domain *d;
    bool fifo;
    mfn_t controls[GUEST_VCPUS], words; /* its frames for the FIFO ABI */
    evtchn_port_t heads[GUEST_VCPUS][EVTCHN_FIFO_MAX_QUEUES];
    void (*event)(struct event_guest *g, evtchn_port_t port); /* is told what is delivered */
};

/* Which domains that are made from now on are 32-bit ones: a bit for each number. */
extern u32 event_guests_32bit;

/* A domain with GUEST_VCPUS vcpus and its frames; and their end. */
struct event_guest *event_guest_new(u16 id, bool privileged);
void event_guest_end(struct event_guest *g);

/* Go over to the FIFO ABI, with words for 1024 ports; back to the other (by reset). */
void event_guest_fifo(struct event_guest *g);
void event_guest_reset(struct event_guest *g);

u32 *event_guest_word(struct event_guest *g, evtchn_port_t port);
bool event_guest_masked(struct event_guest *g, evtchn_port_t port);
void event_guest_mask(struct event_guest *g, evtchn_port_t port);

/* Take every upcall that is pending on any vcpu, until there is none. */
void event_guest_upcalls(struct event_guest *g);

#endif
