/*
 * WATCHES: who is told when a node changes. They are kept by path, so that a change asks only for
 * the watches of its own path and of the paths above, however many guests there are.
 *
 * Told is only who may read the node, or its parent, or could read it before its permissions
 * changed.
 */
#ifndef DOM0_XENSTORE_WATCH_H
#define DOM0_XENSTORE_WATCH_H

#include "dom0/xenstore/client.h"

struct watch {
    struct list link; /* in its client's */
    struct path_entry entry;
    struct client *client;
    u32 hidden; /* bytes of a path that it is not told: the home, if it was relative */
    struct store_watch *local; /* of domain 0 */
    char *token;               /* behind the path */
    char path[];
};

/* What it takes of our memory. */
u64 watch_cost(const struct watch *watch);

/* @path: the whole one. -EEXIST; -E2BIG: too many; -ENOMEM. */
int watch_add(struct client *client, const char *path, bool relative, const char *token,
              struct store_watch *local);
/* NULL: there is none. */
struct watch *watch_find(struct client *client, const char *path, const char *token,
                         const struct store_watch *local);
void watch_remove(struct watch *watch);
/* Queues its event. @cause may be NULL. */
void watch_tell(const struct watch *watch, struct client *cause, const char *path);
void watches_end(struct client *client);

/* The node at @path has changed; see view_fire. @cause may be NULL. */
void watches_fire(struct client *cause, const char *path, bool exact, const struct content *content,
                  const struct content *before);

/* A domain came or went: @event is one of the special paths. */
void watches_fire_special(const char *event);

#endif
