/* The gate: prototypes of every call, from the one table. */
#ifndef HYPERCALLS_HYPERCALLS_H
#define HYPERCALLS_HYPERCALLS_H

#include "xen-like/abi/calls.h"
#include "hypercalls/layout32.h"
#include "hypervisor/debug/bug.h"
#include "hypervisor/domain/domain.h"
#include "hypervisor/mm/uaccess.h"

XL_CALLS(XL_PROTOTYPE)

long hc_absent(void);

extern const xl_call_fn hypercall_table[XL_CALL_LIMIT], hypercall_table32[XL_CALL_LIMIT];

/* What a call tells its caller: 0 or -EFAULT. */
static inline long answer(u64 to, const void *what, u64 bytes)
{
    return guest_write(to, what, bytes) ? refuse(XEN_EFAULT, "the answer cannot be written") : 0;
}

#endif
