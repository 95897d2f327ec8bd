/*
 * The timers that are set on a CPU are a leftist heap: a binary tree in which no timer is due
 * before the one above it, and in which @rank, the length of the way down to the right, is never
 * more on the right than on the left. So a way to the right has at most log2(n + 1) timers, and the
 * one thing that is ever done is to merge two heaps along such ways: a new timer is a heap of one,
 * and what is taken out leaves two behind. The tree is linked through the timers themselves: there
 * is nothing to allocate and no limit.
 */
#include "hypervisor/time/timer.h"

#include "hypervisor/cpu/apic.h"
#include "hypervisor/cpu/spinlock.h"
#include "hypervisor/debug/keys.h"
#include "hypervisor/debug/log.h"
#include "hypervisor/mm/alloc.h"
#include "hypervisor/time/alarm.h"
#include "hypervisor/time/clock.h"

#define CALLS_MAX 32U   /* in one interrupt; the rest in the next, which follows at once */
#define SPIN_MAX  1000U /* ns: what is due so soon is waited for; another interrupt takes longer */

struct timer_queue {
    struct spinlock lock;
    struct timer *first;
    u64 alarm; /* what the hardware is set to */
    u32 set;
    u32 late[40]; /* calls that came less than 2^n ns late. This CPU only */
};

_Static_assert(sizeof(struct timer_queue) <= PAGE_SIZE, "a queue is a page");

static u32 rank_of(const struct timer *t)
{
    return t ? t->rank : 0;
}

/* Put the children of @t in order, and @t's rank right. */
static void rank_fix(struct timer *t)
{
    struct timer *left = t->left;

    if (rank_of(left) < rank_of(t->right)) {
        t->left = t->right;
        t->right = left;
    }
    t->rank = rank_of(t->right) + 1;
}

/* Goes down the two ways to the right, so at most 2 * log2(n) deep. The result's up is not set. */
static struct timer *heaps_merge(struct timer *a, struct timer *b)
{
    if (!a || !b)
        return a ? a : b;
    if (b->due < a->due)
        return heaps_merge(b, a);
    a->right = heaps_merge(a->right, b);
    a->right->up = a;
    rank_fix(a);
    return a;
}

/* Heap @h in the place of @old, which is below @up. */
static void heap_hang(struct timer_queue *q, struct timer *up, const struct timer *old,
                      struct timer *h)
{
    if (h)
        h->up = up;
    if (!up)
        q->first = h;
    else if (up->left == old)
        up->left = h;
    else
        up->right = h;
}

/* Ranks above need another look only as far as they change. */
static void queue_remove(struct timer_queue *q, struct timer *t)
{
    heap_hang(q, t->up, t, heaps_merge(t->left, t->right));
    for (struct timer *up = t->up; up; up = up->up) {
        u32 before = up->rank;

        rank_fix(up);
        if (up->rank == before)
            break;
    }
    t->queue = NULL;
    q->set--;
}

static void queue_alarm(struct timer_queue *q)
{
    u64 due = q->first ? q->first->due : ALARM_NEVER;

    if (due == q->alarm || due == ALARM_NEVER)
        return; /* an interrupt too many is cheaper than to stop it each time */
    q->alarm = due;
    alarm_set(due);
}

/* Was it set? */
static bool timer_remove(struct timer *t)
{
    struct timer_queue *q;

    for (; (q = ACCESS_ONCE(t->queue)); spin_unlock(&q->lock)) {
        spin_lock(&q->lock);
        if (t->queue != q)
            continue; /* it moved meanwhile */
        queue_remove(q, t);
        spin_unlock(&q->lock);
        return true;
    }
    return false;
}

static void queue_add(struct timer_queue *q, struct timer *t)
{
    t->left = t->right = NULL;
    t->rank = 1;
    t->queue = q;
    q->set++;
    heap_hang(q, NULL, NULL, heaps_merge(q->first, t));
    queue_alarm(q);
}

void timer_init(struct timer *t, void (*fn)(void *data), void *data)
{
    *t = (struct timer){.fn = fn, .data = data};
}

void timer_set(struct timer *t, u64 due)
{
    struct timer_queue *q = this_cpu()->timers;

    if (unlikely(ACCESS_ONCE(t->queue) && ACCESS_ONCE(t->queue) != q))
        timer_remove(t); /* it is another CPU's */
    spin_lock(&q->lock);
    if (t->queue) /* it has not been called meanwhile */
        queue_remove(q, t);
    t->due = due;
    queue_add(q, t);
    spin_unlock(&q->lock);
}

void timer_stop(struct timer *t)
{
    if (ACCESS_ONCE(t->queue))
        timer_remove(t);
}

bool timer_is_set(const struct timer *t)
{
    return ACCESS_ONCE(t->queue);
}

/* Not part of timer_move_here(), which mostly has nothing to do, and so no register to save. */
static __attribute__((noinline)) void move_here(struct timer *t)
{
    struct timer_queue *q = this_cpu()->timers;

    if (!timer_remove(t))
        return;
    spin_lock(&q->lock);
    queue_add(q, t);
    spin_unlock(&q->lock);
}

void timer_move_here(struct timer *t)
{
    const struct timer_queue *q = ACCESS_ONCE(t->queue);

    if (q && q != this_cpu()->timers)
        move_here(t);
}

static void late_note(struct timer_queue *q, u64 late)
{
    u32 bits = late ? 64 - (u32)__builtin_clzl(late) : 0;

    q->late[MIN(bits, ARRAY_SIZE(q->late) - 1)]++;
}

/* The next timer that is due now or any moment, taken out; NULL: there is none. */
static struct timer *queue_take(struct timer_queue *q)
{
    struct timer *t;
    u64 now = now_ns();

    spin_lock(&q->lock);
    t = q->first;
    if (t && t->due <= now + SPIN_MAX)
        queue_remove(q, t);
    else
        t = NULL;
    spin_unlock(&q->lock);
    if (!t)
        return NULL;
    while (now < t->due)
        now = now_ns();
    late_note(q, now - t->due);
    return t;
}

/* The timer's interrupt. */
static void timers_run(void *unused)
{
    struct timer_queue *q = this_cpu()->timers;
    struct timer *t;

    (void)unused;
    for (u32 n = 0; n < CALLS_MAX && (t = queue_take(q)); n++)
        t->fn(t->data);
    spin_lock(&q->lock);
    q->alarm = ALARM_NEVER;
    queue_alarm(q);
    spin_unlock(&q->lock);
}

static void queue_show(u32 cpu)
{
    const struct timer_queue *q = percpu_of(cpu)->timers;
    u64 now = now_ns();

    log_always("CPU %u: %u timers set; now %lu, the next in %ld ns", cpu, q->set, now,
               q->first ? (long)(q->first->due - now) : 0);
    for (u32 i = 0; i < ARRAY_SIZE(q->late); i++)
        if (q->late[i])
            log_always(" %u timers were less than %lu ns late", q->late[i], 1UL << i);
}

static void timers_show(void)
{
    for (u32 cpu = 0; cpu < cpus_online; cpu++)
        queue_show(cpu);
}

void timers_init(void)
{
    struct timer_queue *q = pages_alloc(0);

    BUG_ON(!q);
    *q = (struct timer_queue){.lock = SPINLOCK(LOCK_TIMERS), .alarm = ALARM_NEVER};
    this_cpu()->timers = q;
    if (this_cpu()->id)
        return;
    irq_set_handler(VECTOR_TIMER, timers_run, NULL);
    key_add('a', "timers", timers_show);
}
