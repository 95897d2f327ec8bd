/* See topology.h. */
#include "hypervisor/cpu/topology.h"

#include "hypervisor/cpu/regs.h"
#include "xen-like/abi/xen.h"

#define LEAF_TOPOLOGY 0xbU
#define WIDTH_MASK    0x1fU
#define EDX_HTT       (1U << 28) /* there may be several CPUs in a socket */

static u32 bits_below(enum cpu_level level)
{
    u32 logical = cpuid(1, 0).ebx >> 16 & 0xff;

    if (cpuid(0, 0).eax >= LEAF_TOPOLOGY && cpuid(LEAF_TOPOLOGY, 0).ebx)
        return cpuid(LEAF_TOPOLOGY, level).eax & WIDTH_MASK;
    return level == CPU_SOCKET && logical > 1 ? 32 - (u32)__builtin_clz(logical - 1) : 0;
}

u32 cpu_place(u32 cpu, enum cpu_level level)
{
    u32 place = smp_apic_id(cpu) >> bits_below(level);

    if (level == CPU_SOCKET)
        return place;
    if (!(cpuid(1, 0).edx & EDX_HTT))
        return XEN_INVALID_CORE_ID;
    return place & ((1U << (bits_below(CPU_SOCKET) - bits_below(CPU_CORE))) - 1);
}

u32 cpus_like_first(enum cpu_level level)
{
    u32 n = 0;

    for (u32 cpu = 0; cpu < cpus_online; cpu++)
        if (cpu_place(cpu, CPU_SOCKET) == cpu_place(0, CPU_SOCKET) &&
            (level == CPU_SOCKET || cpu_place(cpu, level) == cpu_place(0, level)))
            n++;
    return n;
}
