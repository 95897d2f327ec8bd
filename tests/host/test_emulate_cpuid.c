// LINK: hypervisor/cpu/cpuid_policy.c
/*
 * The CPUID policy against hosts that have everything (each bit of each word set): what must never
 * be seen is not, whatever the leaf; and the words that are made are right for either vendor.
 */
#include "hypervisor/cpu/cpuid_policy.h"
#include "hypervisor/cpu/xstate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>

static struct cpuid_regs host_full(u32 leaf, u32 subleaf)
{
    (void)leaf;
    (void)subleaf;
    return (struct cpuid_regs){~0u, ~0u, ~0u, ~0u};
}

static struct cpuid_regs host_small(u32 leaf, u32 subleaf)
{
    (void)subleaf;
    if (leaf == 0 || leaf == 0x80000000)
        return (struct cpuid_regs){.eax = leaf + 1};
    return host_full(leaf, subleaf);
}

static const struct cpuid_host intel = {.ask = host_full, .intel = true, .address_bits = 39};
static const struct cpuid_host amd = {.ask = host_full, .amd = true, .address_bits = 39};
static const struct cpuid_host small = {.ask = host_small, .amd = true, .address_bits = 30};
static const struct domain_time untold;
static const struct cpuid_guest plain = {.time = &untold};
static const struct cpuid_guest owner = {.privileged_kernel = true, .time = &untold};

static bool is_empty(struct cpuid_regs r)
{
    return !(r.eax | r.ebx | r.ecx | r.edx);
}

/* VME PSE MTRR PGE PSE36 DS TM PBE; monitor VMX SMX EIST PCID x2APIC deadline. Without extended
 * state for guests neither XSAVE AVX FMA F16C. */
static void test_never_basic(void **state)
{
    struct cpuid_regs r = cpuid_policy(&intel, &plain, 1, 0);

    (void)state;
    assert_int_equal(r.edx & 0xa022300a, 0);
    assert_int_equal(r.ecx & 0x3d2210e8, 0);
    assert_true(r.ecx & 1u << 31);
    assert_int_equal(r.ebx >> 24, 0);
    assert_true(r.edx & 1u << 11);
    assert_false(cpuid_policy(&amd, &plain, 1, 0).edx & 1u << 11);
    assert_true(cpuid_policy(&amd, &owner, 1, 0).edx & 1u << 12);
    assert_true(cpuid_policy(&amd, &owner, 1, 0).ecx & 1u << 7);
}

/* SMEP SMAP INVPCID MPX AVX2 AVX512F; UMIP PKU OSPKE CET; no speculation control that would need an
 * MSR. */
static void test_never_structured(void **state)
{
    struct cpuid_regs r = cpuid_policy(&intel, &owner, 7, 0);

    (void)state;
    assert_int_equal(r.eax, 2);
    assert_int_equal(r.ebx & (1u << 7 | 1u << 20 | 1u << 10 | 1u << 14 | 1u << 5 | 1u << 16), 0);
    assert_int_equal(r.ecx & (1u << 2 | 1u << 3 | 1u << 4 | 1u << 7), 0);
    assert_int_equal(r.edx >> 26, 1u << 3); /* ARCH_CAPABILITIES */
    assert_int_equal(cpuid_policy(&amd, &owner, 7, 0).edx >> 26, 0);
    assert_true(is_empty(cpuid_policy(&intel, &owner, 7, 3)));
}

static void test_never_extended(void **state)
{
    struct cpuid_regs r = cpuid_policy(&amd, &plain, 0x80000001, 0);

    (void)state;
    assert_int_equal(r.edx & (1u << 26 | 1u << 3 | 1u << 13 | 1u << 17), 0);
    assert_int_equal(r.ecx & (1u << 2 | 1u << 10 | 1u << 22), 0);
    assert_int_equal(cpuid_policy(&amd, &plain, 0x80000008, 0).eax, 0x30ff);
    assert_true(is_empty(cpuid_policy(&amd, &plain, 0x80000007, 0)));
    assert_int_equal(cpuid_policy(&amd, &owner, 0x80000007, 0).edx, 1u << 8);
    assert_true(is_empty(cpuid_policy(&intel, &owner, 0x80000005, 0)));
}

