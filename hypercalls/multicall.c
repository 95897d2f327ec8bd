/*
 * multicall: a list of calls in one entry. Each has its own result; an unknown one does not stop
 * the rest. An entry is read once, in one window, straight into the callee's argument registers.
 */
#include "hypercalls/hypercalls.h"

#include "hypercalls/continuation.h"
#include "hypervisor/cpu/entry.h"
#include "hypervisor/cpu/preempt.h"
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

#define CALL_UNITS  16 /* of work (cpu/preempt.h): a call with eight updates, a page to clear */
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

static long list_continue(u64 list, u64 end)
{
    return call_continue(__HYPERVISOR_multicall, list,
                         (end - list) / sizeof(struct multicall_entry), 0, 0);
}

/* The call at @entry has left work, or something else has come: what the list returns. */
static long list_work(u64 entry, u64 end)
{
    struct percpu *cpu = this_cpu();
    u32 work = __atomic_fetch_and(&cpu->running->work, ~WORK_CONTINUE, __ATOMIC_ACQ_REL);

    if (work & (WORK_DEAD | WORK_RELOAD)) /* an iret replaced the registers that called us */
        return (long)cpu->regs.rax;
    if (!(work & WORK_CONTINUE))
        entry += sizeof(struct multicall_entry);
    else if (guest_copy_out(entry + offsetof(struct multicall_entry, args), cpu->continued,
                            sizeof(cpu->continued)))
        return refuse(XEN_EFAULT, "a list of calls that cannot be written");
    return entry != end ? list_continue(entry, end) : 0;
}

long hc_multicall(unsigned long list, unsigned long count)
{
    u64 end = list + (u64)(u32)count * sizeof(struct multicall_entry);

    if (unlikely(!guest_range_ok(list, end - list)))
        return refuse(XEN_EFAULT, "a list of calls in the hypervisor's range");
    while (list != end) {
        long rc = entry_run(list);

        if (unlikely(rc)) { /* a call that wants to go on has nowhere to be told so */
            __atomic_fetch_and(&current->work, ~WORK_CONTINUE, __ATOMIC_ACQ_REL);
            return rc;
        }
        if (unlikely(current->work))
            return list_work(list, end);
        list += sizeof(struct multicall_entry);
        if (unlikely(preempt_point(CALL_UNITS)) && list != end)
            return list_continue(list, end);
    }
    return 0;
}
