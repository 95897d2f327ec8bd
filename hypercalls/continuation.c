/* Calls that go on later: see continuation.h. */
#include "hypercalls/continuation.h"

#include "hypercalls/hypercalls.h"
#include "hypervisor/cpu/smp.h"
#include "hypervisor/domain/domain.h"

#define SYSCALL_BYTES 2 /* 0f 05: 64-bit guests have no other way in; cd 82: nor 32-bit ones */

#define ARITY(number, name, who, arity, state, family, sentence) [number] = arity,
static const u8 arity[XL_CALL_LIMIT] = {XL_CALLS(ARITY)};

/* A 32-bit guest's registers. */
static long call_continue32(struct cpu_user_regs *regs, u32 op, u64 a1, u64 a2, u64 a3, u64 a4)
{
    switch (arity[op]) {
    default:
        regs->rsi = (u32)a4;
        /* fallthrough */
    case 3:
        regs->rdx = (u32)a3;
        /* fallthrough */
    case 2:
        regs->rcx = (u32)a2;
        /* fallthrough */
    case 1:
        regs->rbx = (u32)a1;
    }
    return op;
}

long call_continue(u32 op, u64 a1, u64 a2, u64 a3, u64 a4)
{
    struct percpu *cpu = this_cpu();
    struct cpu_user_regs *regs = &cpu->regs;

    /* The call may be made again until another CPU has done something: that one goes first, if both
     * share a core, or an emulator's turns. */
    smp_poll();
    /* RAX is still what the guest came with: the number of the call, or of the list that it is in.
     */
    if ((u32)regs->rax == __HYPERVISOR_multicall && op != __HYPERVISOR_multicall) {
        cpu->continued[0] = a1;
        cpu->continued[1] = a2;
        cpu->continued[2] = a3;
        cpu->continued[3] = a4;
        __atomic_fetch_or(&cpu->running->work, WORK_CONTINUE, __ATOMIC_RELEASE);
        return op;
    }
    regs->rip -= SYSCALL_BYTES;
    if (call_is_bound(cpu->running)) { /* for what is due, the long way out has to look */
        cpu->running->bound_at = regs->rip;
        __atomic_fetch_or(&cpu->running->work, WORK_RELOAD, __ATOMIC_RELAXED);
    }
    if (caller_is_32bit())
        return call_continue32(regs, op, a1, a2, a3, a4);
    switch (arity[op]) { /* registers that carry no argument are the guest's to keep */
    default:
        regs->r10 = a4;
        /* fallthrough */
    case 3:
        regs->rdx = a3;
        /* fallthrough */
    case 2:
        regs->rsi = a2;
        /* fallthrough */
    case 1:
        regs->rdi = a1;
    }
    return op;
}
