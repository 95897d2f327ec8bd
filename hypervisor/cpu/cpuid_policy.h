/*
 * What CPUID tells a paravirtual guest, when it asks through the hypervisor: by the prefix
 * `ud2; .ascii "xen"` (xen.h: XEN_EMULATE_PREFIX), or by a CPUID that faults. One table says which
 * bits of the host's answer it may see; the few words that are made here follow it.
 *
 * OSXSAVE is what the guest's CR4 says; only its kernel, asking by the prefix, sees it always. Xen
 * once let it through by mistake, and kernels found out about XSAVE by it ever since.
 *
 * A plain CPUID on a CPU that cannot make it fault shows the host: that is the ABI's, and why the
 * prefix exists.
 */
#ifndef HYPERVISOR_CPU_CPUID_POLICY_H
#define HYPERVISOR_CPU_CPUID_POLICY_H

#include "hypervisor/cpu/regs.h"
#include "hypervisor/time/vcpu_time.h"

/* The Xen whose ABI this is: guests decide by it what they may use. */
#define XEN_SHOWN_MAJOR 4
#define XEN_SHOWN_MINOR 17

#define CPUID_HYPERVISOR_FIRST 0x40000000U
#define CPUID_HYPERVISOR_LAST  0x400001ffU

/* Bits that AMD's 0x80000001 repeats from leaf 1. */
#define CPUID_COMMON_EDX 0x0183f3ffU

/* Of whom is asked, and for whom. */
struct cpuid_host {
    struct cpuid_regs (*ask)(u32 leaf, u32 subleaf);
    bool intel, amd;  /* AMD's leaves: also Hygon */
    u8 address_bits;  /* of the highest machine address of memory */
    u64 xcr0;         /* extended state that guests may have, and the bytes */
    u32 xstate_bytes; /* that all of it takes (cpu/xstate.h) */
    u32 tsc_khz;
    bool tsc_invariant;
};
/* This machine, as cpuid_policy() wants to be told of it (emulate.c). */
struct cpuid_host cpuid_host_here(void);

struct cpuid_guest {
    bool osxsave;           /* XSAVE, where there is any, looks switched on */
    bool privileged_kernel; /* the kernel of the domain that owns the hardware */
    const struct domain_time *time;
};

/* The bits that all rules together keep of a leaf; false if there is none for it. */
bool cpuid_policy_keeps(const struct cpuid_host *host, u32 leaf, u32 subleaf,
                        struct cpuid_regs *keep);

/* What no 32-bit guest has is taken from its answer @r to a leaf: long mode and what there is in it
 * only; and, where the CPU is not AMD's, `syscall`. */
void cpuid_policy_narrow(bool amd, u32 leaf, struct cpuid_regs *r);

/* The answer to @leaf and @subleaf; zeros for what is not there. */
struct cpuid_regs cpuid_policy(const struct cpuid_host *host, const struct cpuid_guest *guest,
                               u32 leaf, u32 subleaf);

#endif
