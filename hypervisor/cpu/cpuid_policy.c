/*
 * The CPUID policy of paravirtual guests.
 *
 * Each row keeps bits of one leaf; a leaf without a row is zeros, so a CPU of tomorrow shows
 * nothing that nobody has thought of. Left out is what ring 3 cannot have (large pages, global
 * pages, PCID, SMEP, monitor, performance counters, power), what would need an MSR that guests do
 * not get (speculation control), and what needs extended state that they do not get (MPX,
 * protection keys, AMX). Several rows may speak of one leaf: those that name state count only where
 * the machine keeps it for guests.
 *
 * Bits are from the manuals (Intel SDM vol. 2 CPUID, AMD APM vol. 3 appendix E).
 */
#include "hypervisor/cpu/cpuid_policy.h"
#include "hypervisor/cpu/xstate.h"

#include "xen-like/abi/xen.h"

#define BASIC_LAST      0x0dU
#define EXTENDED_FIRST  0x80000000U
#define EDX_RDTSCP      (1U << 27) /* of 0x80000001; bit 2 of the time leaf */
#define EAX_LFENCE      (1U << 2)  /* of 0x80000021: LFENCE waits, as features.c makes sure */
#define EXTENDED_AMD    0x80000021U
#define EXTENDED_INTEL  0x80000008U
#define SUBLEAF_LAST    2U
#define CACHE_SUBLEAVES 6U
#define ANY_SUBLEAF     ~0U
#define ALL             ~0U
#define EDX_MTRR        (1U << 12)
#define ECX_EIST        (1U << 7)
#define ECX_HYPERVISOR  (1U << 31)
#define ECX_OSXSAVE     (1U << 27)
#define EDX_ARCH_CAPS   (1U << 29) /* there is such an MSR: always, for Intel's guests */
#define EDX_INVARIANT   (1U << 8)
#define XSTATE_INSNS    7U /* XSAVEOPT XSAVEC XGETBV1; not XSAVES, whose state is ring 0's */
#define XSTATE_COMPACTS 2U /* XSAVEC of them */
#define STATE_ALIGNED   2U /* a state's ecx: to 64 bytes in the compacted form */
#define LINEAR_BITS     48U
#define ECX_CX16        (1U << 13) /* of leaf 1 */
#define ECX_LAHF_LM     (1U << 0)  /* of 0x80000001, as are these: */
#define EDX_SYSCALL     (1U << 11)
#define EDX_PAGE1GB     (1U << 26)
#define EDX_LM          (1U << 29)
#define EBX_NO_LMSL     (1U << 20) /* of 0x80000008 */

#define LINEAR_BITS_NARROW 32U
#define VIRTUAL_AND_REAL   0xffffU

#define AMD_ONLY   (1UL << 63)
#define INTEL_ONLY (1UL << 62)

