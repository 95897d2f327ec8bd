/*
 * set_timer_op: the vcpu's one-shot timer, which is the same as vcpu_op's single-shot one (vcpu.c).
 *
 * Some kernels ask for a time far away when they mean one that has long passed, others when they
 * want no timer: Xen's way out is a timer that does neither of them much harm.
 */
#include "hypercalls/hypercalls.h"

#include "hypervisor/time/clock.h"

#define FAR_NS         (1UL << 50)
#define FAR_INSTEAD_NS (100 * NS_PER_MS)

long hc_set_timer_op(unsigned long timeout)
{
    struct timer *t = &current->time.oneshot;
    u64 now = now_ns();

    if (!timeout)
        timer_stop(t);
    else if ((s64)timeout < 0 || (timeout > now && timeout - now >= FAR_NS))
        timer_set(t, now + FAR_INSTEAD_NS);
    else
        timer_set(t, MAX(timeout, now)); /* it is late from now on, not from then */
    return 0;
}
