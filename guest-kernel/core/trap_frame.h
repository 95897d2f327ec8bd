/*
 * What is known of a trap: the numbers that all kinds of entries have, and the registers of whoever
 * was interrupted, struct trap_frame, which each width has its own of (offsets.c tells nasm where
 * its fields are).
 */
#ifndef GUEST_KERNEL_CORE_TRAP_FRAME_H
#define GUEST_KERNEL_CORE_TRAP_FRAME_H

#ifdef __x86_64__
#include "guest-kernel/x86_64/frame.h"
#else
#include "guest-kernel/x86_32/frame.h"
#endif

/* The exceptions that this kernel speaks of; the numbers are the CPU's. */
#define VECTOR_DE 0
#define VECTOR_DB 1
#define VECTOR_BP 3
#define VECTOR_OF 4
#define VECTOR_UD 6
#define VECTOR_NM 7
#define VECTOR_NP 11
#define VECTOR_SS 12
#define VECTOR_GP 13
#define VECTOR_PF 14

/* Entries that are no vector of the CPU: callbacks, numbered above the 256 that are. VECTOR_SYSCALL
 * is 256 where system calls come by a callback. */
#define VECTOR_COUNT    256
#define VECTOR_EVENT    257
#define VECTOR_FAILSAFE 258
#define ENTRY_COUNT     259

/* The bit of rflags (IF) that says in a frame whether upcalls were open. */
#define UPCALLS_OPEN 0x200u

#define TRAP_STUB_SIZE 16 /* bytes between the entry stubs of two vectors */

/* Bits of a page fault's error code. */
#define PF_PRESENT 1u /* the page is there; the access was forbidden */
#define PF_WRITE   2u
#define PF_USER    4u
#define PF_FETCH   16u

static inline bool frame_from_user(const struct trap_frame *frame)
{
    return (frame->cs & 3) == 3;
}

#endif
