/* A waiter stands in the list with a record on its own stack, until the mutex is its own. */
#include "guest-kernel/sched/mutex.h"

struct waiter {
    struct list link;
    struct thread *thread;
};

void mutex_take(struct mutex *mutex)
{
    struct waiter waiter = {.thread = thread_self()};
    bool open = lock_take(&mutex->lock);

    if (!mutex->holder)
        mutex->holder = waiter.thread;
    else
        list_add_tail(&mutex->waiters, &waiter.link);
    while (mutex->holder != waiter.thread) {
        lock_release(&mutex->lock, open);
        thread_wait();
        open = lock_take(&mutex->lock);
    }
    lock_release(&mutex->lock, open);
}

void mutex_release(struct mutex *mutex)
{
    bool open = lock_take(&mutex->lock);
    struct list *first = list_take_first(&mutex->waiters);
    struct thread *next = first ? LIST_ENTRY(first, struct waiter, link)->thread : NULL;

    mutex->holder = next;
    lock_release(&mutex->lock, open);
    if (next)
        thread_wake(next);
}
