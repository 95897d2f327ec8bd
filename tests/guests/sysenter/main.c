/*
 * sysenter in user space, on a CPU where it enters ring 0 in long mode. It saves nothing, neither
 * where it was executed nor the stack, and leaves most flags as they are: a hypervisor that forgets
 * one of them (TF, NT, AC, DF) is single-stepped, faults at its next iret, or opens its window onto
 * user memory. The kernel gets what Xen gives it: no address, a null cs, and the flags.
 */
#include "tests/guests/user_space.h"

extern char trap_entry_syscall[], user_sysenter[], user_flags[];

#define RFLAGS_IF    0x200ull
#define RFLAGS_ASKED 0x44500ull
#define RFLAGS_SEEN  (RFLAGS_IF | RFLAGS_ASKED)
#define LOW_VA       0x400000ull
#define LOW_STACK    (LOW_VA + 2 * PAGE_SIZE)
#define CS_COMPAT    0xe023
#define SS_USER      0xe02b

static struct trap_frame frame;

static void register_callback(const char *name, bool masks, const char *address)
{
    callback_register_t c = {.type = CALLBACKTYPE_sysenter,
                             .flags = masks ? CALLBACKF_mask_events : 0,
                             .address = (unsigned long)address};

    row_want(name, hypercall_callback_op(CALLBACKOP_register, (uintptr_t)&c), 0);
}

struct wanted {
    u64 vector, flags;
    u32 mask;
};

static void run(const char *name, u64 start, u64 stack, u64 cs, struct wanted wanted)
{
    u8 *mask = &shared_info->vcpu_info[0].evtchn_upcall_mask;

    user_frame_init(&frame, start, stack);
    frame.rflags = RFLAGS_IF;
    frame.cs = cs ? cs : frame.cs;
    user_run(&frame);
    row_want(name_of(name, "vector"), (s64)frame.vector, (s64)wanted.vector);
    row_want_hex(name_of(name, "rip"), frame.rip, 0);
    row_want_hex(name_of(name, "rsp"), frame.rsp, 0);
    row_want_hex(name_of(name, "cs"), frame.cs & 0xffff, 3);
    row_want_hex(name_of(name, "ss"), frame.ss, SS_USER);
    row_want_hex(name_of(name, "flags"), frame.rflags & RFLAGS_SEEN, wanted.flags);
    row_want(name_of(name, "mask"), *mask, wanted.mask);
    *mask = 1;
}

/* 32-bit code lies low, in tables that user and kernel root share. */
static void low_init(mfn_t user_root)
{
    u64 entry;
    pfn_t pfn = frame_alloc_zeroed();

    table_reach(table_boot_root(), LOW_VA);
    entry = entry_read(table_walk(table_boot_root(), LOW_VA, PT_LEVELS));
    memcpy(pfn_to_virt(pfn), user_code, (size_t)(user_code_end - user_code));
    row_want("low.code",
             map_page((void *)LOW_VA, pte_make(pfn_to_mfn(pfn), PTE_PRESENT | PTE_USER)), 0);
    row_want("low.root",
             pte_update(table_entry_address(user_root, pt_index(LOW_VA, PT_LEVELS)), entry), 0);
}

static void run_all(const char *plain, const char *flags, const char *low, struct wanted wanted)
{
    struct wanted with_flags = wanted;

    with_flags.flags |= RFLAGS_ASKED;
    run(plain, user_address(user_sysenter), user_stack_top(), 0, wanted);
    run(flags, user_address(user_flags), user_stack_top(), 0, with_flags);
    run(low, LOW_VA + (u64)(user_sysenter - user_code), LOW_STACK, CS_COMPAT, wanted);
}

void guest_main(void)
{
    low_init(user_space_init());
    run_all("none", "none-flags", "none-32", (struct wanted){VECTOR_GP, RFLAGS_IF, 0});
    register_callback("callback.open", false, trap_entry_syscall);
    run_all("open", "open-flags", "open-32", (struct wanted){VECTOR_SYSCALL, RFLAGS_IF, 0});
    register_callback("callback.masked", true, trap_entry_syscall);
    run_all("masked", "masked-flags", "masked-32", (struct wanted){VECTOR_SYSCALL, RFLAGS_IF, 1});
    register_callback("callback.gone", false, NULL);
    run_all("gone", "gone-flags", "gone-32", (struct wanted){VECTOR_GP, RFLAGS_IF, 0});
    guest_end();
}
