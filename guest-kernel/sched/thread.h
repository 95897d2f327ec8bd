/*
 * Threads of the kernel: pre-emptive, in turn, each with a slice of time, on the vcpu that it was
 * made for. A vcpu takes part once it has called threads_start; a thread that nobody gives work
 * leaves the vcpu to the others, and with no thread ready the vcpu blocks.
 *
 * Handlers of events must not sleep; they may wake threads.
 */
#ifndef GUEST_KERNEL_SCHED_THREAD_H
#define GUEST_KERNEL_SCHED_THREAD_H

#include "guest-kernel/core/vcpu.h"

enum thread_state {
    THREAD_RUNNING,
    THREAD_READY,
    THREAD_SLEEPING,
    THREAD_WAITING,
    THREAD_ENDED
};

struct thread {
    unsigned long sp; /* while it does not run: switch.asm says what is there */
    struct vcpu *vcpu;
    struct list link;           /* among the ready, or among the sleepers */
    enum thread_state state;    /* this and what follows: guarded by the vcpu's queue */
    bool woken;                 /* thread_wake came when it was not waiting */
    bool left;                  /* ended, and its stack is no longer in use */
    u64 wake_at;                /* of a sleeper, or of who waits no longer than that */
    struct thread *joiner;      /* waits for `left` */
    struct fault_scope *faults; /* while it does not run: the vcpu's are those of who runs */
    void (*fn)(void *arg);
    void *arg;
    u64 preempted; /* how often it lost the CPU with work to do */
    u64 canary;    /* the stack ends here: a change means that it was too small */
};

/*
 * The vcpu that calls takes part from now on; what calls becomes its first thread. Needs
 * event_init; binds VIRQ_TIMER and a port for wake-ups. Upcalls are open afterwards.
 */
void threads_start(u64 slice_ns);

/* Starts another vcpu that only runs threads. 0 or a negative errno of vcpu_start. */
long threads_start_vcpu(unsigned int id, u64 slice_ns);

/* A thread on a vcpu that takes part; it ends when fn returns, and must be joined. */
struct thread *thread_create(struct vcpu *vcpu, void (*fn)(void *arg), void *arg);
void thread_join(struct thread *thread);

struct thread *thread_self(void);
void thread_yield(void);
void thread_sleep(u64 ns);

/*
 * thread_wait returns after a thread_wake of this thread, one that came before included; several
 * that came before are one. Look at what is waited for in a loop.
 */
void thread_wait(void);
/* The same, but at this system time (ns) at the latest. */
void thread_wait_until(u64 when);
void thread_wake(struct thread *thread);

#endif
