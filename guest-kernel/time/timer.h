/*
 * Timers. A vcpu has three, and all make the same event, VIRQ_TIMER, on that vcpu: one set by
 * timer_set (the vcpu that calls), one single-shot and one periodic by vcpu_op. An event that comes
 * early or twice has to be harmless: look at the clock. All times are system time in nanoseconds;
 * all answer 0 or a negative errno.
 */
#ifndef GUEST_KERNEL_TIME_TIMER_H
#define GUEST_KERNEL_TIME_TIMER_H

#include "guest-kernel/event/event.h"
#include "guest-kernel/event/upcall.h"
#include "guest-kernel/time/clock.h"
#include "guest-kernel/core/hypercall.h"

/* 0 takes it back; a time that has passed makes the event at once. */
static inline long timer_set(u64 deadline)
{
    return call_set_timer_op(deadline);
}

/* The headers say that VCPU_SSHOTTMR_future in flags refuses a time that has passed; Xen 4.17 does
 * not look at it. */
static inline long timer_set_single(u64 deadline, u32 flags)
{
    struct vcpu_set_singleshot_timer timer = {.timeout_abs_ns = deadline, .flags = flags};

    return call_vcpu_op(VCPUOP_set_singleshot_timer, vcpu_self()->id, &timer);
}

static inline long timer_stop_single(void)
{
    return call_vcpu_op(VCPUOP_stop_singleshot_timer, vcpu_self()->id, NULL);
}

static inline long timer_set_periodic(u64 period)
{
    struct vcpu_set_periodic_timer timer = {.period_ns = period};

    return call_vcpu_op(VCPUOP_set_periodic_timer, vcpu_self()->id, &timer);
}

/* A vcpu is born with a period of 10 ms: whoever wants quiet stops it. */
static inline long timer_stop_periodic(void)
{
    return call_vcpu_op(VCPUOP_stop_periodic_timer, vcpu_self()->id, NULL);
}

/*
 * Blocks until an event for this vcpu is there; its upcall has run when this returns. Upcalls may
 * be masked before: blocking opens them in the same step, so that an event which comes just before
 * is not slept through. They are open afterwards.
 */
static inline void vcpu_block(void)
{
    call_sched_op(SCHEDOP_block, NULL);
}

/* Blocks until system time @end, which the vcpu's timer (timer_set) tells: VIRQ_TIMER must be
 * bound. Upcalls are open afterwards. The timer is set each time: by our clock it may have rung a
 * little early, and rings once. */
static inline void vcpu_block_until(u64 end)
{
    upcalls_mask(); /* or it might come between the look and the block */
    while (time_now_ns() < end) {
        timer_set(end);
        vcpu_block();
        upcalls_mask();
    }
    upcalls_unmask();
}

#endif
