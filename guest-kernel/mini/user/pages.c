/*
 * Touches memory that is not there until it is touched: first reads, which find zeros, then writes,
 * which stay.
 */
#include "guest-kernel/mini/user/system.h"

static volatile u64 *heap_page(unsigned int i)
{
    return (volatile u64 *)(HEAP_START + i * PAGE_SIZE);
}

NORETURN void program_main(void)
{
    unsigned int zeros = 0, kept = 0;

    for (unsigned int i = 0; i < PAGES_TOUCHED; i++)
        zeros += *heap_page(i) == 0;
    for (unsigned int i = 0; i < PAGES_TOUCHED; i++)
        *heap_page(i) = i + 1;
    for (unsigned int i = 0; i < PAGES_TOUCHED; i++)
        kept += *heap_page(i) == i + 1;
    say("%u pages of heap began as zeros, %u kept what was written", zeros, kept);
    exit(zeros == PAGES_TOUCHED && kept == PAGES_TOUCHED ? 0 : 1);
}
