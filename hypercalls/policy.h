/* How a whole policy of the CPU (cpu/system_policy.h) is handed to a toolstack: sysctl and domctl.
 */
#ifndef HYPERCALLS_POLICY_H
#define HYPERCALLS_POLICY_H

#include "hypervisor/cpu/system_policy.h"

/* To the guest's lists at @to, which have room for *@count; and there were so many. 0, -ENOBUFS or
 * -EFAULT. */
long policy_leaves_write(policy_ask_fn *ask, const void *whose, u64 to, u32 *count);
long policy_msrs_write(const xen_msr_entry_t msrs[POLICY_MSRS], u64 to, u32 *count);

#endif
