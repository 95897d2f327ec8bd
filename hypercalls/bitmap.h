/*
 * Sets as toolstacks hand them over (domctl.h: struct xenctl_bitmap): as many bits as each side
 * cares for. What one has beyond the other's end is zeros. Both answer 0 or -EFAULT.
 */
#ifndef HYPERCALLS_BITMAP_H
#define HYPERCALLS_BITMAP_H

#include "hypercalls/hypercalls.h"

/* @bits of @words: a multiple of 64 in memory, of which @bits are shown. */
int bitmap_answer(const struct xenctl_bitmap *to, const unsigned long *words, u32 bits);
int bitmap_ask(unsigned long *words, u32 bits, const struct xenctl_bitmap *from);

#endif
