// LINK: xen-like/lib/string.c
/*
 * Both ends of a ring side by side, each a thread, under ThreadSanitizer: no access of one end
 * races with one of the other, entries arrive as they were, and no wakeup is lost. An end that
 * finds nothing sleeps on a semaphore, which the other raises only when its push says so: a wakeup
 * that is lost lets both sleep for ever, and the deadline finds that.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <time.h>

#include "ioring/ring.h"

#define DEADLINE_SECONDS 120

struct request {
    u64 id, value;
};

struct end {
    pthread_t thread;
    sem_t wake;
    u32 seed, notified;
    const char *wrong;
};

static struct {
    void *page;
    u64 entries;
    u32 batch; /* at most so many at once */
    struct end front, back;
} test;

static u32 random_below(struct end *e, u32 limit)
{
    e->seed = e->seed * 1664525 + 1013904223;
    return (u32)((u64)e->seed * limit >> 32);
}

static void end_notify(struct end *to)
{
    to->notified++; /* counted by its sender, who is one */
    sem_post(&to->wake);
}

static void requests_put(struct ring_front *ring, u64 *sent)
{
    u32 count = 1 + random_below(&test.front, test.batch);

    for (; count && *sent < test.entries && ring_front_room(ring); count--, ++*sent)
        ring_front_put(ring, &(struct request){*sent, *sent * 7}, sizeof(struct request));
    if (ring_front_push(ring))
        end_notify(&test.back);
}

static bool responses_take(struct ring_front *ring, u64 *done)
{
    struct request response;
    s32 answer;

    while ((answer = ring_front_take(ring, &response, sizeof(response))) == 1) {
        if (response.id != *done || response.value != *done * 9)
            test.front.wrong = "a response that is not the next";
        ++*done;
    }
    return answer == 0;
}

static void *front_run(void *arg)
{
    struct ring_front *ring = arg;
    u64 sent = 0, done = 0;

    while (done < test.entries && !test.front.wrong) {
        u32 after = 1;

        requests_put(ring, &sent);
        if (!responses_take(ring, &done))
            test.front.wrong = "broken";
        if (sent < test.entries && ring_front_room(ring))
            continue; /* there is something to do without the other */
        if (sent - done > 8)
            after = 1 + random_below(&test.front, 8);
        if (ring_front_final_check(ring, after) == 0 && done < test.entries)
            sem_wait(&test.front.wake);
    }
    return NULL;
}

static void *back_run(void *arg)
{
    struct ring_back *ring = arg;
    u64 taken = 0, answered = 0;

    while (answered < test.entries && !test.back.wrong) {
        u32 batch = 1 + random_below(&test.back, test.batch);
        struct request request;
        s32 answer = 1;

        while (batch-- && (answer = ring_back_take(ring, &request, sizeof(request))) == 1)
            if (request.id != taken++ || request.value != request.id * 7)
                test.back.wrong = "a request that is not the next";
        if (answer < 0)
            test.back.wrong = "broken";
        for (; answered < taken; answered++)
            ring_back_put(ring, &(struct request){answered, answered * 9}, sizeof(request));
        if (ring_back_push(ring))
            end_notify(&test.front);
        if (answer == 0 && answered < test.entries && ring_back_final_check(ring, 1) == 0)
            sem_wait(&test.back.wake);
    }
    return NULL;
}

static void end_join(struct end *e, const char *name)
{
    struct timespec deadline;

    clock_gettime(CLOCK_REALTIME, &deadline);
    deadline.tv_sec += DEADLINE_SECONDS;
    if (pthread_timedjoin_np(e->thread, NULL, &deadline) != 0)
        fail_msg("%s sleeps for ever: a wakeup was lost", name);
    if (e->wrong)
        fail_msg("%s: %s", name, e->wrong);
}

static void run(u64 entries, size_t bytes, u32 batch)
{
    static struct ring_front front;
    static struct ring_back back;

    test.entries = entries;
    test.batch = batch;
    test.page = aligned_alloc(4096, 4096);
    test.front = (struct end){.seed = batch};
    test.back = (struct end){.seed = batch + 1};
    sem_init(&test.front.wake, 0, 0);
    sem_init(&test.back.wake, 0, 0);
    ring_front_init(&front, test.page, bytes, sizeof(struct request));
    assert_int_equal(ring_back_attach(&back, test.page, bytes, sizeof(struct request)), 0);
    pthread_create(&test.front.thread, NULL, front_run, &front);
    pthread_create(&test.back.thread, NULL, back_run, &back);
    end_join(&test.front, "front");
    end_join(&test.back, "back");
    print_message("%zu entries, ring of %u: back notified %u times, front %u\n", test.entries,
                  front.ring.size, test.back.notified, test.front.notified);
    assert_in_range(test.back.notified, 1, test.entries);
    assert_in_range(test.front.notified, 1, test.entries);
    free(test.page);
}

/* Two entries: full and empty alternate, each end sleeps all the time. */
static void a_tiny_ring(void **state)
{
    (void)state;
    run(200000, 64 + 2 * sizeof(struct request), 2);
}

static void a_small_ring_one_by_one(void **state)
{
    (void)state;
    run(400000, 64 + 16 * sizeof(struct request), 1);
}

static void a_page_in_batches(void **state)
{
    (void)state;
    run(3000000, 4096, 64);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_tiny_ring),
        cmocka_unit_test(a_small_ring_one_by_one),
        cmocka_unit_test(a_page_in_batches),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