static void test_limits(void **state)
{
    (void)state;
    assert_int_equal(cpuid_policy(&intel, &plain, 0, 0).eax, 0xd);
    assert_int_equal(cpuid_policy(&intel, &plain, 0x80000000, 0).eax, 0x80000008);
    assert_int_equal(cpuid_policy(&small, &plain, 0, 0).eax, 1);
    assert_true(is_empty(cpuid_policy(&small, &plain, 7, 0)));
    assert_true(is_empty(cpuid_policy(&small, &plain, 0x80000002, 0)));
    for (u32 leaf = 0xe; leaf < 0x1000; leaf++) {
        assert_true(is_empty(cpuid_policy(&intel, &owner, leaf, 0)));
        assert_true(is_empty(cpuid_policy(&amd, &owner, 0x80000014 + leaf, 0)));
    }
    for (u32 bit = 16; bit < 30; bit++)
        assert_true(is_empty(cpuid_policy(&intel, &owner, 1u << bit, 0)));
}

static void test_hypervisor(void **state)
{
    (void)state;
    assert_int_equal(cpuid_policy(&amd, &plain, 0x40000000, 0).eax, 0x40000005);
    assert_int_equal(cpuid_policy(&amd, &plain, 0x40000001, 0).eax, 4 << 16 | 17);
    assert_int_equal(cpuid_policy(&amd, &plain, 0x40000002, 0).ebx, 0x40000000);
    assert_int_equal(cpuid_policy(&amd, &plain, 0x40000005, 0).ebx, 39);
    assert_true(is_empty(cpuid_policy(&amd, &plain, 0x40000005, 1)));
    for (u32 leaf = 0x40000006; leaf < 0x40000300; leaf++)
        assert_true(is_empty(cpuid_policy(&amd, &owner, leaf, 0)));
}

/* The words of a leaf that one more piece of extended state adds. */
static struct cpuid_regs leaf_with(u64 xcr0, u32 leaf, u32 subleaf)
{
    struct cpuid_host host = amd;

    host.xcr0 = xcr0;
    host.xstate_bytes = 0xabc;
    return cpuid_policy(&host, &plain, leaf, subleaf);
}

#define FMA_AVX_F16C 0x30001000u
#define XOP_FMA4     0x00010800u

static void test_state_brings_instructions(void **state)
{
    const u64 avx = XSTATE_LEGACY | XSTATE_YMM;

    (void)state;
    assert_int_equal(leaf_with(0, 1, 0).ecx & (FMA_AVX_F16C | 1u << 26), 0);
    assert_int_equal(leaf_with(XSTATE_LEGACY, 1, 0).ecx & (FMA_AVX_F16C | 1u << 26), 1u << 26);
    assert_int_equal(leaf_with(avx, 1, 0).ecx & FMA_AVX_F16C, FMA_AVX_F16C);
    assert_int_equal(leaf_with(XSTATE_LEGACY, 7, 0).ebx & 0xdc230020, 0);
    assert_int_equal(leaf_with(avx, 7, 0).ebx & 0xdc230020, 0x20);
    assert_int_equal(leaf_with(XSTATE_GUESTS, 7, 0).ebx & 0xdc230020, 0xdc230020);
    assert_int_equal(leaf_with(avx, 7, 0).ecx & 0x5e42, 0x600);
    assert_int_equal(leaf_with(XSTATE_GUESTS, 7, 0).ecx & 0x5e42, 0x5e42);
    assert_int_equal(leaf_with(avx, 7, 0).edx & 0x80000c, 0);
    assert_int_equal(leaf_with(XSTATE_GUESTS, 7, 0).edx & 0x80000c, 0xc);
    assert_int_equal(leaf_with(avx, 7, 1).eax, 0x1c10);
    assert_int_equal(leaf_with(XSTATE_GUESTS, 7, 1).eax, 0x1c30);
    assert_int_equal(leaf_with(XSTATE_LEGACY, 0x80000001, 0).ecx & XOP_FMA4, 0);
    assert_int_equal(leaf_with(avx, 0x80000001, 0).ecx & XOP_FMA4, XOP_FMA4);
}

/* OSXSAVE is the guest's CR4, or the prefix; never without XSAVE. */
static void test_osxsave(void **state)
{
    const struct cpuid_guest on = {.osxsave = true, .time = &untold};
    struct cpuid_host host = intel;

    (void)state;
    assert_int_equal(cpuid_policy(&host, &on, 1, 0).ecx & 1u << 27, 0);
    host.xcr0 = XSTATE_LEGACY;
    assert_int_equal(cpuid_policy(&host, &on, 1, 0).ecx & 1u << 27, 1u << 27);
    assert_int_equal(cpuid_policy(&host, &plain, 1, 0).ecx & 1u << 27, 0);
}

