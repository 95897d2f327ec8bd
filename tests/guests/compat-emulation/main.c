/*
 * Privileged instructions in 32-bit and 16-bit code of a 64-bit kernel. Hardly a kernel does that,
 * but Debian's Xen, which runs no 32-bit guests, emulates it by the same code as theirs: so what a
 * segment's base, limit and width mean to the emulator is compared with Xen here. The emulator of
 * the machine checks no limits, so those that are seen are ours, and Xen's.
 */
#include "tests/guests/common.h"

#define LOW         0x40000000ul /* code, stack and data that 32-bit code reaches */
#define LOW_STACK   (LOW + 2 * PAGE_SIZE)
#define LOW_DATA    LOW_STACK
#define PORT        0xcf8 /* four bytes wide it remembers what is written; nothing comes of that */
#define MARK        0x00345678u
#define LIMIT       7u
#define CR0_TS      8u
#define EFER_LMA    0x400u
#define GDT_ENTRIES 512

/* By index; also in pieces.asm. */
enum {
    D_FLAT = 1,
    D_BASED, /* 32 bits, from LOW on, to the end of the pieces */
    D_BASED_16,
    D_WINDOW, /* data: LIMIT + 1 bytes at LOW_DATA */
    D_READ_ONLY
};

extern const char compat_begin[], compat_end[];
extern const char piece_clts[], piece_clts_lock[], piece_cr0[], piece_cr2[], piece_dr7[],
    piece_efer[];
extern const char piece_cli[], piece_port[], piece_cpuid[], piece_ins[], piece_ins_16[],
    piece_outs[];
extern const char piece_outs_fs[], piece_outs_ss[], piece_hlt[], piece_cut[], piece_16[],
    piece_16_port[];
extern u64 compat_kernel;

struct compat {
    u32 offset;
    u16 selector;
    u16 unused;
    u64 eax, ecx, esi, edi; /* given, and as they came back */
};
void compat_run(void *compat);
extern char compat_returned[];

static struct compat call;

static bool back_to_our_code(struct trap_frame *frame)
{
    frame->cs = FLAT_KERNEL_CS;
    return false;
}

static void try_piece(const char *name, u32 index, const char *piece, struct compat given)
{
    u32 offset = (u32)(piece - compat_begin);
    struct fault fault;
    char text[96];

    call = given;
    call.selector = (u16)(index << 3 | 3);
    call.offset = index == D_FLAT ? (u32)LOW + offset : offset;
    fault = fault_catch(compat_run, &call);
    asm volatile("mov %0, %%es; mov %0, %%ds; mov %0, %%ss" : : "r"(FLAT_KERNEL_SS));
    if (fault.taken)
        fmt_snprintf(text, sizeof(text), "vector %u error %x", fault.vector, fault.error);
    else
        fmt_snprintf(text, sizeof(text), "eax %lx ecx %lx esi %lx edi %lx", call.eax, call.ecx,
                     call.esi, call.edi);
    row_text(name, text);
}

static u64 descriptor(u64 base, u32 limit, u32 rights, bool bits_32)
{
    return (limit & 0xffff) | (base & 0xffffff) << 16 | (u64)rights << 40 |
           (u64)(limit >> 16 & 0xf) << 48 | (bits_32 ? 1ull << 54 : 0) | base >> 24 << 56;
}

static void segments_make(void)
{
    const u32 end = (u32)(compat_end - compat_begin) - 1;
    const u64 entries[] = {
        [D_FLAT] = 0x00cffb000000ffff,
        [D_BASED] = descriptor(LOW, end, 0xfb, true),
        [D_BASED_16] = descriptor(LOW, end, 0xfb, false),
        [D_WINDOW] = descriptor(LOW_DATA, LIMIT, 0xf3, true),
        [D_READ_ONLY] = descriptor(LOW_DATA, LIMIT, 0xf1, true),
    };
    mfn_t gdt = table_new();
    xen_pfn_t frame = gdt.n;

    for (unsigned i = 1; i < ARRAY_SIZE(entries); i++)
        row(name_nth("segments", "descriptor", i),
            call_update_descriptor(table_entry_address(gdt, i), entries[i]));
    row("segments.set", call_set_gdt(&frame, GDT_ENTRIES));
}

static u32 *low_make(void)
{
    pfn_t code = frame_alloc_zeroed(), data = frame_alloc_zeroed();
    const pfn_t pages[] = {code, frame_alloc_zeroed(), data};

    compat_kernel = (u64)compat_returned;
    memcpy(pfn_to_virt(code), compat_begin, (size_t)(compat_end + 1 - compat_begin));
    table_reach(table_boot_root(), LOW);
    for (unsigned i = 0; i < ARRAY_SIZE(pages); i++)
        map_page((void *)(LOW + i * PAGE_SIZE),
                 pte_make(pfn_to_mfn(pages[i]), PTE_PRESENT | PTE_USER | PTE_WRITE));
    return pfn_to_virt(data);
}

