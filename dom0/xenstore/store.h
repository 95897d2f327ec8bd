/*
 * The xenstore as the rest of dom0 uses it: the tree itself, asked by domain 0, without a ring and
 * without a transaction (dom0 is one loop: nothing comes between two calls of one piece of work).
 * Guests reach the same tree through their rings (server.h); permissions and quota bind them, not
 * domain 0.
 *
 * Paths begin with '/'. All answers are 0 or a negative errno of xen/errno.h unless told otherwise.
 */
#ifndef DOM0_XENSTORE_STORE_H
#define DOM0_XENSTORE_STORE_H

#include "xen-like/abi/io.h"

#define STORE_PATH_MAX XENSTORE_ABS_PATH_MAX

struct watch;

/* Writes a value, and makes the nodes above it that are not there yet. */
int store_write(const char *path, const char *value);
PRINTF_LIKE(2, 3) int store_writef(const char *path, const char *format, ...);

/* The value with a NUL behind it, in to[size]: its length. -ENOENT; -E2BIG: it does not fit. */
long store_read(const char *path, char *to, size_t size);
/* The value as a number; fallback if there is none or it is no number. */
u64 store_read_number(const char *path, u64 fallback);

/* The node and all below it. */
int store_remove(const char *path);

/* The @index-th child's name in to[size]. -ENOENT: there are no more. */
int store_child(const char *path, u32 index, char *to, size_t size);

/* The node and all below it belong to owner (who may do everything); reader may read, too
 * (DOMID_INVALID: nobody else). */
int store_permit(const char *path, domid_t owner, domid_t reader);

/* For each node of the tree from path on, parents first: depth 0 is the one at path. Behind the
 * value there need be no NUL. -ENOENT. */
int store_each(const char *path,
               void (*visit)(const char *path, u32 depth, const char *value, u32 length));

/* Who may do what with it, as the wire has it, with commas: "n0,r3". Its length; -ENOENT, -E2BIG.
 */
long store_permissions(const char *path, char *to, size_t size);
/* Sets them, of this node alone. -EINVAL: that is no such text. */
int store_set_permissions(const char *path, const char *text);

/*
 * fired is called from the loop (never within the change) after the node at path, one below it or
 * one above it has changed, and once soon after the watch is set. Several changes of one node
 * before the loop comes to it are one call. "@introduceDomain" and "@releaseDomain" may be watched,
 * too.
 */
struct store_watch {
    void (*fired)(struct store_watch *watch, const char *path);
    struct watch *watch; /* the store's */
};

int store_watch(struct store_watch *watch, const char *path,
                void (*fired)(struct store_watch *watch, const char *path));
/* It will not be called any more. Harmless on one that is not set, if it was zeroed at first. */
void store_unwatch(struct store_watch *watch);

/*
 * Who is served: a domain's page (machine frame) and its port. Again for one that is: the new page
 * and port are taken. Its home and what is in it the toolstack makes before (domain_store.h).
 *
 * Released: page unmapped, port closed, its watches and transactions gone, and all nodes that it
 * owns with what is below them; @releaseDomain fires. Harmless for one that was not introduced.
 */
int store_introduce(domid_t domain, u64 frame, u32 port);
void store_release(domid_t domain);

/* Looks for introduced domains that have shut down since (then @releaseDomain fires) or are dying
 * or gone (then they are released). To be called at VIRQ_DOM_EXC. */
void store_look_at_ends(void);

/* Whether the domain watches that node of its home, by its ring. */
bool store_watched_by(domid_t domain, const char *key);

/* How much the domain has there, for who wants to print it. -ENOENT. */
struct store_usage {
    u32 nodes, watches, transactions;
    u64 bytes;
};
int store_usage(domid_t domain, struct store_usage *usage);

#endif
