/*
 * Instructions that are the hypervisor's affair, by themselves: each width has its own list
 * (x86_64/instructions.c, x86_32/instructions.c). They are numbered: the same number in `same` mode
 * is the same instruction on Xen.
 */
#ifndef TESTS_GUESTS_STORM_INSTRUCTIONS_H
#define TESTS_GUESTS_STORM_INSTRUCTIONS_H

#include "xen-like/lib/types.h"

struct registers {
    unsigned long rax, rbx, rcx, rdx;
};
typedef void instruction(struct registers *r);

/* rbx is the address of an entry, rax and rcx are entries, rdx is a number of flags' bits. What is
 * done to parts of an entry leaves the frame in it alone: another number might be a frame of this
 * kernel's, which it would then write to, as is its right. */
extern instruction *const stores[];
extern const unsigned int stores_all, stores_same;

/* rax is any word. */
extern instruction *const others[];
extern const unsigned int others_all, others_same;

/* Those that are drawn by name. */
instruction read_msr, write_msr, cpuid_forced, write_cr3;

#endif
