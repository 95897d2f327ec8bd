/* core/width.h for 64 bits: handlers are addresses, and the GS base leads to struct vcpu. */
#include "guest-kernel/core/hypercall.h"
#include "guest-kernel/core/trap.h"
#include "guest-kernel/core/width.h"

long callbacks_register(void)
{
    return call_set_callbacks(trap_entry_event, trap_entry_failsafe, trap_entry_syscall);
}

long callbacks_mask(void)
{
    callback_register_t c = {.type = CALLBACKTYPE_syscall,
                             .flags = CALLBACKF_mask_events,
                             .address = (unsigned long)trap_entry_syscall};

    return hypercall_callback_op(CALLBACKOP_register, (u64)&c);
}

void registers_print(const struct trap_frame *f)
{
    console_printf("rip %016lx rsp %016lx rflags %08lx cs %04lx ss %04lx\n", f->rip, f->rsp,
                   f->rflags, f->cs & 0xffff, f->ss & 0xffff);
    console_printf("rax %016lx rbx %016lx rcx %016lx rdx %016lx\n", f->rax, f->rbx, f->rcx, f->rdx);
    console_printf("rsi %016lx rdi %016lx rbp %016lx r8  %016lx\n", f->rsi, f->rdi, f->rbp, f->r8);
    console_printf("r9  %016lx r10 %016lx r11 %016lx r12 %016lx\n", f->r9, f->r10, f->r11, f->r12);
    console_printf("r13 %016lx r14 %016lx r15 %016lx cr2 %016lx\n", f->r13, f->r14, f->r15,
                   trap_fault_address());
}

void context_begin(struct vcpu_guest_context *context, const struct vcpu *vcpu,
                   void (*fn)(struct vcpu *), void *stack_top)
{
    context->user_regs.rip = (u64)fn;
    context->user_regs.rdi = (u64)vcpu;
    context->user_regs.rsp = (u64)stack_top - sizeof(u64); /* as if it had been called */
    context->event_callback_eip = (u64)trap_entry_event;
    context->failsafe_callback_eip = (u64)trap_entry_failsafe;
    context->syscall_callback_eip = (u64)trap_entry_syscall;
    context->gs_base_kernel = (u64)vcpu;
}

long vcpu_boot_begin(void)
{
    return call_set_segment_base(SEGBASE_GS_KERNEL, (u64)&vcpu_boot);
}
