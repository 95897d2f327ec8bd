/*
 * callback_op and nmi_op: which types, addresses and pointers are accepted, and what the callbacks
 * of system calls then do (x86_64/runs.c; entries-32 has those of 32-bit kernels).
 */
#include "tests/guests/callback.h"
#include "tests/guests/callbacks/callbacks.h"
#include "tests/guests/common.h"

#define TYPES        9u /* one past the highest is 8 */
#define UNMAPPED     0x7000ull
#define NO_SUCH_TYPE 0xffffu

long callback_unregister(unsigned int type)
{
    struct callback_unregister c = {.type = (u16)type};

    return hypercall_callback_op(CALLBACKOP_unregister, (uintptr_t)&c);
}

static void say_types(void)
{
    for (unsigned int type = 0; type <= TYPES; type++) {
        row(name_nth("register", "type", type),
            callback_register(type, 0, (uintptr_t)trap_entry_event));
        row(name_nth("register", "masks", type),
            callback_register(type, CALLBACKF_mask_events, (uintptr_t)trap_entry_event));
        row(name_nth("register", "all-flags", type),
            callback_register(type, ~0ul, (uintptr_t)trap_entry_event));
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
        hypercall_callback_op((unsigned long)(1ull << 32) | CALLBACKOP_unregister, NON_CANONICAL));
}

static void say_nmi(void)
{
    struct xennmi_callback c = {.handler_address = (unsigned long)trap_entry_event};

    row("nmi.register", hypercall_nmi_op(XENNMI_register_callback, (uintptr_t)&c));
    c.handler_address = NON_CANONICAL;
    row("nmi.non-canonical", hypercall_nmi_op(XENNMI_register_callback, (uintptr_t)&c));
    c.handler_address = HYPERVISOR_VIRT_START;
    row("nmi.hypervisor", hypercall_nmi_op(XENNMI_register_callback, (uintptr_t)&c));
    row("nmi.unregister", hypercall_nmi_op(XENNMI_unregister_callback, 0));
    row("nmi.unregister-again", hypercall_nmi_op(XENNMI_unregister_callback, 0));
}

void guest_main(void)
{
    say_types();
    say_pointers();
    say_nmi();
    say_runs();
    guest_end();
}
