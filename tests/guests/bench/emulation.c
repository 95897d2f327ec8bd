/*
 * Rows of instructions that the kernel executes as on the bare machine, and that the hypervisor
 * carries out when they fault. A kernel that was written for both worlds has hundreds of them on
 * its way through boot, and ports all its life.
 */
#include "guest-kernel/core/guest.h"
#include "guest-kernel/core/hypercall.h"
#include "tests/guests/bench/measure.h"
#include "tests/guests/bench/rows.h"

#define MSR_KERNEL_GS_BASE 0xc0000102u
#define QUIET_PORT         0x80
#define PCI_ADDRESS_PORT   0xcf8
#define IOPL_KERNEL        1

static u64 cr0;

static long cr0_read(void)
{
    asm volatile("mov %%cr0, %0" : "=r"(cr0));
    return 0;
}

static long cr0_write(void)
{
    asm volatile("mov %0, %%cr0" : : "r"(cr0));
    return 0;
}

static long task_switched_clear(void)
{
    asm volatile("clts");
    return 0;
}

static long msr_read(void)
{
    asm volatile("rdmsr" : : "c"(MSR_KERNEL_GS_BASE) : "eax", "edx");
    return 0;
}

static long msr_write(void)
{
    asm volatile("wrmsr" : : "c"(MSR_KERNEL_GS_BASE), "a"(0), "d"(0));
    return 0;
}

static long cpuid_forced(void)
{
    u32 leaf = 0;

    asm volatile(XEN_CPUID : "+a"(leaf) : "c"(0) : "ebx", "edx");
    return 0;
}

static long port_read(void)
{
    asm volatile("inb %0, %%al" : : "i"(QUIET_PORT) : "eax");
    return 0;
}

static long port_write(void)
{
    asm volatile("outb %%al, %0" : : "i"(QUIET_PORT), "a"(0));
    return 0;
}

/* The address of PCI configuration is never the machine's own. */
static long port_write_kept(void)
{
    asm volatile("outl %%eax, %%dx" : : "d"(PCI_ADDRESS_PORT), "a"(0));
    return 0;
}

void rows_emulation(void)
{
    static const struct bench benches[] = {
        {"emulated-cr0-read", .run = cr0_read},
        {"emulated-cr0-write", .run = cr0_write},
        {"emulated-clts", .run = task_switched_clear},
        {"emulated-rdmsr", .run = msr_read},
        {"emulated-wrmsr", .run = msr_write},
        {"cpuid-forced", .run = cpuid_forced},
        {"emulated-in", .run = port_read},
        {"emulated-out", .run = port_write},
        {"emulated-out-kept", .run = port_write_kept},
    };
    struct physdev_set_iopl iopl = {.iopl = IOPL_KERNEL};

    bench_require("set_iopl", hypercall_physdev_op(PHYSDEVOP_set_iopl, (uintptr_t)&iopl));
    bench_rows(benches, ARRAY_SIZE(benches));
}
