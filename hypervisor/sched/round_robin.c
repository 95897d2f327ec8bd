/*
 * Round-robin: each vcpu runs for a slice, then goes to the end of the queue. One that had blocked
 * and wakes goes first: it waited for an event, and will mostly block again long before its slice
 * ends; whom it interrupts goes on afterwards with what is left of his. (A vcpu that wakes all the
 * time can so take more than its share: what keeps shares is a policy to come.)
 */
#include "hypervisor/sched/policy.h"

#define SLICE_NS 10000000UL

struct queue {
    struct vcpu *first, *last;
};

static struct queue woken, waiting; /* the former goes first */

static void queue_append(struct queue *q, struct vcpu *v)
{
    v->sched.next = NULL;
    v->sched.queued = true;
    if (q->first)
        q->last->sched.next = v;
    else
        q->first = v;
    q->last = v;
}

static void queue_prepend(struct queue *q, struct vcpu *v)
{
    v->sched.next = q->first;
    v->sched.queued = true;
    if (!q->first)
        q->last = v;
    q->first = v;
}

/* The first that may run still; those before it leave the queue. */
static struct vcpu *queue_first(struct queue *q)
{
    while (q->first && !vcpu_may_run(q->first)) {
        q->first->sched.queued = false;
        q->first = q->first->sched.next;
    }
    return q->first;
}

static bool rr_wake(struct vcpu *v)
{
    queue_append(&woken, v);
    return true;
}

/* @v runs no longer, though it may. */
static void put_back(struct vcpu *v, u64 now)
{
    if (v->sched.yields || now >= v->sched.until)
        return queue_append(&waiting, v);
    v->sched.slice_left = v->sched.until - now;
    queue_prepend(&waiting, v);
}

static struct vcpu *rr_choose(struct vcpu *running, u64 now, u64 *until)
{
    struct queue *q = queue_first(&woken) ? &woken : &waiting;
    struct vcpu *v = queue_first(q);

    if (running &&
        (!v || (q == &waiting && now < running->sched.until && !running->sched.yields))) {
        if (now >= running->sched.until)
            running->sched.until = now + SLICE_NS;
        *until = v ? running->sched.until : ~0UL;
        return running;
    }
    if (!v)
        return NULL;
    q->first = v->sched.next;
    v->sched.queued = false;
    if (running)
        put_back(running, now);
    v->sched.until = now + (v->sched.slice_left ?: SLICE_NS);
    v->sched.slice_left = 0;
    *until = v->sched.until;
    return v;
}

const struct policy round_robin = {.name = "rr", .wake = rr_wake, .choose = rr_choose};
