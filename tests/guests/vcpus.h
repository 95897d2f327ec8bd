/*
 * Other vcpus for tests, by hand: no thread, no handler, nothing of the runtime behind them. What
 * runs there masks upcalls, calls the hypervisor and writes memory; a trap there ends the domain.
 * The console belongs to vcpu 0.
 */
#ifndef TESTS_GUESTS_VCPUS_H
#define TESTS_GUESTS_VCPUS_H

#include "tests/guests/common.h"

#define STACK_BYTES 8192

extern char trap_entry_event[], trap_entry_failsafe[], trap_entry_syscall[];

typedef void vcpu_code(u64 arg);

static inline long vcpu_op(u64 cmd, u64 id, const void *arg)
{
    return hypercall_vcpu_op(cmd, id, (u64)arg);
}

static inline void yield(void)
{
    call_sched_op(SCHEDOP_yield, NULL);
}

/* What Xen needs to know to run @fn(@arg) on a stack that ends at @top. fn must not return. */
static inline void context_fill(struct vcpu_guest_context *c, vcpu_code *fn, u64 arg, void *top)
{
    memset(c, 0, sizeof(*c));
    c->flags = VGCF_in_kernel;
    c->user_regs.cs = FLAT_KERNEL_CS;
    c->user_regs.ss = FLAT_KERNEL_SS;
    c->user_regs.rip = (u64)fn;
    c->user_regs.rdi = arg;
    c->user_regs.rsp = (u64)top - 8;
    c->user_regs.rflags = 0x200;
    c->kernel_ss = FLAT_KERNEL_SS;
    c->kernel_sp = (u64)top;
    c->ctrlreg[3] = xen_pfn_to_cr3(table_boot_root().n);
    c->event_callback_eip = (u64)trap_entry_event;
    c->failsafe_callback_eip = (u64)trap_entry_failsafe;
    c->syscall_callback_eip = (u64)trap_entry_syscall;
}

/* Initialise and up. */
static inline void vcpu_begin(u64 id, const struct vcpu_guest_context *c)
{
    row_want(name_nth("begin", "initialise", id), vcpu_op(VCPUOP_initialise, id, c), 0);
    row_want(name_nth("begin", "up", id), vcpu_op(VCPUOP_up, id, NULL), 0);
}

static inline void vcpu_run(u64 id, vcpu_code *fn, u64 arg)
{
    static struct vcpu_guest_context c;
    static u8 stacks[8][STACK_BYTES] __attribute__((aligned(16)));

    context_fill(&c, fn, arg, stacks[id] + STACK_BYTES);
    vcpu_begin(id, &c);
}

/* Until another vcpu has made *@word what it should be. */
static inline void wait_for(const volatile u64 *word, u64 value)
{
    while (*word != value)
        yield();
}

#endif
