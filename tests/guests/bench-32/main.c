/*
 * What the ways in and out of a 32-bit guest cost. No Xen of Debian's runs one, so that `make
 * bench` has nothing to compare them with: here they are counted under icount, where a tick is an
 * instruction, in each run of the tests. Those that shall have no C on them have a limit.
 */
#include "guest-kernel/core/guest.h"
#include "guest-kernel/core/hypercall.h"
#include "guest-kernel/core/report.h"
#include "guest-kernel/core/user.h"
#include "guest-kernel/mm/frame.h"
#include "guest-kernel/mm/page_table.h"
#include "xen-like/lib/string.h"

#define LOOPS      400u /* of loops.asm */
#define USER_PAGE  0x400000ul
#define USER_STACK (USER_PAGE + 2 * PAGE_SIZE)

typedef u32 kernel_loop(void);
kernel_loop loop_empty, loop_call, loop_ud2, loop_iret, loop_upcall;
extern char user_code[], user_code_end[], user_empty[], user_int80[], user_fault[], handle_ud2[],
    handle_native[], handle_by_call[], handle_fault[], handle_upcall[];

static void handler_set(unsigned int vector, unsigned int dpl, const char *handler)
{
    const trap_info_t table[2] = {{.vector = (u8)vector,
                                   .flags = (u8)dpl,
                                   .cs = FLAT_KERNEL_CS,
                                   .address = (uintptr_t)handler}};

    if (call_set_trap_table(table))
        guest_panic("no handler of vector %u", vector);
}

static u32 user_ticks(const char *start)
{
    static struct trap_frame frame;

    user_frame_init(&frame, USER_PAGE + (uintptr_t)(start - user_code), USER_STACK);
    user_run(&frame);
    if (frame.vector != VECTOR_DE)
        guest_panic("trap %lu in user space", frame.vector);
    return (u32)frame.rsi;
}

static void say_kernel(const char *name, kernel_loop *loop)
{
    u32 empty = loop_empty();

    loop(); /* whatever is done but once is done */
    row_bench(name, LOOPS, loop() - empty);
}

static u32 say_user(const char *name, const char *start)
{
    u32 empty = user_ticks(user_empty), ticks;

    user_ticks(start);
    ticks = user_ticks(start) - empty;
    row_bench(name, LOOPS, ticks);
    return ticks / LOOPS;
}

static void user_page(unsigned long va, pfn_t pfn)
{
    table_reach(table_boot_root(), va);
    if (call_update_va_mapping((void *)va, pte_make(pfn_to_mfn(pfn), PTE_READ_WRITE | PTE_USER),
                               UVMF_INVLPG))
        guest_panic("a user page cannot be mapped");
}

void guest_main(void)
{
    pfn_t code = frame_alloc_zeroed();
    u32 native;

    memcpy(pfn_to_virt(code), user_code, (size_t)(user_code_end - user_code));
    user_page(USER_PAGE, code);
    user_page(USER_PAGE + PAGE_SIZE, frame_alloc_zeroed());
    say_kernel("call", loop_call);
    say_kernel("iret-to-kernel", loop_iret);
    handler_set(VECTOR_UD, 0, handle_ud2);
    say_kernel("exception", loop_ud2);
    call_set_callbacks(handle_upcall, handle_upcall, NULL);
    say_kernel("upcall", loop_upcall);
    handler_set(VECTOR_PF, 0, handle_fault);
    say_user("user-page-fault", user_fault);
    handler_set(0x80, 3, handle_native);
    native = say_user("system-call", user_int80);
    handler_set(0x80, 3, handle_by_call);
    say_user("system-call-iret", user_int80);
    row_want("system-call.without-c", native < 65, true);
    guest_end();
}
