/*
 * Watches. The store's events are counted for nothing: one says only that a watch is due, and a
 * watch that is due already stays so. Thus a store that tells much needs no memory here. The thread
 * calls who is due, one after the other.
 *
 * Taking a watch back is the subtle part: its function may be running. Who takes it back waits
 * until it has returned, unless it is that function itself.
 */
#include "guest-kernel/core/lock.h"
#include "guest-kernel/sched/thread.h"
#include "guest-kernel/xenbus/message.h"
#include "xen-like/lib/fmt.h"
#include "xen-like/lib/string.h"

#define TOKEN_SIZE 12

static struct lock lock; /* guards what follows, and `due` of each */
static struct list watches = LIST_INIT(watches);
static struct xenstore_watch *running;
static struct thread *caller, *taker; /* who calls them; who waits for the running one */
static u32 last_token;

static void token_write(char token[TOKEN_SIZE], const struct xenstore_watch *watch)
{
    fmt_snprintf(token, TOKEN_SIZE, "%u", watch->token);
}

void watch_event(const struct xs_message *event)
{
    char ours[TOKEN_SIZE];
    u32 at = 0;
    const char *token = xs_next_string(event, &at) ? xs_next_string(event, &at) : NULL;
    bool open = lock_take(&lock);

    LIST_FOR_EACH(link, &watches)
    {
        struct xenstore_watch *watch = LIST_ENTRY(link, struct xenstore_watch, link);

        token_write(ours, watch);
        watch->due |= token && !strcmp(token, ours);
    }
    lock_release(&lock, open);
    thread_wake(caller);
}

void xenstore_watch_look(struct xenstore_watch *watch)
{
    bool open = lock_take(&lock);

    watch->due = true;
    lock_release(&lock, open);
    thread_wake(caller);
}

/* Locked. */
static struct xenstore_watch *due_find(void)
{
    LIST_FOR_EACH(link, &watches)
    {
        struct xenstore_watch *watch = LIST_ENTRY(link, struct xenstore_watch, link);

        if (watch->due)
            return watch;
    }
    return NULL;
}

/* False: none is due. */
static bool due_call(void)
{
    bool open = lock_take(&lock);

    running = due_find();
    if (running) {
        running->due = false;
        list_remove(&running->link); /* to the end, so that each has its turn */
        list_add_tail(&watches, &running->link);
    }
    lock_release(&lock, open);
    if (!running)
        return false;
    running->fired(running); /* may be gone afterwards */
    open = lock_take(&lock);
    running = NULL;
    if (taker)
        thread_wake(taker);
    lock_release(&lock, open);
    return true;
}

static void watches_call(void *arg)
{
    (void)arg;
    for (;;) {
        if (!due_call())
            thread_wait();
    }
}

void watches_start(void)
{
    caller = thread_create(thread_self()->vcpu, watches_call, NULL);
}

long xenstore_watch(struct xenstore_watch *watch, const char *path,
                    void (*fired)(struct xenstore_watch *watch))
{
    char token[TOKEN_SIZE];
    bool open = lock_take(&lock);
    long answer;

    *watch = (struct xenstore_watch){.fired = fired, .token = ++last_token};
    token_write(token, watch);
    list_add_tail(&watches, &watch->link); /* its first event may be there before the answer */
    lock_release(&lock, open);
    answer = message_do(XS_WATCH, path, token, (u32)strlen(token) + 1);
    if (answer) {
        open = lock_take(&lock);
        list_remove(&watch->link);
        lock_release(&lock, open);
    }
    return answer;
}

void xenstore_unwatch(struct xenstore_watch *watch, const char *path)
{
    char token[TOKEN_SIZE];
    bool open;

    token_write(token, watch);
    message_do(XS_UNWATCH, path, token, (u32)strlen(token) + 1);
    open = lock_take(&lock);
    list_remove(&watch->link);
    while (running == watch && thread_self() != caller) {
        taker = thread_self();
        lock_release(&lock, open);
        thread_wait();
        open = lock_take(&lock);
    }
    if (taker == thread_self())
        taker = NULL;
    lock_release(&lock, open);
}
