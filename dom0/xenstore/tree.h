/*
 * The nodes of the store as everybody sees them: content by path, and whose nodes those are. Here
 * nothing is asked and nobody is told; transaction.h has the way in.
 *
 * Two more entries are no nodes: "@introduceDomain" and "@releaseDomain" say by their permissions
 * who may watch for domains that come and go.
 */
#ifndef DOM0_XENSTORE_TREE_H
#define DOM0_XENSTORE_TREE_H

#include "dom0/xenstore/account.h"
#include "dom0/xenstore/content.h"
#include "dom0/xenstore/path.h"

#define EVENT_INTRODUCE "@introduceDomain"
#define EVENT_RELEASE   "@releaseDomain"

struct node {
    struct path_entry entry;
    struct list owned; /* among the nodes of its owner's account */
    struct content *content;
    char path[];
};

/* What a node takes of our memory, but for its content. @length: of its path. */
static inline u64 node_cost(u64 length)
{
    return heap_cost(sizeof(struct node) + length + 1) + PATH_ENTRY_COST;
}

/* Makes the root. Harmless when there is one. 0 or -ENOMEM. */
int tree_init(void);

/* NULL: there is none. */
struct node *tree_find(const char *path);
struct node *tree_find_part(const char *path, u32 length);
/* The one of the same path as the entry of another table. */
struct node *tree_find_like(const struct path_entry *entry);

/* A node that is not in the tree yet; NULL without memory. */
struct node *node_new(const char *path);
void node_free(struct node *node);

/* These take over the caller's reference to content, count the change, and cannot fail. */
void tree_add(struct node *node, struct content *content);
void tree_change(struct node *node, struct content *content);
void tree_remove(struct node *node);
/* Its owner goes. */
void tree_give_to_dom0(struct node *node);

/* For each node; for tests and for CONTROL check. */
void tree_each(void (*act)(struct node *node, void *data), void *data);

#endif
