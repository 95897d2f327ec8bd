/*
 * I/O ports: who may use them, and what is behind those that the hypervisor does not give away. A
 * control domain's drivers execute `in` and `out` as on the bare machine and must find the machine
 * there; user space gets single ports lent by its kernel; and a string instruction that faults
 * half-way must say so with its registers, or the data that was moved is lost.
 */
#include "tests/guests/io-ports/io.h"

static u8 bitmap[2 * PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));

static void say_levels(void)
{
    static const u32 ports[] = {0x80, 0x20, 0x43, 0x70, 0xcfc, 0xf1f0};

    for (u32 iopl = 0; iopl < 4; iopl++) {
        iopl_set(iopl);
        for (unsigned int i = 0; i < ARRAY_SIZE(ports); i++) {
            say_kernel(name_nth("level", "kernel-in", iopl << 16 | ports[i]), IO(in8, ports[i]));
            say_user(name_nth("level", "user-in", iopl << 16 | ports[i]), IO(in8, ports[i]));
        }
        say_kernel(name_nth("level", "kernel-cli", iopl), IO(cli, 0));
        say_kernel(name_nth("level", "kernel-sti", iopl), IO(sti, 0));
        say_user(name_nth("level", "user-cli", iopl), IO(cli, 0));
        say_user(name_nth("level", "user-sti", iopl), IO(sti, 0));
        say_user(name_nth("level", "user-clts", iopl), IO(clts, 0));
        say_kernel(name_nth("level", "kernel-outs", iopl), IO(rep_outs8, 0x80, 1));
        say_kernel(name_nth("level", "kernel-outs-none", iopl), IO(rep_outs8, 0x80, 0));
        say_kernel(name_nth("level", "kernel-ins", iopl), IO(rep_ins8, 0x80, 2));
    }
    iopl_set(0);
    call_vm_assist(VMASST_CMD_enable, VMASST_TYPE_architectural_iopl);
    say_kernel("level.kernel-architectural", IO(in8, 0x20));
    say_user("level.user-architectural", IO(in8, 0x20));
    say_kernel("level.kernel-architectural-cli", IO(cli, 0));
    call_vm_assist(VMASST_CMD_disable, VMASST_TYPE_architectural_iopl);
}

/* All ports are refused but @open, and @limit of them are in the bitmap. */
static void say_bitmap(const char *name, u32 open, u32 count, u32 limit, const struct io *io)
{
    memset(bitmap, 0xff, sizeof(bitmap));
    for (u32 port = open; port < open + count; port++)
        bitmap[port / 8] &= (u8) ~(1u << port % 8);
    iobitmap_set(bitmap, limit);
    say_kernel(name_of("bitmap-kernel", name), io);
    say_user(name_of("bitmap-user", name), io);
}

static void say_bitmaps(void)
{
    const void *page_end = scratch_page(USER_PAGES);

    say_bitmap("one", 0x80, 1, 65536, IO(in8_given, 0x80));
    say_bitmap("byte", 0x70, 1, 65536, IO(in8_given, 0));
    say_bitmap("byte-beside", 0x71, 8, 65536, IO(in8_given, 0));
    say_bitmap("word", 0x20, 2, 65536, IO(in16, 0x20));
    say_bitmap("word-half", 0x20, 1, 65536, IO(in16, 0x20));
    say_bitmap("word-across", 0x27, 2, 65536, IO(in16, 0x27));
    say_bitmap("word-across-half", 0x27, 1, 65536, IO(in16, 0x27));
    say_bitmap("long", 0x80, 4, 65536, IO(in32_given, 0));
    say_bitmap("long-across", 0xf1f6, 4, 65536, IO(in32, 0xf1f6));
    say_bitmap("long-across-part", 0xf1f6, 3, 65536, IO(in32, 0xf1f6));
    say_bitmap("last", 0xffff, 1, 65536, IO(in8, 0xffff));
    say_bitmap("last-word", 0xffff, 1, 65536, IO(in16, 0xffff));
    say_bitmap("limit-meets", 0x20, 2, 0x22, IO(in16, 0x20));
    say_bitmap("limit-cuts", 0x20, 2, 0x21, IO(in16, 0x20));
    say_bitmap("limit-none", 0x20, 2, 0, IO(in8, 0x20));
    say_bitmap("strings", 0x80, 2, 65536, IO(rep_outs16, 0x80, 3));
    say_bitmap("strings-half", 0x80, 1, 65536, IO(rep_outs16, 0x80, 3));
    say_bitmap("cli", 0, 0x1000, 65536, IO(cli, 0));
    iobitmap_set(page_end, 65536);
    say_kernel("bitmap-kernel.unmapped", IO(in8, 0));
    iobitmap_set((const u8 *)page_end - 4, 65536);
    memset((u8 *)scratch_page(USER_PAGES) - 4, 0, 4);
    say_kernel("bitmap-kernel.ends-before", IO(in8, 0x17));
    say_kernel("bitmap-kernel.ends-with-the-last-byte", IO(in8, 0x18));
    say_kernel("bitmap-kernel.ends-with-its-last-bit", IO(in16, 0x1f));
    say_kernel("bitmap-kernel.ends", IO(in8, 0x20));
    iobitmap_set(NULL, 0);
}

