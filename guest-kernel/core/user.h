/*
 * Running a user process. user_run(frame) loads the registers in *frame and runs them in user mode,
 * on the user page table in force (pt_base_set), until the process comes back: by `syscall`
 * (frame->vector is VECTOR_SYSCALL), by an exception or `int n` (its vector), or for an event.
 * *frame then holds its registers as they were, so calling user_run again carries on. After
 * event_init a process runs with upcalls open; the handlers of an event that ended its run have
 * been called when user_run returns. On one vcpu at a time.
 *
 * So a kernel is a loop: choose a process, run it, look why it stopped. There is one kernel stack
 * and no context switch; what would be saved on a stack for each process lies in its frame.
 */
#ifndef GUEST_KERNEL_CORE_USER_H
#define GUEST_KERNEL_CORE_USER_H

#include "guest-kernel/core/trap_frame.h"

/* Registers of a process about to begin at entry, all others 0. */
void user_frame_init(struct trap_frame *frame, unsigned long entry, unsigned long stack_top);

/* The frame must be mapped in every kernel page table that user_run is called with. */
void user_run(struct trap_frame *frame);

#endif
