/*
 * Timers: a function to be called at a system time, never earlier. One local APIC timer per CPU is
 * set to the earliest of its timers; setting and stopping one takes O(log n).
 *
 * The function is called from the timer's interrupt: with no lock held, a guest's or the idle loop
 * below it, and may set any timer, also its own. It must be short.
 */
#ifndef HYPERVISOR_TIME_TIMER_H
#define HYPERVISOR_TIME_TIMER_H

#include "xen-like/lib/types.h"

struct timer {
    void (*fn)(void *data);
    void *data;
    u64 due;   /* system time, ns. Its CPU's lock */
    u32 place; /* in the queue; 0: it is not set */
    u32 cpu;
};

/* An unset timer, of this CPU. */
void timer_init(struct timer *t, void (*fn)(void *data), void *data);

/* (Re)set it. A time that has passed is due at once. */
void timer_set(struct timer *t, u64 due);

/* Afterwards it is not set. Its function may still be running on another CPU. */
void timer_stop(struct timer *t);

bool timer_is_set(const struct timer *t);

/* Let @t belong to this CPU from now on, set or not. */
void timer_move_here(struct timer *t);

#endif
