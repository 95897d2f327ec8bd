/*
 * A LEARNING BRIDGE: ports are guests' network cards and the machine's; a frame that comes in at
 * one goes to the port behind which its destination was last seen, or, if that is not known or the
 * frame is for many, to all others.
 *
 * A round of work is: some frames are forwarded, each port puts what it is given into the batches
 * (frame.h) and remembers that it has work (bridge_port_touch); then bridge_flush sends the
 * batches, once, and each such port finishes: answers, notifies, hands to the card. What is left
 * over is done when the loop comes by.
 */
#ifndef DOM0_BRIDGE_BRIDGE_H
#define DOM0_BRIDGE_BRIDGE_H

#include "dom0/bridge/frame.h"
#include "dom0/bridge/mac_table.h"

struct bridge {
    struct list link; /* of all bridges */
    char name[16];
    struct list ports;
    struct mac_table addresses;
};

struct bridge_counts {
    u64 frames, bytes, dropped;
};

struct bridge_port {
    struct list link;    /* of the bridge */
    struct list touched; /* or on no list */
    struct bridge *bridge;
    struct mac_set addresses;
    struct bridge_counts in, out; /* from the port into the bridge, and out of the bridge to it */
    /* Takes a frame that the bridge has for it, or drops it. */
    void (*deliver)(struct bridge_port *port, const struct frame *frame);
    /* The batches have been sent. May touch ports. */
    void (*flush)(struct bridge_port *port);
};

/* The bridge of that name (cut to 15 bytes), made if there is none; NULL without memory. */
struct bridge *bridge_get(const char *name);

/* deliver and flush are set. addresses_max: what may be learned from it. */
void bridge_port_add(struct bridge *bridge, struct bridge_port *port, u32 addresses_max);
/* Neither of its functions is called any more. Harmless on one that was not added, if zeroed. */
void bridge_port_remove(struct bridge_port *port);

/* A frame of NETWORK_HEADER to FRAME_MAX bytes has come in at the port. */
void bridge_forward(struct bridge_port *from, const struct frame *frame);

/* The port's flush shall be called. */
void bridge_port_touch(struct bridge_port *port);
void bridge_flush(void);

#endif
