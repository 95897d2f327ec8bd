/*
 * A schedule of interceptions is a text: on each line a rule or a redirection
 * (xen-like/abi/intercept.h), in the order in which the hypervisor asks them. # begins a comment.
 *
 *   ACTION word=value ...        delay to=web port=3 nth=17 by=2ms
 *
 *   pass, record, drop, hold     nothing more to say
 *   delay       by= spread=      later by so long, and by chance up to spread more
 *   duplicate   copies= apart=   so many more come after it, each so much later
 *   reorder     window= within=  held till so many are there, or so long after the first (if said)
 *   rate        period=          one in so long; those too early wait their turn
 *   all: from= or to= (a domain: where it begins, where it arrives), port= vcpu= of that side,
 *   kind=interdomain,ipi,virq,pirq virq=timer; first= last= every= nth= chance=1/20 or 5% seed=;
 *   log=yes
 *   redirect from= port= kind=interdomain|ipi deliver=pass|port|self to-port= to-vcpu= priority=
 *
 * Times have a unit: ns, us, ms, s. What is printed reads back as the same.
 *
 * This part is pure: no hypercall, no allocation. Domains' names are the caller's.
 */
#ifndef DOM0_INTERCEPT_SCHEDULE_H
#define DOM0_INTERCEPT_SCHEDULE_H

#include "xen-like/abi/intercept.h"
#include "xen-like/lib/types.h"

#define SCHEDULE_LINE_MAX     512 /* the longest line that can be said is half of it */
#define SCHEDULE_MESSAGE_SIZE 256

struct domain_names {
    bool (*number)(const char *word, domid_t *domain); /* a name's, or a number itself */
    const char *(*name)(domid_t domain);               /* NULL: it has none */
};

struct schedule_line {
    bool is_redirect;
    struct xl_rule rule;
    struct xl_redirect redirect;
};

/* Who takes lines one by one. False, and message says why: reading ends. */
typedef bool schedule_take_fn(void *data, const struct schedule_line *line,
                              char message[SCHEDULE_MESSAGE_SIZE]);

/* Reads one line that is not empty. False: message names the word, what is wrong, the way out. */
bool schedule_line_read(struct schedule_line *line, const char *text,
                        const struct domain_names *names, char message[SCHEDULE_MESSAGE_SIZE]);

/* All lines of a text. A message begins with "file:line: ". */
bool schedule_read(const char *file, const char *text, u64 size, const struct domain_names *names,
                   schedule_take_fn *take, void *data, char message[SCHEDULE_MESSAGE_SIZE]);

/* The line that makes it, without an end. Its length, as fmt_snprintf counts. */
size_t schedule_line_print(char *to, size_t size, const struct schedule_line *line,
                           const struct domain_names *names);

/* The first word of a line: "delay" for XL_INTERCEPT_DELAY; behind the last action "redirect", then
 * NULL. */
const char *schedule_action_at(u32 index);

/* "ipi" for EVTCHNSTAT_ipi; NULL: it is none. */
const char *schedule_kind_name(u8 kind);

/* A time with the largest unit that is exact: "2ms". Its length. */
size_t schedule_time_print(char *to, size_t size, u64 ns);

/* Reads a time with its unit; false: it is none, or it is past 64 bits. */
bool schedule_time_read(const char *text, u64 *ns);

#endif
