/*
 * What the callbacks of system calls do, the 64-bit one and the 32-bit one: where they lead, which
 * frame they get, and whether upcalls are masked inside.
 */
#include "tests/guests/callback.h"
#include "tests/guests/callbacks/callbacks.h"
#include "tests/guests/user_space.h"

extern char user_syscall[], user_sysenter[], user_code_32[];

#define RFLAGS_IF   0x200u
#define RFLAGS_SEEN 0x44700u
#define LOW_VA      0x400000ull
#define LOW_STACK   (LOW_VA + 2 * PAGE_SIZE)
#define CS_COMPAT   FLAT_USER_CS32

static volatile u8 *mask(void)
{
    return &shared_info->vcpu_info[0].evtchn_upcall_mask;
}

static struct trap_frame frame;

static void frame_say(const char *group, const char *what, u64 start)
{
    console_printf("ROW %s.%s = vector %lu error 0x%lx rip %ld flags 0x%lx cs 0x%lx ss 0x%lx mask "
                   "%u\n",
                   group, what, frame.vector, frame.error, (long)(frame.rip - start),
                   frame.rflags & RFLAGS_SEEN, frame.cs, frame.ss, *mask());
    *mask() = 1;
}

static void run_64(const char *what, const char *start)
{
    user_frame_init(&frame, user_address(start), user_stack_top());
    frame.rflags = RFLAGS_IF;
    user_run(&frame);
    frame_say("run", what, user_address(start));
}

/* 32-bit code lies low. Having come back by the callback, it is sent on to its next instruction. */
static void run_32(const char *what)
{
    user_frame_init(&frame, LOW_VA + (u64)(user_code_32 - user_code), LOW_STACK);
    frame.cs = CS_COMPAT;
    frame.rflags = RFLAGS_IF;
    for (unsigned int i = 0; i < 2; i++) {
        user_run(&frame);
        console_printf("ROW run-32.%s-rsp-%u = %ld\n", what, i, (long)(frame.rsp - LOW_STACK));
        frame_say("run-32", name_nth(what, "time", i), LOW_VA + (u64)(user_code_32 - user_code));
    }
}

static void low_page_map(u64 va, const void *content, size_t bytes)
{
    pfn_t pfn = frame_alloc_zeroed();

    memcpy(pfn_to_virt(pfn), content, bytes);
    row(name_of("low", bytes ? "code" : "stack"),
        map_page((void *)(uintptr_t)va,
                 pte_make(pfn_to_mfn(pfn), PTE_PRESENT | PTE_USER | PTE_WRITE)));
}

static void low_init(mfn_t user_root)
{
    u64 entry;

    table_reach(table_boot_root(), LOW_VA);
    entry = entry_read(table_walk(table_boot_root(), LOW_VA, PT_LEVELS));
    low_page_map(LOW_VA, user_code, (size_t)(user_code_end - user_code));
    low_page_map(LOW_VA + PAGE_SIZE, user_code, 0);
    row("low.root", pte_update(table_entry_address(user_root, pt_index(LOW_VA, PT_LEVELS)), entry));
}

/* The mask of the 64-bit callback and that of the 32-bit one, in all four combinations. */
static void say_masks(void)
{
    for (unsigned int i = 0; i < 4; i++) {
        char what[32];

        callback_register(CALLBACKTYPE_syscall, i & 1, (uintptr_t)trap_entry_syscall);
        callback_register(CALLBACKTYPE_syscall32, i >> 1, (uintptr_t)trap_entry_syscall);
        fmt_snprintf(what, sizeof(what), "masks-%u-%u", i & 1, i >> 1);
        run_64(what, user_syscall);
        run_32(what);
    }
    row("run.unregister", callback_unregister(CALLBACKTYPE_syscall32));
    run_32("still-there");
    row("run.clear", callback_register(CALLBACKTYPE_syscall, CALLBACKF_mask_events, 0));
    run_64("cleared", user_syscall);
    run_32("64-cleared");
    row("run.set-callbacks",
        call_set_callbacks(trap_entry_event, trap_entry_failsafe, trap_entry_syscall));
    run_64("set-callbacks-unmasks", user_syscall);
    run_32("set-callbacks-keeps");
    row("run.clear-32", callback_register(CALLBACKTYPE_syscall32, 0, 0));
    run_32("none");
}

void say_runs(void)
{
    mfn_t root;

    call_set_callbacks(trap_entry_event, trap_entry_failsafe, trap_entry_syscall);
    root = user_space_init();
    low_init(root);
    run_32("before");
    say_masks();
    run_64("sysenter", user_sysenter);
}
