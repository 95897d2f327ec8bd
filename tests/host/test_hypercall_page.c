// LINK: hypervisor/domain/hypercall_page.c
/*
 * The hypercall page, byte for byte: guests call into it blindly, and unwinders and tracers know
 * Xen's bytes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "hypervisor/domain/hypercall_page.h"
#include "xen-like/abi/guest_stubs.h"

#define INT3 0xcc

static u8 page[PAGE_SIZE + 1];

static void check_padding(const u8 *stub, size_t used)
{
    for (size_t i = used; i < XL_STUB_SIZE; i++)
        assert_int_equal(stub[i], INT3);
}

static void every_stub_passes_its_number(void **state)
{
    (void)state;
    hypercall_page_fill(page, false);
    for (u32 n = 0; n < PAGE_SIZE / XL_STUB_SIZE; n++) {
        u8 want[] = {0x51, 0x41, 0x53, 0xb8, (u8)n, 0, 0, 0, 0x0f, 0x05, 0x41, 0x5b, 0x59, 0xc3};

        if (n == __HYPERVISOR_iret)
            continue;
        assert_memory_equal(page + n * XL_STUB_SIZE, want, sizeof(want));
        check_padding(page + n * XL_STUB_SIZE, sizeof(want));
    }
}

/* It is jumped to, not called: the three words that it pushes complete struct iret_context. */
static void the_iret_stub_completes_the_frame_and_never_returns(void **state)
{
    const u8 want[] = {0x51, 0x41, 0x53, 0x50, 0xb8, 23, 0, 0, 0, 0x0f, 0x05};

    (void)state;
    hypercall_page_fill(page, false);
    assert_memory_equal(page + 23 * XL_STUB_SIZE, want, sizeof(want));
    check_padding(page + 23 * XL_STUB_SIZE, sizeof(want));
}

static void stubs_of_32_bit_guests_enter_by_an_interrupt(void **state)
{
    const u8 iret[] = {0x50, 0xb8, 23, 0, 0, 0, 0xcd, 0x82};

    (void)state;
    hypercall_page_fill(page, true);
    for (u32 n = 0; n < PAGE_SIZE / XL_STUB_SIZE; n++) {
        u8 want[] = {0xb8, (u8)n, 0, 0, 0, 0xcd, 0x82, 0xc3};

        if (n == __HYPERVISOR_iret)
            continue;
        assert_memory_equal(page + n * XL_STUB_SIZE, want, sizeof(want));
        check_padding(page + n * XL_STUB_SIZE, sizeof(want));
    }
    assert_memory_equal(page + 23 * XL_STUB_SIZE, iret, sizeof(iret));
    check_padding(page + 23 * XL_STUB_SIZE, sizeof(iret));
}

static void one_page_is_written_and_no_more(void **state)
{
    (void)state;
    memset(page, 0, sizeof(page));
    hypercall_page_fill(page, false);
    assert_int_equal(page[PAGE_SIZE - 1], INT3);
    assert_int_equal(page[PAGE_SIZE], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_stub_passes_its_number),
        cmocka_unit_test(the_iret_stub_completes_the_frame_and_never_returns),
        cmocka_unit_test(stubs_of_32_bit_guests_enter_by_an_interrupt),
        cmocka_unit_test(one_page_is_written_and_no_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
