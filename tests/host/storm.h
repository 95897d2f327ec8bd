/*
 * A storm: two domains do things to their page tables, through the real hypercalls, with entries
 * and frames that are sometimes right and often not (storm_calls.h). After each step
 *
 *   - the audit finds every count of both domains to be what their tables say;
 *   - tables and descriptors hold only what they may (storm_contents.h);
 *   - no stale translation may still write a frame that has become a table, or another domain's;
 *   - a call that was refused has changed nothing (storm_state.h says what "nothing" is).
 *
 * What is done is decided by machine_random alone: by a seed (test_mm_storm.c) or by the bytes that
 * a fuzzer makes up (tests/fuzz/fuzz_mm.c).
 */
#ifndef TESTS_HOST_STORM_H
#define TESTS_HOST_STORM_H

#include "tests/host/storm_calls.h"

/* Two domains, each with a tree of tables in use, on a machine that was set up; state_setup() was
 * called. @narrow: bit 0 and 1, which of them have 32 bits. The first storm and one after another
 * are the same. */
void storm_begin(u64 pages_max, u32 narrow);

/* One step; *op is the call that it made, *rc the answer. NULL, or what is wrong after it. */
const char *storm_step(unsigned *op, long *rc);

/* Both domains end; what they do not give back fails the test. */
void storm_end(void);

#endif
