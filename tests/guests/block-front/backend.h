/*
 * A backend in the same kernel, which can be told to misbehave: its disk is memory, its store the
 * fake one, its end of the ring what ioring/ has.
 */
#ifndef TESTS_GUESTS_BLOCK_FRONT_BACKEND_H
#define TESTS_GUESTS_BLOCK_FRONT_BACKEND_H

#include "xen-like/lib/types.h"

#define DISK_SECTORS 2048u
#define BAD_SECTOR   2047u /* answers an error */

enum lie {
    LIE_NONE,
    LIE_UNKNOWN_ID,
    LIE_ID_TOO_LARGE,
    LIE_TWICE,
    LIE_INDEX,
    LIE_KEEPS_MAPPED
};

struct backend {
    /* What it offers; written before backend_start. */
    u32 ring_order, indirect, info, sector_size;
    bool flush, discard;
    const char *directory;
    /* What it does. */
    volatile bool hold;      /* takes requests and leaves them */
    volatile bool hold_maps; /* and maps their first page meanwhile */
    volatile enum lie lie;   /* with the next answer, once */
    volatile bool slow;      /* gives way before each answer */
    /* What it has seen. */
    volatile u32 requests, indirect_requests, segments, flushes, discards, events, held;
    volatile u64 discarded;
};

extern struct backend backend;
extern u8 backend_disk[];

/* The toolstack's part: both directories, in state Initialising. */
void backend_make(void);
/* A thread that connects as soon as the frontend is ready, and serves. */
void backend_start(void);
/* It ends: held requests are forgotten, all is unmapped. Its state in the store is the test's. */
void backend_stop(void);
/* Answers what it held. */
void backend_release(void);

#endif
