/*
 * Timers: a function to be called at a system time, never earlier. One local APIC timer per CPU is
 * set to the earliest of its timers; setting and stopping one takes O(log n), and no memory.
 *
 * The function is called from the timer's interrupt: with no lock held, a guest's or the idle loop
 * below it, and may set any timer, also its own. It must be short. It is called on the CPU that set
 * the timer last; whoever sets or moves one timer on several CPUs keeps them apart himself.
 */
#ifndef HYPERVISOR_TIME_TIMER_H
#define HYPERVISOR_TIME_TIMER_H

#include "xen-like/lib/types.h"

struct timer_queue;

struct timer {
    void (*fn)(void *data);
    void *data;
    u64 due;                   /* system time, ns */
    struct timer_queue *queue; /* that it is set in, NULL: it is not set. That queue's lock, as */
    struct timer *left, *right, *up;
    u32 rank; /* timer.c */
};

/* An unset timer. */
void timer_init(struct timer *t, void (*fn)(void *data), void *data);

/* (Re)set it, on this CPU. A time that has passed is due at once. */
void timer_set(struct timer *t, u64 due);

/* Afterwards it is not set. Its function may still be running on another CPU. */
void timer_stop(struct timer *t);

bool timer_is_set(const struct timer *t);

/* If it is set, let this CPU call it. */
void timer_move_here(struct timer *t);

/* This CPU's queue. Each CPU once, by itself, before it sets a timer. */
void timers_init(void);

#endif
