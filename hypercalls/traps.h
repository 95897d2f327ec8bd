/* What the calls about entry points share in both widths. */
#ifndef HYPERCALLS_TRAPS_H
#define HYPERCALLS_TRAPS_H

#include "hypercalls/hypercalls.h"

#define ENTRY_UNITS 3 /* of work, see cpu/preempt.h: an entry of a trap table */

/* VCPUF_* @flag says whether this callback masks upcalls. */
void callback_masks_set(struct vcpu *v, u32 flag, bool masks);
void nmi_handler_set(struct vcpu *v, u64 address);

long callback_unregister(unsigned long arg);

#endif
