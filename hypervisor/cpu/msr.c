/*
 * Model-specific registers of a paravirtual guest.
 *
 * Three kinds: the few that are the guest's own (segment bases, TSC_AUX), which are the CPU's while
 * it runs; those that kernels read or write without asking CPUID first, for which there is a
 * constant to read and a silent end for what is written; and all others, which are #GP, as on a CPU
 * that has none such. So a kernel must be ready for #GP; one that has no handler for it yet reads 0
 * where the CPU has a register at all.
 *
 * The list is Xen's for its control domain on CPUs of Intel and AMD (what it answers is what
 * kernels were written against). Numbers: Intel SDM vol. 4, AMD APM vol. 2 appendix A.
 */
#include "hypervisor/cpu/msr.h"

#include "hypervisor/cpu/bounce.h"
#include "hypervisor/cpu/canonical.h"
#include "hypervisor/cpu/domain_policy.h"
#include "hypervisor/cpu/features.h"
#include "hypervisor/cpu/fixup.h"
#include "hypervisor/cpu/regs.h"
#include "hypervisor/debug/log.h"
#include "hypervisor/domain/hypercall_page.h"
#include "hypervisor/mm/ptype.h"
#include "xen-like/lib/string.h"

#define MSR_P5_MC           0x0U /* address, type */
#define MSR_PLATFORM_ID     0x17U
#define MSR_FEATURE_CONTROL 0x3aU
#define MSR_UCODE_REVISION  0x8bU
#define MSR_PERFCTR         0xc1U /* 8 */
#define MSR_MPERF           0xe7U
#define MSR_APERF           0xe8U
#define MSR_MCG_CAP         0x179U
#define MSR_MCG_STATUS      0x17aU
#define MSR_MCG_CTL         0x17bU
#define MSR_EVNTSEL         0x186U /* 4 */
#define MSR_PERF_STATUS     0x198U
#define MSR_PERF_CTL        0x199U
#define MSR_THERM_CONTROL   0x19aU
#define MSR_THERM_STATUS    0x19cU
#define MSR_MISC_ENABLE     0x1a0U
#define MSR_ENERGY_BIAS     0x1b0U
#define MSR_MC_CTL2         0x280U /* 32 banks */
#define MSR_FIXED_CTR       0x309U /* 3 */
#define MSR_PERF_CAPS       0x345U
#define MSR_FIXED_CTR_CTRL  0x38dU /* 4 */
#define MSR_MC_BANKS        0x400U /* 32 banks of CTL, STATUS, ADDR, MISC */
#define MSR_MC_BANKS_LAST   0x47fU
#define MSR_HYPERCALL_PAGE  0x40000000U
#define MSR_XEN_LAST        0x4000ffffU
#define MSR_K7_PERF         0xc0010000U /* 8 */
#define MSR_SYSCFG          0xc0010010U
#define MSR_HWCR            0xc0010015U
#define MSR_IORR            0xc0010016U /* 4 */
#define MSR_TOP_MEM         0xc001001aU
#define MSR_TOP_MEM2        0xc001001dU
#define MSR_NB_CFG          0xc001001fU
#define MSR_FID_VID         0xc0010041U /* 2 */
#define MSR_PSTATE          0xc0010061U /* limit, control, status, and 8 of them */
#define MSR_TSEG            0xc0010112U /* 2 */
#define MSR_F15_PERF        0xc0010200U /* 12 */

#define APIC_BASE_PAGE       0xfee00000UL
#define APIC_BASE_ENABLED    (1UL << 11)
#define APIC_BASE_BOOT_CPU   (1UL << 8)
#define EFER_FFXSR           (1UL << 14)
#define EFER_AIBRSE          (1UL << 21)
#define EFER_SHOWN           (EFER_SCE | EFER_LME | EFER_LMA | EFER_NXE | EFER_FFXSR | EFER_AIBRSE)
#define FEATURE_CONTROL_LOCK 1UL
#define MISC_ENABLE_HIDDEN   (1UL << 7 | 1UL << 18)              /* counters, monitor */
#define MISC_ENABLE_ABSENT   (1UL << 11 | 1UL << 12 | 1UL << 23) /* BTS, PEBS, xTPR messages */
#define MCG_CAP_INTEL        (1UL << 24 | 1UL << 11 | 1UL << 10) /* and the number of banks */
#define MCG_CAP_COUNT        0xffUL
#define MCG_CAP_CTL          (1UL << 8)
#define MCG_CAP_LOCAL        (1UL << 27)
#define MSRS_PER_BANK        4
#define MSR_MC_ABSENT        (MSR_MC_BANKS + MC_BANKS * MSRS_PER_BANK)
#define ARCH_CAPS_SHOWN      0xd1ae125UL /* what the CPU is not prone to, or does by itself */
#define LEAF_FEATURES        7U          /* of CPUID */
#define EDX_ARCH_CAPS        (1U << 29)
#define POLICY_ARCH_CAPS     1U /* of a policy's MSRs */
#define SYSCFG_SHOWN         (1UL << 18 | 1UL << 20 | 1UL << 21 | 1UL << 22)

