/*
 * Round-robin: each vcpu runs for a slice, then goes to the end of the queue. Weights mean nothing.
 *
 * Keys are times: when a vcpu came to its place. One that wakes goes as far forward as if it had
 * waited for PATIENCE already: it waited for an event, and will mostly block again long before its
 * slice ends. Who has really waited that long goes before it: so vcpus that wake each other do not
 * keep out those that compute. And a sleep does not renew a slice: who has used his keeps his place
 * at the end, asleep or not.
 */
#include "hypervisor/sched/policy.h"

#define PATIENCE(v) ((s64)(3 * sched_slice(v)))
#define USED        own[0] /* ns, of its slice */

static bool spent(const struct vcpu *v)
{
    return v->sched.USED >= (s64)sched_slice(v);
}

static void rr_enter(struct vcpu *v, bool slept, u64 now)
{
    if (slept && !spent(v))
        v->sched.key = (s64)now - PATIENCE(v);
}

static void rr_ran(struct vcpu *v, u64 ns, u64 now)
{
    v->sched.USED += (s64)ns;
    if (spent(v))
        v->sched.key = (s64)now;
}

static u64 rr_chosen(struct vcpu *v, u64 now)
{
    if (spent(v))
        v->sched.USED = 0;
    v->sched.key = (s64)now;
    return sched_slice(v) - (u64)v->sched.USED;
}

const struct policy round_robin = {
    .name = "rr", .enter = rr_enter, .ran = rr_ran, .chosen = rr_chosen};
