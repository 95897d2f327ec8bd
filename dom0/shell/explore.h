/*
 * A guest under one schedule after the other (intercept/family.h): which of them make it hang or
 * fail? Each is a new domain of the same configuration; all that is left of it is the verdict.
 * First comes a run that nobody interferes with: it must end well, and tells which events there
 * are.
 *
 *   well    it powered itself off
 *   failed  it ended otherwise
 *   hangs   it sleeps, without a timer, nothing is held, and what it told us is done: nothing will
 *           wake it. This is asked now and then, and believed of one without devices; with some,
 *           if it is so when time is up and no vcpu has run for the second half of it
 *   late    time is up, and it has done something until then, or would later
 *
 * Time is the guest's. Under -icount that in which all sleep costs nothing.
 */
#ifndef DOM0_SHELL_EXPLORE_H
#define DOM0_SHELL_EXPLORE_H

#include "dom0/toolstack/archive.h"
#include "xen-like/lib/types.h"

struct exploration {
    const char *file; /* its name; as given to the command that does it again */
    struct blob config;
    u64 seed, schedules; /* seeds are seed, seed + 1, ... */
    u64 timeout;         /* ns */
};

/* Begins; the terminal is taken until all is done, or Ctrl-c is typed. */
void explore_begin(const struct exploration *what);

#endif
