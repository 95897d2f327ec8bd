/*
 * The user programs, as byte arrays that the build makes of user/NAME.c (xxd -i names them), and
 * what a program and the step that runs it must agree on.
 *
 * An image is copied to the address it was linked for; it begins with this header.
 */
#ifndef GUEST_KERNEL_MINI_PROGRAMS_H
#define GUEST_KERNEL_MINI_PROGRAMS_H

#include "xen-like/lib/types.h"

struct program_header {
    unsigned long start; /* where the image's first byte belongs */
    unsigned long entry;
};

extern unsigned char rounds_bin[], pages_bin[], family_bin[], busy_bin[];
extern unsigned int rounds_bin_len, pages_bin_len, family_bin_len, busy_bin_len;

/* Every process finds its heap here: zeros, as soon as it touches them. */
#define HEAP_START 0x10000000ul
#define HEAP_SIZE  (64 * PAGE_SIZE)

#define PAGES_TOUCHED 8 /* pages.c touches so many pages of heap */

#define FAMILY_PAGES   6 /* family.c fills so many before it forks, */
#define FAMILY_CHANGED 2 /* and the child changes so many of them */

#endif
