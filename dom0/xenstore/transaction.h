/*
 * TRANSACTIONS, and the way to nodes for everybody. A transaction works on what it has seen: the
 * first look at a node keeps its content and generation, changes are kept beside, and nobody else
 * sees them. At its end each node that it has looked at must still be of the generation that was
 * seen (or still not be there); else all is dropped, and the client is told EAGAIN and tries again.
 * If so, all its changes come into the tree at once, and only then watches fire.
 *
 * Everything that could fail is done before that: a transaction's end is all or nothing.
 */
#ifndef DOM0_XENSTORE_TRANSACTION_H
#define DOM0_XENSTORE_TRANSACTION_H

#include "dom0/xenstore/client.h"
#include "dom0/xenstore/tree.h"

struct transaction {
    struct list link; /* in its client's */
    struct client *client;
    u32 id;
    struct path_table table;
    struct list touched; /* in the order in which it came */
    u32 touched_count;
    s64 nodes_change; /* how many more its client would own */
    u64 bytes;        /* that its client is charged for it */
    bool created;     /* at least one node */
    bool failed;      /* cannot end well */
};

/* How a client sees the store now. */
struct view {
    struct client *client;
    struct transaction *transaction; /* NULL: as it is */
};

/* -ENOSPC: too many of them; -ENOMEM. */
int transaction_begin(struct client *client, u32 *id);
/* NULL: the client has none of that number. */
struct transaction *transaction_find(struct client *client, u32 id);
/* Ends it, whatever the answer is. -EAGAIN: others were faster; -ENOSPC: more nodes than the client
 * may have; -ENOMEM. */
int transaction_commit(struct transaction *transaction);
void transaction_drop(struct transaction *transaction);
/* All of a client's. */
void transactions_end(struct client *client);

/* The content of a node, good until the next change. -ENOENT; -ENOSPC, -ENOMEM: the transaction has
 * become too large. */
int view_get(const struct view *view, const char *path, u32 length, struct content **content);

/* Puts a content (and takes the caller's reference, also if it fails) at a path, which was looked
 * at before. -ENOSPC: the node is too large; -ENOMEM. With free, no limit is looked at. */
int view_put(const struct view *view, const char *path, struct content *content, bool free);
/* Takes a node away, which is there. */
void view_take(const struct view *view, const char *path);

/* The view's client has changed the node at path: now, or at the transaction's end. @content: what
 * it is, or was before it was taken away; @before: NULL, or what it was before, if permissions were
 * changed. exact: only watches of this very path. */
void view_fire(const struct view *view, const char *path, bool exact, const struct content *content,
               const struct content *before);

/* How many nodes the client owns, as it sees it. */
u32 view_nodes_owned(const struct view *view);

#endif