static const struct rule {
    u32 leaf, subleaf; /* ANY_SUBLEAF: the answer does not depend on it, or all are kept */
    u64 needs;         /* all of these: AMD_ONLY, INTEL_ONLY, XSTATE_* */
    struct cpuid_regs keep;
} rules[] = {
    {0x0, ANY_SUBLEAF, 0, {ALL, ALL, ALL, ALL}},
    /* The APIC number is nobody's. */
    {0x1, ANY_SUBLEAF, INTEL_ONLY, {0x0fff0fff, 0x00ffffff, 0xc2d82203, 0x1fc9cbf5}},
    {0x1, ANY_SUBLEAF, AMD_ONLY, {0x0fff0fff, 0x00ffffff, 0xc2d82203, 0x1fc9c3f5}}, /* no SEP */
    {0x1, ANY_SUBLEAF, XSTATE_X87, {0, 0, 0x04000000, 0}},                          /* XSAVE */
    {0x1, ANY_SUBLEAF, XSTATE_YMM, {0, 0, 0x30001000, 0}}, /* FMA AVX F16C */
    {0x2, ANY_SUBLEAF, INTEL_ONLY, {ALL, ALL, ALL, ALL}},
    {0x4, ANY_SUBLEAF, INTEL_ONLY, {0xffffc3ff, ALL, ALL, 0x7}},
    /* FSGSBASE BMI1 FDP_EXCP_ONLY BMI2 ERMS NO_FPU_SEL RDSEED ADX CLFLUSHOPT CLWB SHA; PREFETCHWT1
       GFNI RDPID CLDEMOTE; FSRM MD_CLEAR SERIALIZE */
    {0x7, 0, 0, {ALL, 0x218c2349, 0x02400101, 0x00004410}},
    {0x7, 0, XSTATE_YMM, {0, 0x00000020, 0x00000600, 0}},             /* AVX2, VAES VPCLMULQDQ */
    {0x7, 0, XSTATE_AVX512, {0, 0xdc230000, 0x00005842, 0x0000000c}}, /* all that begins so */
    {0x7, 1, 0, {0x00001c00, 0, 0, 0}},                               /* fast string operations */
    {0x7, 1, XSTATE_YMM, {0x00000010, 0, 0, 0}},                      /* AVX_VNNI */
    {0x7, 1, XSTATE_AVX512, {0x00000020, 0, 0, 0}},                   /* BF16 */
    {0x7, 2, 0, {0, 0, 0, 0x00000020}},                               /* MCDT_NO */
    {0x80000000, ANY_SUBLEAF, AMD_ONLY, {ALL, ALL, ALL, ALL}},
    {0x80000000, ANY_SUBLEAF, INTEL_ONLY, {ALL, 0, 0, 0}},
    {0x80000001, ANY_SUBLEAF, AMD_ONLY, {0x0fff0fff, 0xff00ffff, 0x002001e3, 0xea500800}},
    {0x80000001, ANY_SUBLEAF, INTEL_ONLY, {0, 0, 0x002001e3, 0xea500800}},
    {0x80000001, ANY_SUBLEAF, XSTATE_YMM, {0, 0, 0x00010800, 0}}, /* XOP FMA4 */
    {0x80000002, ANY_SUBLEAF, 0, {ALL, ALL, ALL, ALL}},           /* the CPU's name */
    {0x80000003, ANY_SUBLEAF, 0, {ALL, ALL, ALL, ALL}},
    {0x80000004, ANY_SUBLEAF, 0, {ALL, ALL, ALL, ALL}},
    {0x80000005, ANY_SUBLEAF, AMD_ONLY, {ALL, ALL, ALL, ALL}}, /* caches */
    {0x80000006, ANY_SUBLEAF, AMD_ONLY, {ALL, ALL, ALL, ALL}},
    {0x80000006, ANY_SUBLEAF, INTEL_ONLY, {0, 0, ALL, 0}},
    {0x80000007, ANY_SUBLEAF, 0, {0, 0, 0, 0}},
    /* CLZERO, FPU error pointers, SSB_NO, BTC_NO */
    {0x80000008, ANY_SUBLEAF, AMD_ONLY, {VIRTUAL_AND_REAL, 0x24000005, 0x0003f0ff, 0}},
    {0x80000008, ANY_SUBLEAF, INTEL_ONLY, {VIRTUAL_AND_REAL, 0, 0, 0}},
    {0x8000001a, ANY_SUBLEAF, AMD_ONLY, {ALL, ALL, ALL, ALL}},
    {0x80000021, ANY_SUBLEAF, AMD_ONLY, {0x20000044, 0, 0, 0}},
};

bool cpuid_policy_keeps(const struct cpuid_host *host, u32 leaf, u32 subleaf,
                        struct cpuid_regs *keep)
{
    u64 has = host->xcr0 | (host->amd ? AMD_ONLY : 0) | (host->intel ? INTEL_ONLY : 0);
    bool found = false;

