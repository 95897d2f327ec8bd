/*
 * The calls of the storm, with arguments that are sometimes right and often not.
 *
 * Frames have roles by their number, so that entries fit together often enough for trees to grow:
 * one frame in sixteen is meant to be an L4, three to be L3, and so on. Few slots of each table are
 * used, so that calls meet each other's work.
 */
#ifndef TESTS_HOST_STORM_CALLS_H
#define TESTS_HOST_STORM_CALLS_H

#include "tests/host/fake_machine.h"

#define STORM_SLOTS 3 /* of each table, the first few entries are mostly used */

struct storm_call {
    long (*run)(struct domain *d); /* by the running domain: 0, or refused and nothing done */
    u32 weight;                    /* how often, beside the others */
    const char *name;
};

extern const struct storm_call storm_calls[];
extern const unsigned storm_call_count;

/* Was a call of @d interrupted and not gone on with? The last of storm_calls does that. */
bool storm_call_waits(const struct domain *d);

/* Forget an earlier storm. */
void storm_calls_begin(void);

/* What is on its root's place: an L4, or of a 32-bit domain an L3 (hypervisor/mm/pae.h). */
static inline int storm_top(const struct domain *d)
{
    return d->is_32bit ? 3 : 4;
}

#endif
