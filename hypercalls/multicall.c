/*
 * multicall: a list of calls in one entry. Each has its own result; an unknown one does not stop
 * the rest. An entry is copied in as one piece, and its result written back into the same place.
 */
#include "hypercalls/hypercalls.h"

#include "hypervisor/cpu/entry.h"
#include "hypervisor/mm/uaccess.h"

#define RESULT_OFFSET offsetof(struct multicall_entry, result)

/* iret replaces the guest's registers: there is nothing to go on with, and the frame must be loaded
 * in full on the way out. */
static long iret_in_list(void)
{
    struct percpu *cpu = this_cpu();

    iret_load(&cpu->regs);
    __atomic_fetch_or(&cpu->running->work, WORK_RELOAD, __ATOMIC_RELEASE);
    return (long)cpu->regs.rax;
}

static inline long multicall_one(const struct multicall_entry *e)
{
    const unsigned long *a = e->args;

    if (unlikely(e->op >= XL_CALL_LIMIT))
        return hc_absent();
    if (unlikely(e->op == __HYPERVISOR_multicall)) /* each level would take stack, without bound */
        return refuse(XEN_EINVAL, "a list of calls within a list of calls");
    return hypercall_table[e->op](a[0], a[1], a[2], a[3], a[4]);
}

long hc_multicall(unsigned long calls, unsigned long count)
{
    u32 n = (u32)count;

    if (unlikely(!guest_range_ok(calls, (u64)n * sizeof(struct multicall_entry))))
        return refuse(XEN_EFAULT, "a list of calls in the hypervisor's range");
    for (u32 i = 0; i < n; i++, calls += sizeof(struct multicall_entry)) {
        struct multicall_entry e;
        u64 result;

        if (unlikely(guest_copy_in(&e, calls, sizeof(e))))
            return refuse(XEN_EFAULT, "an unreadable list of calls");
        if (unlikely(e.op == __HYPERVISOR_iret))
            return iret_in_list();
        result = (u64)multicall_one(&e);
        if (unlikely(guest_put_u64(calls + RESULT_OFFSET, result)))
            return refuse(XEN_EFAULT, "a list of calls that cannot take its results");
        if (unlikely(current->work))
            break; /* the domain has ended: nobody will see the rest */
    }
    return 0;
}
