/*
 * callback_op and nmi_op: which types, addresses and pointers are accepted, and what the callbacks
 * of system calls then do, the 64-bit one and the 32-bit one: where they lead, which frame they
 * get, and whether upcalls are masked inside.
 */
#include "tests/guests/user_space.h"

extern char trap_entry_syscall[], trap_entry_event[], trap_entry_failsafe[];
extern char user_syscall[], user_sysenter[], user_code_32[];

#define RFLAGS_IF    0x200u
#define RFLAGS_SEEN  0x44700u
#define TYPES        9u /* one past the highest is 8 */
#define LOW_VA       0x400000ull
#define LOW_STACK    (LOW_VA + 2 * PAGE_SIZE)
#define CS_COMPAT    FLAT_USER_CS32
#define UNMAPPED     0x7000ull
#define NO_SUCH_TYPE 0xffffu

static volatile u8 *mask(void)
{
    return &shared_info->vcpu_info[0].evtchn_upcall_mask;
}

static long callback_register(unsigned int type, u64 flags, u64 address)
{
    struct callback_register c = {.type = (u16)type, .flags = (u16)flags, .address = address};

    return hypercall_callback_op(CALLBACKOP_register, (u64)&c);
}

static long callback_unregister(unsigned int type)
{
    struct callback_unregister c = {.type = (u16)type};

    return hypercall_callback_op(CALLBACKOP_unregister, (u64)&c);
}

static void say_types(void)
{
    for (unsigned int type = 0; type <= TYPES; type++) {
        row(name_nth("register", "type", type), callback_register(type, 0, (u64)trap_entry_event));
        row(name_nth("register", "masks", type),
            callback_register(type, CALLBACKF_mask_events, (u64)trap_entry_event));
        row(name_nth("register", "all-flags", type),
            callback_register(type, ~0ul, (u64)trap_entry_event));
        row(name_nth("register", "non-canonical", type), callback_register(type, 0, NON_CANONICAL));
        row(name_nth("register", "hypervisor", type),
            callback_register(type, 0, HYPERVISOR_VIRT_START));
        row(name_nth("register", "null", type), callback_register(type, 0, 0));
        row(name_nth("unregister", "type", type), callback_unregister(type));
        row(name_nth("unregister", "again", type), callback_unregister(type));
    }
    row("register.no-such", callback_register(NO_SUCH_TYPE, 0, 0));
    row("register.no-such-non-canonical", callback_register(NO_SUCH_TYPE, 0, NON_CANONICAL));
    row("unregister.no-such", callback_unregister(NO_SUCH_TYPE));
}

static void say_pointers(void)
{
    static const u64 bad[] = {0, UNMAPPED, NON_CANONICAL, HYPERVISOR_VIRT_START, ~0ull - 7};

    for (unsigned long cmd = 0; cmd < 4; cmd++) {
        for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++) {
            console_printf("ROW pointer.callback-%lu-%u = %ld\n", cmd, i,
                           hypercall_callback_op(cmd, bad[i]));
            console_printf("ROW pointer.nmi-%lu-%u = %ld\n", cmd, i, hypercall_nmi_op(cmd, bad[i]));
        }
    }
    row("command.callback-all-ones", hypercall_callback_op(~0ul, 0));
    row("command.nmi-all-ones", hypercall_nmi_op(~0ul, 0));
    row("command.callback-upper-half",
        hypercall_callback_op(1ul << 32 | CALLBACKOP_unregister, NON_CANONICAL));
}

static void say_nmi(void)
{
    struct xennmi_callback c = {.handler_address = (unsigned long)trap_entry_event};

    row("nmi.register", hypercall_nmi_op(XENNMI_register_callback, (u64)&c));
    c.handler_address = NON_CANONICAL;
    row("nmi.non-canonical", hypercall_nmi_op(XENNMI_register_callback, (u64)&c));
    c.handler_address = HYPERVISOR_VIRT_START;
    row("nmi.hypervisor", hypercall_nmi_op(XENNMI_register_callback, (u64)&c));
    row("nmi.unregister", hypercall_nmi_op(XENNMI_unregister_callback, 0));
    row("nmi.unregister-again", hypercall_nmi_op(XENNMI_unregister_callback, 0));
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
        map_page((void *)va, pte_make(pfn_to_mfn(pfn), PTE_PRESENT | PTE_USER | PTE_WRITE)));
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
static void say_runs(void)
{
    for (unsigned int i = 0; i < 4; i++) {
        char what[32];

        callback_register(CALLBACKTYPE_syscall, i & 1, (u64)trap_entry_syscall);
        callback_register(CALLBACKTYPE_syscall32, i >> 1, (u64)trap_entry_syscall);
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

void guest_main(void)
{
    mfn_t root;

    say_types();
    say_pointers();
    say_nmi();
    call_set_callbacks(trap_entry_event, trap_entry_failsafe, trap_entry_syscall);
    root = user_space_init();
    low_init(root);
    run_32("before");
    say_runs();
    run_64("sysenter", user_sysenter);
    guest_end();
}
