/*
 * The virtual trap table. A PV kernel has no IDT of its own: it hands the hypervisor a list of
 * (vector, privilege, selector, address), and the hypervisor calls the address when the CPU traps.
 * All entries point into the array of stubs in entry.asm, and all stubs end in trap_dispatch.
 */
#include "guest-kernel/core/trap.h"
#include "guest-kernel/core/fault.h"
#include "guest-kernel/core/vcpu.h"
#include "guest-kernel/x86_64/hypercall.h"

#define DPL_NOBODY   0
#define DPL_EVERYONE 3

void trap_dispatch(struct trap_frame *frame);

static trap_handler *handlers[ENTRY_COUNT];
static bool masks; /* entries mask upcalls */

static struct trap_info gate_make(unsigned int vector, unsigned int dpl)
{
    struct trap_info gate = {
        .vector = (u8)vector,
        .flags = (u8)dpl,
        .cs = FLAT_KERNEL_CS,
        .address = (unsigned long)(trap_entry_stubs + vector * TRAP_STUB_SIZE),
    };

    if (masks)
        TI_SET_IF(&gate, 1);
    return gate;
}

long trap_gate_set(unsigned int vector, unsigned int dpl)
{
    struct trap_info table[] = {gate_make(vector, dpl), {.address = 0}};

    return call_set_trap_table(table);
}

void trap_table_fill(struct trap_info table[EXCEPTION_COUNT + 1])
{
    for (unsigned int vector = 0; vector < EXCEPTION_COUNT; vector++) {
        bool open = vector == VECTOR_BP || vector == VECTOR_OF;

        table[vector] = gate_make(vector, open ? DPL_EVERYONE : DPL_NOBODY);
    }
    table[EXCEPTION_COUNT] = (struct trap_info){.address = 0};
}

static void table_register(void)
{
    struct trap_info table[EXCEPTION_COUNT + 1];
    long answer;

    trap_table_fill(table);
    answer = call_set_trap_table(table);
    if (answer)
        guest_panic("set_trap_table: error %ld", answer);
}

void trap_init(void)
{
    long answer;

    table_register();
    answer = call_set_callbacks(trap_entry_event, trap_entry_failsafe, trap_entry_syscall);
    if (answer)
        guest_panic("set_callbacks: error %ld", answer);
}

void trap_mask_upcalls(void)
{
    callback_register_t c = {.type = CALLBACKTYPE_syscall,
                             .flags = CALLBACKF_mask_events,
                             .address = (unsigned long)trap_entry_syscall};
    long answer = hypercall_callback_op(CALLBACKOP_register, (u64)&c);

    if (answer)
        guest_panic("callback_op: error %ld", answer);
    masks = true;
    table_register();
}

void trap_handle(unsigned int vector, trap_handler *fn)
{
    handlers[vector] = fn;
}

u64 trap_fault_address(void)
{
    return vcpu_self()->info->arch.cr2;
}

static void registers_print(const struct trap_frame *f)
{
    console_printf("rip %016lx rsp %016lx rflags %08lx cs %04lx ss %04lx\n", f->rip, f->rsp,
                   f->rflags, f->cs & 0xffff, f->ss & 0xffff);
    console_printf("rax %016lx rbx %016lx rcx %016lx rdx %016lx\n", f->rax, f->rbx, f->rcx, f->rdx);
    console_printf("rsi %016lx rdi %016lx rbp %016lx r8  %016lx\n", f->rsi, f->rdi, f->rbp, f->r8);
    console_printf("r9  %016lx r10 %016lx r11 %016lx r12 %016lx\n", f->r9, f->r10, f->r11, f->r12);
    console_printf("r13 %016lx r14 %016lx r15 %016lx cr2 %016lx\n", f->r13, f->r14, f->r15,
                   trap_fault_address());
}

/* Called by entry.asm, on the stack of the kernel code that was interrupted. */
void trap_dispatch(struct trap_frame *frame)
{
    trap_handler *handler = handlers[frame->vector];

    if (handler && handler(frame))
        return;
    if (fault_divert(frame))
        return;
    if (frame->vector == VECTOR_EVENT) {
        /* Before event_init no port is bound: nothing is lost by taking note of nothing. */
        vcpu_self()->info->evtchn_upcall_pending = 0;
        return;
    }
    registers_print(frame);
    guest_panic("trap %lu in the kernel, error code 0x%lx", frame->vector, frame->error);
}
