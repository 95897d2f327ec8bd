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
    return hypercall_vcpu_op(cmd, id, (uintptr_t)arg);
}

static inline void yield(void)
{
    call_sched_op(SCHEDOP_yield, NULL);
}

/* Where code begins, and on which stack, with its argument in place. */
#ifdef __x86_64__
static inline void context_enter(struct vcpu_guest_context *c, vcpu_code *fn, u64 arg, void *top)
{
    c->user_regs.rip = (uintptr_t)fn;
    c->user_regs.rdi = arg;
    c->user_regs.rsp = (uintptr_t)top - 8;
    c->user_regs.rflags = 0x200;
    c->syscall_callback_eip = (uintptr_t)trap_entry_syscall;
}

static inline void context_enter_user(struct vcpu_guest_context *c, u64 code, u64 stack, mfn_t root)
{
    c->user_regs.rip = code;
    c->user_regs.rsp = stack;
    c->ctrlreg[1] = xen_pfn_to_cr3(root.n);
}
#else
static inline void context_enter(struct vcpu_guest_context *c, vcpu_code *fn, u64 arg, void *top)
{
    u64 *argument = (u64 *)top - 1; /* above the address of a return that there is not */

    *argument = arg;
    c->user_regs.eip = (uintptr_t)fn;
    c->user_regs.esp = (uintptr_t)argument - sizeof(void *);
    c->user_regs.eflags = 0x200;
    c->user_regs.ds = c->user_regs.es = FLAT_KERNEL_DS;
    c->event_callback_cs = c->failsafe_callback_cs = FLAT_KERNEL_CS;
}

static inline void context_enter_user(struct vcpu_guest_context *c, u64 code, u64 stack, mfn_t root)
{
    (void)root;
    c->user_regs.eip = (u32)code;
    c->user_regs.esp = (u32)stack;
    c->user_regs.ds = c->user_regs.es = FLAT_USER_DS;
}
#endif

/* What Xen needs to know to run @fn(@arg) on a stack that ends at @top. fn must not return. */
static inline void context_fill(struct vcpu_guest_context *c, vcpu_code *fn, u64 arg, void *top)
{
    memset(c, 0, sizeof(*c));
    c->flags = VGCF_in_kernel;
    c->user_regs.cs = FLAT_KERNEL_CS;
    c->user_regs.ss = FLAT_KERNEL_SS;
    context_enter(c, fn, arg, top);
    c->kernel_ss = FLAT_KERNEL_SS;
    c->kernel_sp = (uintptr_t)top;
    c->ctrlreg[3] = xen_pfn_to_cr3(table_boot_root().n);
    c->event_callback_eip = (uintptr_t)trap_entry_event;
    c->failsafe_callback_eip = (uintptr_t)trap_entry_failsafe;
}

/* The same in user space: nothing but where it is. */
static inline void context_to_user(struct vcpu_guest_context *c, u64 code, u64 stack, mfn_t root)
{
    c->flags &= ~VGCF_in_kernel;
    c->user_regs.cs = FLAT_USER_CS;
    c->user_regs.ss = FLAT_USER_SS;
    context_enter_user(c, code, stack, root);
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
