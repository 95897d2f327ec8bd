/*
 * Descriptor tables, task state, syscall registers of one CPU.
 *
 * The GDT that the CPU uses is a window of sixteen pages in the hypervisor's range: the first
 * fourteen show the guest's frames (or a page of zeros, so that a wild selector is #GP and not a
 * page fault), the fifteenth the reserved descriptors that the ABI numbers (0xe008 on), the last
 * nothing but zeros. The LDT's window lies behind it.
 *
 * The two ABIs give the same selectors to different segments, so there are two pages of reserved
 * descriptors, which agree in the hypervisor's own; and two interrupt tables, so that a 64-bit
 * guest's ways in know nothing of the other width. Both are exchanged with the vcpu: tables_show().
 */
#include "hypervisor/cpu/tables.h"

#include "hypervisor/boot/paging.h"
#include "hypervisor/cpu/bounce.h"
#include "hypervisor/cpu/entry.h"
#include "hypervisor/cpu/features.h"
#include "hypervisor/cpu/regs.h"
#include "hypervisor/debug/bug.h"
#include "hypervisor/mm/alloc.h"
#include "hypervisor/mm/pte.h"
#include "xen-like/lib/string.h"

/* Descriptors in the reserved page, at the selectors that xen-x86_64.h (and SYSRET) fix. */
#define SEL_HV_CS         0xe008
#define SEL_HV_DS         0xe010
#define SEL_TSS           0xe040
#define SEL_LDT           0xe050
#define DESC_CODE64_RING0 0x00af9b000000ffffUL
#define DESC_DATA_RING0   0x00cf93000000ffffUL
#define DESC_CODE32_RING3 0x00cffb000000ffffUL
#define DESC_DATA_RING3   0x00cff3000000ffffUL
#define DESC_CODE64_RING3 0x00affb000000ffffUL
#define DESC_CODE32_RING1 0x00cfbb000000ffffUL
#define DESC_DATA_RING1   0x00cfb3000000ffffUL

#define GDT_RESERVED_PAGE FIRST_RESERVED_GDT_PAGE
#define GDT_LIMIT         ((GDT_RESERVED_PAGE + 1) * PAGE_SIZE - 1)
#define SLOT(selector)    (((selector) >> 3) - FIRST_RESERVED_GDT_ENTRY)

struct gate {
    u16 offset_low;
    u16 selector;
    u8 ist;
    u8 type;
    u16 offset_middle;
    u32 offset_high;
    u32 reserved;
};

static struct gate idts[2][VECTORS] __attribute__((aligned(4096))); /* by width */

#define GATE_RING0 0x8e /* interrupt gate: interrupts stay off */
#define GATE_RING1 0xae
#define GATE_RING3 0xee

static void gate_set(struct gate *idt, unsigned vector, const void *entry, u8 type, u8 ist)
{
    u64 a = (u64)entry;

    idt[vector] = (struct gate){.offset_low = (u16)a,
                                .selector = SEL_HV_CS,
                                .ist = ist,
                                .type = type,
                                .offset_middle = (u16)(a >> 16),
                                .offset_high = (u32)(a >> 32)};
}

static void idt_fill(struct gate *idt)
{
    for (unsigned v = 0; v < VECTORS; v++)
        gate_set(idt, v, exception_stubs + v * EXCEPTION_STUB_BYTES, GATE_RING0, 0);
    /* int3, into and int 0x80 are the guest's to execute; all other `int n` fault and are decoded.
     */
    gate_set(idt, 3, exception_stubs + 3 * EXCEPTION_STUB_BYTES, GATE_RING3, 0);
    gate_set(idt, 4, exception_stubs + 4 * EXCEPTION_STUB_BYTES, GATE_RING3, 0);
    gate_set(idt, VECTOR_GUEST_INT80, exception_stubs + VECTOR_GUEST_INT80 * EXCEPTION_STUB_BYTES,
             GATE_RING3, 0);
    gate_set(idt, 2, nmi_entry, GATE_RING0, 1);
    gate_set(idt, 8, double_fault_entry, GATE_RING0, 2);
    gate_set(idt, 18, machine_check_entry, GATE_RING0, 3);
    gate_set(idt, EXCEPTION_DB, debug_entry, GATE_RING0, 4);
}

