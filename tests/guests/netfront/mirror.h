/*
 * A backend in the same domain that sends back what it gets, mirrored (tests/host/reflector.h): a
 * thread of its own, with rings, grants and ports as a real one has, whose copies the hypervisor
 * makes. It can be told to damage, to split, to vouch for nothing, and to lie.
 */
#ifndef TESTS_GUESTS_NETFRONT_MIRROR_H
#define TESTS_GUESTS_NETFRONT_MIRROR_H

#include "guest-kernel/network/netfront.h"

enum mirror_lie {
    LIE_NONE,
    LIE_TX_TOO_MANY,   /* tx: more answers than requests */
    LIE_TX_WILD_ID,    /* tx: an id that nobody has */
    LIE_TX_TWICE,      /* tx: the same answer twice */
    LIE_TX_HOLDS,      /* tx: answers, and has the page mapped still */
    LIE_RX_TOO_MANY,   /* rx: more frames than pages */
    LIE_RX_OUTSIDE,    /* rx: a frame that reaches out of its page */
    LIE_RX_NO_END,     /* rx: more pieces are said to come, and do not */
    LIE_RX_TOO_LONG,   /* rx: a frame of more pieces than any */
    LIE_RX_WILD_EXTRA, /* rx: extra information of no known type */
    LIE_RX_HOLDS,      /* rx: a frame in a page that it has mapped still */
    LIES
};

struct mirror {
    struct ring_back tx, rx;
    u32 port;            /* of its own */
    bool loses, damages; /* each 23rd frame; says so, or not */
    bool vouches;        /* that checksums are right */
    bool late;           /* what comes back comes when the other end sleeps */
    enum mirror_lie lie; /* at the next frame; then it is silent */
    bool has_lied;
    u64 frames, blank, no_pages, wrong_sums, short_heads;
};

/* For one netfront, which is open. */
void mirror_connect(struct mirror *m, const struct netfront *n);
void mirror_disconnect(struct mirror *m);

/* Gives back what LIE_TX_HOLDS and LIE_RX_HOLDS have kept. */
void mirror_let_go(void);

#endif
