/* The timers of vcpu_op, which hypercalls/vcpu.c has found the vcpu for: 0 or an errno. */
#ifndef HYPERCALLS_TIME_H
#define HYPERCALLS_TIME_H

#include "xen-like/lib/types.h"

struct vcpu;

/* VCPUOP_set_periodic_timer and stop_periodic_timer, of any vcpu. @arg: the guest's pointer. */
long vcpu_periodic_timer_set(struct vcpu *v, u64 arg);
long vcpu_periodic_timer_stop(struct vcpu *v);

/* VCPUOP_set_singleshot_timer and stop_singleshot_timer: -EINVAL if @v is not the caller's. */
long vcpu_singleshot_timer_set(struct vcpu *v, u64 arg);
long vcpu_singleshot_timer_stop(struct vcpu *v);

/* VCPUOP_register_vcpu_time_memory_area. */
long vcpu_time_area_register(struct vcpu *v, u64 arg);

#endif
