/*
 * A machine for host tests: an arena stands for physical memory, an array for the frame table, and
 * what touches the CPU does nothing. The core's own .c files run on it unchanged.
 *
 * A test that uses it links this file and the .c files of hypervisor/mm that it is about.
 */
#ifndef TESTS_HOST_MAKER_FAKE_MACHINE_H
#define TESTS_HOST_MAKER_FAKE_MACHINE_H

#include "hypervisor/domain/domain.h"
#include "hypervisor/mm/frame.h"

/* How often translations were flushed, by whatever function. */
extern u64 fake_flushes;

/*
 * A machine of @frames frames, filled with a byte that is not zero. Frame 0 belongs to nobody and
 * the rest is free. An earlier machine, and all in it, is gone.
 */
void fake_machine_make(u64 frames);

/* A domain without any page of its own, which may have @max_pages; and its one vcpu. Both are
 * static: the second call's is the same as the first's, emptied. */
struct domain *fake_domain_make(u64 max_pages);

/* Give the machine back (so that the sanitizer sees what the core has leaked of the test's own). */
void fake_machine_drop(void);

#endif
