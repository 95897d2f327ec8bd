/*
 * A guest without a control domain (first=guest): the hypervisor itself is the other end of its
 * console and of its xenstore.
 *
 * Both are what a toolstack gives any guest: a page of the guest's own memory with rings in it
 * (ioring/), and an event channel. Each is served in the guest's own hypercall, when it sends on
 * the channel, as far as there are bytes and room; nothing waits for the guest, and what it does to
 * the rings is its own loss.
 */
#ifndef HYPERVISOR_LONE_LONE_H
#define HYPERVISOR_LONE_LONE_H

#include "hypervisor/domain/domain.h"

#define LONE_DOMID 1

/*
 * Serve @d, whose memory the zeroed pages @console and @store are, from now on until the machine
 * ends. They are held as writable memory, so that they become nothing else whatever the guest does
 * with its mappings; what it has to be told is in d->console and d->store. Once, at boot; the guest
 * will have
 * @pages of memory. False: out of memory.
 */
bool lone_serve(struct domain *d, mfn_t console, mfn_t store, u64 pages);

/* xenstore.c, for lone.c: its beginning, and the function for its channel, which is given @guest.
 */
bool xenstore_start(struct domain *d, u64 pages);
void xenstore_look(void *guest);

#endif
