/* What a vcpu has of time: its timers, and where it wants its time record. */
#ifndef HYPERVISOR_TIME_VCPU_TIME_H
#define HYPERVISOR_TIME_VCPU_TIME_H

#include "hypervisor/time/timer.h"

struct vcpu;

struct vcpu_time {
    struct timer oneshot;  /* set_timer_op and VCPUOP_set_singleshot_timer: VIRQ_TIMER */
    struct timer periodic; /* likewise, each @period ns while the vcpu runs */
    struct timer poll;     /* the end of a SCHEDOP_poll */
    u64 period;            /* 0: none */
    u64 area; /* guest address of the time record that it registered; 0: none. current only */
};

/* A new vcpu's timers; and their end. */
void vcpu_time_init(struct vcpu *v);
void vcpu_time_destroy(struct vcpu *v);

#endif
