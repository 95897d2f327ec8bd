/*
 * Frames as rows tell of them, in one form for both widths, so that a 32-bit guest's rows are those
 * of the 64-bit guest: flat selectors, the system call's vector and the saved mask have the numbers
 * and places that they have in a 64-bit frame.
 */
#ifndef TESTS_GUESTS_SEEN_H
#define TESTS_GUESTS_SEEN_H

#include "guest-kernel/core/trap_frame.h"

#ifdef __x86_64__
#define KERNEL_CS_IN_FRAMES (FLAT_KERNEL_CS & ~3u)
#else
#define KERNEL_CS_IN_FRAMES FLAT_KERNEL_CS
#endif

static inline u64 seen_vector(u64 vector)
{
    return vector == VECTOR_SYSCALL ? VECTOR_COUNT : vector;
}

#ifdef __x86_64__
static inline u64 seen_selector(u64 selector)
{
    return selector;
}

static inline u64 seen_cs(const struct trap_frame *frame)
{
    return frame->cs;
}

static inline u64 seen_ss(const struct trap_frame *frame)
{
    return frame->ss;
}
#else
/* FLAT_RING3_CS64 and _SS64 of xen-x86_64.h, which is not the header of this width. */
#define SEEN_CODE  0xe033u
#define SEEN_STACK 0xe02bu

/* The flat ones; any other is what it is. */
static inline u64 seen_selector(u64 selector)
{
    switch (selector) {
    case FLAT_KERNEL_CS:
        return SEEN_CODE & ~3u;
    case FLAT_USER_CS:
        return SEEN_CODE;
    case FLAT_KERNEL_SS:
    case FLAT_USER_SS:
        return SEEN_STACK;
    default:
        return selector;
    }
}

static inline u64 seen_cs(const struct trap_frame *frame)
{
    return seen_selector(frame->cs & 0xffff) | (u64)(frame->cs >> 16 & 0xff) << 32;
}

/* The kernel's own frames have none: it stays on its stack. */
static inline u64 seen_ss(const struct trap_frame *frame)
{
    return seen_selector(frame_from_user(frame) ? frame->ss & 0xffff : FLAT_KERNEL_SS);
}
#endif

static inline u64 seen_mask_saved(const struct trap_frame *frame)
{
    return seen_cs(frame) >> 32;
}

#endif
