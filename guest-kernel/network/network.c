/*
 * The thread's loop, and its jobs. Jobs lie on the stacks of those who wait for them; the list is
 * touched with upcalls masked (all threads that use the network are on one vcpu).
 */
#include "guest-kernel/network/network.h"
#include "guest-kernel/event/upcall.h"
#include "guest-kernel/network/lwip_port.h"
#include "guest-kernel/sched/thread.h"
#include "guest-kernel/third_party/lwip/include/lwip/init.h"
#include "guest-kernel/third_party/lwip/include/lwip/timeouts.h"
#include "guest-kernel/time/clock.h"

struct job {
    struct list link;
    bool (*attempt)(void *arg);
    void *arg;
    u64 deadline;
    bool succeeded;
    volatile bool over;
    struct thread *waiter;
};

static struct thread *network; /* NULL: not started */
static struct list jobs = LIST_INIT(jobs);
static struct list polls = LIST_INIT(polls);

void network_poll_add(struct network_poll *poll)
{
    list_add_tail(&polls, &poll->link);
}

void network_wake(void)
{
    if (network)
        thread_wake(network);
}

/* As soon as upcalls are open the job's memory is the waiter's again. */
static void job_end(struct job *job, bool succeeded)
{
    bool open = upcalls_mask();

    list_remove(&job->link);
    job->succeeded = succeeded;
    job->over = true;
    thread_wake(job->waiter);
    upcalls_restore(open);
}

/* Tries all jobs once; answers the first deadline among those that are left. New ones come to the
 * end of the list while it goes on, and nobody but this thread removes any. */
static u64 jobs_try(void)
{
    u64 first = ~0ull;
    struct list *next;

    for (struct list *link = jobs.next; link != &jobs; link = next) {
        struct job *job = LIST_ENTRY(link, struct job, link);
        bool late = time_now_ns() >= job->deadline;
        bool succeeded = job->attempt(job->arg);

        next = link->next;
        if (succeeded || late)
            job_end(job, succeeded);
        else
            first = MIN(first, job->deadline);
    }
    return first;
}

static bool polls_do(void)
{
    bool busy = false;

    LIST_FOR_EACH_SAFE(link, after, &polls)
    {
        struct network_poll *poll = LIST_ENTRY(link, struct network_poll, link);

        busy |= poll->poll(poll);
    }
    return busy;
}

static void polls_flush(void)
{
    LIST_FOR_EACH(link, &polls)
    {
        struct network_poll *poll = LIST_ENTRY(link, struct network_poll, link);

        poll->flush(poll);
    }
}

static void network_run(void *arg)
{
    (void)arg;
    for (;;) {
        bool busy = polls_do();
        u64 deadline = jobs_try();
        u32 sleep_ms;

        sys_check_timeouts();
        polls_flush();
        if (busy)
            continue;
        sleep_ms = sys_timeouts_sleeptime();
        if (sleep_ms != SYS_TIMEOUTS_SLEEPTIME_INFINITE)
            deadline = MIN(deadline, time_now_ns() + sleep_ms * NS_PER_MILLISECOND);
        thread_wait_until(deadline);
    }
}

bool network_start(void)
{
    if (network)
        return true;
    if (!lwip_port_init())
        return false;
    lwip_init();
    network = thread_create(vcpu_self(), network_run, NULL);
    return true;
}

bool network_wait(bool (*attempt)(void *arg), void *arg, u64 span_ns)
{
    struct job job = {.attempt = attempt,
                      .arg = arg,
                      .deadline = time_now_ns() + span_ns,
                      .waiter = thread_self()};
    bool open = upcalls_mask();

    list_add_tail(&jobs, &job.link);
    upcalls_restore(open);
    network_wake();
    while (!job.over)
        thread_wait();
    return job.succeeded;
}

struct call {
    void (*fn)(void *arg);
    void *arg;
};

static bool call_once(void *arg)
{
    const struct call *call = arg;

    call->fn(call->arg);
    return true;
}

void network_do(void (*fn)(void *arg), void *arg)
{
    struct call call = {fn, arg};

    network_wait(call_once, &call, 0);
}
