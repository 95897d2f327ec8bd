/*
 * The network's one thread. lwIP knows no locks: everything of it (and of the netfronts, which it
 * calls and which call it) runs in this thread. It sleeps until an event, a job or a timer of
 * lwIP's wants it; then it polls the interfaces, lets lwIP's timers run and tries the jobs.
 *
 * Another thread gets at lwIP by a job: a function that the network's thread calls until it answers
 * true. So a job is a call (true at once), or a wait for something to have become true, and always
 * with an end.
 */
#ifndef GUEST_KERNEL_NETWORK_NETWORK_H
#define GUEST_KERNEL_NETWORK_NETWORK_H

#include "xen-like/lib/list.h"

/* After threads_start; harmless the second time. False: too little memory. */
bool network_start(void);

/*
 * Calls attempt(arg) in the network's thread, at once and then after each thing that happens there,
 * until it has answered true (true), or span nanoseconds have passed (false; it is not called after
 * that). For threads of the vcpu that network_start was called on, not for the network's own.
 */
bool network_wait(bool (*attempt)(void *arg), void *arg, u64 span_ns);

/* Calls fn(arg) in the network's thread, once. */
void network_do(void (*fn)(void *arg), void *arg);

/* The thread shall look: from a handler, or from any thread. Harmless before network_start. */
void network_wake(void);

/* Something that the thread looks after. poll is called at the beginning of each round, and answers
 * whether it did anything: the thread sleeps only after a round in which nobody did. flush is
 * called at the end, when all that this round has to send has been sent. */
struct network_poll {
    struct list link;
    bool (*poll)(struct network_poll *poll);
    void (*flush)(struct network_poll *poll);
};

/* In the network's thread, or before network_start. */
void network_poll_add(struct network_poll *poll);

#endif
