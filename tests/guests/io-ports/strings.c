/* String instructions, with everything that may stop them, and breakpoints on ports. */
#include "tests/guests/io-ports/io.h"

#define LATCH_8  0x70  /* reads back what was written */
#define LATCH_32 0xcf8 /* likewise, for 32 bits */
#define QUIET    0x80
#define LOW_VA   0x40000000ull
#define PATTERN  0xa1b2c3d4u

static u8 *page(void)
{
    return scratch_page(USER_NO_EXECUTE);
}

static u8 *page_end(void)
{
    return page() + PAGE_SIZE;
}

static void latch_set(u32 value)
{
    io_do(false, &(struct io){io_out32, {.rax = value, .rdx = LATCH_32}});
    io_do(false, &(struct io){io_out8, {.rax = value, .rdx = LATCH_8}});
}

static u64 latch_get(void)
{
    io_do(false, IO(in32, LATCH_32));
    return io_done.rax;
}

static void memory_set(u8 *at)
{
    for (u32 i = 0; i < 64; i++)
        at[i] = (u8)(0x40 + i);
}

/* @io, then the bytes before and behind @at. */
static void say_ins(bool user, const char *name, const u8 *at, const struct io *io)
{
    const u8 *from = at - 8;

    latch_set(PATTERN);
    memset(page(), 0xee, PAGE_SIZE);
    if (user)
        say_user(name_of("ins-user", name), io);
    else
        say_kernel(name_of("ins", name), io);
    console_printf("ROW ins%s-bytes.%s =", user ? "-user" : "", name);
    for (u32 i = 0; i < 24 && from + i < page_end(); i++)
        console_printf(" %02x", from[i]);
    console_printf("\n");
}

static void say_outs(bool user, const char *name, const struct io *io)
{
    latch_set(0);
    memory_set(page());
    memory_set(page_end() - 64);
    if (user)
        say_user(name_of("outs-user", name), io);
    else
        say_kernel(name_of("outs", name), io);
    row_hex(name_of(user ? "outs-user-latch" : "outs-latch", name), latch_get());
}

static void say_ins_faults(bool user)
{
    u8 *end = page_end(), *read_only = scratch_page(USER_READ_ONLY);

    say_ins(user, "unmapped", end, IO(ins8, LATCH_8, 0, 0, end));
    say_ins(user, "rep-into-unmapped", end, IO(rep_ins8, LATCH_8, 9, 0, end - 3));
    say_ins(user, "rep-unmapped", end, IO(rep_ins8, LATCH_8, 9, 0, end));
    say_ins(user, "across", end, IO(ins32, LATCH_32, 0, 0, end - 2));
    say_ins(user, "rep-across", end, IO(rep_ins32, LATCH_32, 5, 0, end - 6));
    say_ins(user, "read-only", page(), IO(ins8, LATCH_8, 0, 0, read_only));
    say_ins(user, "rep-down-read-only", page(), IO(rep_ins8, LATCH_8, 9, 0, page() + 2, RFLAGS_DF));
    say_ins(user, "non-canonical", page(), IO(ins8, LATCH_8, 0, 0, NON_CANONICAL));
    say_ins(user, "hypervisor", page(), IO(ins8, LATCH_8, 0, 0, HYPERVISOR_VIRT_START));
    say_ins(user, "rep-hypervisor", page(), IO(rep_ins8, LATCH_8, 2, 0, HYPERVISOR_VIRT_START));
}