static void idts_fill(void)
{
    idt_fill(idts[0]);
    idt_fill(idts[1]);
    gate_set(idts[1], EXCEPTION_PF, page_fault_stub32, GATE_RING0, 0);
    gate_set(idts[1], VECTOR_GUEST_INT80, int80_stub32, GATE_RING3, 0);
    gate_set(idts[1], VECTOR_HYPERCALL, hypercall_stub32, GATE_RING1, 0);
}

static void idt_load(bool is_32bit)
{
    struct table_reg idtr = {.limit = sizeof(idts[0]) - 1, .base = (u64)idts[is_32bit]};

    lidt(&idtr);
}

static void stack_map(u64 window, u64 top, unsigned pages)
{
    for (unsigned i = 0; i < pages; i++) {
        void *page = pages_alloc(0);

        BUG_ON(!page);
        hv_map(window + top - (pages - i) * PAGE_SIZE, virt_to_mfn(page), 1, PTE_RW | PTE_NX);
    }
}

/* A 16-byte system descriptor: present, DPL 0. @type: 2 = LDT, 9 = available TSS. */
static void system_descriptor_set(u64 *at, u64 base, u64 bytes, u64 type)
{
    at[0] = (bytes - 1) | (base & 0xffffff) << 16 | (0x80 | type) << 40 | (base >> 24 & 0xff) << 56;
    at[1] = base >> 32;
}

static u64 *reserved_descriptors_make(bool is_32bit)
{
    u64 *page = pages_alloc(0);

    BUG_ON(!page);
    page[SLOT(SEL_HV_CS)] = DESC_CODE64_RING0;
    page[SLOT(SEL_HV_DS)] = DESC_DATA_RING0;
    if (is_32bit) {
        page[SLOT(FLAT_RING1_CS_X86_32)] = DESC_CODE32_RING1;
        page[SLOT(FLAT_RING1_DS_X86_32)] = DESC_DATA_RING1;
        page[SLOT(FLAT_RING3_CS_X86_32)] = DESC_CODE32_RING3;
        page[SLOT(FLAT_RING3_DS_X86_32)] = DESC_DATA_RING3;
    } else {
        page[SLOT(FLAT_RING3_CS32)] = DESC_CODE32_RING3;
        page[SLOT(FLAT_RING3_DS32)] = DESC_DATA_RING3;
        page[SLOT(FLAT_RING3_CS64)] = DESC_CODE64_RING3;
    }
    return page;
}

/* Both windows show zeros but for the reserved page. Their last-level table is found once and kept.
 */
static void gdt_map(struct percpu *cpu)
{
    static void *zeros;
    u64 window = GDT_VIRT_START + cpu->id * GDT_WINDOW_BYTES;
    int level;

    if (!zeros)
        zeros = pages_alloc(0);
    BUG_ON(!zeros);
    cpu->reserved[0] = reserved_descriptors_make(false);
    cpu->reserved[1] = reserved_descriptors_make(true);
    for (u64 i = 0; i < GDT_WINDOW_BYTES / PAGE_SIZE; i++)
        hv_map(window + i * PAGE_SIZE,
               virt_to_mfn(i == GDT_RESERVED_PAGE ? cpu->reserved[0] : zeros), 1,
               PTE_NX | (i == GDT_RESERVED_PAGE ? PTE_RW : 0));
    cpu->gdt_ptes = hv_lookup(window, &level);
    BUG_ON(!cpu->gdt_ptes || level != 1);
    for (unsigned i = 0; i < GDT_WINDOW_PAGES; i++)
        ldt_page_clear(cpu, i);
}

struct percpu *cpu_window_make(u32 id)
{
    u64 window = PERCPU_VIRT_START + id * PERCPU_AREA_BYTES;
    struct percpu *cpu = (struct percpu *)(window + PERCPU_AREA_BYTES - sizeof(struct percpu));

