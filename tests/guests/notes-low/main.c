/*
 * A kernel with the fewest notes that will do, at address 0: no entry, no offset, no hypercall
 * page. What is absent has a meaning, and a loader that takes "absent" for 0, or 0 for "absent",
 * gets one of them wrong. Without a hypercall page a kernel writes one for itself: `syscall` is the
 * call, or `int 0x82`.
 */
#include "tests/guests/early.h"
#include "xen-like/lib/string.h"

#define CALLS 64

#ifdef __x86_64__
#define CALL 0x0f, 0x05
#else
#define CALL 0xcd, 0x82
#endif

/* mov $number, %eax; syscall; ret. (iret has a form of its own, which this guest does not need.) */
static void hypercall_page_write(void)
{
    for (unsigned int number = 0; number < CALLS; number++) {
        u8 *entry = (u8 *)hypercall_page + number * XL_STUB_SIZE;
        u8 code[] = {0xb8, (u8)number, 0, 0, 0, CALL, 0xc3};

        memcpy(entry, code, sizeof(code));
    }
}

static bool page_is_empty(const char *page)
{
    u8 any = 0;

    for (unsigned int i = 0; i < PAGE_SIZE; i++)
        any |= (u8)page[i];
    return !any;
}

void guest_main(void)
{
}

void early_main(const struct start_info *info)
{
    bool was_empty = page_is_empty(hypercall_page);
    volatile u8 *nothing = (volatile u8 *)image_base;

    hypercall_page_write();
    row_want("page.was-left-alone", was_empty, 1);
    early_say_registers(info);
    early_say_info(info);
    early_say_lists(info);
    asm("" : "+r"(nothing)); /* or the compiler knows better than to use address 0 */
    *nothing = 5;
    row("null.is-a-page-like-others", *nothing);
    guest_end();
}
