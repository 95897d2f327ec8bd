/*
 * The xenstore without a hypervisor: clients on rings in this process, asked by texts. In a request
 * and in what comes back '|' stands for a NUL, so that a test reads like docs/misc/xenstore.txt:
 *
 *     ask(a, XS_READ, "name|")     "web"; or an errno's name with '!' before it: "!ENOENT"
 *
 * After each request the store is counted anew (audit.h). Memory can be made to fail.
 */
#ifndef TESTS_HOST_STORE_MACHINE_H
#define TESTS_HOST_STORE_MACHINE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "dom0/xenstore/client.h"

#define PEER_TEXT 65536

struct peer {
    struct client client;
    struct xenstore_domain_interface page;
    struct byte_channel ring; /* the guest's end */
    struct xs_message in;
    char events[PEER_TEXT]; /* those that came: "path token\n" each */
    u32 error;              /* what the server said of the ring */
};

/* A store with dom0 alone; everything of the one before is gone. To be called at a test's begin and
 * at its end, when no byte may be left. */
void machine_begin(void);
void machine_end(void);
static inline int machine_teardown(void **state)
{
    (void)state;
    machine_end();
    return 0;
}

/* A guest with a home that it may read, and a part "data" of its own; or somebody privileged. */
struct peer *machine_guest(domid_t domain);
struct peer *machine_privileged(domid_t domain);
void machine_release(struct peer *peer);

/* Sends it (tx: of a transaction; 0) and waits for its answer; the text stays until the next. */
const char *ask(struct peer *peer, u32 type, const char *text);
const char *ask_in(struct peer *peer, u32 tx, u32 type, const char *text);
/* Begins a transaction: its number. */
u32 ask_begin(struct peer *peer);

/* The same in pieces. False: there is no room on the ring for all of it. */
bool peer_send(struct peer *peer, u32 tx, u32 type, const char *text);
/* Lets the server work, and takes what came: true: an answer, its text in *answer. */
bool peer_take(struct peer *peer, const char **answer);
/* Only the one or the other. */
void peer_serve(struct peer *peer);

/* The events since the last call. */
const char *peer_events(struct peer *peer);

/* Calls of heap_alloc that go well before one fails; -1: all. */
extern long heap_good;
extern long heap_blocks;               /* that are not freed, */
extern u64 heap_bytes;                 /* and what they take of dom0's memory */
extern u64 machine_time, machine_tick; /* how far each look at the clock moves it */

extern u64 machine_hashed; /* bytes of paths, in requests */

/* Does the work that was raised. */
void machine_work(void);

#endif
