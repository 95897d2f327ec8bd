/*
 * The policies of the system. Raw is what CPUID says. Host is that without features that Xen 4.17's
 * public list does not know: who does not know a feature cannot keep it apart. A guest's default is
 * what its CPUID would say (cpuid_policy.c), without what depends on the moment; at most it may be
 * told some things more, which are no promise of the CPU's but of its neighbours and its past.
 */
#include "hypervisor/cpu/system_policy.h"

#include "hypervisor/cpu/cpuid_policy.h"
#include "hypervisor/cpu/features.h"
#include "hypervisor/cpu/msr.h"
#include "hypervisor/cpu/xstate.h"
#include "hypervisor/debug/bug.h"
#include "xen-like/abi/cpu_features.h"

#define NO_SUBLEAF     XEN_CPUID_NO_SUBLEAF
#define EXTENDED_FIRST 0x80000000U
#define EXTENDED_AMD   0x80000021U
#define BASIC_LAST     0xdU
#define SECOND_OTHER   (CPUID_HYPERVISOR_FIRST + 0x100U) /* of another hypervisor's interface */
#define FEAT_LAST      2U
#define CACHE_LAST     5U
#define TOPOLOGY_LAST  1U
#define XSTATE_LAST    62U
#define CACHE_TYPE     0x1fU   /* of leaf 4, eax: 0 is behind the last */
#define TOPOLOGY_TYPE  0xff00U /* of leaf 0xb, ecx: likewise */
#define EBX_APIC_ID    0xff000000U
#define WIDTHS         0xffffU /* of addresses */

#define EAX offsetof(struct cpuid_regs, eax)
#define EBX offsetof(struct cpuid_regs, ebx)
#define ECX offsetof(struct cpuid_regs, ecx)
#define EDX offsetof(struct cpuid_regs, edx)

/* Where the words of a featureset come from: words 16 and 17 are those of MSR_ARCH_CAPS. */
static const struct word {
    u32 leaf, subleaf, reg;
} words[FEATURE_WORDS] = {
    {0x1, 0, EDX},        {0x1, 0, ECX},      {0x80000001, 0, EDX},  {0x80000001, 0, ECX},
    {0xd, 1, EAX},        {0x7, 0, EBX},      {0x7, 0, ECX},         {0x80000007, 0, EDX},
    {0x80000008, 0, EBX}, {0x7, 0, EDX},      {0x7, 1, EAX},         {EXTENDED_AMD, 0, EAX},
    {0x7, 1, EBX},        {0x7, 2, EDX},      {0x7, 1, ECX},         {0x7, 1, EDX},
    {NO_SUBLEAF, 0, 0},   {NO_SUBLEAF, 0, 0}, {EXTENDED_AMD, 0, ECX}};

/* Features by their numbers: all that have a name; those that say what is switched on now; what a
 * guest may be told that comes from elsewhere, or was told so before. */
#define XEN_CPUFEATURE(name, value) value,
static const u16 named[] = {
#include "xen-like/abi/cpu_features.h"
};
#define X86(feature) XEN_X86_FEATURE_##feature
static const u16 momentary[] = {X86(OSXSAVE), X86(OSPKE)};
static const u16 added[] = {X86(X2APIC), X86(HTT), X86(CMP_LEGACY)};
static const u16 added_amd[] = {X86(VERW_CLEAR)};
static const u16 added_intel[] = {X86(MD_CLEAR), X86(RSBA), X86(FB_CLEAR), X86(RFDS_CLEAR)};
#define BITS_OF(list, word) bits_of(list, ARRAY_SIZE(list), word)

static u32 bits_of(const u16 *list, u32 count, u32 word)
{
    u32 bits = 0;

    for (u32 i = 0; i < count; i++)
        bits |= list[i] / 32 == word ? 1U << list[i] % 32 : 0;
    return bits;
}

/* The named ones as bits: there are hundreds, and each leaf asks for some. */
static u32 named_bits[FEATURE_WORDS];

void system_policy_init(void)
{
    for (u32 i = 0; i < ARRAY_SIZE(named); i++)
        named_bits[named[i] / 32] |= 1U << named[i] % 32;
}

