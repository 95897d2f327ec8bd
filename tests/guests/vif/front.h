/*
 * A small frontend in the same domain as the backend, which is thus granted its own frames; and a
 * stand-in for the two directories of its device.
 */
#ifndef TESTS_GUESTS_VIF_FRONT_H
#define TESTS_GUESTS_VIF_FRONT_H

#include "dom0/backend/network.h"

#define FRONT_PAGES 200u /* offered for what comes */
#define FRONT_BYTES 1514u

struct front {
    u32 id;
    struct vif *vif;
    bool connected, blank; /* blank: what is sent has its checksum left open */
    const char *failed;
    void *tx_page, *rx_page, *buffers[256], *offered[256]; /* sent by id; to be filled by id */
    grant_ref_t tx_ref, rx_ref, buffer_refs[256], offered_refs[256];
    struct ring_front tx, rx;
    long port;
    u32 sent, answered, errors, received, lost, events;
    /* What is done with a frame that came. */
    void (*frame)(struct front *f, const u8 *bytes, u32 length);
};

/* After network_start. */
struct front *front_make(u32 id);
/* Makes rings, grants and a port, and lets the backend connect: its answer. */
int front_connect(struct front *f);
/* The backend goes and another comes; rings, grants and port are as they were. Its answer. */
int front_backend_restart(struct front *f);
/* The frontend goes, its kernel as if dead: the backend's end is cut. */
void front_disconnect(struct front *f);
/* Takes all grants back: how many of them are still used. Those that were are taken back already.
 */
u32 front_grants_end(struct front *f);
/* Grants its buffers anew and connects, as a kernel that was booted anew. */
int front_again(struct front *f);

/* A frame in two pieces, the second at the first's place where bad; false: the ring is full. */
bool front_send(struct front *f, const void *bytes, u32 length, bool bad_piece);
void front_push(struct front *f);
/* Answers and frames. */
void front_poll(struct front *f);

/* bench.c */
void bench_rows(struct front *first, struct front *second);

#endif
