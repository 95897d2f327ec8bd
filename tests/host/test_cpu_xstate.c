// LINK: hypervisor/cpu/xstate.c tests/host/ring0.c
/*
 * Extended state on the CPU that this runs on: the hypervisor's own code executes XSAVE and XRSTOR
 * here, with AVX and AVX-512 if the machine has them (the emulator has no AVX-512, and forgives
 * what a CPU does not). What only ring 0 may do is done by ring0.c.
 */
#include "tests/host/ring0.h"

#include "hypervisor/cpu/features.h"
#include "hypervisor/cpu/regs.h"
#include "hypervisor/debug/bug.h"
#include "hypervisor/debug/log.h"
#include "hypervisor/domain/domain.h"
#include "hypervisor/mm/alloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#define AREA_MAX 8192u

struct cpu_features features;

void *pages_alloc(unsigned order)
{
    void *p = aligned_alloc(PAGE_SIZE, PAGE_SIZE << order);

    memset(p, 0, PAGE_SIZE << order);
    return p;
}

void pages_free(void *p, unsigned order)
{
    (void)order;
    free(p);
}

NORETURN void bug_at(const char *file, int line, const char *what)
{
    fprintf(stderr, "%s:%d: %s\n", file, line, what);
    abort();
}

void refusal_report(int err, const char *rule, const char *file, int line)
{
    (void)err;
    (void)rule;
    (void)file;
    (void)line;
}

void log_at(enum log_level level, const char *format, ...)
{
    (void)level;
    (void)format;
}

/* What is in the CPU after @before and then @of were restored. Nothing may come between that the
 * compiler or the C library would use vector registers for. */
static u8 seen[AREA_MAX] __attribute__((aligned(64)));
static struct xstate_area *const shown = (void *)seen;

static void restore_and_look(struct vcpu *before, struct vcpu *of)
{
    u64 mask = xstate_limits.mask;

    memset(seen, 0, sizeof(seen));
    if (before)
        xstate_restore(before);
    xstate_restore(of);
    if (mask)
        asm volatile("xsave64 %0" : "+m"(seen) : "a"((u32)mask), "d"(0));
    else
        asm volatile("fxsave64 %0" : "+m"(seen));
}

static struct vcpu v;
static struct domain v_domain; /* its policy is the default */

/* The compiler's own control words would be lost with the state of a test. */
static u8 kept[512] __attribute__((aligned(16)));

static void begin(void)
{
    ring0_begin();
    asm volatile("fxsave64 %0" : "+m"(kept));
    v = (struct vcpu){.domain = &v_domain};
    assert_true(xstate_alloc(&v));
}

static void end(void)
{
    asm volatile("fxrstor64 %0" : : "m"(kept));
    ring0_end();
    xstate_free(&v);
}

#define TEST(name)                                                                                 \
    static void name##_body(void);                                                                 \
    static void name(void **state)                                                                 \
    {                                                                                              \
        (void)state;                                                                               \
        begin();                                                                                   \
        name##_body();                                                                             \
        end();                                                                                     \
    }                                                                                              \
    static void name##_body(void)

/* A state in which every register holds @byte. */
static void image_fill(struct vcpu *of, u8 byte)
{
    struct xstate_area *area = of->xstate.area;

    memset(area, byte, xstate_limits.bytes);
    memset(&area->header, 0, sizeof(area->header));
    area->header.present = xstate_limits.mask;
    area->control = 0x27f;
    area->status = 0;
    area->opcode = 0;
    area->tags = 0xff;
    area->last_instruction = area->last_data = 0;
    area->mxcsr = 0x1f81;
}

static unsigned count(u8 byte, u32 from, u32 to)
{
    unsigned n = 0;

    for (; from < to; from++)
        n += seen[from] == byte;
    return n;
}

static bool is_initial(void)
{
    if (shown->control != 0x37f || shown->status || (u8)shown->tags || shown->opcode ||
        shown->last_instruction || shown->last_data || shown->mxcsr != 0x1f80)
        return false;
    return count(0, 32, 416) == 416 - 32 &&
           count(0, sizeof(*shown), xstate_limits.bytes) == xstate_limits.bytes - sizeof(*shown);
}

static bool is_filled(u8 byte)
{
    unsigned extended = count(byte, sizeof(*shown), xstate_limits.bytes);

    return shown->control == 0x27f && shown->mxcsr == 0x1f81 && count(byte, 160, 416) == 256 &&
           count(byte, 32, 42) == 10 && (!(xstate_limits.mask & XSTATE_YMM) || extended >= 256) &&
           (!(xstate_limits.mask & XSTATE_AVX512) || extended >= 256 + 64 + 512 + 1024);
}

