/*
 * Rows of traps: the CPU stops some code, the hypervisor writes a frame on the guest kernel's stack
 * and enters the kernel's handler, the handler returns by the hypercall iret. The handlers are
 * those of stubs.asm and do nothing else.
 *
 * For the rows of user space a process runs a loop, times itself, and then divides by zero: that
 * trap has the runtime's handler. (An `int n` would not do: under QEMU Xen finds the wrong gate.)
 */
#include "guest-kernel/core/guest.h"
#include "guest-kernel/core/report.h"
#include "guest-kernel/core/user.h"
#include "guest-kernel/mm/frame.h"
#include "guest-kernel/core/hypercall.h"
#include "tests/guests/bench/measure.h"
#include "tests/guests/bench/region.h"
#include "tests/guests/bench/rows.h"
#include "tests/guests/bench/stubs.h"
#include "xen-like/lib/string.h"

#define USER_PAGE  0x400000ull
#define USER_STACK (USER_PAGE + PAGE_SIZE)
#define USER_LOOPS 400

struct user_loop {
    const char *name;
    const char *start;
};

static struct trap_frame user_frame;

/* Answers the ticks that the process counted. */
static u64 user_loop_run(const void *arg)
{
    const struct user_loop *loop = arg;

    user_frame_init(&user_frame, USER_PAGE + (u64)(loop->start - user_code), USER_STACK);
    user_frame.rdi = USER_LOOPS;
    user_run(&user_frame);
    if (user_frame.vector != VECTOR_DE)
        guest_panic("bench: %s: trap %lu at 0x%lx", loop->name, user_frame.vector, user_frame.rip);
    return user_frame.rax;
}

static void user_space_make(void)
{
    pfn_t page = frame_alloc_zeroed();
    mfn_t user_root = table_new();
    const u64 *boot = table_entries(table_boot_root());
    unsigned int slot = pt_index(USER_PAGE, PT_LEVELS);

    memcpy(pfn_to_virt(page), user_code, (size_t)(user_code_end - user_code));
    bench_require("mapping user code", entry_write(table_reach(table_boot_root(), USER_PAGE),
                                                   pte_make(pfn_to_mfn(page), PTE_READ_WRITE)));
    bench_require("pinning the user root", table_pin(user_root, PT_LEVELS));
    bench_require("filling the user root",
                  entry_write(table_entry_address(user_root, slot), boot[slot]));
    table_switch(table_boot_root(), user_root);
}

static trap_info_t gate(unsigned int vector, unsigned int dpl, const char *handler)
{
    return (trap_info_t){.vector = (u8)vector,
                         .flags = (u8)dpl,
                         .cs = FLAT_KERNEL_CS,
                         .address = (uintptr_t)handler};
}

static void handlers_set(void)
{
    const trap_info_t table[] = {
        gate(VECTOR_PF, 0, handle_load),     gate(VECTOR_GP, 0, handle_load),
        gate(VECTOR_UD, 0, handle_ud2),      gate(VECTOR_BP, 3, handle_plain),
        gate(vector_int80, 3, handle_plain), {.address = 0},
    };

    bench_require("set_trap_table", call_set_trap_table(table));
    bench_require("set_callbacks",
                  call_set_callbacks(handle_unexpected, handle_unexpected, handle_syscall));
}

void rows_bounces(void)
{
    static const struct bench kernel_rows[] = {
        {"iret", .run = kernel_iret},
        {"page-fault-kernel", .run = kernel_page_fault},
        {"general-protection", .run = kernel_general_protection},
    };
    static const struct user_loop empty = {"empty", user_empty};
    static const struct user_loop loops[] = {
        {"page-fault-user", user_page_fault},
        {"int3-user", user_int3},
        {"ud2-user", user_ud2},
        {"int80-user", user_int80},
        {"syscall-user", user_syscall},
    };

    user_space_make();
    handlers_set();
    bench_rows(kernel_rows, ARRAY_SIZE(kernel_rows));
    for (unsigned int i = 0; i < ARRAY_SIZE(loops); i++)
        bench_timed_row(loops[i].name, USER_LOOPS, user_loop_run, &loops[i], &empty);
}
