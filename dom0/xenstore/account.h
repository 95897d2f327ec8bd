/*
 * What each domain has in the store, and how much of it it may have. dom0 is bound by none of this.
 * The limits are xenstored's (docs/xenstore.md), so that a guest meets them at the same place; but
 * xenstored counts 2.5 MiB of what a guest said, whatever it takes to keep it, and here it is the
 * memory itself that counts (heap_cost), so that no guest has more of it. A thousand nodes as large
 * as they may be fit.
 *
 * An account is opened for who is introduced, or is given something by dom0, and is closed when the
 * domain is released. Numbers of domains are used again: an account knows since when it stands, so
 * that what was permitted to an earlier domain of that number is not permitted to this one.
 */
#ifndef DOM0_XENSTORE_ACCOUNT_H
#define DOM0_XENSTORE_ACCOUNT_H

#include "xen-like/abi/xen.h"
#include "xen-like/lib/list.h"

#define QUOTA_NODES        1000u         /* that it owns */
#define QUOTA_NODE_BYTES   2048u         /* of one node: value, names of children, permissions */
#define QUOTA_PERMISSIONS  5u            /* of one node */
#define QUOTA_WATCHES      128u          /* one more than that is where it ends */
#define QUOTA_TRANSACTIONS 10u           /* likewise */
#define QUOTA_TOUCHED      1024u         /* nodes in one transaction */
#define QUOTA_REPLIES      20u           /* answers that it has not taken */
#define QUOTA_CAUSED       256u          /* events for others that those have not taken */
#define QUOTA_BYTES        (5ul << 20)   /* 5 MiB of our memory: all of this together */
#define EVENT_PATIENCE_NS  20000000000ul /* how long others may be waited for */

struct client;

struct account {
    struct list link; /* in accounts */
    domid_t domain;
    u64 since;         /* a generation */
    struct list nodes; /* tree.h: what it owns */
    u32 nodes_count, watches_count;
    s64 nodes_change;      /* for a transaction that is about to end */
    u64 bytes;             /* of our memory, for all that it has here */
    struct client *client; /* NULL: it has no ring here */
};

extern struct list accounts;

/* Counts changes of the store. Never 0. */
extern u64 store_generation;

/* NULL: it has none. */
struct account *account_find(domid_t domain);
/* The account, opened if there is none. NULL: without memory. */
struct account *account_open(domid_t domain);
/* It owns no node any more. */
void account_close(struct account *account);

/* False: it would be more than it may have; then nothing is changed. */
bool account_charge(struct account *account, u64 bytes);
/* Without looking at the limit. */
static inline void account_add(struct account *account, u64 bytes)
{
    account->bytes += bytes;
}
static inline void account_give(struct account *account, u64 bytes)
{
    account->bytes -= bytes;
}

#endif
