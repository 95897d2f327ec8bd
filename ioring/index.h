/*
 * Indices that two ends of a ring show each other, and the four accesses that are enough for all
 * rings here.
 *
 * Who publishes an index does so last (release), after what it speaks of; who reads the other's
 * does so first (acquire). A producer's index says that the entries before it are there, a
 * consumer's that they have been copied out.
 *
 * The two _ordered accesses are for the one place where that is not enough: each end stores one
 * word and then loads the word that the other stores. One of the two must see the other's store
 * (ring.h says what is lost otherwise), which needs a full barrier between store and load on both
 * sides. On x86 the store is an xchg, and the rest are plain moves.
 */
#ifndef IORING_INDEX_H
#define IORING_INDEX_H

#include "xen-like/lib/types.h"

/* An answer: the other end has broken the protocol beyond repair, disconnect it. */
#define RING_BROKEN (-1)

static inline u32 index_read(const u32 *theirs)
{
    return __atomic_load_n(theirs, __ATOMIC_ACQUIRE);
}

static inline void index_publish(u32 *ours, u32 value)
{
    __atomic_store_n(ours, value, __ATOMIC_RELEASE);
}

static inline u32 index_read_ordered(const u32 *theirs)
{
    return __atomic_load_n(theirs, __ATOMIC_SEQ_CST);
}

static inline void index_publish_ordered(u32 *ours, u32 value)
{
    __atomic_store_n(ours, value, __ATOMIC_SEQ_CST);
}

#endif