TEST(test_a_new_vcpu_finds_nothing)
{
    struct vcpu old = {.domain = &v_domain};

    assert_true(xstate_alloc(&old));
    image_fill(&old, 0x77);
    restore_and_look(NULL, &old);
    assert_true(is_filled(0x77));
    restore_and_look(&old, &v);
    assert_true(is_initial());
    xstate_free(&old);
}

TEST(test_state_follows_its_vcpu)
{
    struct vcpu other = {.domain = &v_domain};

    assert_true(xstate_alloc(&other));
    image_fill(&v, 0x11);
    image_fill(&other, 0x22);
    for (unsigned i = 0; i < 3; i++) {
        xstate_restore(&v);
        xstate_save(&v);
        restore_and_look(&v, &other);
        assert_true(is_filled(0x22));
        xstate_restore(&other);
        xstate_save(&other);
        restore_and_look(&other, &v);
        assert_true(is_filled(0x11));
    }
    assert_int_equal(ring0.refused, 0);
    xstate_free(&other);
}

TEST(test_ts_is_the_guests)
{
    ring0.cr0 = CR0_TS;
    xstate_save(&v);
    assert_int_equal(ring0.cr0, 0);
    v.ctrl_cr0 = CR0_TS;
    ring0.cr0 = CR0_NE;
    xstate_restore(&v);
    assert_int_equal(ring0.cr0, CR0_NE | CR0_TS);
    v.ctrl_cr0 = 0;
    xstate_restore(&v);
    assert_int_equal(ring0.cr0, CR0_NE);
}

/* The last value written is what the guest has set; before it set anything, x87 and SSE. */
TEST(test_xcr0_is_put_in_force)
{
    if (!xstate_limits.mask)
        return; /* there is no XCR0 */
    xstate_restore(&v);
    assert_int_equal(ring0.xcr0, XSTATE_LEGACY);
    assert_true(xstate_set_xcr0(&v, 0, XSTATE_X87));
    assert_int_equal(ring0.xcr0, XSTATE_X87);
    ring0.xcr0 = 0;
    xstate_restore(&v);
    assert_int_equal(ring0.xcr0, XSTATE_X87);
    assert_true(xstate_set_xcr0(&v, 0, XSTATE_LEGACY));
    assert_true(xstate_set_xcr0(&v, 0, XSTATE_X87));
    assert_int_equal(v.xstate.xcr0_ever, XSTATE_LEGACY);
}

TEST(test_xsetbv_by_all_values)
{
    u64 mask = xstate_limits.mask, ymm = XSTATE_YMM, all = XSTATE_AVX512;

    xstate_limits.mask = XSTATE_GUESTS;
    for (u64 value = 0; value < 1024; value++) {
        u64 avx512 = value & all;
        bool good = (value & 1) && !(value & ~XSTATE_GUESTS) && (!(value & ymm) || (value & 2)) &&
                    (!avx512 || (avx512 == all && (value & ymm)));

        assert_int_equal(xstate_set_xcr0(&v, 0, value), good);
        assert_false(xstate_set_xcr0(&v, 1, value));
        assert_false(xstate_set_xcr0(&v, 0, value | 1UL << 63));
        assert_false(xstate_set_xcr0(&v, 0, value | 1UL << 32));
    }
    xstate_limits.mask = XSTATE_LEGACY;
    assert_false(xstate_set_xcr0(&v, 0, XSTATE_LEGACY | XSTATE_YMM));
    xstate_limits.mask = mask;
}

TEST(test_images_from_outside)
{
    struct xstate_header h = {.present = XSTATE_LEGACY};
    u64 mask = xstate_limits.mask;

    xstate_limits.mask = XSTATE_LEGACY | XSTATE_YMM;
    assert_int_equal(xstate_check(3, 3, &h), 0);
    assert_int_equal(xstate_check(1, 3, &h), 0);
    assert_int_equal(xstate_check(3, 7, &h), 0);
    assert_int_equal(xstate_check(7, 3, &h), -XEN_EINVAL);
    assert_int_equal(xstate_check(1, 1, &h), -XEN_EINVAL);
    assert_int_equal(xstate_check(0, 3, &h), -XEN_EINVAL);
    assert_int_equal(xstate_check(3, 0xe7, &h), -XEN_EINVAL);
    assert_int_equal(xstate_check(3, 1UL << 62 | 3, &h), -XEN_EINVAL);
    h.present = 4;
    assert_int_equal(xstate_check(3, 3, &h), -XEN_EINVAL);
    assert_int_equal(xstate_check(3, 7, &h), 0);
    h.compacted = 1UL << 63;
    assert_int_equal(xstate_check(3, 7, &h), -XEN_EOPNOTSUPP);
    h.compacted = 0;
    for (unsigned i = 0; i < 6; i++) {
        h.reserved[i] = 1UL << 63;
        assert_int_equal(xstate_check(3, 7, &h), -XEN_EIO);
        h.reserved[i] = 0;
    }
    xstate_limits.mask = mask;
}

