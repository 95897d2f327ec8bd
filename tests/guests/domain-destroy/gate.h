/*
 * A hypercall page that counts: it takes the place of the one that the hypervisor has filled, in a
 * guest that was built and has not run yet. Its entries do what those do, but each call gets a
 * number first, and from number `limit` on nobody gets through: whoever calls tells the control
 * domain by an event that he stopped, and waits until the limit is raised.
 *
 * What is counted and told stands in the page's second half, where no call has its entry.
 */
#ifndef TESTS_GUESTS_DOMAIN_DESTROY_GATE_H
#define TESTS_GUESTS_DOMAIN_DESTROY_GATE_H

#include "xen-like/lib/types.h"

struct gate {
    u64 limit;                     /* so many calls get through */
    u64 calls;                     /* that were begun */
    u64 stopped, number, argument; /* one has, this one: call and its first argument */
    u32 port;                      /* of the guest's, which is sent on */
    u32 spins;                     /* who waits computes; otherwise he yields */
};

#define GATE_AT 2048 /* bytes from the page's begin */

extern const u8 gate_page[], gate_page_32[]; /* for guests of each width */

#endif