static u32 *register_of(struct cpuid_regs *r, u32 reg)
{
    return (u32 *)((u8 *)r + reg);
}

/* What the host's policy keeps of a word, and what the maximum adds to it. */
static u32 word_kept(u32 word)
{
    u32 bits = named_bits[word];

    if (features.amd && word == FEATURES_AMD_EDX)
        bits |= CPUID_COMMON_EDX;
    if (features.amd && word == X86(SEP) / 32)
        bits &= ~(1U << X86(SEP) % 32); /* not in long mode */
    return bits & ~BITS_OF(momentary, word);
}

static u32 word_added(u32 word)
{
    return BITS_OF(added, word) | (features.amd ? BITS_OF(added_amd, word) : 0) |
           (features.intel ? BITS_OF(added_intel, word) : 0);
}

static void words_change(u32 leaf, u32 subleaf, struct cpuid_regs *r, bool keep)
{
    for (u32 w = 0; w < FEATURE_WORDS; w++)
        if (words[w].leaf == leaf && words[w].subleaf == subleaf) {
            u32 *reg = register_of(r, words[w].reg);

            *reg = keep ? *reg & word_kept(w) : *reg | word_added(w);
        }
}

/* As the first CPU says it, whose number is 0. */
static struct cpuid_regs raw_leaf(u32 leaf, u32 subleaf)
{
    struct cpuid_regs r = {0};

    if (leaf > cpuid(leaf & EXTENDED_FIRST, 0).eax)
        return r;
    r = cpuid(leaf, subleaf);
    r.ebx &= leaf == 0x1 ? ~EBX_APIC_ID : ~0U;
    r.edx &= leaf == 0xb ? 0 : ~0U;
    return r;
}

static struct cpuid_regs host_leaf(u32 leaf, u32 subleaf)
{
    struct cpuid_regs r = raw_leaf(leaf, subleaf);

    words_change(leaf, subleaf, &r, true);
    if (leaf == 0x5 || leaf == 0x6 || (leaf >= 0x9 && leaf <= 0xb))
        r = (struct cpuid_regs){0}; /* sleep, counters, who is beside whom: no feature */
    if (leaf == LEAF_XSTATE && subleaf < 2)
        r.ebx = 0; /* depends on the moment */
    if (features.amd && leaf == EXTENDED_FIRST)
        r.eax = EXTENDED_AMD;
    if (features.intel && leaf == EXTENDED_FIRST)
        r = (struct cpuid_regs){.eax = r.eax};
    if (features.intel && leaf == 0x80000001)
        r.eax = r.ebx = 0;
    if (features.intel && (leaf == 0x80000005 || leaf == 0x80000006))
        r = (struct cpuid_regs){.ecx = leaf & 2 ? r.ecx : 0};
    if (features.amd && leaf == EXTENDED_AMD)
        r.eax |= 1U << X86(LFENCE_DISPATCH) % 32; /* features.c sees to it */
    return r;
}

static struct cpuid_host host_with(u64 xstates)
{
    struct cpuid_host host = cpuid_host_here();

    host.xcr0 = xstates;
    host.xstate_bytes = xstate_bytes(xstates);
    return host;
}

struct cpuid_regs guest_policy_leaf(u64 xstates, u32 leaf, u32 subleaf)
{
    const struct cpuid_host host = host_with(xstates);
    const struct cpuid_guest guest = {0};
    struct cpuid_regs r = {0};

    if (leaf >= CPUID_HYPERVISOR_FIRST && leaf <= CPUID_HYPERVISOR_LAST)
        return r; /* as many as there are */
    r = cpuid_policy(&host, &guest, leaf, subleaf);
    if (leaf == 0x80000001 && features.amd)
        r.edx &= ~CPUID_COMMON_EDX;
    if (leaf == LEAF_XSTATE && subleaf < 2)
        r.ebx = 0;
    if (leaf == 0x80000008)
        r.eax = cpuid(leaf, 0).eax & WIDTHS;
    if (leaf == EXTENDED_FIRST && features.intel)
        r.eax = cpuid(leaf, 0).eax;
    return r;
}