/* rdmsr of a register that this CPU may not have. */
static bool rdmsr_try(u32 msr, u64 *value)
{
    u32 lo, hi;

    asm goto("1: rdmsr" FIXUP(fault) : "=a"(lo), "=d"(hi) : "c"(msr) : "memory" : fault);
    *value = (u64)hi << 32 | lo;
    return true;
fault:
    return false;
}

static bool wrmsr_try(u32 msr, u64 value)
{
    asm goto("1: wrmsr" FIXUP(fault)
             :
             : "a"((u32)value), "d"((u32)(value >> 32)), "c"(msr)
             : "memory"
             : fault);
    return true;
fault:
    return false;
}

/* Registers of one kind of CPU that read as 0 and swallow what is written: frequency, counters. */
static bool msr_is_mute(u32 msr)
{
    switch (msr) {
    case MSR_PERFCTR ... MSR_PERFCTR + 7:
    case MSR_EVNTSEL ... MSR_EVNTSEL + 3:
    case MSR_FIXED_CTR ... MSR_FIXED_CTR + 2:
    case MSR_FIXED_CTR_CTRL ... MSR_FIXED_CTR_CTRL + 3:
    case MSR_PERF_CTL:
        return features.intel;
    case MSR_K7_PERF ... MSR_K7_PERF + 7:
    case MSR_F15_PERF ... MSR_F15_PERF + 11:
    case MSR_FID_VID ... MSR_FID_VID + 1:
    case MSR_PSTATE ... MSR_PSTATE + 10:
    case MSR_HWCR:
        return features.amd;
    case MSR_NB_CFG:
        return true;
    default:
        return false;
    }
}

static bool is_bank_control(u32 msr)
{
    return (msr - MSR_MC_BANKS) % MSRS_PER_BANK == 0;
}

u64 machine_checks_capabilities(void)
{
    return MC_BANKS | (features.intel ? MCG_CAP_INTEL : 0);
}

/* Any number of banks, as Xen: those that are not there are silent. */
bool machine_checks_ok(u64 capabilities)
{
    u64 may = MCG_CAP_COUNT | MCG_CAP_CTL | (features.intel ? MCG_CAP_INTEL | MCG_CAP_LOCAL : 0);

    return !(capabilities & ~may);
}

/* Machine checks: two banks that have never seen one. */
static u64 machine_check_read(const struct vcpu *v, u32 msr)
{
    switch (msr) {
    case MSR_MCG_CAP:
        return v->machine_checks[MC_CAPABILITIES];
    case MSR_MCG_STATUS:
    case MSR_MCG_CTL:
        return 0;
    default:
        return msr < MSR_MC_ABSENT && is_bank_control(msr) ? ~0UL : 0;
    }
}

/* What the control domain may read of the memory controller. */
static bool memory_setup_read(const struct domain *d, u32 msr, u64 *value)
{
    if (!features.amd || !d->privileged || !rdmsr_try(msr, value))
        return false;
    if (msr == MSR_SYSCFG)
        *value &= SYSCFG_SHOWN;
    return true;
}

static bool misc_enable_read(u64 *value)
{
    if (!rdmsr_try(MSR_MISC_ENABLE, value))
        return false;
    *value = (*value & ~MISC_ENABLE_HIDDEN) | MISC_ENABLE_ABSENT;
    return true;
}

void lfence_enable(void)
{
    u64 value;

    if (features.amd && rdmsr_try(MSR_DE_CFG, &value) &&
        !wrmsr_try(MSR_DE_CFG, value | DE_CFG_LFENCE))
        log_warn("lfence may not stop speculation");
}

