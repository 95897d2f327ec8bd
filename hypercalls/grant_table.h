/* What the files of grant_table_op share. */
#ifndef HYPERCALLS_GRANT_TABLE_H
#define HYPERCALLS_GRANT_TABLE_H

#include "hypercalls/authority.h"
#include "hypercalls/continuation.h"
#include "hypercalls/hypercalls.h"
#include "hypervisor/cpu/preempt.h"

/* The status of the operation that was read from @at, where it belongs: 0 or -EFAULT. */
#define GRANT_STATUS_WRITE(at, op) STRUCT_WRITE_FIELD(at, &(op), status)

/* The operations on tables as a whole: 0 or an errno; -ENOSYS for what is none. */
long grant_table_setup(u32 op, u64 arg, u32 count);

#endif
