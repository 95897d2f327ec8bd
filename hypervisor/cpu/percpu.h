/*
 * What belongs to one physical CPU, found from the stack pointer.
 *
 * GS and FS belong to the guest always, so there is no segment register to hang per-CPU data on.
 * Instead every CPU has a 64 KiB-aligned window of address space that holds its stacks and, at the
 * top, its data:
 *
 *   +0x0000  entry stubs for syscall (code: one physical page, mapped into every CPU's window, that
 *            addresses its own window relative to RIP)
 *   +0x2000  NMI stack             every stack has an unmapped page below it
 *   +0x4000  double-fault stack
 *   +0x6000  machine-check stack
 *   +0x8000  debug-exception stack
 *   +0xc000  the stack, 16 KiB, with struct percpu at its very top
 *   +0xffff
 *
 * So whoever runs on any of these stacks finds struct percpu by setting the low 16 bits of RSP.
 * Every entry from a guest leaves the guest's registers at one fixed place, percpu.regs, and the
 * stack grows down from there.
 */
#ifndef HYPERVISOR_CPU_PERCPU_H
#define HYPERVISOR_CPU_PERCPU_H

#include "xen-like/abi/xen.h"
#include "hypervisor/mm/layout.h"

#define PERCPU_NMI_TOP 0x3000UL
#define PERCPU_DF_TOP  0x5000UL
#define PERCPU_MC_TOP  0x7000UL
#define PERCPU_DB_TOP  0x9000UL
#define PERCPU_STACK   0xc000UL /* lowest byte of the main stack */

struct vcpu;

/* The 64-bit task state segment: only its stack pointers are used (Intel SDM vol. 3, 7.7). */
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
    struct cpu_user_regs regs; /* of the guest, while the hypervisor works for it */
    struct vcpu *running;
    u64 syscall_rsp;                       /* scratch of the syscall stubs */
    void *syscall_entry, *syscall32_entry; /* where they go on */
    u64 iret_fault;   /* vector << 32 | error code of an iretq to a guest that was refused */
    u64 *gdt_ptes;    /* this CPU's 16 GDT and 16 LDT window entries */
    u64 *reserved[2]; /* the pages of reserved descriptors, for 64- and for 32-bit guests */
    u32 id;
    u32 tlb_flushed; /* tlb clock when its last full flush that is done began. Others read it */
    struct tss tss;
    s32 work_left;  /* until the next preemption point asks: cpu/preempt.h */
    u32 points;     /* preemption points that asked, while preempt= counts them */
    u64 path_start; /* debug builds: when this path or its last point began; 0: none runs */
    struct timer_queue *timers; /* that are set on this CPU: time/timer.c */
    u64 continued[4];           /* arguments of a call in a list that is to be called again */
    u32 lock_ranks;             /* debug builds: ranks of the spinlocks that it holds */
    u32 nmis;                   /* taken so far */
    u32 debugs;                 /* #DB that a guest's breakpoint raised in ring 0 */
    u32 asked;                  /* ASK_* (cpu/smp.h), what others want of it. Atomic */
    bool tlb_none;              /* no guest's tables are loaded: mm/tlb.h. Others read it */
    bool is_32bit;              /* whose way in, and whose reserved descriptors: tables_show() */
    u8 gdt_shown;               /* pages of a guest's GDT in this CPU's window */
    u32 shadow_used;            /* of the next: pages that are tables */
    u64 (*shadow)[512];      /* shadow tables, in use for the vcpu that runs: mm/shadow.h; NULL: */
    u64 (*shadow_pool)[512]; /* none are, and these wait. NULL: there never were any */
};

/* The CPU aligns RSP to 16 before it pushes a frame: the end of that frame, which is regs.es, must
 * be aligned so already, or the frame would not land on regs.rip..ss. */
_Static_assert((sizeof(struct percpu) - offsetof(struct cpu_user_regs, es)) % 16 == 0,
               "hardware frames must land in percpu.regs");

#ifdef HOST_TEST
extern struct percpu host_percpu;
struct percpu *host_percpu_of(u32 cpu); /* a test that has several */
#define this_cpu() (&host_percpu)
#else
static inline struct percpu *this_cpu(void)
{
    u64 rsp;

    asm("mov %%rsp, %0" : "=r"(rsp));
    return (struct percpu *)((rsp | (PERCPU_AREA_BYTES - 1)) + 1 - sizeof(struct percpu));
}
#endif

#define current (this_cpu()->running)

/* entry_vector is the vector's number. error_code is the CPU's, or carries this bit: the guest came
 * by `syscall` (or is being sent back as if), so that its RCX and R11 hold nothing it could miss.
 */
#define FRAME_SYSCALL 0x40000000U

#endif
