/*
 * core/width.h for 32 bits. Handlers have a selector each. No call sets the base of GS: a vcpu has
 * a descriptor table of its own, one frame, with a segment that begins at its struct vcpu, at the
 * same selector on each. entry.asm loads that into GS on the way in, since a process has a GS as
 * well.
 */
#include "guest-kernel/core/hypercall.h"
#include "guest-kernel/core/trap.h"
#include "guest-kernel/core/width.h"
#include "guest-kernel/mm/page_table.h"

#define SELF_INDEX    1
#define SELF_SELECTOR (SELF_INDEX << 3 | 1)
#define GDT_ENTRIES   (PAGE_SIZE / sizeof(u64))

extern u32 kernel_gs; /* entry.asm */

long callbacks_register(void)
{
    return call_set_callbacks(trap_entry_event, trap_entry_failsafe, NULL);
}

/* There are no others: system calls come by a vector, whose entry says for itself what it masks. */
long callbacks_mask(void)
{
    return 0;
}

void registers_print(const struct trap_frame *f)
{
    console_printf("eip %08lx eflags %08lx cs %04lx\n", f->rip, f->rflags, f->cs & 0xffff);
    console_printf("eax %08lx ebx %08lx ecx %08lx edx %08lx\n", f->rax, f->rbx, f->rcx, f->rdx);
    console_printf("esi %08lx edi %08lx ebp %08lx esp %08lx\n", f->rsi, f->rdi, f->rbp,
                   (unsigned long)&f->rsp);
    console_printf("ds %04lx es %04lx fs %04lx gs %04lx cr2 %08lx\n", f->ds & 0xffff,
                   f->es & 0xffff, f->fs & 0xffff, f->gs & 0xffff,
                   (unsigned long)trap_fault_address());
}

static u64 self_descriptor(const struct vcpu *vcpu)
{
    u64 base = (unsigned long)vcpu;

    return (PAGE_SIZE - 1) | (base & 0xffffff) << 16 | 0xb3ull << 40 | 0x40ull << 48 |
           base >> 24 << 56;
}

/* Its frame. A descriptor table is written by requests, as a page table is. */
static xen_pfn_t gdt_make(const struct vcpu *vcpu)
{
    mfn_t table = table_new();
    long answer =
        call_update_descriptor(table_entry_address(table, SELF_INDEX), self_descriptor(vcpu));

    if (answer)
        guest_panic("a descriptor is refused: error %ld", answer);
    return (xen_pfn_t)table.n;
}

void context_begin(struct vcpu_guest_context *context, const struct vcpu *vcpu,
                   void (*fn)(struct vcpu *), void *stack_top)
{
    unsigned long *sp = stack_top;

    *--sp = (unsigned long)vcpu;
    *--sp = 0; /* as if it had been called */
    context->user_regs.eip = (unsigned long)fn;
    context->user_regs.esp = (unsigned long)sp;
    context->user_regs.ds = context->user_regs.es = FLAT_KERNEL_DS;
    context->user_regs.gs = SELF_SELECTOR;
    context->event_callback_cs = context->failsafe_callback_cs = FLAT_KERNEL_CS;
    context->event_callback_eip = (unsigned long)trap_entry_event;
    context->failsafe_callback_eip = (unsigned long)trap_entry_failsafe;
    context->gdt_frames[0] = gdt_make(vcpu);
    context->gdt_ents = GDT_ENTRIES;
}

long vcpu_boot_begin(void)
{
    xen_pfn_t frame = gdt_make(&vcpu_boot);
    long answer = call_set_gdt(&frame, GDT_ENTRIES);

    if (answer)
        return answer;
    kernel_gs = SELF_SELECTOR;
    asm volatile("mov %0, %%gs" : : "r"(SELF_SELECTOR) : "memory");
    return 0;
}
