/*
 * Hypercalls in the trace. While they are recorded, entry.asm's syscall_entry_traced shows each one
 * to trace_call() and its result to trace_result(); lists show theirs themselves (multicall.c).
 *
 * Which arguments are there a record says itself (<xen/trace.h>, TRC_PV_HYPERCALL_V2). Of calls of
 * which Xen writes some, those are written; of others as many as the call has and fit, in full.
 */
#include "xen-like/abi/calls.h"
#include "hypervisor/debug/trace.h"
#include "hypervisor/domain/domain.h"

#define ARITY(number, name, who, arity, state, family, sentence) [number] = arity,
static const u8 arity[XL_CALL_LIMIT] = {XL_CALLS(ARITY)};

/* The 32-bit arguments that Xen writes, as bits. */
static const u8 of_xen[XL_CALL_LIMIT] = {
    [__HYPERVISOR_mmu_update] = 1 << 1,         /* how many */
    [__HYPERVISOR_multicall] = 1 << 1,          /* how many */
    [__HYPERVISOR_mmuext_op] = 1 << 1,          /* how many */
    [__HYPERVISOR_grant_table_op] = 1 | 1 << 2, /* which operation, how many */
    [__HYPERVISOR_vcpu_op] = 1 | 1 << 1,        /* which, of which vcpu */
    [__HYPERVISOR_sched_op] = 1,                /* which */
};

static u64 came_from[CPUS_MAX]; /* the RIP behind the call that the CPU's guest makes */

static void call_record(u32 event, u32 op, const u64 *args)
{
    u32 words[TRACE_EXTRA_MAX] = {op}, n = 1;

    for (u32 i = 0; of_xen[op] >> i; i++) {
        if (!(of_xen[op] >> i & 1))
            continue;
        words[0] |= (u32)TRC_PV_HYPERCALL_V2_ARG_32(i);
        words[n++] = (u32)args[i];
    }
    for (u32 i = 0; !of_xen[op] && i < arity[op] && n + 2 <= TRACE_EXTRA_MAX; i++) {
        words[0] |= (u32)TRC_PV_HYPERCALL_V2_ARG_64(i);
        words[n++] = (u32)args[i];
        words[n++] = (u32)(args[i] >> 32);
    }
    trace_record(event, n, words);
}

void trace_subcall(u32 op, const u64 *args)
{
    call_record(XL_TRACE_subcall, op, args);
}

static void call_begin(const struct cpu_user_regs *regs, const u64 *args)
{
    came_from[this_cpu()->id] = regs->rip;
    call_record(XL_TRACE_hypercall, (u32)regs->rax, args);
}

void trace_call(const struct cpu_user_regs *regs);
void trace_call(const struct cpu_user_regs *regs)
{
    call_begin(regs, (const u64[]){regs->rdi, regs->rsi, regs->rdx, regs->r10, regs->r8});
}

/* Of a 32-bit guest's. */
void trace_call32(const struct cpu_user_regs *regs);
void trace_call32(const struct cpu_user_regs *regs)
{
    call_begin(regs, (const u64[]){(u32)regs->rbx, (u32)regs->rcx, (u32)regs->rdx, (u32)regs->rsi,
                                   (u32)regs->rdi});
}

/* A call that is made again to go on, or a list that ended in an iret, leads elsewhere: neither
 * has a result. */
u64 trace_result(u64 result);
u64 trace_result(u64 result)
{
    const struct percpu *cpu = this_cpu();
    const struct calls_made *calls = &cpu->running->calls;

    if (cpu->regs.rip == came_from[cpu->id])
        trace(result, calls->number[(u8)(calls->made - 1)], TRACE_64(result));
    return result;
}
