/* Free stacks are chained through their first word; stack.h says why they are kept. */
#include "guest-kernel/sched/stack.h"
#include "guest-kernel/core/lock.h"
#include "guest-kernel/mm/frame.h"

static void *kept;
static struct lock lock; /* guards kept */

void *stack_alloc(void)
{
    bool open = lock_take(&lock);
    void **stack = kept;

    if (stack)
        kept = *stack;
    lock_release(&lock, open);
    return stack ? stack : pfn_to_virt(frame_alloc_run(STACK_SIZE / PAGE_SIZE));
}

void stack_free(void *stack)
{
    bool open = lock_take(&lock);

    *(void **)stack = kept;
    kept = stack;
    lock_release(&lock, open);
}
