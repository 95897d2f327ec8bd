/*
 * A vcpu's timers: set_timer_op, and what vcpu_op has of time. All of them raise VIRQ_TIMER; when
 * is what vcpu.h and the note at HYPERVISOR_set_timer_op in xen.h say. set_timer_op and the
 * single-shot timer are one and the same.
 */
#include "hypercalls/time.h"

#include "hypercalls/hypercalls.h"
#include "hypervisor/mm/uaccess.h"
#include "hypervisor/time/clock.h"

/* Some kernels ask for a time so far away when they mean that something has long been due, others
 * when they want no timer: Xen's way out is a timer that does neither much harm. */
#define FAR_NS         (1UL << 50)
#define FAR_INSTEAD_NS (100 * NS_PER_MS)

#define PERIOD_MIN NS_PER_MS
#define PERIOD_MAX (~0UL >> 2)

long hc_set_timer_op(unsigned long timeout)
{
    struct timer *t = &current->time.oneshot;
    u64 now = now_ns();

    if (!timeout)
        timer_stop(t);
    else if ((s64)timeout < 0 || (timeout > now && timeout - now >= FAR_NS))
        timer_set(t, now + FAR_INSTEAD_NS);
    else
        timer_set(t, timeout);
    return 0;
}

long vcpu_periodic_timer_set(struct vcpu *v, u64 arg)
{
    struct vcpu_set_periodic_timer set;

    if (guest_read(&set, arg, sizeof(set)))
        return refuse(XEN_EFAULT, "the argument cannot be read");
    if (set.period_ns < PERIOD_MIN || set.period_ns > PERIOD_MAX)
        return refuse(XEN_EINVAL, "the period is shorter than a millisecond, or endless");
    vcpu_time_set_period(v, set.period_ns);
    return 0;
}

long vcpu_periodic_timer_stop(struct vcpu *v)
{
    vcpu_time_set_period(v, 0);
    return 0;
}

/* Xen 4.17 does not look at the flags: a time that has passed is an event now, not -ETIME. And one
 * that it takes for negative has passed. */
long vcpu_singleshot_timer_set(struct vcpu *v, u64 arg)
{
    struct vcpu_set_singleshot_timer set;

    if (v != current)
        return refuse(XEN_EINVAL, "the timer of another vcpu");
    if (guest_read(&set, arg, sizeof(set)))
        return refuse(XEN_EFAULT, "the argument cannot be read");
    if ((s64)set.timeout_abs_ns >= (s64)now_ns()) {
        timer_set(&v->time.oneshot, set.timeout_abs_ns);
        return 0;
    }
    timer_stop(&v->time.oneshot);
    virq_raise(v, VIRQ_TIMER);
    return 0;
}

long vcpu_singleshot_timer_stop(struct vcpu *v)
{
    if (v != current)
        return refuse(XEN_EINVAL, "the timer of another vcpu");
    timer_stop(&v->time.oneshot);
    return 0;
}

long vcpu_time_area_register(struct vcpu *v, u64 arg)
{
    struct vcpu_register_time_memory_area area;

    if (guest_read(&area, arg, sizeof(area)))
        return refuse(XEN_EFAULT, "the argument cannot be read");
    if (!guest_range_ok(area.addr.p, sizeof(struct vcpu_time_info)))
        return refuse(XEN_EFAULT, "the record's place is not in guest memory");
    v->time.area = area.addr.p;
    vcpu_time_publish(v);
    return 0;
}
