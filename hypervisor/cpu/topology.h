/*
 * How the machine's CPUs are joined: each APIC number is made of fields, thread, core and socket
 * from low to high, whose widths CPUID tells (Intel SDM vol. 3, 9.9; AMD's leaves are the same).
 */
#ifndef HYPERVISOR_CPU_TOPOLOGY_H
#define HYPERVISOR_CPU_TOPOLOGY_H

#include "hypervisor/cpu/smp.h"

enum cpu_level {
    CPU_CORE, /* numbered within its socket. ~0: CPUID does not speak of cores */
    CPU_SOCKET
};

/* The core or the socket that CPU @cpu is in. */
u32 cpu_place(u32 cpu, enum cpu_level level);

/* How many CPUs are in the first one's core or socket. */
u32 cpus_like_first(enum cpu_level level);

#endif