u64 msr_policy(u32 msr, bool real)
{
    u64 value, shown = msr == MSR_ARCH_CAPS ? ARCH_CAPS_SHOWN : 0;

    return features.intel && rdmsr_try(msr, &value) ? value & (real ? ~0UL : shown) : 0;
}

/* To a 32-bit guest the CPU has no 64-bit mode; and no `syscall`, where that is the vendor's way.
 */
static u64 efer_shown(const struct domain *d)
{
    u64 hidden = d->is_32bit ? EFER_LME | EFER_LMA | (features.intel ? EFER_SCE : 0) : 0;

    return rdmsr(MSR_EFER) & EFER_SHOWN & ~hidden;
}

/* Those for which only one vendor's guests have a constant to read. */
static bool vendor_read(const struct domain *d, u32 msr, u64 *value)
{
    switch (msr) {
    case MSR_PERF_STATUS:
    case MSR_THERM_STATUS:
        return features.intel;
    case MSR_FEATURE_CONTROL:
        *value = FEATURE_CONTROL_LOCK;
        return features.intel;
    case MSR_PLATFORM_ID:
        return features.intel && rdmsr_try(msr, value);
    case MSR_UCODE_REVISION:
        return (features.intel || !strcmp(features.vendor, "AuthenticAMD")) &&
               rdmsr_try(msr, value);
    case MSR_ARCH_CAPS:
        *value = domain_policy_msr(d, POLICY_ARCH_CAPS).val;
        return domain_policy_leaf(d, LEAF_FEATURES, 0).edx & EDX_ARCH_CAPS;
    case MSR_DE_CFG:
        *value = DE_CFG_LFENCE;
        return features.amd;
    case MSR_SYSCFG:
    case MSR_TOP_MEM:
    case MSR_TOP_MEM2:
    case MSR_IORR ... MSR_IORR + 3:
    case MSR_TSEG ... MSR_TSEG + 1:
        return memory_setup_read(d, msr, value);
    default:
        return msr_is_mute(msr);
    }
}

static bool msr_read(const struct vcpu *v, u32 msr, u64 *value)
{
    *value = 0;
    switch (msr) {
    case MSR_FS_BASE:
    case MSR_GS_BASE:
    case MSR_KERNEL_GS_BASE:
        *value = rdmsr(msr);
        return !v->domain->is_32bit;
    case MSR_TSC:
        *value = domain_tsc(v->domain);
        return true;
    case MSR_TSC_AUX:
        return features.rdtscp && rdmsr_try(msr, value);
    case MSR_EFER:
        *value = efer_shown(v->domain);
        return true;
    case MSR_PAT:
        *value = PAT_XEN;
        return true;
    case MSR_APIC_BASE:
        *value = APIC_BASE_PAGE | APIC_BASE_ENABLED | (v->id ? 0 : APIC_BASE_BOOT_CPU);
        return true;
    case MSR_MISC_ENABLE:
        return misc_enable_read(value);
    case MSR_P5_MC ... MSR_P5_MC + 1:
        return true;
    case MSR_MC_CTL2 ... MSR_MC_CTL2 + 31:
        if (features.intel && msr - MSR_MC_CTL2 < MC_BANKS)
            *value = v->machine_checks[MC_CONTROL2 + msr - MSR_MC_CTL2];
        return true;
    case MSR_MCG_CAP ... MSR_MCG_CTL:
    case MSR_MC_BANKS ... MSR_MC_BANKS_LAST:
        *value = machine_check_read(v, msr);
        return true;
    case MSR_PERF_CAPS:
    case MSR_PLATFORM_INFO:
    case MSR_MISC_FEATURES:
    case MSR_HYPERCALL_PAGE:
        return true;
    default:
        return vendor_read(v->domain, msr, value);
    }
}

/*
 * To a relaxed domain a register that the CPU has and that means nothing here is 0, and what is
 * written to it is dropped. Not so those that Xen refuses by name: offered to no guest, or only
 * with a bit of CPUID that none gets; to be written only, or read only; its own.
 */
