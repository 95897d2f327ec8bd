/*
 * CPUID once, decisions once, then the same control registers on every CPU.
 *
 * What a PV hypervisor needs: WP, so that a mistake of ours cannot write what is mapped read-only;
 * NX and SMEP, so that nothing of a guest is ever executed in ring 0; global pages for our own
 * mappings; SSE switched on, since guests use it and cannot touch CR4; XSAVE, likewise.
 * FSGSBASE is on while the running guest has it on (emulate.c): we do without. UMIP only on
 * request.
 */
#include "hypervisor/cpu/features.h"
#include "hypervisor/boot/cmdline.h"
#include "hypervisor/cpu/regs.h"
#include "hypervisor/cpu/xstate.h"
#include "hypervisor/debug/log.h"
#include "xen-like/lib/string.h"

#define LEAF_VENDOR        0U
#define LEAF_BASIC         1U
#define LEAF_EXTENDED      7U
#define LEAF_HYPERVISOR    0x40000000U
#define LEAF_AMD_MAX       0x80000000U
#define LEAF_AMD_BASIC     0x80000001U
#define LEAF_POWER         0x80000007U
#define LEAF_ADDRESS_SIZES 0x80000008U

#define BASIC_ECX_XSAVE        (1U << 26)
#define BASIC_ECX_HYPERVISOR   (1U << 31)
#define BASIC_EDX_MCE          (1U << 7)
#define EXTENDED_EBX_FSGSBASE  (1U << 0)
#define EXTENDED_EBX_SMEP      (1U << 7)
#define EXTENDED_EBX_SMAP      (1U << 20)
#define EXTENDED_ECX_UMIP      (1U << 2)
#define EXTENDED_EDX_ARCH_CAPS (1U << 29)
#define AMD_EDX_NX             (1U << 20)
#define AMD_EDX_PAGE_1G        (1U << 26)
#define AMD_EDX_RDTSCP         (1U << 27)
#define POWER_EDX_INVARIANT    (1U << 8)

#define ARCH_CAPS_RDCL_NO 1UL

struct cpu_features features;
bool cpu_has_smap_on;
u64 cr4_guards;

/* Twelve letters in three registers. */
static void vendor_copy(char *to, u32 a, u32 b, u32 c)
{
    const u32 words[3] = {a, b, c};

    memcpy(to, words, sizeof(words));
    to[sizeof(words)] = '\0';
}

static bool cpu_reads_privilege(u32 extended_edx)
{
    if (features.amd)
        return false; /* not affected, and says so by no bit */
    if (extended_edx & EXTENDED_EDX_ARCH_CAPS)
        return !(rdmsr(MSR_ARCH_CAPS) & ARCH_CAPS_RDCL_NO);
    return true;
}

static void detect_basic(void)
{
    struct cpuid_regs r = cpuid(LEAF_VENDOR, 0), h;
    u32 max = r.eax;

    vendor_copy(features.vendor, r.ebx, r.edx, r.ecx);
    features.intel = !strcmp(features.vendor, "GenuineIntel");
    features.amd =
        !strcmp(features.vendor, "AuthenticAMD") || !strcmp(features.vendor, "HygonGenuine");
    r = cpuid(LEAF_BASIC, 0);
    features.mce = r.edx & BASIC_EDX_MCE;
    features.xsave = max >= LEAF_XSTATE && (r.ecx & BASIC_ECX_XSAVE);
    if (r.ecx & BASIC_ECX_HYPERVISOR) {
        h = cpuid(LEAF_HYPERVISOR, 0);
        vendor_copy(features.hypervisor, h.ebx, h.ecx, h.edx);
        features.tcg = strcmp(features.hypervisor, "TCGTCGTCGTCG") == 0;
    }
    memset(&r, 0, sizeof(r));
    if (max >= LEAF_EXTENDED)
        r = cpuid(LEAF_EXTENDED, 0);
    features.fsgsbase = r.ebx & EXTENDED_EBX_FSGSBASE;
    features.smep = r.ebx & EXTENDED_EBX_SMEP;
    features.smap = r.ebx & EXTENDED_EBX_SMAP;
    features.umip = r.ecx & EXTENDED_ECX_UMIP;
    features.reads_privilege = cpu_reads_privilege(r.edx);
}

static void detect_extended(void)
{
    u32 max = cpuid(LEAF_AMD_MAX, 0).eax;
    u32 edx = cpuid(LEAF_AMD_BASIC, 0).edx;

    features.nx = edx & AMD_EDX_NX;
    features.huge_pages = edx & AMD_EDX_PAGE_1G;
    features.rdtscp = edx & AMD_EDX_RDTSCP;
    features.phys_bits = 36;
    if (max >= LEAF_POWER)
        features.invariant_tsc = cpuid(LEAF_POWER, 0).edx & POWER_EDX_INVARIANT;
    if (max >= LEAF_ADDRESS_SIZES)
        features.phys_bits = cpuid(LEAF_ADDRESS_SIZES, 0).eax & 0xff;
}

/* The command line may switch a thing off, and SMAP also on where we would not. */
static void decide(void)
{
    features.smep = features.smep && options.smep;
    features.umip = features.umip && options.umip;
    cpu_has_smap_on =
        features.smap && (options.smap == SMAP_DEFAULT ? !features.tcg : options.smap);
    cr4_guards = (features.smep ? CR4_SMEP : 0) | (cpu_has_smap_on ? CR4_SMAP : 0);
}

void features_init(void)
{
    detect_basic();
    detect_extended();
    decide();
    log_info("CPU %s%s%s: NX%s%s%s%s%s%s, %u physical address bits", features.vendor,
             features.hypervisor[0] ? " under " : "", features.hypervisor,
             features.smep ? " SMEP" : "", cpu_has_smap_on ? " SMAP" : "",
             features.umip ? " UMIP" : "", features.fsgsbase ? " FSGSBASE" : "",
             features.huge_pages ? " 1GiB-pages" : "", features.xsave ? " XSAVE" : "",
             features.phys_bits);
    if (features.smap && !cpu_has_smap_on)
        log_info("SMAP is off%s", options.smap == SMAP_DEFAULT
                                      ? ": it faults falsely under this emulator (smap=1 to force)"
                                      : " by the command line");
    if (features.reads_privilege)
        log_warn("this CPU may let guests read all memory by speculation (no RDCL_NO); run only "
                 "guests that you trust");
    features_enable();
    xstate_init();
}

void features_enable(void)
{
    u64 cr4 = CR4_PAE | CR4_PGE | CR4_DE | CR4_OSFXSR | CR4_OSXMMEXCPT;

    if (features.mce) /* else a machine check is a shutdown, of which nobody is told */
        cr4 |= CR4_MCE;
    if (features.smep)
        cr4 |= CR4_SMEP;
    if (features.umip)
        cr4 |= CR4_UMIP;
    if (features.xsave)
        cr4 |= CR4_OSXSAVE;
    write_cr0(CR0_PG | CR0_AM | CR0_WP | CR0_NE | CR0_ET | CR0_MP | CR0_PE);
    write_cr4(cr4);
    if (features.xsave)
        xsetbv(0, XSTATE_LEGACY);
    /* Nothing that firmware chose: with AMD's FFXSR, FXSAVE would leave XMM registers out. */
    wrmsr(MSR_EFER, EFER_LMA | EFER_LME | EFER_NXE | EFER_SCE);
    wbinvd(); /* no line may stay cached with a type that its page no longer has */
    wrmsr(MSR_PAT, PAT_XEN);
    write_cr3(read_cr3());
}
