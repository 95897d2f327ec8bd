/*
 * multicall: a list of calls in one entry. Each has its own result; an unknown one does not stop
 * the rest. An entry is read once, in one window, straight into the callee's argument registers.
 */
#include "hypercalls/hypercalls.h"

#include "hypervisor/cpu/entry.h"
#include "hypervisor/mm/uaccess.h"

/* iret replaces the guest's registers: there is nothing to go on with, and the frame must be loaded
 * in full on the way out. */
static long iret_in_list(void)
{
    struct percpu *cpu = this_cpu();

    iret_load(&cpu->regs);
    __atomic_fetch_or(&cpu->running->work, WORK_RELOAD, __ATOMIC_RELEASE);
    return 0;
}

#define WORD(field) (offsetof(struct multicall_entry, field) / sizeof(u64))

/* The call at @entry of the guest's list: its result goes back there (but for iret). 0, or -EFAULT.
 */
static inline long entry_run(u64 entry)
{
    u64 op, a1, a2, a3, a4, a5, result;

    smap_open();
    GUEST_GET(op, entry, WORD(op), fault);
    GUEST_GET(a1, entry, WORD(args[0]), fault);
    GUEST_GET(a2, entry, WORD(args[1]), fault);
    GUEST_GET(a3, entry, WORD(args[2]), fault);
    GUEST_GET(a4, entry, WORD(args[3]), fault);
    GUEST_GET(a5, entry, WORD(args[4]), fault);
    smap_close();
    if (unlikely(op >= XL_CALL_LIMIT))
        result = (u64)hc_absent();
    else if (unlikely(op ==
                      __HYPERVISOR_multicall)) /* each level would take stack, without bound */
        result = (u64)refuse(XEN_EINVAL, "a list of calls within a list of calls");
    else if (unlikely(op == __HYPERVISOR_iret))
        return iret_in_list();
    else
        result = (u64)hypercall_table[op](a1, a2, a3, a4, a5);
    smap_open();
    GUEST_PUT(entry, WORD(result), result, fault);
    smap_close();
    return 0;
fault:
    smap_close();
    return refuse(XEN_EFAULT, "a list of calls that cannot be read, or cannot take its results");
}

long hc_multicall(unsigned long list, unsigned long count)
{
    u64 end = list + (u64)(u32)count * sizeof(struct multicall_entry);

    if (unlikely(!guest_range_ok(list, end - list)))
        return refuse(XEN_EFAULT, "a list of calls in the hypervisor's range");
    for (; list != end; list += sizeof(struct multicall_entry)) {
        long rc = entry_run(list);

        if (unlikely(rc))
            return rc;
        if (unlikely(current->work)) /* the domain has ended, or an iret replaced what called us */
            return (long)this_cpu()->regs.rax;
    }
    return 0;
}
