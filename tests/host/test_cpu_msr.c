// LINK: hypervisor/cpu/msr.c tests/host/ring0.c
/*
 * MSRs of guests, where it depends on how the domain was made: one that is relaxed reads 0 from a
 * register of the CPU's that means nothing to it, and what it writes there is dropped; and the
 * domain's own policy says what is in ARCH_CAPABILITIES, if there is such a register.
 */
#include "tests/host/ring0.h"

#include "hypervisor/cpu/bounce.h"
#include "hypervisor/cpu/domain_policy.h"
#include "hypervisor/cpu/features.h"
#include "hypervisor/cpu/msr.h"
#include "hypervisor/debug/log.h"
#include "hypervisor/domain/hypercall_page.h"
#include "hypervisor/mm/ptype.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define VALUE     0x1234567890UL
#define DULL      0x12345U
#define EDX_CAPS  (1U << 29)
#define NON_CANON (1UL << 47)

struct cpu_features features;
u64 host_directmap;
struct frame *frame_table;
static struct domain domain;
static struct trap_info traps[256];
static struct vcpu vcpu = {.domain = &domain, .traps = traps};
static struct cpuid_regs leaf_7;
static u64 policy_msr, value;

struct cpuid_regs domain_policy_leaf(const void *d, u32 leaf, u32 subleaf)
{
    assert_ptr_equal(d, &domain);
    assert_int_equal(leaf, 7);
    assert_int_equal(subleaf, 0);
    return leaf_7;
}

xen_msr_entry_t domain_policy_msr(const struct domain *d, u32 n)
{
    assert_ptr_equal(d, &domain);
    assert_int_equal(n, 1);
    return (xen_msr_entry_t){.idx = MSR_ARCH_CAPS, .val = policy_msr};
}

/* Not called by what is tested here. */
u64 domain_tsc(const struct domain *d)
{
    (void)d;
    return 0;
}

int frame_get_and_type(mfn_t m, struct domain *d, u64 type)
{
    (void)m;
    (void)d;
    (void)type;
    return -1;
}

void frame_put_and_type(struct frame *f)
{
    (void)f;
}

void hypercall_page_fill(void *page, bool is_32bit)
{
    (void)page;
    (void)is_32bit;
}

void log_at(enum log_level level, const char *format, ...)
{
    (void)level;
    (void)format;
}

static bool read(u32 msr)
{
    value = VALUE;
    return msr_guest_read(&vcpu, msr, &value);
}

static int begin(void **state)
{
    (void)state;
    ring0_begin();
    ring0.msr_number = DULL;
    ring0.msr = VALUE;
    domain = (struct domain){.msr_relaxed = true};
    traps[EXCEPTION_GP].address = 1;
    features.intel = true;
    return 0;
}

static int end(void **state)
{
    (void)state;
    ring0_end();
    return 0;
}

static void what_means_nothing_is_0_to_the_relaxed(void **state)
{
    (void)state;
    assert_true(read(DULL));
    assert_int_equal(value, 0);
    assert_true(msr_guest_write(&vcpu, DULL, VALUE));
    assert_false(read(DULL + 1)); /* which the CPU has not */
    assert_false(msr_guest_write(&vcpu, DULL + 1, 0));
    domain.msr_relaxed = false;
    assert_false(read(DULL));
    assert_false(msr_guest_write(&vcpu, DULL, VALUE));
    traps[EXCEPTION_GP].address = 0; /* in its first steps any kernel is, to read */
    assert_true(read(DULL));
    assert_int_equal(value, 0);
    assert_false(msr_guest_write(&vcpu, DULL, VALUE));
}

static void some_are_refused_by_name(void **state)
{
    static const u32 names[] = {0x33,       0x48,       0x49,       0x79,       0xcf,      0x10b,
                                0x122,      0x560,      0x587,      0x6a0,      0x800,     0x8ff,
                                0x40000001, 0xc0010020, 0xc0011027, 0xc00102f1, 0xc001011f};

    (void)state;
    for (unsigned i = 0; i < ARRAY_SIZE(names); i++) {
        ring0.msr_number = names[i];
        if (read(names[i]) || msr_guest_write(&vcpu, names[i], 0))
            fail_msg("%x", names[i]);
    }
    ring0.msr_number = MSR_FS_BASE; /* and what means something is not dull for being refused */
    assert_false(msr_guest_write(&vcpu, MSR_FS_BASE, NON_CANON));
}

static void the_policy_says_what_the_cpu_is_not_prone_to(void **state)
{
    (void)state;
    ring0.msr_number = MSR_ARCH_CAPS;
    policy_msr = 0x25;
    leaf_7.edx = EDX_CAPS;
    assert_true(read(MSR_ARCH_CAPS));
    assert_int_equal(value, 0x25);
    assert_false(msr_guest_write(&vcpu, MSR_ARCH_CAPS, 0x25));
    leaf_7.edx = ~EDX_CAPS;
    assert_false(read(MSR_ARCH_CAPS));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)
    const struct CMUnitTest tests[] = {
        TEST(what_means_nothing_is_0_to_the_relaxed),
        TEST(some_are_refused_by_name),
        TEST(the_policy_says_what_the_cpu_is_not_prone_to),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
