/*
 * Functions that GCC calls by itself, as parts of its own library: division of 64 bits, and what
 * is atomic with 64 bits, which it would do inline if it were allowed the FPU's registers.
 *
 * The CPU has no instruction to divide 64 bits by 64. `div` takes 64
 * bits by 32 if the quotient fits 32: two of them divide by a short divisor, as on paper. For a
 * long one, divisor and dividend are shifted until the divisor is short; the quotient of the rest
 * is right or one too large, which multiplying back shows.
 */
#include "xen-like/lib/types.h"

u64 __udivmoddi4(u64 n, u64 d, u64 *rest);
u64 __udivdi3(u64 n, u64 d);
u64 __umoddi3(u64 n, u64 d);
s64 __divdi3(s64 n, s64 d);
s64 __moddi3(s64 n, s64 d);
s64 __divmoddi4(s64 n, s64 d, s64 *rest);

/* high < d */
static u32 divide_step(u32 high, u32 low, u32 d, u32 *rest)
{
    u32 quotient;

    asm("divl %4" : "=a"(quotient), "=d"(*rest) : "a"(low), "d"(high), "r"(d) : "cc");
    return quotient;
}

static u64 divide_by_short(u64 n, u32 d, u64 *rest)
{
    u32 left, high, low;

    high = divide_step(0, (u32)(n >> 32), d, &left);
    low = divide_step(left, (u32)n, d, &left);
    *rest = left;
    return (u64)high << 32 | low;
}

static u64 divide_by_long(u64 n, u64 d, u64 *rest)
{
    unsigned int shift = 32 - (unsigned int)__builtin_clz((u32)(d >> 32));
    u64 quotient = divide_by_short(n >> 1, (u32)(d >> shift), rest) >> (shift - 1);

    if (quotient)
        quotient--; /* now right or one too small */
    *rest = n - quotient * d;
    if (*rest >= d) {
        *rest -= d;
        quotient++;
    }
    return quotient;
}

u64 __udivmoddi4(u64 n, u64 d, u64 *rest)
{
    u64 left, quotient;

    quotient = d >> 32 ? divide_by_long(n, d, &left) : divide_by_short(n, (u32)d, &left);
    if (rest)
        *rest = left;
    return quotient;
}

u64 __udivdi3(u64 n, u64 d)
{
    return __udivmoddi4(n, d, NULL);
}

u64 __umoddi3(u64 n, u64 d)
{
    u64 rest;

    __udivmoddi4(n, d, &rest);
    return rest;
}

static u64 magnitude(s64 n)
{
    return n < 0 ? -(u64)n : (u64)n;
}

s64 __divmoddi4(s64 n, s64 d, s64 *rest)
{
    u64 left, quotient = __udivmoddi4(magnitude(n), magnitude(d), &left);

    if (rest)
        *rest = (s64)(n < 0 ? -left : left);
    return (s64)((n < 0) != (d < 0) ? -quotient : quotient);
}

s64 __divdi3(s64 n, s64 d)
{
    return __divmoddi4(n, d, NULL);
}

s64 __moddi3(s64 n, s64 d)
{
    s64 rest;

    __divmoddi4(n, d, &rest);
    return rest;
}

/* Not under GCC's own name, which it would take for a declaration of what it knows better. */
bool compare_exchange_8(volatile void *at, void *expected, u64 desired, int,
                        int) asm("__atomic_compare_exchange_8");

u64 load_8(const volatile void *at, int order) asm("__atomic_load_8");
u64 fetch_add_8(volatile void *at, u64 n, int order) asm("__atomic_fetch_add_8");

bool compare_exchange_8(volatile void *at, void *expected, u64 desired, int success, int failure)
{
    u64 old = *(u64 *)expected;
    u64 found = __sync_val_compare_and_swap((volatile u64 *)at, old, desired);

    (void)success, (void)failure; /* the order of all is the strongest */
    *(u64 *)expected = found;
    return found == old;
}

/* An exchange for what is there, if that is 0: it answers what is there in either case. */
u64 load_8(const volatile void *at, int order)
{
    (void)order;
    return __sync_val_compare_and_swap((volatile u64 *)at, 0, 0);
}

u64 fetch_add_8(volatile void *at, u64 n, int order)
{
    u64 old = load_8(at, order), found;

    while ((found = __sync_val_compare_and_swap((volatile u64 *)at, old, old + n)) != old)
        old = found;
    return old;
}
