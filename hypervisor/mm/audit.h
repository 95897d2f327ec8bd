/* The audit: do the counts of a domain's frames say what its tables say? */
#ifndef HYPERVISOR_MM_AUDIT_H
#define HYPERVISOR_MM_AUDIT_H

#include "hypervisor/domain/domain.h"

/*
 * Recompute the reference and type count of every frame of @d from all that holds one, and compare.
 * Each mismatch is one line in the log. Answers how many there were; 1 also when there is no free
 * page to count in, which the log tells.
 * Nothing of @d may run or be held meanwhile: at its end, or between two calls of a host test. It
 * changes nothing; it takes time in proportion to all of the machine's frames.
 */
u64 audit_domain(const struct domain *d);

/* The same, and one line in the log that says how it went: at a domain's end in a debug build, and
 * on the debug key 'f', which interrupts a guest and never the hypervisor. */
void audit_report(const struct domain *d);

#endif
