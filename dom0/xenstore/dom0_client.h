/* Domain 0 as a client of its own store; store.c makes it when it is first wanted. */
#ifndef DOM0_XENSTORE_DOM0_CLIENT_H
#define DOM0_XENSTORE_DOM0_CLIENT_H

#include "dom0/xenstore/transaction.h"

/* NULL: there is no memory for a store. */
const struct view *store_view(void);

#endif
