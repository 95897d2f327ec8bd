/*
 * What toolstacks are told of the CPU: whole policies, that is every CPUID leaf and the MSRs that
 * say what the CPU can do. There is the CPU itself (raw), what of it is understood here (host), and
 * what a paravirtual guest may have at most and by default (public/sysctl.h, get_cpu_policy). Those
 * of virtualization hardware there are not.
 */
#ifndef HYPERVISOR_CPU_SYSTEM_POLICY_H
#define HYPERVISOR_CPU_SYSTEM_POLICY_H

#include "hypervisor/cpu/regs.h"
#include "xen-like/abi/xen.h"

/* Of featuresets: words, the one whose low bits AMD repeats from another, that of ways to save
 * extended state, and the MSR's two. */
#define FEATURE_WORDS      19
#define FEATURES_AMD_EDX   2
#define FEATURES_SAVING    4
#define FEATURES_ARCH_CAPS 16

/* Most that any policy has: those of an AMD CPU with all extended state. */
#define POLICY_LEAVES_MAX 120
#define POLICY_MSRS       2

/* Boot, once. */
void system_policy_init(void);

/* Is there a policy of this number, XEN_SYSCTL_cpu_policy_*? 0, -EINVAL, or -EOPNOTSUPP for those
 * of virtualization hardware. */
int system_policy_check(u32 policy);

/* A leaf of one that there is. */
struct cpuid_regs system_policy_leaf(const void *policy, u32 leaf, u32 subleaf);

/* A leaf of what a paravirtual guest may be told by default, if it may have these bits of XCR0; and
 * of what somebody else wants it to be told in @r, what it may be. */
struct cpuid_regs guest_policy_leaf(u64 xstates, u32 leaf, u32 subleaf);
void guest_policy_limit(u64 xstates, u32 leaf, u32 subleaf, struct cpuid_regs *r);

bool policy_has_subleaves(u32 leaf);

/* Can a policy have a leaf of these numbers? XEN_CPUID_NO_SUBLEAF for those that have none. */
bool policy_has_leaf(u32 leaf, u32 subleaf);

/* The MSR of number @n, in the order of their indices. */
xen_msr_entry_t system_policy_msr(u32 policy, u32 n);

/* A word of its featureset (arch-x86/cpufeatureset.h). */
u32 system_features(u32 policy, u32 word);

/* That of the most that a guest may have, known since policies_init() (boot, once). */
extern u32 guest_features_most[FEATURE_WORDS];
void policies_init(void);

/* A word of the featureset of any policy; a leaf's registers with what such a set has of them; and
 * the set with what the registers have. */
typedef struct cpuid_regs policy_ask_fn(const void *whose, u32 leaf, u32 subleaf);
u32 policy_features(policy_ask_fn *ask, const void *whose, u64 arch_caps, u32 word);
void policy_features_put(const u32 *features, u32 leaf, u32 subleaf, struct cpuid_regs *r);
void policy_features_take(u32 *features, u32 leaf, u32 subleaf, struct cpuid_regs *r);

/*
 * Go through the leaves of any policy, in Xen's order: @at is the last one, or POLICY_BEGIN, and
 * becomes the next. False: there is none. @ask(@whose) answers for the policy.
 */
#define POLICY_BEGIN ~0U
bool policy_leaf_next(policy_ask_fn *ask, const void *whose, xen_cpuid_leaf_t *at);

#endif
