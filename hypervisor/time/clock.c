/* System time, for the moment at a fixed rate. */
#include "hypervisor/time/clock.h"
#include "hypervisor/time/timer.h"
#include "hypervisor/cpu/regs.h"

void time_init(void)
{
}
u64 now_ns(void)
{
    return rdtsc();
}
void vcpu_time_publish(struct vcpu *v)
{
    (void)v;
}
void timer_init(struct timer *t, void (*fn)(void *data), void *data)
{
    t->fn = fn;
    t->data = data;
}
void timer_set(struct timer *t, u64 due)
{
    t->due = due;
}
void timer_stop(struct timer *t)
{
    t->due = 0;
}
