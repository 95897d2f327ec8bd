/*
 * Sets of small numbers as arrays of unsigned long, bit i of the set in word i / 64: the layout of
 * the ABI's own bitmaps. A bitmap of n bits has BITMAP_LONGS(n) words, and the bits past n in its
 * last word may hold anything: the searches stop at n.
 *
 * The plain operations are for bitmaps that a lock guards. The ..._atomic ones are single locked
 * instructions (and full barriers), for words that another CPU or a guest changes meanwhile.
 */
#ifndef XEN_LIKE_LIB_BITMAP_H
#define XEN_LIKE_LIB_BITMAP_H

#include "xen-like/lib/types.h"

#define BITS_PER_LONG   (8 * sizeof(unsigned long))
#define BITMAP_LONGS(n) (((n) + BITS_PER_LONG - 1) / BITS_PER_LONG)
#define BIT_MASK(bit)   (1ul << ((bit) % BITS_PER_LONG))

static inline bool bitmap_test(const unsigned long *map, size_t bit)
{
    return (map[bit / BITS_PER_LONG] & BIT_MASK(bit)) != 0;
}

static inline void bitmap_set(unsigned long *map, size_t bit)
{
    map[bit / BITS_PER_LONG] |= BIT_MASK(bit);
}

static inline void bitmap_clear(unsigned long *map, size_t bit)
{
    map[bit / BITS_PER_LONG] &= ~BIT_MASK(bit);
}

/* Returns whether the bit was set before. */
static inline bool bitmap_set_atomic(unsigned long *map, size_t bit)
{
    unsigned long old =
        __atomic_fetch_or(&map[bit / BITS_PER_LONG], BIT_MASK(bit), __ATOMIC_SEQ_CST);

    return (old & BIT_MASK(bit)) != 0;
}

/* Returns whether the bit was set before. */
static inline bool bitmap_clear_atomic(unsigned long *map, size_t bit)
{
    unsigned long old =
        __atomic_fetch_and(&map[bit / BITS_PER_LONG], ~BIT_MASK(bit), __ATOMIC_SEQ_CST);

    return (old & BIT_MASK(bit)) != 0;
}

/* Searches words XORed with flip: 0 looks for a set bit, ~0 for a clear one. */
static inline size_t bitmap_search(const unsigned long *map, size_t bits, size_t from,
                                   unsigned long flip)
{
    while (from < bits) {
        unsigned long rest = (map[from / BITS_PER_LONG] ^ flip) >> (from % BITS_PER_LONG);

        if (rest != 0) {
            from += (size_t)__builtin_ctzl(rest);
            return MIN(from, bits);
        }
        from = (from / BITS_PER_LONG + 1) * BITS_PER_LONG;
    }
    return bits;
}

/* The first set bit at or after from; the number of bits if there is none. */
static inline size_t bitmap_find_set(const unsigned long *map, size_t bits, size_t from)
{
    return bitmap_search(map, bits, from, 0);
}

/* The first clear bit at or after from; the number of bits if there is none. */
static inline size_t bitmap_find_clear(const unsigned long *map, size_t bits, size_t from)
{
    return bitmap_search(map, bits, from, ~0ul);
}

#endif
