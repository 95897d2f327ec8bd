/*
 * Computes for a while, and says nothing to anybody until it is done.
 */
#include "guest-kernel/mini/user/system.h"

#define TICKS 20000000ull /* of the TSC: some milliseconds */

static u64 tsc(void)
{
    u32 low, high;

    asm volatile("rdtsc" : "=a"(low), "=d"(high));
    return (u64)high << 32 | low;
}

NORETURN void program_main(void)
{
    u64 end = tsc() + TICKS;

    while (tsc() < end)
        ;
    exit(0);
}