/* The host has every state there may ever be, and XSAVES: nothing of it but what is kept. */
static void test_state_leaf(void **state)
{
    struct cpuid_regs r = leaf_with(XSTATE_GUESTS, 0xd, 0);

    (void)state;
    assert_true(is_empty(leaf_with(0, 0xd, 0)) && is_empty(leaf_with(0, 0xd, 1)));
    assert_true(r.eax == 0xe7 && r.ebx == ~0u && r.ecx == 0xabc && r.edx == 0);
    r = leaf_with(XSTATE_GUESTS, 0xd, 1);
    assert_true(r.eax == 7 && r.ebx == ~0u && r.ecx == 0 && r.edx == 0);
    for (u32 i = 2; i < 300; i++) {
        r = leaf_with(XSTATE_GUESTS, 0xd, i);
        if (i < 64 && XSTATE_GUESTS >> i & 1)
            assert_true(r.eax == ~0u && r.ebx == ~0u && r.ecx == 2 && r.edx == 0);
        else
            assert_true(is_empty(r));
        assert_true(is_empty(leaf_with(XSTATE_LEGACY, 0xd, i)));
    }
    assert_true(is_empty(leaf_with(XSTATE_GUESTS, 0xd, ~0u)));
}

/* Told are a TSC that is emulated, one that is not, and none of whom nothing was asked. */
static void test_time_leaf(void **state)
{
    struct domain_time t = {.tsc_khz = 3000000,
                            .tsc_zero = 0x123456789a,
                            .tsc_to_ns = {0xaaaaaaaa, -1},
                            .tsc_mode = 2,
                            .incarnation = 1};
    const struct cpuid_guest guest = {.time = &t};
    struct cpuid_host host = small;
    struct cpuid_regs r;

    (void)state;
    host.tsc_khz = 2400000;
    r = cpuid_policy(&host, &guest, 0x40000003, 0);
    assert_true((r.eax & 3) == 0 && r.ebx == 2 && r.ecx == 3000000 && r.edx == 1);
    r = cpuid_policy(&host, &guest, 0x40000003, 1);
    assert_true(r.eax == 0x3456789a && r.ebx == 0x12 && r.ecx == 0xaaaaaaaa && r.edx == ~0u);
    assert_int_equal(cpuid_policy(&host, &guest, 0x40000003, 2).eax, 2400000);
    assert_true(is_empty(cpuid_policy(&host, &guest, 0x40000003, 3)));
    t.tsc_emulated = host.tsc_invariant = true;
    assert_int_equal(cpuid_policy(&host, &guest, 0x40000003, 0).eax & 3, 3);
    r = cpuid_policy(&host, &guest, 0x40000003, 1);
    assert_true(r.eax == 0 && r.ebx == 0 && r.ecx == 0xaaaaaaaa);
    r = cpuid_policy(&host, &plain, 0x40000003, 0);
    assert_true(r.ebx == 0 && r.ecx == 0 && r.edx == 0);
}

/* Bits by the manuals: CX16; LAHF, SYSCALL, 1 GiB pages, long mode; the linear bits and NO_LMSL. */
static void a_32_bit_guest_sees_no_long_mode(void **state)
{
    static const struct {
        u32 leaf;
        bool amd;
        struct cpuid_regs hidden;
    } rows[] = {
        {0x1, false, {.ecx = 1U << 13}},
        {0x80000001, false, {.ecx = 1, .edx = 1U << 29 | 1U << 26 | 1U << 11}},
        {0x80000001, true, {.ecx = 1, .edx = 1U << 29 | 1U << 26}},
        {0x80000008, true, {.eax = 0xdf00, .ebx = 1U << 20}},
        {0x7, false, {0}},
    };

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(rows); i++) {
        struct cpuid_regs r = {~0U, ~0U, ~0U, ~0U};

        cpuid_policy_narrow(rows[i].amd, rows[i].leaf, &r);
        assert_int_equal(~r.eax, rows[i].hidden.eax);
        assert_int_equal(~r.ebx, rows[i].hidden.ebx);
        assert_int_equal(~r.ecx, rows[i].hidden.ecx);
        assert_int_equal(~r.edx, rows[i].hidden.edx);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_32_bit_guest_sees_no_long_mode),
        cmocka_unit_test(test_never_basic),
        cmocka_unit_test(test_never_structured),
        cmocka_unit_test(test_never_extended),
        cmocka_unit_test(test_limits),
        cmocka_unit_test(test_hypervisor),
        cmocka_unit_test(test_state_brings_instructions),
        cmocka_unit_test(test_osxsave),
        cmocka_unit_test(test_state_leaf),
        cmocka_unit_test(test_time_leaf),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
