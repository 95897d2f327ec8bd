/*
 * What can be done with nodes, by whoever looks through a view: with permissions, quota and
 * watches, in xenstored's order of checks, so that the answers are the same. Paths are whole ones.
 *
 * Who may not look at a node is not told whether it is there, unless he may do with its nearest
 * ancestor what he wanted to do with it: else all answers are -EACCES.
 */
#ifndef DOM0_XENSTORE_OPERATIONS_H
#define DOM0_XENSTORE_OPERATIONS_H

#include "dom0/xenstore/transaction.h"

/* The node, if the client may do all of @may with it. -EINVAL: no valid path; -ENOENT; -EACCES; and
 * what view_get answers. */
int store_get(const struct view *view, const char *path, u32 may, struct content **content);

/* Each 0, or what store_get and view_put answer. A node that is not there is made, with those above
 * it. */
int store_put_value(const struct view *view, const char *path, const void *value, u32 length);
int store_make(const struct view *view, const char *path);

/* The node and all below it, whoever owns those. -EINVAL: the root. 0 also if it is not there, but
 * its parent. */
int store_take(const struct view *view, const char *path);

/* -EPERM: only dom0 may give nodes away. @path may be one of the special events'. */
int store_put_permissions(const struct view *view, const char *path,
                          const struct permission *permissions, u32 count);

/*
 * Visits a node and all below it, whoever may read them: enter before those below, leave after
 * them; either may be NULL. enter may change what stands at the node but not its children, leave
 * may take it away. Not to be called by either.
 */
struct walker {
    void (*enter)(const struct view *view, const char *path, u32 depth, struct content *content);
    void (*leave)(const struct view *view, const char *path, u32 depth, struct content *content);
};
int store_walk(const struct view *view, const char *path, const struct walker *walker);

/* All nodes that an account owns, and what is below them: for who goes. */
void store_take_owned(struct account *account);

#endif