static struct cpuid_regs guest_leaf(u32 policy, u32 leaf, u32 subleaf)
{
    struct cpuid_regs r = guest_policy_leaf(xstate_limits.mask, leaf, subleaf);

    if (policy != XEN_SYSCTL_cpu_policy_pv_max)
        return r;
    if (leaf == 0x7 && !subleaf)
        r.eax = FEAT_LAST;
    words_change(leaf, subleaf, &r, false);
    return r;
}

int system_policy_check(u32 policy)
{
    if (policy > XEN_SYSCTL_cpu_policy_hvm_default)
        return refuse(XEN_EINVAL, "no such policy");
    if (policy == XEN_SYSCTL_cpu_policy_hvm_max || policy == XEN_SYSCTL_cpu_policy_hvm_default)
        return refuse(XEN_EOPNOTSUPP, "there are no guests of virtualization hardware");
    return 0;
}

struct cpuid_regs system_policy_leaf(const void *policy, u32 leaf, u32 subleaf)
{
    u32 which = *(const u32 *)policy;

    if (leaf >= CPUID_HYPERVISOR_FIRST && leaf <= CPUID_HYPERVISOR_LAST)
        return (struct cpuid_regs){0}; /* as many as there are */
    if (which == XEN_SYSCTL_cpu_policy_raw)
        return raw_leaf(leaf, subleaf);
    return which == XEN_SYSCTL_cpu_policy_host ? host_leaf(leaf, subleaf)
                                               : guest_leaf(which, leaf, subleaf);
}

xen_msr_entry_t system_policy_msr(u32 policy, u32 n)
{
    xen_msr_entry_t e = {.idx = n ? MSR_ARCH_CAPS : MSR_PLATFORM_INFO};

    e.val = msr_policy(e.idx, policy <= XEN_SYSCTL_cpu_policy_host);
    if (n && policy == XEN_SYSCTL_cpu_policy_pv_max)
        e.val |= word_added(FEATURES_ARCH_CAPS);
    return e;
}

u32 policy_features(policy_ask_fn *ask, const void *whose, u64 arch_caps, u32 word)
{
    const struct word *w = &words[word];
    struct cpuid_regs r;

    if (w->leaf == NO_SUBLEAF)
        return (u32)(arch_caps >> (word & 1 ? 32 : 0));
    r = ask(whose, w->leaf, w->subleaf);
    return *register_of(&r, w->reg);
}

void policy_features_put(const u32 *features, u32 leaf, u32 subleaf, struct cpuid_regs *r)
{
    for (u32 w = 0; w < FEATURE_WORDS; w++)
        if (words[w].leaf == leaf && words[w].subleaf == subleaf)
            *register_of(r, words[w].reg) = features[w];
}

void policy_features_take(u32 *features, u32 leaf, u32 subleaf, struct cpuid_regs *r)
{
    for (u32 w = 0; w < FEATURE_WORDS; w++)
        if (words[w].leaf == leaf && words[w].subleaf == subleaf)
            features[w] = *register_of(r, words[w].reg);
}

u32 system_features(u32 policy, u32 word)
{
    return policy_features(system_policy_leaf, &policy, system_policy_msr(policy, 1).val, word);
}

u32 guest_features_most[FEATURE_WORDS];

void policies_init(void)
{
    for (u32 w = 0; w < FEATURE_WORDS; w++)
        guest_features_most[w] = system_features(XEN_SYSCTL_cpu_policy_pv_max, w);
}

/* Is there another subleaf behind this one? */
static bool subleaf_follows(policy_ask_fn *ask, const void *whose, const xen_cpuid_leaf_t *at)
{
    struct cpuid_regs zero;

    switch (at->leaf) {
    case 0x4:
        return (at->a & CACHE_TYPE) && at->subleaf < CACHE_LAST;
    case 0x7:
        zero = ask(whose, at->leaf, 0);
        return at->subleaf < MIN(zero.eax, FEAT_LAST);
    case 0xb:
        return (at->c & TOPOLOGY_TYPE) && at->subleaf < TOPOLOGY_LAST;
    case LEAF_XSTATE:
        zero = ask(whose, at->leaf, 0);
        return !at->subleaf ||
               (at->subleaf < XSTATE_LAST && (zero.eax | (u64)zero.edx << 32) >> (at->subleaf + 1));
    default:
        return false;
    }
}

