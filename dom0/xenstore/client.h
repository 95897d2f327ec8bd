/*
 * Who asks the store: domain 0 itself (store.h), and each guest that was introduced, through its
 * ring. A client has watches, transactions, and a queue of what waits to be taken by it: answers,
 * and events of its watches.
 *
 * The queue is what a guest could hurt others with: by never reading, or by making events for one
 * that does not. So an event that waits already is not queued again; all that waits counts for the
 * bytes that its domain may have, and events beyond that are lost (xenstored does so, too); a guest
 * that has QUOTA_REPLIES answers to take, or has made QUOTA_CAUSED events that others have not
 * taken, is not listened to until they have, or have let EVENT_PATIENCE_NS pass: then those events
 * are dropped. Domain 0's own events are never dropped, and whoever causes them waits: nothing else
 * bounds how many there are.
 */
#ifndef DOM0_XENSTORE_CLIENT_H
#define DOM0_XENSTORE_CLIENT_H

#include "dom0/xenstore/account.h"
#include "dom0/xenstore/content.h"
#include "dom0/xenstore/path.h"
#include "ioring/xenstore_message.h"

struct store_watch;

/* A message that waits. */
struct outgoing {
    struct list link;      /* in its client's queue */
    struct client *client; /* whose queue that is */
    struct path_entry
        path;             /* an event's, in the table of events that wait; else path.path is NULL */
    struct client *cause; /* of an event: who made it, if that is counted; else NULL */
    struct list caused;
    u64 since;                 /* system time */
    struct store_watch *local; /* of domain 0: whom to call */
    u32 bytes, moved;          /* head and payload; of them has crossed the ring */
    struct xsd_sockmsg head;
    char payload[];
};

/* What it takes of our memory. */
static inline u64 outgoing_cost(const struct outgoing *out)
{
    return heap_cost(sizeof(*out) + out->head.len) + PATH_ENTRY_COST;
}

struct client {
    struct list link; /* in clients */
    struct account *account;
    bool privileged;
    struct account *target; /* whose rights it has, too (SET_TARGET) */
    char home[24];          /* what relative paths are relative to */

    struct list watches, transactions;
    u32 transactions_count, transaction_next;

    struct list queue, caused;
    u32 replies_count, caused_count;
    struct outgoing *spare; /* for when there is no memory to say so */
    bool spare_used;

    struct byte_channel ring;
    struct xs_message *in; /* what has come of a message that is not whole; else NULL */

    /* There is something in the queue of it. From wherever a watch fires: only raises work. */
    void (*wake)(struct client *client);
};

extern struct list clients;

/* Opens an account if there is none. 0 or -ENOMEM. */
int client_init(struct client *client, domid_t domain, bool privileged);
/* Watches, transactions, queue and message go; the client stays. */
void client_reset(struct client *client);
/* Ends it: no other client has anything of it afterwards. Its account stays. */
void client_end(struct client *client);

/* What it may do with a node: MAY_*. */
u32 client_rights(const struct client *client, const struct content *content);

/* Queues an answer. */
void client_reply(struct client *client, const struct xs_message *message);

/* Queues a watch's event; @cause may be NULL. */
void client_event(struct client *client, struct client *cause, const char *path, const char *token,
                  struct store_watch *local);

/* The first in the queue; NULL. And its end. */
struct outgoing *client_next(struct client *client);
void outgoing_done(struct outgoing *out);

/* Whether its requests are taken now. */
bool client_is_heard(struct client *client);

/* What ring.c does: moves what can be moved in both directions, and answers requests. The answer is
 * an XENSTORE_ERROR_*; *moved is set if the other end wants a notification; *more: not all was
 * done, for fairness. */
u32 client_serve(struct client *client, bool *moved, bool *more);

/* requests.c: answers one that has come whole. */
void request_answer(struct client *client, const struct xs_message *request);

#endif
