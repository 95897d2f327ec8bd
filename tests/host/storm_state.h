/*
 * "Refused means unchanged": all that a call can change, remembered before it and compared after.
 *
 * That is every frame's owner and word; the contents of every frame that a domain owns, and its
 * M2P entry; the domains and their vcpus. Two differences are none:
 *
 *   - the type of a frame in use as nothing: it says what the frame was last;
 *   - an entry or descriptor that a failed validation has brought into its stored form, on the way
 *     to the one that it refused; the guest had asked for that form, and as it is stored it means
 *     the same.
 */
#ifndef TESTS_HOST_STORM_STATE_H
#define TESTS_HOST_STORM_STATE_H

#include "tests/host/fake_machine.h"

/* Make room for one state of the machine. 0. */
int state_setup(void);

/* Both domains, each with one vcpu, and all that is theirs. */
void state_remember(struct domain *const domains[2]);

/* NULL, or what is not as it was at state_remember(). */
const char *state_changed(void);

#endif
