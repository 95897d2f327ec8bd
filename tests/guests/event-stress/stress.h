/* The parts of the stress: ends that keep account of their events, and what is done to them. */
#ifndef TESTS_GUESTS_EVENT_STRESS_STRESS_H
#define TESTS_GUESTS_EVENT_STRESS_STRESS_H

#include "guest-kernel/event/event.h"
#include "guest-kernel/event/upcall.h"

#define PAIRS     24
#define IPI_PAIRS 8 /* the first ones: one end, to which any vcpu sends */

/* A port, and the account of the events that went to it. */
struct end {
    u32 port;
    u64 sent;       /* announced: counted just before the send */
    u64 seen;       /* of them, what a handler, or the closing of the port, has covered */
    u64 deliveries; /* handlers that ran */
    u64 merged;     /* sends that a handler covered beyond one */
    u64 empty;      /* handlers that found all covered by the one before */
    u64 dropped;    /* sends that were pending when the port was closed */
    u64 rebinds;
};

/* Two ends of a channel, or one of an IPI port. */
struct pair {
    struct end ends[2];
    bool ipi;
    u32 users, closing; /* pair_enter */
};

extern struct pair pairs[PAIRS];

/* What is random about one vcpu: xorshift64, so that a seed says all. */
struct dice {
    u64 state;
};

static inline u64 dice_roll(struct dice *dice, u64 sides)
{
    dice->state ^= dice->state << 13;
    dice->state ^= dice->state >> 7;
    dice->state ^= dice->state << 17;
    return (dice->state >> 11) % sides;
}

void pairs_make(struct dice *dice, unsigned int vcpus);

/* Each does one thing to a pair, or nothing if the pair is just being closed by another vcpu. */
void pair_send(struct pair *pair, unsigned int to);
void pair_mask(struct pair *pair, unsigned int which);
void pair_unmask(struct pair *pair, unsigned int which);
void pair_move(struct pair *pair, unsigned int which, struct vcpu *vcpu);
void pair_prioritise(struct pair *pair, unsigned int which, u32 priority);
void pair_rebind(struct pair *pair, struct dice *dice, unsigned int vcpus);

/* Now and then gives the CPU away. */
void stress_pause(void);

/* Called by the handler of every end, upcalls masked. */
void stress_delivered(void);

#endif