static void say_ins_plain(bool user)
{
    u8 *at = page() + 64;

    say_ins(user, "8", at, IO(ins8, LATCH_8, 5, 0, at));
    say_ins(user, "16", at, IO(ins16, QUIET, 0, 0, page() + 512));
    say_ins(user, "32", at, IO(ins32, LATCH_32, 0, 0, at));
    say_ins(user, "32-wide", at, IO(ins32_wide, LATCH_32, 0, 0, at));
    say_ins(user, "8-down", at, IO(ins8, LATCH_8, 0, 0, at, RFLAGS_DF));
    say_ins(user, "rep-8", at, IO(rep_ins8, LATCH_8, 5, 0, at));
    say_ins(user, "rep-32", at, IO(rep_ins32, LATCH_32, 2, 0, at));
    say_ins(user, "rep-32-down", at, IO(rep_ins32, LATCH_32, 2, 0, at + 4, RFLAGS_DF));
    say_ins(user, "repne-8", at, IO(repne_ins8, LATCH_8, 3, 0, at));
    say_ins(user, "rep-none", at, IO(rep_ins8, LATCH_8, 0, 0, at));
    say_ins(user, "rep-many", at, IO(rep_ins8, LATCH_8, 3000, 0, at));
    say_ins(user, "rep-many-32", at, IO(rep_ins32, LATCH_32, 1000, 0, at));
    say_ins(user, "stepped", at, IO(ins8, LATCH_8, 0, 0, at, RFLAGS_TF));
    say_ins(user, "rep-stepped", at, IO(rep_ins8, LATCH_8, 4, 0, at, RFLAGS_TF));
}

static void say_outs_plain(bool user)
{
    u8 *at = page();

    say_outs(user, "8", IO(outs8, LATCH_8, 0, at));
    say_outs(user, "16", IO(outs16, QUIET, 0, at));
    say_outs(user, "32", IO(outs32, LATCH_32, 0, at));
    say_outs(user, "rep-32", IO(rep_outs32, LATCH_32, 3, at));
    say_outs(user, "rep-32-down", IO(rep_outs32, LATCH_32, 3, at + 32, 0, RFLAGS_DF));
    say_outs(user, "rep-8", IO(rep_outs8, QUIET, 4000, at));
    say_outs(user, "rep-16", IO(rep_outs16, QUIET, 7, at));
    say_outs(user, "ss", IO(ss_outs32, LATCH_32, 0, at));
    say_outs(user, "into-unmapped", IO(rep_outs32, LATCH_32, 5, page_end() - 8));
    say_outs(user, "across", IO(outs32, LATCH_32, 0, page_end() - 3));
    say_outs(user, "unmapped", IO(outs8, QUIET, 0, page_end()));
    say_outs(user, "read-only", IO(outs32, LATCH_32, 0, scratch_page(USER_READ_ONLY)));
    say_outs(user, "non-canonical", IO(outs32, LATCH_32, 0, NON_CANONICAL));
    say_outs(user, "ss-non-canonical", IO(ss_outs32, LATCH_32, 0, NON_CANONICAL));
    say_outs(user, "hypervisor", IO(outs32, LATCH_32, 0, HYPERVISOR_VIRT_START));
    say_outs(user, "machphys", IO(outs32, LATCH_32, 0, HYPERVISOR_VIRT_START + 0x1000));
    say_outs(user, "rep-stepped", IO(rep_outs32, LATCH_32, 3, at, 0, RFLAGS_TF));
}

/* Bases that no descriptor has, addresses of half a word: ring1-emulation has what 32 bits have. */
#ifdef __x86_64__
/* 32-bit addresses, in a page of the low 4 GiB. */
static void say_low(void)
{
    static const u64 upper = 0xabcdull << 32;
    u8 *low = (u8 *)LOW_VA;

    table_reach(table_boot_root(), LOW_VA);
    row("low.map", map_page(low, pte_make(pfn_to_mfn(frame_alloc_zeroed()),
                                          PTE_PRESENT | PTE_WRITE | PTE_USER)));
    latch_set(PATTERN);
    say_kernel("low.ins", IO(a32_ins8, LATCH_8, 0, 0, upper + LOW_VA + 8));
    say_kernel("low.ins-rep", IO(a32_rep_ins8, LATCH_8, upper + 3, 0, upper + LOW_VA + 16));
    say_kernel("low.ins-rep-none", IO(a32_rep_ins8, LATCH_8, upper, upper, upper + LOW_VA));
    say_kernel("low.ins-rep-fault",
               IO(a32_rep_ins8, LATCH_8, upper + 3, 0, upper + LOW_VA + PAGE_SIZE - 1));
    say_kernel("low.ins-fault", IO(a32_ins8, LATCH_8, 0, 0, upper + LOW_VA + PAGE_SIZE));
    row_hex("low.bytes", *(const u64 *)(low + 16));
    memory_set(low);
    say_kernel("low.outs", IO(a32_outs32, LATCH_32, 0, upper + LOW_VA + 1));
    row_hex("low.outs-latch", latch_get());
    call_set_segment_base(SEGBASE_FS, LOW_VA);
    say_kernel("low.outs-fs", IO(a32_fs_rep_outs32, LATCH_32, upper + 2, upper + 3));
    row_hex("low.outs-fs-latch", latch_get());
    say_kernel("low.outs-fs-down", IO(a32_fs_rep_outs32, LATCH_32, upper + 2, upper, 0, RFLAGS_DF));
    call_set_segment_base(SEGBASE_FS, 0);
}