    *keep = (struct cpuid_regs){0};
    for (const struct rule *r = rules; r < rules + ARRAY_SIZE(rules); r++) {
        if (r->leaf != leaf || (r->subleaf != ANY_SUBLEAF && r->subleaf != subleaf) ||
            (r->needs & ~has))
            continue;
        keep->eax |= r->keep.eax;
        keep->ebx |= r->keep.ebx;
        keep->ecx |= r->keep.ecx;
        keep->edx |= r->keep.edx;
        found = true;
    }
    return found;
}

static u32 at_most(u32 value, u32 limit)
{
    return value < limit ? value : limit;
}

/* The TSC: what it is to the guest, how its ticks become ns, and the CPU's rate. */
static struct cpuid_regs time_leaf(const struct cpuid_host *host, const struct domain_time *t,
                                   u32 subleaf)
{
    u64 offset = t->tsc_emulated ? 0 : t->tsc_zero;

    switch (subleaf) {
    case 0:
        return (struct cpuid_regs){t->tsc_emulated | host->tsc_invariant << 1 |
                                       (host->ask(0x80000001, 0).edx & EDX_RDTSCP) >> 25,
                                   t->tsc_mode, t->tsc_khz, t->incarnation};
    case 1:
        return (struct cpuid_regs){(u32)offset, offset >> 32, t->tsc_to_ns.mul,
                                   (u32)t->tsc_to_ns.shift};
    case 2:
        return (struct cpuid_regs){.eax = host->tsc_khz};
    default:
        return (struct cpuid_regs){0};
    }
}

/* The leaves by which a guest knows Xen (arch-x86/cpuid.h); 0x40000100 and on would be those of
 * another interface, and are empty. */
static struct cpuid_regs hypervisor_leaf(const struct cpuid_host *host,
                                         const struct cpuid_guest *guest, u32 leaf, u32 subleaf)
{
    switch (leaf - CPUID_HYPERVISOR_FIRST) {
    case 0:
        return (struct cpuid_regs){CPUID_HYPERVISOR_FIRST + XEN_CPUID_MAX_NUM_LEAVES,
                                   XEN_CPUID_SIGNATURE_EBX, XEN_CPUID_SIGNATURE_ECX,
                                   XEN_CPUID_SIGNATURE_EDX};
    case 1:
        return (struct cpuid_regs){.eax = XEN_SHOWN_MAJOR << 16 | XEN_SHOWN_MINOR};
    case 2: /* one hypercall page, filled by this MSR */
        return (struct cpuid_regs){.eax = 1,
                                   .ebx = CPUID_HYPERVISOR_FIRST,
                                   .ecx = XEN_CPUID_FEAT1_MMU_PT_UPDATE_PRESERVE_AD};
    case 3:
        return time_leaf(host, guest->time, subleaf);
    case 5: /* what a paravirtual guest's machine addresses may need */
        return (struct cpuid_regs){.ebx = subleaf ? 0 : host->address_bits};
    default: /* 4 is for other kinds of guest */
        return (struct cpuid_regs){0};
    }
}

/* Extended state. The sizes in ebx are of what XCR0 has on now: the guest's. */
static struct cpuid_regs xstate_leaf(const struct cpuid_host *host, u32 subleaf)
{
    struct cpuid_regs r = host->ask(LEAF_XSTATE, subleaf), none = {0};

    if (!host->xcr0)
        return none;
    if (subleaf == 0)
        return (struct cpuid_regs){(u32)host->xcr0, r.ebx, host->xstate_bytes, host->xcr0 >> 32};
    if (subleaf == 1) {
        r.eax &= XSTATE_INSNS;
        return (struct cpuid_regs){.eax = r.eax, .ebx = r.eax & XSTATE_COMPACTS ? r.ebx : 0};
    }
    if (subleaf >= 64 || !((host->xcr0 & ~XSTATE_LEGACY) >> subleaf & 1))
        return none;
    return (struct cpuid_regs){r.eax, r.ebx, r.ecx & STATE_ALIGNED, 0};
}

