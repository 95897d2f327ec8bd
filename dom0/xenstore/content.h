/*
 * What stands at a node: who may do what with it, its value, the names of its children in the order
 * in which they came. It never changes: a change makes another content. So a transaction that has
 * looked at a node keeps what it saw by keeping a reference, and nothing is copied for it.
 *
 * Permissions: the first names the owner, who may do everything, and says what those may do who are
 * not named; each other one says what one domain may do (docs/misc/xenstore.txt).
 */
#ifndef DOM0_XENSTORE_CONTENT_H
#define DOM0_XENSTORE_CONTENT_H

#include "dom0/mm/heap.h"
#include "xen-like/abi/xen.h"

#define MAY_READ  1u
#define MAY_WRITE 2u
#define MAY_OWN   4u

struct permission {
    domid_t domain;
    u8 may; /* MAY_READ, MAY_WRITE */
    /* The domain is not the one that was meant: that one is gone. Not of the first. */
    bool stale;
};

struct content {
    u32 references;
    u32 permissions_count, value_length, names_length;
    u64 generation; /* of its last change; 0: it has not been put anywhere yet */
    struct permission permissions[];
    /* behind them the value, then the names, each with its NUL */
};

static inline char *content_value(const struct content *c)
{
    return (char *)&c->permissions[c->permissions_count];
}

static inline char *content_names(const struct content *c)
{
    return content_value(c) + c->value_length;
}

static inline domid_t content_owner(const struct content *c)
{
    return c->permissions[0].domain;
}

/* As xenstored counts it: a header of 24 bytes, 8 for each permission. */
static inline u32 content_bytes(const struct content *c)
{
    return 24 + 8 * c->permissions_count + c->value_length + c->names_length;
}

/* What it takes of our memory. */
static inline u64 content_cost(const struct content *c)
{
    return heap_cost(sizeof(*c) + c->permissions_count * sizeof(struct permission) +
                     c->value_length + c->names_length);
}

static inline struct content *content_keep(struct content *c)
{
    c->references++;
    return c;
}

/* NULL is fine. */
void content_drop(struct content *c);

/* Another content with one thing changed, for the caller to drop; NULL without memory. */
struct content *content_with_value(const struct content *old, const void *value, u32 length);
struct content *content_with_name(const struct content *old, const char *name);
/* Also without a name that is not there: a transaction may have seen the node above earlier. */
struct content *content_without_name(const struct content *old, const char *name);
struct content *content_with_permissions(const struct content *old,
                                         const struct permission *permissions, u32 count);
/* An empty one for a new child. */
struct content *content_of_child(const struct content *parent, domid_t owner);
/* An empty one of dom0's, for nobody else. */
struct content *content_of_dom0(void);

/* As the wire has it: "r3". */
#define PERMISSION_TEXT 16
void permission_text(const struct permission *permission, char to[PERMISSION_TEXT]);
/* False: it is none. */
bool permission_read(struct permission *permission, const char *text);

/* The place of a name among the names; -1: it is not there. */
s64 content_name_at(const struct content *c, const char *name);

/* What a domain may do that is not the owner, and has other's rights, too (DOMID_INVALID:
 * nobody's): by name, or as one of all others. */
u32 content_may(const struct content *c, domid_t domain, domid_t other);

#endif
