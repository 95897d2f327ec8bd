/*
 * The kinds of values that a schedule's words have: how each is read, how it is printed, and what
 * to say when it could not be read. Only schedule.c and this folder's tests know it.
 */
#ifndef DOM0_INTERCEPT_VALUES_H
#define DOM0_INTERCEPT_VALUES_H

#include "dom0/intercept/schedule.h"

struct value {
    /* False: that is none. @field is where it goes, in the line. */
    bool (*read)(const char *text, void *field, const struct domain_names *names);
    /* Its length; 0: it is what holds when nothing is said, and is not printed. */
    size_t (*print)(char *to, size_t size, const void *field, const struct domain_names *names);
    const char *advice; /* what to write */
};

extern const struct value value_count, value_priority, value_port, value_time, value_chance,
    value_seed;
extern const struct value value_kinds, value_kind, value_virq, value_deliver;
extern const struct value value_domain;                       /* a domid_t */
extern const struct value value_from, value_to, value_nth;    /* of a whole rule */
extern const struct value value_first, value_last, value_log; /* of a whole rule */

#endif
