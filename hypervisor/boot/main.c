/*
 * The rest of the boot, after init.c has taken the machine: hand memory to the allocator, give this
 * CPU its tables and stack, build dom0, run it.
 */
#include "hypervisor/boot/dom0.h"
#include "hypervisor/boot/init.h"
#include "hypervisor/boot/memmap.h"
#include "hypervisor/boot/memory.h"
#include "hypervisor/boot/paging.h"
#include "hypervisor/boot/power.h"
#include "hypervisor/cpu/apic.h"
#include "hypervisor/cpu/domain_policy.h"
#include "hypervisor/cpu/entry.h"
#include "hypervisor/cpu/features.h"
#include "hypervisor/cpu/irq.h"
#include "hypervisor/cpu/nmi.h"
#include "hypervisor/cpu/msr.h"
#include "hypervisor/cpu/regs.h"
#include "hypervisor/cpu/smp.h"
#include "hypervisor/cpu/tables.h"
#include "hypervisor/cpu/xstate.h"
#include "hypervisor/debug/input.h"
#include "hypervisor/debug/log.h"
#include "hypervisor/debug/trace.h"
#include "hypervisor/mm/alloc.h"
#include "hypervisor/mm/io_frames.h"
#include "hypervisor/time/clock.h"
#include "xen-like/lib/string.h"

/* It lay below 1 TiB until Zen moved it to the end of whatever the CPU can address. */
static mfn_t hypertransport_hole_end(void)
{
    u32 eax = cpuid(1, 0).eax, family = (eax >> 8 & 0xf) + (eax >> 20 & 0xff);

    return MFN(1UL << ((family < 0x17 ? 40 : phys_bits) - PAGE_SHIFT));
}

/* The control domain may map these pages, to read them, in the name of DOMID_XEN. */
static void m2p_share(const void *table, u64 bytes)
{
    mfn_t m = virt_to_mfn(table);

    for (u64 at = 0; at < ALIGN_UP(bytes, MIB(2)); at += PAGE_SIZE) /* its large pages */
        frame_share(mfn_add(m, at >> PAGE_SHIFT), &domain_xen, false);
}

/* RAM above the first megabyte has records that mean something; all else is I/O. */
static void frames_init(void)
{
    struct memory_piece piece;

    phys_bits = features.phys_bits;
    if (features.amd)
        hypertransport_end = hypertransport_hole_end();
    io_frames_init(MFN(m2p_frames));
    for (u64 at = LOW_MEMORY_BYTES; memmap_piece(at, &piece); at = piece.end)
        if (piece.kind != MEMORY_NONE && piece.kind != MEMORY_TABLES)
            io_frames_are_ram(MFN(piece.start >> PAGE_SHIFT), MFN(piece.end >> PAGE_SHIFT));
    m2p_share(m2p, m2p_frames * sizeof(*m2p));
    m2p_share(m2p32, m2p32_frames * sizeof(*m2p32));
    boot_free_ranges(frames_add);
}

static mfn_t table_alloc(void)
{
    void *page = pages_alloc(0);

    return page ? virt_to_mfn(page) : INVALID_MFN;
}

#ifdef DEBUG
/* Leave something in all that the CPU keeps for its guest beside the frame: what loading the first
 * vcpu forgets shows. */
static void registers_disturb(struct vcpu *v)
{
    wrmsr(MSR_FS_BASE, 0x123456);
    wrmsr(MSR_GS_BASE, 0x123456);
    wrmsr(MSR_KERNEL_GS_BASE, 0x123456);
    if (features.rdtscp)
        wrmsr(MSR_TSC_AUX, 0x123456);
    write_dr0(v->saved.rip);
    write_dr7(DR7_DEFAULT | 1);
    xstate_disturb(v);
}
#endif

/* On the CPU's own stack from here on. */
static NORETURN void boot_on_own_stack(const struct boot_info *info)
{
    struct vcpu *v;

    log_info("free memory: %lu KiB", frames_free_count() << (PAGE_SHIFT - 10));
    apic_init();
    smp_init();
    irqs_init();
    nmi_init();
    time_init();
    lfence_enable();
    policies_init();
    domain_policy_init();
    smp_start();
    trace_init();
    v = dom0_build(info)->vcpus[0];
    trace_start();
    input_start();
#ifdef DEBUG
    registers_disturb(v);
#endif
    vcpu_go(v, STOP_DOWN);
    sched_cpu_run();
}

NORETURN void hypervisor_main(const struct boot_info *info)
{
    struct percpu *cpu;

    frames_init();
    hv_map_use_allocator(table_alloc);
    cpu = cpu_window_make(0);
    cpu_tables_load(cpu);
    run_on_stack(&cpu->regs, boot_on_own_stack, info);
}