static bool msr_is_dull(const struct domain *d, u32 msr)
{
    static const struct {
        u32 first, last;
    } refused[] = {
        {0x17, 0x17},             /* platform */
        {0x33, 0x33},             /* split locks */
        {0x35, 0x35},             /* cores and threads */
        {0x48, 0x49},             /* speculation: control, barrier */
        {0x4e, 0x4f},             /* serial number */
        {0x79, 0x79},             /* microcode */
        {0xce, 0xcf},             /* platform, core capabilities */
        {0x10a, 0x10b},           /* architectural capabilities, flush of L1D */
        {0x10f, 0x10f},           /* transactions */
        {0x122, 0x123},           /* and microcode's options */
        {0x560, 0x587},           /* processor trace */
        {0x6a0, 0x6a8},           /* shadow stacks */
        {0x800, 0x8ff},           /* x2APIC */
        {0x40000000, 0x4000ffff}, /* hypervisors' */
        {0xc0000103, 0xc0000106}, /* TSC_AUX, profiling */
        {0xc0010020, 0xc0010020}, /* microcode */
        {0xc00102f0, 0xc00102f1}, /* serial number */
        {0xc0011019, 0xc001101b}, /* masks of breakpoints */
        {0xc001011f, 0xc001011f}, /* speculation, as hypervisors show it */
        {0xc0011027, 0xc0011027}, /* mask of a breakpoint */
    };
    u64 real;

    if (!d->msr_relaxed)
        return false;
    for (u32 i = 0; i < ARRAY_SIZE(refused); i++)
        if (msr >= refused[i].first && msr <= refused[i].last)
            return false;
    return rdmsr_try(msr, &real);
}

bool msr_guest_read(struct vcpu *v, u32 msr, u64 *value)
{
    u64 real;

    if (msr_read(v, msr, value))
        return true;
    *value = 0;
    if (msr_is_dull(v->domain, msr))
        return true;
    /* A kernel in its first steps cannot take a #GP yet. */
    return !v->traps[EXCEPTION_GP].address && !(msr >= MSR_HYPERCALL_PAGE && msr <= MSR_XEN_LAST) &&
           rdmsr_try(msr, &real);
}

/* The MSR that cpuid leaf 0x40000002 names: fill the guest's page at this machine address. */
static bool hypercall_page_write(struct domain *d, u64 value)
{
    mfn_t m = MFN(value >> PAGE_SHIFT);

    if (value % PAGE_SIZE || frame_get_and_type(m, d, FT_WRITABLE))
        return false;
    hypercall_page_fill(mfn_to_virt(m), d->is_32bit);
    frame_put_and_type(mfn_to_frame(m));
    return true;
}

static bool base_write(u32 msr, u64 value)
{
    if (!canonical(value))
        return false;
    wrmsr(msr, value);
    return true;
}

static bool tsc_aux_write(u64 value)
{
    if (!features.rdtscp || value >> 32)
        return false;
    wrmsr(MSR_TSC_AUX, value);
    return true;
}

bool msr_guest_write(struct vcpu *v, u32 msr, u64 value)
{
    u64 shown;

    switch (msr) {
    case MSR_FS_BASE:
    case MSR_GS_BASE:
    case MSR_KERNEL_GS_BASE:
        return !v->domain->is_32bit && base_write(msr, value);
    case MSR_TSC_AUX:
        return tsc_aux_write(value);
    case MSR_EFER: /* kernels write back what they read */
        return value == efer_shown(v->domain);
    case MSR_HYPERCALL_PAGE:
        return hypercall_page_write(v->domain, value);
    case MSR_MISC_ENABLE:
        return misc_enable_read(&shown);
    case MSR_MISC_FEATURES:
        return !value;
    case MSR_UCODE_REVISION:
        return features.intel && !value;
    case MSR_MPERF:
    case MSR_APERF:
        return features.intel || features.amd;
    case MSR_THERM_CONTROL:
    case MSR_ENERGY_BIAS:
        return features.intel;
    case MSR_DE_CFG:
        return features.amd;
    case MSR_MC_CTL2 ... MSR_MC_CTL2 + 31:
        if (msr - MSR_MC_CTL2 < MC_BANKS)
            v->machine_checks[MC_CONTROL2 + msr - MSR_MC_CTL2] = value;
        return true;
    case MSR_MCG_CAP ... MSR_MCG_CTL:
        return true;
    case MSR_MC_BANKS ... MSR_MC_BANKS_LAST: /* what was seen may be cleared, not invented */
        return msr >= MSR_MC_ABSENT || is_bank_control(msr) || !value;
    default:
        return msr_is_mute(msr) || msr_is_dull(v->domain, msr);
    }
}