static u32 leaf_behind(policy_ask_fn *ask, const void *whose, u32 leaf)
{
    u32 last = ask(whose, leaf & EXTENDED_FIRST, 0).eax;

    if (leaf == CPUID_HYPERVISOR_FIRST)
        return SECOND_OTHER;
    if (leaf == SECOND_OTHER)
        return EXTENDED_FIRST;
    if (leaf < MIN(last, leaf & EXTENDED_FIRST ? EXTENDED_AMD : BASIC_LAST))
        return leaf + 1;
    return leaf & EXTENDED_FIRST ? 0 : CPUID_HYPERVISOR_FIRST;
}

bool policy_has_subleaves(u32 leaf)
{
    return leaf == 0x4 || leaf == 0x7 || leaf == 0xb || leaf == LEAF_XSTATE;
}

bool policy_leaf_next(policy_ask_fn *ask, const void *whose, xen_cpuid_leaf_t *at)
{
    bool first = at->leaf == POLICY_BEGIN;
    struct cpuid_regs r;

    if (subleaf_follows(ask, whose, at)) {
        at->subleaf++;
    } else {
        at->leaf = leaf_behind(ask, whose, at->leaf);
        at->subleaf = policy_has_subleaves(at->leaf) ? 0 : NO_SUBLEAF;
    }
    r = ask(whose, at->leaf, at->subleaf == NO_SUBLEAF ? 0 : at->subleaf);
    at->a = r.eax;
    at->b = r.ebx;
    at->c = r.ecx;
    at->d = r.edx;
    return at->leaf || first;
}

bool policy_has_leaf(u32 leaf, u32 subleaf)
{
    switch (leaf) {
    case 0x4:
        return subleaf <= CACHE_LAST;
    case 0x7:
        return subleaf <= FEAT_LAST;
    case 0xb:
        return subleaf <= TOPOLOGY_LAST;
    case LEAF_XSTATE:
        return subleaf <= XSTATE_LAST;
    default:
        return subleaf == NO_SUBLEAF &&
               (leaf <= BASIC_LAST || leaf == CPUID_HYPERVISOR_FIRST || leaf == SECOND_OTHER ||
                (leaf >= EXTENDED_FIRST && leaf <= EXTENDED_AMD));
    }
}

/* The bits of a word of features at most, without those whose state the guest does not get. */
static u32 feature_limit(u32 word, u32 with_states, u32 with_all)
{
    return guest_features_most[word] & (with_states | ~with_all);
}

void guest_policy_limit(u64 xstates, u32 leaf, u32 subleaf, struct cpuid_regs *r)
{
    const struct cpuid_host host = host_with(xstates), all = cpuid_host_here();
    struct cpuid_regs keep, keep_all;
    u32 features = 0;

    if (leaf >= CPUID_HYPERVISOR_FIRST && leaf <= CPUID_HYPERVISOR_LAST) {
        r->ebx = r->ecx = r->edx = 0;
        return;
    }
    cpuid_policy_keeps(&host, leaf, subleaf, &keep);
    cpuid_policy_keeps(&all, leaf, subleaf, &keep_all);
    for (u32 w = 0; w < FEATURE_WORDS; w++) {
        if (words[w].leaf != leaf || words[w].subleaf != subleaf)
            continue;
        features |= 1U << words[w].reg;
        *register_of(r, words[w].reg) &= feature_limit(w, *register_of(&keep, words[w].reg),
                                                       *register_of(&keep_all, words[w].reg));
    }
    for (u32 reg = EAX; reg <= EDX; reg++)
        if (!(features >> reg & 1))
            *register_of(r, reg) &= *register_of(&keep, reg);
}
