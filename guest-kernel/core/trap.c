/*
 * The virtual trap table. A PV kernel has no IDT of its own: it hands the hypervisor a list of
 * (vector, privilege, selector, address), and the hypervisor calls the address when the CPU traps.
 * All entries point into the array of stubs in entry.asm, and all stubs end in trap_dispatch.
 */
#include "guest-kernel/core/trap.h"
#include "guest-kernel/core/fault.h"
#include "guest-kernel/core/vcpu.h"
#include "guest-kernel/core/width.h"
#include "guest-kernel/core/hypercall.h"

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
    if (!answer && VECTOR_SYSCALL < VECTOR_COUNT)
        answer = trap_gate_set(VECTOR_SYSCALL, DPL_EVERYONE);
    if (answer)
        guest_panic("set_trap_table: error %ld", answer);
}

void trap_init(void)
{
    long answer;

    table_register();
    answer = callbacks_register();
    if (answer)
        guest_panic("set_callbacks: error %ld", answer);
}

void trap_mask_upcalls(void)
{
    long answer = callbacks_mask();

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

/* Called by entry.asm, on the stack of the kernel code that was interrupted. */
void trap_dispatch(struct trap_frame *frame)
{
    trap_handler *handler = handlers[frame->vector];

    if (handler && handler(frame))
        return;
    if (frame->vector == VECTOR_EVENT) {
        /* Before event_init no port is bound: nothing is lost by taking note of nothing. */
        vcpu_self()->info->evtchn_upcall_pending = 0;
        return;
    }
    if (fault_divert(frame))
        return;
    registers_print(frame);
    guest_panic("trap %lu in the kernel, error code 0x%lx", frame->vector, frame->error);
}