/* Each makes XRSTOR refuse the image, whoever wrote it and whatever checked it before. */
TEST(test_the_cpu_refuses_an_image)
{
    struct xstate_area *area = v.xstate.area;

    for (unsigned wrong = 0; wrong < 4; wrong++) {
        image_fill(&v, 0x33);
        if (wrong == 0)
            area->mxcsr = 0x80001f80;
        if (wrong == 1)
            area->header.present = 1UL << 62;
        if (wrong == 2)
            area->header.compacted = 1;
        if (wrong == 3)
            area->header.reserved[0] = 1;
        if (wrong && !xstate_limits.mask)
            continue; /* FXRSTOR has no header */
        ring0.refused = 0;
        restore_and_look(NULL, &v);
        assert_int_equal(ring0.refused, 1);
        assert_int_equal(shown->mxcsr, wrong ? 0x1f81 : 0x1f80);
        shown->mxcsr = 0x1f80;
        assert_int_equal(shown->control, 0x37f);
        assert_int_equal(count(0, 32, 416), 416 - 32);
    }
}

TEST(test_an_fx_image)
{
    struct xstate_area fx;

    image_fill(&v, 0x44);
    memcpy(&fx, v.xstate.area, sizeof(fx));
    image_fill(&v, 0x55);
    xstate_reset(&v, &fx);
    restore_and_look(NULL, &v);
    assert_int_equal(count(0x44, 160, 416), 256);
    assert_int_equal(shown->control, 0x27f);
    assert_int_equal(count(0x55, 0, xstate_limits.bytes), 0);
}

/* With 32 bits of a pointer and a selector above them: what is no selector to this CPU is none
 * when it is saved again, but it is not taken for a part of the pointer. An exception is pending,
 * or some CPUs keep no pointers. */
TEST(test_a_32_bit_guests_pointers_have_32_bits)
{
    const u64 pointer = 0x2345678, selector = 0x7fffUL << 32;
    struct xstate_area *area = v.xstate.area;

    for (int narrow = 0; narrow < 2; narrow++) {
        v_domain.is_32bit = narrow;
        image_fill(&v, 0);
        area->control = 0x37e;
        area->status = 0x8081;
        area->last_instruction = area->last_data = selector | pointer;
        restore_and_look(NULL, &v);
        assert_int_equal(shown->last_instruction, narrow ? pointer : selector | pointer);
        assert_int_equal(shown->last_data, narrow ? pointer : selector | pointer);
        xstate_save(&v);
        assert_int_equal((u32)area->last_instruction, pointer);
        if (!narrow)
            assert_int_equal(area->last_data, selector | pointer);
    }
    v_domain.is_32bit = false;
}

TEST(test_the_size_is_the_cpus)
{
    assert_true(xstate_limits.bytes >= sizeof(struct xstate_area));
    assert_true(xstate_limits.bytes <= AREA_MAX);
    if (xstate_limits.mask & XSTATE_YMM)
        assert_true(xstate_limits.bytes >= 832);
    assert_true((xstate_limits.mxcsr_mask & 0xffbf) == 0xffbf);
}

/* Every test, and then again as on a CPU without XSAVE, and as on one whose XRSTOR leaves the
 * pointers of the last exception. */
static int machine_is(bool xsave, const char *vendor)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_new_vcpu_finds_nothing),
        cmocka_unit_test(test_state_follows_its_vcpu),
        cmocka_unit_test(test_ts_is_the_guests),
        cmocka_unit_test(test_xcr0_is_put_in_force),
        cmocka_unit_test(test_xsetbv_by_all_values),
        cmocka_unit_test(test_images_from_outside),
        cmocka_unit_test(test_the_cpu_refuses_an_image),
        cmocka_unit_test(test_an_fx_image),
        cmocka_unit_test(test_a_32_bit_guests_pointers_have_32_bits),
        cmocka_unit_test(test_the_size_is_the_cpus),
    };

    features.xsave = xsave && cpuid(1, 0).ecx & 1u << 27; /* the kernel below has it on */
    strcpy(features.vendor, vendor);
    xstate_limits = (struct xstate_limits){0};
    xstate_init();
    return cmocka_run_group_tests(tests, NULL, NULL);
}

int main(void)
{
    return machine_is(true, "GenuineIntel") + machine_is(true, "AuthenticAMD") +
           machine_is(false, "GenuineIntel");
}
