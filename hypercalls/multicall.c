/*
 * multicall: a list of calls in one entry. Each has its own result; an unknown one does not stop
 * the rest. An entry is read once, in one window, straight into the callee's argument registers.
 *
 * A 32-bit guest's list has the same fields as words of 32 bits. The loop is made for either width,
 * @narrow being a constant in it: lists are what kernels use where they are in a hurry.
 */
#include "hypercalls/calls32.h"

#include "hypercalls/continuation.h"
#include "hypervisor/cpu/entry.h"
#include "hypervisor/cpu/preempt.h"
#include "hypervisor/debug/trace.h"
#include "hypervisor/mm/uaccess.h"

/* iret replaces the guest's registers: there is nothing to go on with, and the frame must be loaded
 * in full on the way out. */
static long iret_in_list(void)
{
    struct percpu *cpu = this_cpu();

    (cpu->running->domain->is_32bit ? iret_load32 : iret_load)(&cpu->regs);
    __atomic_fetch_or(&cpu->running->work, WORK_RELOAD, __ATOMIC_RELEASE);
    return 0;
}

#define CALL_UNITS  16 /* of work (cpu/preempt.h): a call with eight updates, a page to clear */
#define WORD(field) (offsetof(struct multicall_entry, field) / sizeof(u64))

#define ENTRY_BYTES (sizeof(struct multicall_entry) / (narrow ? 2 : 1))
#define WORD_BYTES  (narrow ? sizeof(u32) : sizeof(u64))

/* One that goes on later has no result yet. */
static __attribute__((cold, noinline)) u64 call_recorded(u64 op, const u64 *a,
                                                         const xl_call_fn *table)
{
    u64 result;

    trace_subcall((u32)op, a);
    result = (u64)table[op](a[0], a[1], a[2], a[3], a[4]);
    if (!(current->work & WORK_CONTINUE))
        trace(result, (u32)op, TRACE_64(result));
    return result;
}

/* The call at @entry of the guest's list: its result goes back there (but for iret). 0, or -EFAULT.
 */
static ALWAYS_INLINE long entry_run(u64 entry, const bool narrow)
{
    const xl_call_fn *table = narrow ? hypercall_table32 : hypercall_table;
    u64 op, a1, a2, a3, a4, a5, result;

    smap_open();
    WORD_GET(op, entry, WORD(op), narrow, fault)
    WORD_GET(a1, entry, WORD(args[0]), narrow, fault)
    WORD_GET(a2, entry, WORD(args[1]), narrow, fault)
    WORD_GET(a3, entry, WORD(args[2]), narrow, fault)
    WORD_GET(a4, entry, WORD(args[3]), narrow, fault)
    WORD_GET(a5, entry, WORD(args[4]), narrow, fault)
    smap_close();
    if (unlikely(op >= XL_CALL_LIMIT))
        result = (u64)hc_absent();
    else if (unlikely(op ==
                      __HYPERVISOR_multicall)) /* each level would take stack, without bound */
        result = (u64)refuse(XEN_EINVAL, "a list of calls within a list of calls");
    else if (unlikely(op == __HYPERVISOR_iret))
        return iret_in_list();
    else if (trace_wants(TRC_PV | XL_TRC_CALL))
        result = call_recorded(op, (const u64[]){a1, a2, a3, a4, a5}, table);
    else
        result = (u64)table[op](a1, a2, a3, a4, a5);
    smap_open();
    if (narrow)
        GUEST_PUT_U32(entry + WORD(result) * WORD_BYTES, (u32)result, fault);
    else
        GUEST_PUT(entry, WORD(result), result, fault);
    smap_close();
    return 0;
fault:
    smap_close();
    return refuse(XEN_EFAULT, "a list of calls that cannot be read, or cannot take its results");
}

static long list_continue(u64 list, u64 end, bool narrow)
{
    return call_continue(__HYPERVISOR_multicall, list, (end - list) / ENTRY_BYTES, 0, 0);
}

/* What the call of @entry is to go on with. */
static int continuation_write(u64 entry, const u64 *args, u32 n, bool narrow)
{
    u64 to = entry + WORD(args) * WORD_BYTES;

    for (u32 i = 0; i < n; i++)
        if (guest_copy_out(to + i * WORD_BYTES, &args[i], WORD_BYTES))
            return refuse(XEN_EFAULT, "a list of calls that cannot be written");
    return 0;
}

/* The call at @entry has left work, or something else has come: what the list returns. */
static long list_work(u64 entry, u64 end, bool narrow)
{
    struct percpu *cpu = this_cpu();
    u32 work = __atomic_fetch_and(&cpu->running->work, ~WORK_CONTINUE, __ATOMIC_ACQ_REL);

    if (work & (WORK_DEAD | WORK_RELOAD)) /* an iret replaced the registers that called us */
        return (long)cpu->regs.rax;
    if (!(work & WORK_CONTINUE))
        entry += ENTRY_BYTES;
    else if (continuation_write(entry, cpu->continued, ARRAY_SIZE(cpu->continued), narrow))
        return -XEN_EFAULT;
    return entry != end ? list_continue(entry, end, narrow) : 0;
}

static ALWAYS_INLINE long list_run(u64 list, u32 count, const bool narrow)
{
    u64 end = list + (u64)count * ENTRY_BYTES;

    if (unlikely(!guest_range_ok(list, end - list)))
        return refuse(XEN_EFAULT, "a list of calls in the hypervisor's range");
    while (list != end) {
        long rc = entry_run(list, narrow);

        if (unlikely(rc)) { /* a call that wants to go on has nowhere to be told so */
            __atomic_fetch_and(&current->work, ~WORK_CONTINUE, __ATOMIC_ACQ_REL);
            return rc;
        }
        if (unlikely(current->work))
            return list_work(list, end, narrow);
        list += ENTRY_BYTES;
        if (unlikely(preempt_point(CALL_UNITS)) && list != end)
            return list_continue(list, end, narrow);
    }
    return 0;
}

long hc_multicall(unsigned long list, unsigned long count)
{
    return list_run(list, (u32)count, false);
}

long hc32_multicall(unsigned long list, unsigned long count)
{
    return list_run(list, (u32)count, true);
}
