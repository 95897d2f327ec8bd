/*
 * Round-robin: each vcpu runs for a slice, then goes to the end of the queue. One that had blocked
 * and wakes goes before all these, at once: it waited for an event, and will mostly block again
 * long before its slice ends. But who has waited for PATIENCE_NS goes before those that have waited
 * less: vcpus that wake each other do not keep the others out, nor many that never block those that
 * wake.
 */
#include "hypervisor/sched/policy.h"
#include "hypervisor/time/clock.h"

#define SLICE_NS    10000000UL
#define PATIENCE_NS (3 * SLICE_NS)

struct queue {
    struct vcpu *first, *last;
};

static struct queue woken, waiting; /* the former goes first */

static void queue_append(struct queue *q, struct vcpu *v, u64 now)
{
    v->sched.next = NULL;
    v->sched.queued_at = now;
    v->sched.queued = true;
    if (q->first)
        q->last->sched.next = v;
    else
        q->first = v;
    q->last = v;
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
    queue_append(&woken, v, now_ns());
    return true;
}

static struct vcpu *rr_choose(struct vcpu *running, u64 now, u64 *until)
{
    struct vcpu *boosted = queue_first(&woken), *v = queue_first(&waiting);
    struct queue *q = &waiting;

    if (boosted && (!v || now - v->sched.queued_at < PATIENCE_NS ||
                    boosted->sched.queued_at < v->sched.queued_at)) {
        q = &woken;
        v = boosted;
    }
    if (running && (!v || (!boosted && now < running->sched.until && !running->sched.yields))) {
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
        queue_append(&waiting, running, now);
    *until = v->sched.until = now + SLICE_NS;
    return v;
}

const struct policy round_robin = {.name = "rr", .wake = rr_wake, .choose = rr_choose};
