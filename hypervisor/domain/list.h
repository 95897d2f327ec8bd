/* The numbers of domains, and the list of all of them: for their beginning and end alone. */
#ifndef HYPERVISOR_DOMAIN_LIST_H
#define HYPERVISOR_DOMAIN_LIST_H

#include "hypervisor/domain/domain.h"

/* Take the number @id; or, unless it has to be @exactly that, for 0 and what is none the next one
 * that is free. -EEXIST, -ENOMEM. And who has taken it does not need it. */
int domain_number_take(u16 *id, bool exactly);
void domain_number_return(u16 id);

/* @d can be found from now on; and no longer, and its number is free, though who has found it may
 * go on looking at it. */
void domain_link(struct domain *d);
void domain_unlink(struct domain *d);

#endif
