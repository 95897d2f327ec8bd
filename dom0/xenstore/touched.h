/* What transaction.c and view.c share: a node that a transaction has looked at. */
#ifndef DOM0_XENSTORE_TOUCHED_H
#define DOM0_XENSTORE_TOUCHED_H

#include "dom0/xenstore/transaction.h"

struct touched {
    struct list link;
    struct path_entry entry;
    u64 generation;         /* what was seen; 0: nothing was there */
    struct content *before; /* likewise; NULL */
    struct content *now;    /* NULL: it is not there */
    struct node *fresh;     /* for a path where nothing is */
    bool changed, fires, fires_exact;
    char path[];
};

void touched_free(struct touched *t);

#endif