static void leaf_adjust(const struct cpuid_host *host, const struct cpuid_guest *guest, u32 leaf,
                        struct cpuid_regs *r)
{
    struct cpuid_regs keep;

    switch (leaf) {
    case 0x0:
        r->eax = at_most(r->eax, BASIC_LAST);
        break;
    case 0x1:
        r->ecx |= ECX_HYPERVISOR;
        if (host->xcr0 && guest->osxsave)
            r->ecx |= ECX_OSXSAVE;
        if (guest->privileged_kernel) { /* what such kernels have always seen, and decide by */
            r->ecx |= host->ask(leaf, 0).ecx & ECX_EIST;
            r->edx |= host->ask(leaf, 0).edx & EDX_MTRR;
        }
        break;
    case 0x80000000:
        r->eax = host->amd ? EXTENDED_AMD : at_most(r->eax, EXTENDED_INTEL); /* Xen's constant */
        break;
    case 0x80000001:
        if (host->amd && cpuid_policy_keeps(host, 1, 0, &keep))
            r->edx |= host->ask(1, 0).edx & keep.edx & CPUID_COMMON_EDX;
        if (guest->privileged_kernel)
            r->edx |= host->ask(1, 0).edx & EDX_MTRR;
        break;
    case EXTENDED_AMD:
        r->eax |= host->amd ? EAX_LFENCE : 0;
        break;
    case 0x80000007:
        if (guest->privileged_kernel)
            r->edx |= host->ask(leaf, 0).edx & EDX_INVARIANT;
        break;
    case 0x80000008:
        r->eax = (r->eax & 0xff) | LINEAR_BITS << 8;
        break;
    default:
        break;
    }
}

void cpuid_policy_narrow(bool amd, u32 leaf, struct cpuid_regs *r)
{
    switch (leaf) {
    case 0x1:
        r->ecx &= ~ECX_CX16;
        break;
    case 0x80000001:
        r->ecx &= ~ECX_LAHF_LM;
        r->edx &= ~(EDX_LM | EDX_PAGE1GB | (amd ? 0 : EDX_SYSCALL));
        break;
    case 0x80000008:
        r->eax = (r->eax & ~(0xffU << 8)) | LINEAR_BITS_NARROW << 8;
        r->ebx &= ~EBX_NO_LMSL;
        break;
    default:
        break;
    }
}

struct cpuid_regs cpuid_policy(const struct cpuid_host *host, const struct cpuid_guest *guest,
                               u32 leaf, u32 subleaf)
{
    struct cpuid_regs r = {0}, keep;

    if (leaf >= CPUID_HYPERVISOR_FIRST && leaf <= CPUID_HYPERVISOR_LAST)
        return hypervisor_leaf(host, guest, leaf, subleaf);
    if (leaf > host->ask(leaf & EXTENDED_FIRST, 0).eax) {
        r.eax = host->amd && leaf == EXTENDED_AMD ? EAX_LFENCE : 0;
        return r;
    }
    if (leaf == LEAF_XSTATE)
        return xstate_leaf(host, subleaf);
    if (!cpuid_policy_keeps(host, leaf, subleaf, &keep))
        return r;
    if (leaf == 0x4 && subleaf >= CACHE_SUBLEAVES)
        return r;
    if (leaf == 0x7 && subleaf && subleaf > host->ask(leaf, 0).eax)
        return r;
    r = host->ask(leaf, subleaf);
    r.eax &= keep.eax;
    r.ebx &= keep.ebx;
    r.ecx &= keep.ecx;
    r.edx &= keep.edx;
    if (leaf == 0x7 && !subleaf) {
        r.eax = at_most(r.eax, SUBLEAF_LAST);
        r.edx |= host->intel ? EDX_ARCH_CAPS : 0;
    }
    leaf_adjust(host, guest, leaf, &r);
    return r;
}
