/*
 * Processes: who exists, who runs next, how they begin and end.
 *
 * There is one kernel stack. A process that does not run is nothing but a struct process, with its
 * registers in `frame` and its memory in `space`; the kernel is a loop that picks one, runs it
 * until it comes back, and serves it. A process comes back by system calls and faults, and once the
 * kernel has events (event_init) by those: then it has to give way to the others.
 */
#ifndef GUEST_KERNEL_MINI_PROCESS_H
#define GUEST_KERNEL_MINI_PROCESS_H

#include "guest-kernel/mini/address_space.h"
#include "guest-kernel/core/trap_frame.h"
#include "xen-like/lib/list.h"

enum process_state {
    PROCESS_READY,
    PROCESS_WAITING, /* for a child to end */
    PROCESS_ENDED,   /* its memory is freed; its parent has not asked yet */
};

struct process {
    struct trap_frame frame; /* while it runs, the hypervisor pushes the next trap right here */
    struct list link;        /* in the round of all processes */
    struct process *parent;  /* NULL: started by the kernel */
    enum process_state state;
    unsigned int pid;
    int exit_code;
    struct address_space space;
};

/* What process_run_all saw, summed over the processes that ended. */
struct process_totals {
    unsigned int ended, failed, interrupted;
    unsigned int filled[REGION_COUNT], shared[REGION_COUNT];
    unsigned int copied[REGION_COUNT], reclaimed[REGION_COUNT];
};

/* Makes a process of a program; it runs when process_run_all is called. */
void process_start(const void *image, size_t size);

/* Runs all processes, in turn, until none is left. */
struct process_totals process_run_all(void);

/* What system calls do; `process` is the one that called, and its space is in force. */
void process_yield(struct process *process);
void process_exit(struct process *process, int code);
unsigned int process_fork(struct process *parent);
void process_wait(struct process *process);

#endif
