/*
 * The context of a vcpu that has run, as a toolstack saves it: read when its domain is paused, it
 * stays the same until the domain goes on; given back, it reads as before, and the guest goes on
 * from there, with its timer and its ports.
 */
#include "tests/guests/tinies.h"

static struct tiny t;
static u64 wanted;
static union context {
    vcpu_guest_context_x86_64_t wide;
    vcpu_guest_context_x86_32_t narrow;
} first, second;

static bool ticked(void)
{
    return tiny_report(&t).ticks >= wanted;
}

static s64 ticks_on(void)
{
    wanted = tiny_report(&t).ticks + 3;
    return serve_until(ticked, 5000);
}

static int get(union context *context)
{
    memset(context, 0, sizeof(*context));
    return domain_vcpu_context(t.domain.domid, 0, false, context);
}

static void same_rows(const char *name, const char *again)
{
    row_want(name, get(&second), 0);
    row_want(again, memcmp(&first, &second, sizeof(first)), 0);
}

#define STATE_ROWS(c)                                                                              \
    {                                                                                              \
        /* Whether it has used the FPU yet is told otherwise: docs/abi-coverage.md. */             \
        row_hex("state.flags", (c).flags & ~(u64)VGCF_i387_valid);                                 \
        row_hex("state.cs", (c).user_regs.cs);                                                     \
        row_hex("state.ss", (c).user_regs.ss);                                                     \
        row_hex("state.rflags_if", (c).user_regs.eflags & 0x200);                                  \
        row("state.gdt", (s64)(c).gdt_ents);                                                       \
        row("state.ldt", (s64)(c).ldt_ents);                                                       \
        row("state.user_table", (s64)(c).ctrlreg[1]);                                              \
        row_hex("state.vm_assist", (c).vm_assist);                                                 \
    }

static void state_rows(void)
{
    if (cmdline_has("guest-32")) {
        STATE_ROWS(first.narrow)
    } else {
        STATE_ROWS(first.wide)
    }
}

void guest_main(void)
{
    toolstack_begin();
    row_want("built", tiny_build(&t), 0);
    row_want("watched", tiny_watch(&t), 0);
    row_want("unpaused", domain_unpause(t.domain.domid), 0);
    row_want("ticks", ticks_on(), 1);
    row_want("paused", domain_pause(t.domain.domid), 0);
    row_want("get", get(&first), 0);
    state_rows();
    same_rows("get_again", "get_again.same");
    row_want("set", domain_vcpu_context(t.domain.domid, 0, true, &first), 0);
    same_rows("get_after_set", "get_after_set.same");
    row_want("unpaused_again", domain_unpause(t.domain.domid), 0);
    row_want("ticks_again", ticks_on(), 1);
    tiny_leave(&t);
    row_want("destroyed", domain_destroy(t.domain.domid), 0);
    guest_end();
}
