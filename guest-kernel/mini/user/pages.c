/*
 * Touches memory that is not there until it is touched: first reads, which find zeros, then writes,
 * which stay. The kernel may be the first to touch a page too: it reads the text of a write.
 */
#include "guest-kernel/mini/user/system.h"

/* A whole page of the program, which nothing but the kernel will read. */
static const char text[PAGE_SIZE] __attribute__((aligned(PAGE_SIZE))) =
    "    this line was not in memory until the kernel read it\n";

static volatile u64 *heap_page(unsigned int i)
{
    return (volatile u64 *)(HEAP_START + i * PAGE_SIZE);
}

NORETURN void program_main(void)
{
    unsigned int zeros = 0, kept = 0;
    long bad;

    for (unsigned int i = 0; i < PAGES_TOUCHED; i++)
        zeros += *heap_page(i) == 0;
    for (unsigned int i = 0; i < PAGES_TOUCHED; i++)
        *heap_page(i) = i + 1;
    for (unsigned int i = 0; i < PAGES_TOUCHED; i++)
        kept += *heap_page(i) == i + 1;
    say("%u pages of heap began as zeros, %u kept what was written", zeros, kept);
    system_call(SYSCALL_WRITE, (unsigned long)text, strlen(text), NULL);
    bad = system_call(SYSCALL_WRITE, HEAP_START + HEAP_SIZE, 1, NULL);
    say("text at an address that no region has: %ld", bad);
    exit(bad < 0 && zeros == PAGES_TOUCHED && kept == PAGES_TOUCHED ? 0 : 1);
}
