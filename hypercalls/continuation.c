/* Calls that go on later: see continuation.h. */
#include "hypercalls/continuation.h"

#include "hypercalls/hypercalls.h"
#include "hypervisor/domain/domain.h"

#define SYSCALL_BYTES 2 /* 0f 05: 64-bit guests have no other way in */

long call_continue(u32 op, u64 a1, u64 a2, u64 a3, u64 a4)
{
    struct percpu *cpu = this_cpu();
    struct cpu_user_regs *regs = &cpu->regs;

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
    regs->rdi = a1;
    regs->rsi = a2;
    regs->rdx = a3;
    regs->r10 = a4;
    return op;
}
