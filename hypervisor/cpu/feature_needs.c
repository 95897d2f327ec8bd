/* See feature_needs.h. Which instructions build on which is Intel's and AMD's; which of them a
 * policy is settled by, Xen 4.17's. */
#include "hypervisor/cpu/feature_needs.h"

#include "hypervisor/cpu/system_policy.h"
#include "xen-like/abi/cpu_features.h"

/* Who is needed stands above who needs, so that once through is enough. */
#define NEEDS(feature, needed)                                                                     \
    {                                                                                              \
        XEN_X86_FEATURE_##feature, XEN_X86_FEATURE_##needed                                        \
    }
static const struct need {
    u16 feature, needed;
} needs[] = {
    NEEDS(MMX, FPU),
    NEEDS(RSTR_FP_ERR_PTRS, FPU),
    NEEDS(PSE36, PSE),
    NEEDS(NX, PAE),
    NEEDS(RDTSCP, TSC),
    NEEDS(TSC_DEADLINE, TSC),
    NEEDS(TSC_ADJUST, TSC),
    NEEDS(ITSC, TSC),
    NEEDS(X2APIC, APIC),
    NEEDS(TSC_DEADLINE, APIC),
    NEEDS(EXTAPIC, APIC),
    NEEDS(MMXEXT, MMX),
    NEEDS(3DNOW, MMX),
    NEEDS(3DNOWEXT, 3DNOW),
    NEEDS(FFXSR, FXSR),
    NEEDS(SSE, FXSR),
    NEEDS(SSE2, SSE),
    NEEDS(MISALIGNSSE, SSE),
    NEEDS(SSE3, SSE2),
    NEEDS(AESNI, SSE2),
    NEEDS(PCLMULQDQ, SSE2),
    NEEDS(SHA, SSE2),
    NEEDS(GFNI, SSE2),
    NEEDS(SSSE3, SSE3),
    NEEDS(SSE4A, SSE3),
    NEEDS(SSE4_1, SSSE3),
    NEEDS(SSE4_2, SSE4_1),
    NEEDS(LM, PAE),
    NEEDS(LM, SSE2),
    NEEDS(CX16, LM),
    NEEDS(PCID, LM),
    NEEDS(LAHF_LM, LM),
    NEEDS(PAGE1GB, LM),
    NEEDS(PKU, LM),
    NEEDS(NO_LMSL, LM),
    NEEDS(XSAVEOPT, XSAVE),
    NEEDS(XSAVEC, XSAVE),
    NEEDS(XGETBV1, XSAVE),
    NEEDS(XSAVES, XSAVE),
    NEEDS(MPX, XSAVE),
    NEEDS(PKU, XSAVE),
    NEEDS(LWP, XSAVE),
    NEEDS(AVX, XSAVE),
    NEEDS(FMA, AVX),
    NEEDS(FMA4, AVX),
    NEEDS(F16C, AVX),
    NEEDS(XOP, AVX),
    NEEDS(AVX2, AVX),
    NEEDS(VAES, AVX2),
    NEEDS(VAES, AESNI),
    NEEDS(VPCLMULQDQ, AVX2),
    NEEDS(VPCLMULQDQ, PCLMULQDQ),
    NEEDS(AVX_VNNI, AVX2),
    NEEDS(AVX512F, AVX2),
    NEEDS(AVX512DQ, AVX512F),
    NEEDS(AVX512_IFMA, AVX512F),
    NEEDS(AVX512PF, AVX512F),
    NEEDS(AVX512ER, AVX512F),
    NEEDS(AVX512CD, AVX512F),
    NEEDS(AVX512VL, AVX512F),
    NEEDS(AVX512_4VNNIW, AVX512F),
    NEEDS(AVX512_4FMAPS, AVX512F),
    NEEDS(AVX512_VNNI, AVX512F),
    NEEDS(AVX512_VPOPCNTDQ, AVX512F),
    NEEDS(AVX512_VP2INTERSECT, AVX512F),
    NEEDS(AVX512BW, AVX512F),
    NEEDS(AVX512_VBMI, AVX512BW),
    NEEDS(AVX512_VBMI2, AVX512BW),
    NEEDS(AVX512_BITALG, AVX512BW),
    NEEDS(AVX512_BF16, AVX512BW),
    NEEDS(AVX512_FP16, AVX512BW),
    NEEDS(SMAP, NX),
    NEEDS(STIBP, IBRSB),
    NEEDS(SSBD, IBRSB),
    NEEDS(INTEL_PSFD, IBRSB),
    NEEDS(EIBRS, IBRSB),
    NEEDS(IPRED_CTRL, IBRSB),
    NEEDS(RRSBA_CTRL, IBRSB),
    NEEDS(BHI_CTRL, IBRSB),
    NEEDS(AMD_STIBP, IBRS),
    NEEDS(AMD_SSBD, IBRS),
    NEEDS(PSFD, IBRS),
    NEEDS(IBRS_ALWAYS, IBRS),
    NEEDS(IBRS_FAST, IBRS),
    NEEDS(IBRS_SAME_MODE, IBRS),
    NEEDS(STIBP_ALWAYS, AMD_STIBP),
    NEEDS(IBPB_RET, IBPB),
    NEEDS(SBPB, IBPB),
    NEEDS(IBPB_BRTYPE, IBPB),
    NEEDS(TSXLDTRK, RTM),
    NEEDS(RRSBA, EIBRS),
};

static bool has(const u32 *features, u16 feature)
{
    return features[feature / 32] >> feature % 32 & 1;
}

void feature_needs_settle(u32 *features)
{
    if (!has(features, XEN_X86_FEATURE_ARCH_CAPS))
        features[FEATURES_ARCH_CAPS] = features[FEATURES_ARCH_CAPS + 1] = 0;
    for (u32 i = 0; i < ARRAY_SIZE(needs); i++)
        if (!has(features, needs[i].needed))
            features[needs[i].feature / 32] &= ~(1U << needs[i].feature % 32);
}