/* Ports that the hypervisor keeps, and some whose value is fixed. */
static void say_kept(void)
{
    static const u32 ports[] = {0x20,  0x21,  0xa0,  0xa1,  0x3c,  0x3e,  0x3f8,
                                0x3fd, 0x3ff, 0x608, 0x60b, 0xcfc, 0xcff, 0xffff};

    for (unsigned int i = 0; i < ARRAY_SIZE(ports); i++) {
        say_kernel(name_nth("kept", "in8", ports[i]), IO(in8, ports[i]));
        say_kernel(name_nth("kept", "in16", ports[i]), IO(in16, ports[i]));
        say_kernel(name_nth("kept", "in32", ports[i]), IO(in32, ports[i]));
    }
    say_kernel("kept.timer", IO(in16, 0x40)); /* from 0x42 on it counts */
    say_kernel("kept.widths-in32-wide", IO(in32_wide, 0x20));
    say_kernel("kept.widths-in32-both", IO(in32_both, 0x20));
    say_kernel("kept.widths-in32-rex-lost", IO(in32_rex_lost, 0x20));
    say_kernel("kept.in8-rep", IO(in8_rep, 0x20, 7));
    say_kernel("kept.lock", IO(lock_in8, 0x20));
    say_kernel("kept.out", IO(out8, 0x20));
    say_user("kept.user-in32", IO(in32, 0x20));
}

static void out(unsigned int bytes, u32 port, u32 value)
{
    const void *const snippets[] = {[1] = io_out8, [2] = io_out16, [4] = io_out32};

    io_do(false, &(struct io){snippets[bytes], {.rax = value, .rdx = port}});
}

static void say_pairs(void)
{
    out(1, 0x70, 0x8f);
    say_kernel("cmos.index", IO(in8_given, 0));
    out(1, 0x70, 0x14);
    say_kernel("cmos.equipment", IO(in8, 0x71));
    say_kernel("cmos.both", IO(in16, 0x70));
    say_kernel("cmos.three", IO(in32, 0x6f));
    out(1, 0x70, 0xe0);
    out(1, 0x71, 0x5a);
    say_kernel("cmos.written", IO(in8, 0x71));
    out(2, 0x70, 0xa561);
    say_kernel("cmos.written-both", IO(in16, 0x70));
    out(1, 0x70, 0);
    say_kernel("cmos.given", IO(out8_given, 0));
    say_kernel("cmos.given-then", IO(in8_given, 0));

    out(4, 0xcf8, 0x80000000);
    say_kernel("pci.address", IO(in32, 0xcf8));
    say_kernel("pci.device", IO(in32, 0xcfc));
    say_kernel("pci.device-low", IO(in16, 0xcfc));
    say_kernel("pci.device-high", IO(in16, 0xcfe));
    say_kernel("pci.device-middle", IO(in16, 0xcfd));
    say_kernel("pci.device-last", IO(in8, 0xcff));
    say_kernel("pci.device-odd", IO(in32, 0xcfd));
    say_kernel("pci.device-over", IO(in32, 0xcfe));
    say_kernel("pci.address-low", IO(in16, 0xcf8));
    say_kernel("pci.address-byte", IO(in8, 0xcfb));
    say_kernel("pci.address-odd", IO(in32, 0xcfa));
    out(1, 0xcf8, 0x11);
    say_kernel("pci.address-after-byte", IO(in32, 0xcf8));
    out(4, 0xcf8, 0x80000804);
    say_kernel("pci.second", IO(in16, 0xcfe));
    out(4, 0xcf8, 0x00000804);
    say_kernel("pci.disabled", IO(in32, 0xcfc));
    out(4, 0xcf8, 0x80000820);
    out(4, 0xcfc, 0xc1);
    say_kernel("pci.bus-master-written", IO(in32, 0xcfc));
    out(4, 0xcfc, 0);
    out(4, 0xcf8, 0x80000000);
}

/* Channel 2 is dom0's: its status byte has mode and width. */
static u64 timer_status(u32 channel_bit)
{
    out(1, 0x43, 0xe0 | channel_bit);
    io_do(false, IO(in8, 0x42));
    return io_done.rax & 0x3f;
}

static void say_timer(void)
{
    out(1, 0x43, 0xb6);
    out(1, 0x42, 0x34);
    out(1, 0x42, 0x12);
    row_hex("timer.square", timer_status(8));
    out(1, 0x43, 0xb4);
    row_hex("timer.rate", timer_status(8));
    out(1, 0x43, 0x34);
    row_hex("timer.other-channel", timer_status(8 | 4 | 2));
    say_kernel("timer.command", IO(in8, 0x43));
    out(1, 0x61, 0xff);
    io_do(false, IO(in8, 0x61));
    row_hex("timer.gate-on", io_done.rax & 0xf);
    out(1, 0x61, 0xfc);
    io_do(false, IO(in8, 0x61));
    row_hex("timer.gate-off", io_done.rax & 0xf);
}

/* The other instruction that both modes may have: the answer depends on who asks, not on who asked
 * last. */
static void say_cpuid(void)
{
    const struct io ask = {io_cpuid_forced, {.rax = 1}};

    say_kernel("cpuid.kernel", &ask);
    say_user("cpuid.user", &ask);
    say_kernel("cpuid.kernel-again", &ask);
    say_user("cpuid.user-again", &ask);
}

void guest_main(void)
{
    io_init();
    say_cpuid();
    say_levels();
    say_bitmaps();
    iopl_set(1);
    say_kept();
    say_pairs();
    say_timer();
    say_strings();
    iopl_set(3);
    say_user_strings();
    say_breakpoints();
    guest_end();
}
