/*
 * Domains as people call them. Domain 0 is "Domain-0"; a guest has the name that its configuration
 * gave it; a domain that somebody else made has none, and is printed as xl does: "(null)".
 */
#ifndef DOM0_SHELL_DOMAINS_H
#define DOM0_SHELL_DOMAINS_H

#include "dom0/intercept/schedule.h"
#include "dom0/shell/words.h"
#include "dom0/toolstack/control.h"

const char *domain_name(domid_t domain);

/* The number that a word means: a name's, or itself. False: it is neither. There may be no such
 * domain. */
bool domain_number(const char *word, domid_t *domain);

/* Both, for schedules of interceptions. */
extern const struct domain_names domain_names_here;

/* Finds a domain by name or number, and says so if there is none. */
bool domain_find(const char *word, domid_t *domain);

/* The same with what is known of it. */
bool domain_find_info(const char *word, struct xen_domctl_getdomaininfo *info);

/*
 * Steps through all domains: *at begins at 0; false: no more.
 *     for (domid_t at = 0; domain_next(&at, &info);)
 */
bool domain_next(domid_t *at, struct xen_domctl_getdomaininfo *info);

/* For each of the domains that the words name, or for all if there is no word. */
void domains_each(struct words *words, void (*act)(const struct xen_domctl_getdomaininfo *info));

/* The index-th domain's name; NULL: no more. */
const char *domain_name_at(unsigned int index);

/* Says that something was refused: "mini: cannot be paused: not permitted". Answers !answer. */
bool domain_told(const char *name, const char *what, int answer);

#endif
