/*
 * physdev_op without devices: the I/O privilege level and the bitmap of ports. The level is kept
 * whether or not the architectural_iopl assist is on, and only then seen in the flags that a bounce
 * pushes; a kernel that switches the assist on late must find what it set before.
 */
#include "tests/guests/common.h"

#define NOWHERE     ((void *)0x70000000)
#define RFLAGS_IOPL 0x3000ull
#define BITMAP      8192

static u64 flags_seen;

static bool flags_note(struct trap_frame *frame)
{
    flags_seen = frame->rflags;
    frame->rip += 2; /* ud2 */
    return true;
}

static u64 iopl_seen(void)
{
    asm volatile("ud2");
    return flags_seen & RFLAGS_IOPL;
}

static long iopl_set(u32 iopl)
{
    struct physdev_set_iopl set = {.iopl = iopl};

    return hypercall_physdev_op(PHYSDEVOP_set_iopl, (uintptr_t)&set);
}

static long assist(unsigned int command)
{
    return call_vm_assist(command, VMASST_TYPE_architectural_iopl);
}

static void say_seen(const char *name)
{
    row_hex(name_of("seen", name), iopl_seen());
}

static void iopl_rows(void)
{
    say_seen("first");
    for (u32 iopl = 0; iopl < 6; iopl++) {
        row(name_nth("iopl", "set", iopl), iopl_set(iopl));
        row_hex(name_nth("seen", "without-assist", iopl), iopl_seen());
    }
    row("iopl.set-huge", iopl_set(~0u));
    row("iopl.set-to-2", iopl_set(2));
    row("assist.on", assist(VMASST_CMD_enable));
    say_seen("set-before");
    say_seen("after-iret");
    for (u32 iopl = 0; iopl < 4; iopl++) {
        row(name_nth("iopl", "set-with-assist", iopl), iopl_set(iopl));
        row_hex(name_nth("seen", "with-assist", iopl), iopl_seen());
    }
    row("assist.on-again", assist(VMASST_CMD_enable));
    say_seen("on-again");
    row("assist.off", assist(VMASST_CMD_disable));
    say_seen("off");
    row("assist.off-again", assist(VMASST_CMD_disable));
    row("assist.on-after-off", assist(VMASST_CMD_enable));
    say_seen("on-after-off");
    row("assist.off-for-1", assist(VMASST_CMD_disable));
    row("iopl.set-to-1", iopl_set(1));
    say_seen("off-with-1");
    row("assist.on-for-1", assist(VMASST_CMD_enable));
    say_seen("on-with-1");
}

static void iobitmap_say(const char *name, void *bitmap, u32 ports)
{
    struct physdev_set_iobitmap set = {.nr_ports = ports};

    set.bitmap.p = bitmap;
    row(name_of("iobitmap", name), hypercall_physdev_op(PHYSDEVOP_set_iobitmap, (uintptr_t)&set));
}

static void iobitmap_rows(void)
{
    static u8 bitmap[BITMAP];

    memset(bitmap, 0xff, sizeof(bitmap));
    iobitmap_say("all", bitmap, 65536);
    iobitmap_say("one-more", bitmap, 65537);
    iobitmap_say("huge", bitmap, ~0u);
    iobitmap_say("unmapped", NOWHERE, 65536);
    iobitmap_say("of-the-hypervisor", HYPERVISOR_ADDRESS, 0);
    iobitmap_say("non-canonical", (void *)(uintptr_t)NON_CANONICAL, 8);
    iobitmap_say("none", NULL, 0);
}

static void refusal_rows(void)
{
    row("refused.iopl-unreadable", hypercall_physdev_op(PHYSDEVOP_set_iopl, (uintptr_t)NOWHERE));
    row("refused.iobitmap-unreadable",
        hypercall_physdev_op(PHYSDEVOP_set_iobitmap, (uintptr_t)NOWHERE));
    row("refused.free-irq-vector",
        hypercall_physdev_op(PHYSDEVOP_free_irq_vector, (uintptr_t)NOWHERE));
    row("refused.unknown", hypercall_physdev_op(32, 0));
    row("refused.unknown-negative", hypercall_physdev_op(~0ul, 0));
    row("refused.iopl-by-32-bits",
        hypercall_physdev_op((unsigned long)(1ull << 32) | PHYSDEVOP_set_iopl, (uintptr_t)NOWHERE));
}

void guest_main(void)
{
    trap_handle(VECTOR_UD, flags_note);
    iopl_rows();
    iobitmap_rows();
    refusal_rows();
    guest_end();
}
