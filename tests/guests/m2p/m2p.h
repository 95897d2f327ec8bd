/* The table, and what each width's users make of it. */
#ifndef TESTS_GUESTS_M2P_M2P_H
#define TESTS_GUESTS_M2P_M2P_H

#include "tests/guests/user_space.h"

extern struct xen_machphys_mapping where;
extern unsigned long *entry; /* of the table, for a frame of our own */

void say_fault(const char *name, struct fault fault);

void say_users(void);

#endif