    hv_map(window, MFN(image_to_phys(entry_stubs) >> PAGE_SHIFT), 1, 0);
    stack_map(window, PERCPU_NMI_TOP, 1);
    stack_map(window, PERCPU_DF_TOP, 1);
    stack_map(window, PERCPU_MC_TOP, 1);
    stack_map(window, PERCPU_DB_TOP, 1);
    stack_map(window, PERCPU_AREA_BYTES, (PERCPU_AREA_BYTES - PERCPU_STACK) / PAGE_SIZE);
    cpu->id = id;
    cpu->syscall_entry = syscall_entry;
    cpu->syscall32_entry = syscall32_entry;
    cpu->tss.rsp[0] = (u64)&cpu->regs.es;
    cpu->tss.ist[0] = window + PERCPU_NMI_TOP;
    cpu->tss.ist[1] = window + PERCPU_DF_TOP;
    cpu->tss.ist[2] = window + PERCPU_MC_TOP;
    cpu->tss.ist[3] = window + PERCPU_DB_TOP;
    cpu->tss.iomap = sizeof(struct tss);
    gdt_map(cpu);
    return cpu;
}

/* In both reserved pages: which one the window shows, the TLB may not know yet. */
static void reserved_system_set(struct percpu *cpu, u32 selector, u64 base, u64 bytes, u64 type)
{
    system_descriptor_set(cpu->reserved[0] + SLOT(selector), base, bytes, type);
    system_descriptor_set(cpu->reserved[1] + SLOT(selector), base, bytes, type);
}

void ldt_load(struct percpu *cpu, u32 entries)
{
    if (!entries)
        return lldt(0);
    reserved_system_set(cpu, SEL_LDT, ldt_window(cpu), entries * sizeof(u64), 2);
    lldt(SEL_LDT);
}

void tables_exchange(struct percpu *cpu, bool is_32bit)
{
    window_page_set(cpu, GDT_RESERVED_PAGE, virt_to_mfn(cpu->reserved[is_32bit]));
    idt_load(is_32bit);
    cpu->syscall32_entry = is_32bit ? syscall32_entry32 : syscall32_entry;
    cpu->is_32bit = is_32bit;
}

static void syscall_registers_set(const struct percpu *cpu)
{
    u64 window = PERCPU_VIRT_START + cpu->id * PERCPU_AREA_BYTES;

    wrmsr(MSR_STAR, (u64)FLAT_RING3_CS32 << 48 | (u64)SEL_HV_CS << 32);
    wrmsr(MSR_LSTAR, window);
    wrmsr(MSR_CSTAR, window + (u64)(entry_stub_compat - entry_stubs));
    wrmsr(MSR_SYSCALL_MASK,
          RFLAGS_TF | RFLAGS_IF | RFLAGS_DF | RFLAGS_IOPL | RFLAGS_NT | RFLAGS_AC);
    /* In long mode it is Intel's; others are left without, so that it stays a fault. */
    wrmsr(MSR_SYSENTER_CS, features.intel ? SEL_HV_CS : 0);
    wrmsr(MSR_SYSENTER_ESP, cpu->tss.rsp[0]);
    wrmsr(MSR_SYSENTER_EIP, (u64)sysenter_entry);
}

void cpu_tables_load(struct percpu *cpu)
{
    struct table_reg gdtr = {.limit = GDT_LIMIT,
                             .base = GDT_VIRT_START + cpu->id * GDT_WINDOW_BYTES};

    if (cpu->id == 0)
        idts_fill();
    /* Written each time: loading it marks it busy, also for a CPU that was then left out. */
    reserved_system_set(cpu, SEL_TSS, (u64)&cpu->tss, sizeof(cpu->tss), 9);
    lgdt(&gdtr);
    segments_load(SEL_HV_CS, SEL_HV_DS);
    lldt(0);
    ltr(SEL_TSS);
    idt_load(false);
    syscall_registers_set(cpu);
}