static void say_instructions(void)
{
    static const struct {
        const char *name, *code;
        u32 index;
    } pieces[] = {
        {"flat.clts", piece_clts, D_FLAT},
        {"flat.clts-lock", piece_clts_lock, D_FLAT},
        {"flat.cr0-ts", piece_cr0, D_FLAT},
        {"flat.cr2", piece_cr2, D_FLAT},
        {"flat.dr7", piece_dr7, D_FLAT},
        {"flat.efer", piece_efer, D_FLAT},
        {"flat.hlt", piece_hlt, D_FLAT},
        {"flat.cpuid-forced", piece_cpuid, D_FLAT},
        {"based.clts", piece_clts, D_BASED},
        {"based.cr2", piece_cr2, D_BASED},
        {"based.cut-by-the-limit", piece_cut, D_BASED},
        {"16-bits.clts", piece_16, D_BASED_16},
    };

    for (unsigned i = 0; i < ARRAY_SIZE(pieces); i++)
        try_piece(pieces[i].name, pieces[i].index, pieces[i].code, (struct compat){.eax = 5});
}

static void say_ports(const char *group, unsigned iopl)
{
    struct physdev_set_iopl set = {.iopl = iopl};

    row(name_of(group, "set"), hypercall_physdev_op(PHYSDEVOP_set_iopl, (u64)&set));
    try_piece(name_of(group, "cli"), D_FLAT, piece_cli, (struct compat){0});
    try_piece(name_of(group, "port"), D_FLAT, piece_port, (struct compat){.eax = MARK});
    try_piece(name_of(group, "port-16"), D_BASED_16, piece_16_port, (struct compat){.eax = MARK});
}

#define WINDOW         (D_WINDOW << 3 | 3)
#define READ_ONLY      (D_READ_ONLY << 3 | 3)
#define GIVE(s, n, at) ((struct compat){.eax = (s), .ecx = (n), .esi = (at), .edi = (at)})

static void say_strings(volatile u32 *data)
{
    static const struct {
        const char *name, *code;
        struct compat given;
    } strings[] = {
        {"string.ins", piece_ins, GIVE(WINDOW, 1, 4)},
        {"string.ins-none", piece_ins, GIVE(WINDOW, 0, 4)},
        {"string.ins-over-the-limit", piece_ins, GIVE(WINDOW, 2, 4)},
        {"string.ins-across-the-limit", piece_ins, GIVE(WINDOW, 1, 6)},
        {"string.ins-read-only", piece_ins, GIVE(READ_ONLY, 1, 0)},
        {"string.ins-16-bit-address", piece_ins_16, GIVE(WINDOW, 0x12340001, 0x12340004)},
        {"string.outs", piece_outs, GIVE(WINDOW, 2, 0)},
        {"string.outs-read-only", piece_outs, GIVE(READ_ONLY, 1, 4)},
        {"string.outs-over-the-limit", piece_outs, GIVE(WINDOW, 1, 8)},
        {"string.outs-fs", piece_outs_fs, GIVE(WINDOW, 1, 4)},
        {"string.outs-fs-null", piece_outs_fs, GIVE(0, 1, 0)},
        {"string.outs-ss", piece_outs_ss, GIVE(WINDOW, 1, 4)},
        {"string.outs-ss-over-the-limit", piece_outs_ss, GIVE(WINDOW, 1, 8)},
    };

    for (unsigned i = 0; i < ARRAY_SIZE(strings); i++) {
        u32 value;

        data[0] = MARK + 1;
        data[1] = MARK + 2;
        asm volatile("outl %0, %w1" : : "a"(MARK), "d"(PORT));
        try_piece(strings[i].name, D_FLAT, strings[i].code, strings[i].given);
        asm volatile("inl %w1, %0" : "=a"(value) : "d"(PORT));
        row_hex(name_of(strings[i].name, "port"), value);
        row_hex(name_of(strings[i].name, "low"), data[0]);
        row_hex(name_of(strings[i].name, "high"), data[1]);
        row_hex(name_of(strings[i].name, "behind"), data[2]);
    }
}

void guest_main(void)
{
    u32 *data = low_make();

    segments_make();
    trap_handle(VECTOR_GP, back_to_our_code);
    trap_handle(VECTOR_UD, back_to_our_code);
    trap_handle(VECTOR_SS, back_to_our_code);
    trap_handle(VECTOR_PF, back_to_our_code);
    say_instructions();
    say_ports("iopl-0", 0);
    say_ports("iopl-1", 1);
    say_strings(data);
    guest_end();
}
