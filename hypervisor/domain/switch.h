/*
 * Moving a vcpu's state between a CPU and memory. Everything that the CPU itself holds for its
 * guest is here: what is missing would leak from one vcpu to the next.
 */
#ifndef HYPERVISOR_DOMAIN_SWITCH_H
#define HYPERVISOR_DOMAIN_SWITCH_H

#include "hypervisor/domain/domain.h"

/* Keep the state of @v, which is loaded; its registers are all in the CPU's frame. */
void vcpu_save(struct vcpu *v);

/* Make @v the current vcpu of this CPU, whose frame afterwards has its registers. */
void vcpu_load(struct vcpu *v);

/* Let this CPU hold nothing of any guest: @idle (sched/) is current, the tables are our own. */
void vcpu_load_idle(struct vcpu *idle);

#endif
