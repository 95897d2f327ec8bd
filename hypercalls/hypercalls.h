/* The gate: prototypes of every call, from the one table. */
#ifndef HYPERCALLS_HYPERCALLS_H
#define HYPERCALLS_HYPERCALLS_H

#include "xen-like/abi/calls.h"
#include "hypervisor/debug/bug.h"
#include "hypervisor/domain/domain.h"

XL_CALLS(XL_PROTOTYPE)

long hc_absent(void);

extern const xl_call_fn hypercall_table[XL_CALL_LIMIT];

#endif
