/*
 * What belongs to one physical CPU, found from the stack pointer.
 *
 * GS and FS belong to the guest always, so there is no segment register to hang per-CPU data on.
 * Instead every CPU has a 64 KiB-aligned window of address space that holds its stacks and, at the
 * top, its data:
 *
 *   +0x0000  syscall stub (code; one physical page mapped for all CPUs: it addresses its own
 * window) +0x2000  NMI stack           each stack is one page with an unmapped page below it
 *   +0x4000  double-fault stack
 *   +0x6000  machine-check stack
 *   +0xc000  the stack, 16 KiB: struct percpu at its very end, the guest's registers just below
 *   +0xffff
 *
 * So whoever runs on any of these stacks finds its struct percpu by setting the low 16 bits of RSP.
 * A guest entered from always leaves its registers at one fixed place: percpu.regs.
 */
#ifndef HYPERVISOR_CPU_PERCPU_H
#define HYPERVISOR_CPU_PERCPU_H

#include "xen-like/abi/xen.h"
#include "hypervisor/mm/layout.h"

#define PERCPU_STACK     0xc000UL
#define PERCPU_NMI_TOP   0x3000UL
#define PERCPU_DF_TOP    0x5000UL
#define PERCPU_MC_TOP    0x7000UL
#define PERCPU_STACK_TOP 0x10000UL

struct vcpu;

/* The 64-bit task state segment: only its stacks are used (Intel SDM vol. 3, 7.7). */
struct tss {
    u32 reserved0;
    u64 rsp[3];
    u64 reserved1;
    u64 ist[7];
    u64 reserved2;
    u16 reserved3;
    u16 iomap; /* beyond the limit: no port is open to ring 3 */
} __attribute__((packed));

struct percpu {
    struct cpu_user_regs regs; /* of the guest, while the hypervisor runs for it */
    u64 syscall_rsp;           /* scratch of the syscall stub */
    struct vcpu *current;
    u32 id;
    u32 tlb_flushed; /* tlb clock at this CPU's last full flush */
    u64 *gdt_ptes;   /* L1 entries of this CPU's GDT and LDT windows: 16 + 16 */
    struct tss tss __attribute__((aligned(16)));
} __attribute__((aligned(16)));

#ifdef HOST_TEST
extern struct percpu host_percpu;
#define this_cpu() (&host_percpu)
#else
static inline struct percpu *this_cpu(void)
{
    u64 rsp;

    asm("mov %%rsp, %0" : "=r"(rsp));
    return (struct percpu *)((rsp | (PERCPU_AREA_BYTES - 1)) + 1 - sizeof(struct percpu));
}
#endif

#define current (this_cpu()->current)

#endif
