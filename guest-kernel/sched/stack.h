/*
 * Kernel stacks: runs of frames, kept when they are given back, for the next one who needs one (the
 * frame allocator can hand out runs, but not join single frames to a run again).
 */
#ifndef GUEST_KERNEL_SCHED_STACK_H
#define GUEST_KERNEL_SCHED_STACK_H

#include "guest-kernel/mm/direct_map.h"

#define STACK_SIZE (4 * PAGE_SIZE)

/* The lowest address; content undefined. */
void *stack_alloc(void);
void stack_free(void *stack);

#endif
