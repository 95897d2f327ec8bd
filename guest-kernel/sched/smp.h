/*
 * More vcpus. vcpu_start(id, fn, arg) runs fn(arg) on vcpu `id`, with traps, a stack, and upcalls
 * masked; when fn returns the vcpu goes down, and may be started again. Which vcpus there are was
 * decided by who made the domain (for the control domain: dom0_max_vcpus= on the hypervisor's
 * command line).
 */
#ifndef GUEST_KERNEL_SCHED_SMP_H
#define GUEST_KERNEL_SCHED_SMP_H

#include "guest-kernel/core/vcpu.h"

/* How many vcpus the domain has, up or not. */
unsigned int vcpu_count(void);

/* 0; -EXISTS if it is up; or a negative errno of vcpu_op (-ENOENT: there is no such vcpu). */
long vcpu_start(unsigned int id, void (*fn)(void *arg), void *arg);

bool vcpu_is_up(unsigned int id);

/* Returns when the vcpu's fn has returned and it is down. */
void vcpu_wait_down(unsigned int id);

#endif
