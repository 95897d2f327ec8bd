/*
 * A world for dom0's network backend on the host: guests with pages, grants and real frontends'
 * rings (ioring/), a hypervisor that maps and copies by them, a loop. dom0/backend/network*.c and
 * dom0/bridge/ are the real ones; the machine's cards are not there.
 */
#ifndef TESTS_HOST_NETWORK_WORLD_H
#define TESTS_HOST_NETWORK_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "dom0/backend/network.h"
#include "ioring/queue.h"
#include "xen-like/lib/string.h"

#define GUEST_QUEUES 2
#define GUEST_PAGES  256 /* of a ring */

struct guest_queue {
    u8 *tx_page, *rx_page;
    struct ring_front tx, rx;
    u8 *offered[GUEST_PAGES]; /* by id */
    grant_ref_t offered_ref[GUEST_PAGES];
    u8 *sent[GUEST_PAGES]; /* by id, which is counted */
    grant_ref_t sent_ref[GUEST_PAGES];
    u32 next_id;
};

struct guest {
    domid_t id;
    struct vif *vif;
    struct guest_queue queue[GUEST_QUEUES];
    u32 queues;
    u32 notified; /* events that came */
    const char *failed;
    bool no_notify, no_checksum, no_copy; /* what it does not say, or says; before it connects */
    s16 last_status;                      /* of what it sent */
};

extern u64 world_time;
extern long heap_blocks;

void world_start(void);
/* Nothing is left of guests that were ended. */
void world_end(void);

/* Runs what was raised. */
void world_work(void);

struct guest *guest_make(domid_t id);
/* What vif_connect answers. */
int guest_connect(struct guest *g, u32 queues);
/* Its device goes, and its pages are gone; or only the first: */
void guest_end(struct guest *g);
void guest_disconnect(struct guest *g);
/* The backend goes and another comes; the guest's rings are as they were. What it answers. */
int guest_backend_restart(struct guest *g);

/* A page of the guest's and its grant. */
u8 *guest_page(struct guest *g, grant_ref_t *ref);
void grant_take_back(grant_ref_t ref);

void guest_offer(struct guest *g, u32 pages);
/* A frame in so many pieces; one bad piece may be named (or -1). Its event is sent if it must be.
 */
void guest_send(struct guest *g, const u8 *bytes, u32 length, u32 pieces, int bad, bool blank);
/* Takes what is answered: how many frames' pieces. */
u32 guest_sent(struct guest *g);
/* The next frame: its length; -1: there is none; -2: one that was lost. */
long guest_receive(struct guest *g, u8 *to, bool *blank);

void guest_kick(struct guest *g);

/* An Ethernet frame: addresses of guests (0xff: for all), length, contents that depend on seed. */
void frame_make(u8 *bytes, u32 length, u8 to, u8 from, u32 seed);

#endif