static void say_segments(void)
{
    call_set_segment_base(SEGBASE_FS, (uintptr_t)page());
    say_outs(false, "fs", IO(fs_outs32, LATCH_32, 0, 5));
    say_outs(false, "fs-ds", IO(fs_ds_outs32, LATCH_32, 0, 6));
    say_outs(false, "fs-negative", IO(fs_outs32, LATCH_32, 0, -8));
    say_ins(false, "fs-means-nothing", page() + 64, IO(fs_ins8, LATCH_8, 0, 0, page() + 64));
    call_set_segment_base(SEGBASE_FS, 0);
}
#endif

void say_strings(void)
{
    say_ins_plain(false);
    say_ins_faults(false);
    say_outs_plain(false);
#ifdef __x86_64__
    say_segments();
    say_low();
#endif
}

void say_user_strings(void)
{
    say_ins_plain(true);
    say_ins_faults(true);
    say_outs_plain(true);
}

#define TYPE_IO 2ull

/* A breakpoint on @bytes (1, 2, 4) ports from @port on, and none that memory could meet. */
static void watch(const char *name, unsigned int nth, u32 port, u32 bytes)
{
    hypercall_set_debugreg(nth, port);
    row(name,
        hypercall_set_debugreg(
            7, (unsigned long)(1ull << nth * 2 | (TYPE_IO | (bytes - 1) << 2) << (16 + nth * 4))));
}

void say_breakpoints(void)
{
    static const struct {
        u32 port, bytes;
    } watched[] = {{0x80, 1}, {0x80, 2}, {0x81, 2}, {0x80, 4}, {0x83, 4}, {0x84, 1}};

    asm volatile("mov %0, %%cr4" : : "r"(8ul)); /* debugging extensions */
    for (unsigned int i = 0; i < ARRAY_SIZE(watched); i++) {
        watch(name_nth("watch", "set", i), i % 4, watched[i].port, watched[i].bytes);
        say_kernel(name_nth("watch", "out8", i), IO(out8, QUIET));
        say_kernel(name_nth("watch", "out32", i), IO(out32, QUIET));
        say_kernel(name_nth("watch", "out16-beside", i), IO(out16, 0x82));
        say_user(name_nth("watch", "user-out16", i), IO(out16, QUIET));
        say_kernel(name_nth("watch", "rep-outs", i), IO(rep_outs8, QUIET, 5, page()));
        say_kernel(name_nth("watch", "rep-outs-none", i), IO(rep_outs8, QUIET, 0, page()));
        say_user(name_nth("watch", "user-rep-outs", i), IO(rep_outs8, QUIET, 5, page()));
        say_kernel(name_nth("watch", "fault", i), IO(rep_outs8, QUIET, 5, page_end() - 2));
        say_kernel(name_nth("watch", "kept", i), IO(rep_ins8, 0x20, 2, 0, page()));
    }
    watch("watch.set-kept", 0, 0x20, 1);
    say_kernel("watch.kept-in", IO(in8, 0x20));
    say_kernel("watch.kept-in-stepped", IO(in8, 0x20, 0, 0, 0, RFLAGS_TF));
    say_kernel("watch.kept-ins-stepped", IO(rep_ins8, 0x20, 2, 0, page(), RFLAGS_TF));
    asm volatile("mov %0, %%cr4" : : "r"(0ul));
    say_kernel("watch.extensions-off", IO(in8, 0x20));
    hypercall_set_debugreg(7, 0);
    say_kernel("watch.off", IO(in8, 0x20));
}
