/* Bytes that are made of a number, and known again by it. */
#ifndef TESTS_GUESTS_PATTERN_H
#define TESTS_GUESTS_PATTERN_H

#include "xen-like/lib/types.h"

static inline u8 pattern_next(u32 *seed)
{
    *seed = *seed * 1103515245 + 12345;
    return (u8)(*seed >> 16);
}

static inline void fill(u8 *at, u64 bytes, u32 seed)
{
    for (u64 i = 0; i < bytes; i++)
        at[i] = pattern_next(&seed);
}

/* Whether the bytes are those that fill makes of the seed. */
static inline bool filled(const u8 *at, u64 bytes, u32 seed)
{
    for (u64 i = 0; i < bytes; i++) {
        if (at[i] != pattern_next(&seed))
            return false;
    }
    return true;
}

#endif
