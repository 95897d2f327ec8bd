/*
 * Privileged instructions: which of them a guest's kernel may execute all the same, what they
 * answer, and what the others raise. Kernels decide by these answers what the machine is; so they
 * are compared with Xen's, but for what belongs to time, and to features that are not offered here
 * (speculation control, RTM). Extended state has a test of its own: xstate.
 */
#include "tests/guests/common.h"

/* Registers before and after an instruction. */
struct registers {
    u64 rax, rbx, rcx, rdx;
};

#ifndef SEGBASE_FS
#define SEGBASE_FS 0 /* there is no such call in 32 bits */
#endif
#define MSR_NON_CANONICAL 0x0000800000001000ull

struct attempt {
    const char *what;
    void (*insn)(struct registers *r);
};

/* In 32 bits CR8 is CR0 with `lock`, and CR15 cannot be said. */
#define INSN(name, text)                                                                           \
    static void name(struct registers *r)                                                          \
    {                                                                                              \
        unsigned long a = (unsigned long)r->rax, b = (unsigned long)r->rbx;                        \
        unsigned long c = (unsigned long)r->rcx, d = (unsigned long)r->rdx;                        \
                                                                                                   \
        asm volatile(text : "+a"(a), "+b"(b), "+c"(c), "+d"(d)::"memory");                         \
        *r = (struct registers){a, b, c, d};                                                       \
    }
INSN(do_rdmsr, "rdmsr")
INSN(do_wrmsr, "wrmsr")
INSN(do_cpuid_forced, XEN_CPUID)
INSN(do_clts, "clts")
INSN(do_lmsw, "lmsw %%ax")
INSN(do_wbinvd, "wbinvd")
INSN(do_invd, "invd")
INSN(do_invlpg, "invlpg (%1)")
INSN(do_hlt, "hlt")
INSN(do_cli, "cli")
INSN(do_sti, "sti")
INSN(do_xsetbv, "xsetbv")
INSN(do_rdtsc, "rdtsc")
INSN(do_rdtscp, "rdtscp")
INSN(do_rdpmc, "rdpmc")
INSN(do_swapgs, ".byte 0x0f, 0x01, 0xf8")
INSN(do_sysret, WIDE("sysretq", "sysretl"))
INSN(do_in, "inb $0x80, %%al")
INSN(do_out, "outb %%al, $0x80")
INSN(do_lgdt, "lgdt (%1)")
INSN(do_lidt, "lidt (%1)")
INSN(do_smsw, "smsw %%eax")
INSN(do_smsw_memory, "smsw (%1)")
INSN(do_sgdt, "sgdt (%1)")
INSN(do_sidt, "sidt (%1)")
INSN(do_sldt, "sldt %%eax")
INSN(do_str, "str %%eax")
INSN(do_wbnoinvd, ".byte 0xf3; wbinvd")
INSN(do_monitor, "monitor")
INSN(do_mwait, "mwait")
INSN(do_ltr, "ltr %%ax")
INSN(do_lldt, "lldt %%ax")
INSN(do_rdfsbase, WIDE("rdfsbase %0", ".byte 0xf3, 0x0f, 0xae, 0xc0"))
INSN(do_wrfsbase, WIDE("wrfsbase %0", ".byte 0xf3, 0x0f, 0xae, 0xd0"))
INSN(do_rdgsbase, WIDE("rdgsbase %0", ".byte 0xf3, 0x0f, 0xae, 0xc8"))
INSN(do_wrgsbase, WIDE("wrgsbase %0", ".byte 0xf3, 0x0f, 0xae, 0xd8"))
INSN(do_prefixed_clts, ".byte 0x2e, 0x48, 0x0f, 0x06")
INSN(do_lock_clts, "lock; .byte 0x0f, 0x06")
INSN(read_cr0, "mov %%cr0, %0")
INSN(read_cr2, "mov %%cr2, %0")
INSN(read_cr3, "mov %%cr3, %0")
INSN(read_cr4, "mov %%cr4, %0")
INSN(read_cr1, ".byte 0x0f, 0x20, 0xc8")
INSN(write_cr1, ".byte 0x0f, 0x22, 0xc8")
INSN(read_cr5, ".byte 0x0f, 0x20, 0xe8")
INSN(read_cr15, WIDE(".byte 0x44, 0x0f, 0x20, 0xf8", ".byte 0x0f, 0x20, 0xf8"))
INSN(read_cr0_wide, ".byte 0x48, 0x0f, 0x20, 0xc0")
INSN(read_cr0_memory_mode, ".byte 0x0f, 0x20, 0x00")
INSN(lock_read_cr0, "lock; .byte 0x0f, 0x20, 0xc0")
INSN(read_cr8, WIDE("mov %%cr8, %0", "lock; .byte 0x0f, 0x20, 0xc0"))
INSN(read_cr0_rbx, "mov %%cr0, %1")
INSN(write_cr0, "mov %0, %%cr0")
INSN(write_cr2, "mov %0, %%cr2")
INSN(write_cr3, "mov %0, %%cr3")
INSN(write_cr4, "mov %0, %%cr4")
INSN(write_cr8, WIDE("mov %0, %%cr8", "lock; .byte 0x0f, 0x22, 0xc0"))
INSN(read_dr0, "mov %%dr0, %0")
INSN(read_dr4, "mov %%dr4, %0")
INSN(read_dr6, "mov %%dr6, %0")
INSN(read_dr7, "mov %%dr7, %0")
INSN(write_dr0, "mov %0, %%dr0")
INSN(write_dr6, "mov %0, %%dr6")
INSN(write_dr7, "mov %0, %%dr7")
INSN(step_over_clts,
     WIDE("pushfq; orq $0x100, (%%rsp); popfq", "pushfl; orl $0x100, (%%esp); popfl") "; clts; nop")

static struct registers regs;

static void attempt_body(void *insn)
{
    ((void (*)(struct registers *))insn)(&regs);
}

/* The vector that it raised, 0 if none; regs has what came of it. */
static unsigned int attempt(void (*insn)(struct registers *), struct registers before)
{
    struct fault fault;

    regs = before;
    fault = fault_catch(attempt_body, (void *)insn);
    return fault.taken ? fault.vector : 0;
}

static void say_simple(void)
{
    static const struct attempt attempts[] = {
        {"clts", do_clts},
        {"clts-prefixed", do_prefixed_clts},
        {"lock-clts", do_lock_clts},
        {"lmsw", do_lmsw},
        {"wbinvd", do_wbinvd},
        {"invd", do_invd},
        {"invlpg", do_invlpg},
        {"hlt", do_hlt},
        {"cli", do_cli},
        {"sti", do_sti},
        {"rdtsc", do_rdtsc},
        {"rdtscp", do_rdtscp},
        {"rdpmc", do_rdpmc},
        {"swapgs", do_swapgs},
        {"sysret", do_sysret},
        {"in", do_in},
        {"out", do_out},
        {"lgdt", do_lgdt},
        {"lidt", do_lidt},
        {"smsw", do_smsw},
        {"smsw-memory", do_smsw_memory},
        {"sgdt", do_sgdt},
        {"sidt", do_sidt},
        {"sldt", do_sldt},
        {"str", do_str},
        {"ltr", do_ltr},
        {"lldt", do_lldt},
        {"wbnoinvd", do_wbnoinvd},
        {"monitor", do_monitor},
        {"mwait", do_mwait},
        {"xsetbv-without-osxsave", do_xsetbv},
    };

    static u64 memory[2];

    for (unsigned int i = 0; i < ARRAY_SIZE(attempts); i++)
        row(name_of("insn", attempts[i].what),
            attempt(attempts[i].insn, (struct registers){.rbx = (uintptr_t)memory}));
}

static void say_cr(const char *what, void (*insn)(struct registers *), u64 value)
{
    unsigned int vector = attempt(insn, (struct registers){.rax = value});

    console_printf("ROW cr.%s = vector %u 0x%" F64 "x\n", what, vector, regs.rax);
}

static u64 cr_value(void (*insn)(struct registers *))
{
    attempt(insn, (struct registers){0});
    return regs.rax;
}

#define CR0_TASK_SWITCHED 8ull
#define CR0_WRITE_PROTECT 0x10000ull

static void say_cr0(void)
{
    u64 cr0 = cr_value(read_cr0);

    say_cr("read-0", read_cr0, 0);
    attempt(read_cr0_rbx, (struct registers){0});
    row_want_hex("cr.read-0-rbx", regs.rbx, cr0);
    say_cr("write-0-same", write_cr0, cr0);
    say_cr("write-0-ts", write_cr0, cr0 | CR0_TASK_SWITCHED);
    say_cr("read-0-ts", read_cr0, 0);
    attempt(do_clts, (struct registers){0});
    say_cr("read-0-clts", read_cr0, 0);
    say_cr("write-0-without-wp", write_cr0, cr0 & ~CR0_WRITE_PROTECT);
    say_cr("write-0-nothing", write_cr0, 0);
    call_fpu_taskswitch(1);
    say_cr("read-0-fpu-taskswitch", read_cr0, 0);
    call_fpu_taskswitch(0);
}

static void say_cr3(void)
{
    u64 root = cr_value(read_cr3);

    row("cr.read-3-is-the-root", root == mfn_to_address(table_boot_root()));
    row("cr.write-3-same", attempt(write_cr3, (struct registers){.rax = root}));
    row("cr.write-3-low-bits", attempt(write_cr3, (struct registers){.rax = root | 0x18}));
    row("cr.write-3-data-page",
        attempt(write_cr3,
                (struct registers){.rax = mfn_to_address(pfn_to_mfn(frame_alloc_zeroed()))}));
    row("cr.write-3-no-frame", attempt(write_cr3, (struct registers){.rax = BEYOND_MEMORY << 12}));
    row("cr.read-3-after", cr_value(read_cr3) == root);
}

static void say_control_registers(void)
{
    static const u64 choices[] = {0,     4,     8,       0x10,    0x20,    0x80,
                                  0x200, 0x800, 0x10000, 0x20000, 0x100000};
    unsigned long value;

    say_cr0();
    say_cr("write-2", write_cr2, 0x12345000);
    say_cr("read-2", read_cr2, 0);
    row_hex("cr.shared-2", shared_info->vcpu_info[0].arch.cr2);
    probe_read((void *)0x5678, &value);
    say_cr("read-2-after-fault", read_cr2, 0);
    say_cr3();
    say_cr("read-4", read_cr4, 0);
    for (unsigned int i = 0; i < ARRAY_SIZE(choices); i++) {
        row(name_nth("cr", "write-4", (unsigned long)choices[i]),
            attempt(write_cr4, (struct registers){.rax = choices[i]}));
        row_hex(name_nth("cr", "read-4-then", choices[i]), cr_value(read_cr4));
        if (choices[i] == 4)
            row("cr.rdtsc-under-tsd", attempt(do_rdtsc, (struct registers){0}));
    }
    attempt(write_cr4, (struct registers){0});
    say_cr("read-1", read_cr1, 1);
    say_cr("write-1", write_cr1, 1);
    say_cr("read-5", read_cr5, 1);
    say_cr("read-15", read_cr15, 1);
    say_cr("read-0-wide", read_cr0_wide, 0);
    say_cr("read-0-memory-mode", read_cr0_memory_mode, 0);
    say_cr("lock-read-0", lock_read_cr0, 0);
    say_cr("read-8", read_cr8, 0);
    say_cr("write-8", write_cr8, 0);
}

static void say_umip(void)
{
    static const struct attempt attempts[] = {
        {"smsw", do_smsw}, {"smsw-memory", do_smsw_memory},
        {"sgdt", do_sgdt}, {"sidt", do_sidt},
        {"sldt", do_sldt}, {"str", do_str},
    };
    static u64 memory[2];

    for (unsigned int i = 0; i < ARRAY_SIZE(attempts); i++)
        row_want(name_of("umip", attempts[i].what),
                 attempt(attempts[i].insn, (struct registers){.rbx = (uintptr_t)memory}),
                 VECTOR_GP);
}

#define CR4_FSGSBASE 0x10000ull

/* Whether a kernel may change its bases without a call is its own choice. */
static void say_base_insns(const char *when)
{
    static const struct attempt attempts[] = {
        {"wrfsbase", do_wrfsbase},
        {"rdfsbase", do_rdfsbase},
        {"wrgsbase", do_wrgsbase},
        {"rdgsbase", do_rdgsbase},
    };

    for (unsigned int i = 0; i < ARRAY_SIZE(attempts); i++) {
        unsigned int vector = attempt(attempts[i].insn, (struct registers){.rax = 0x1234});

        console_printf("ROW bases-%s.%s = vector %u 0x%" F64 "x\n", when, attempts[i].what, vector,
                       regs.rax);
    }
}

static void say_bases_by_choice(void)
{
    say_base_insns("first");
    attempt(write_cr4, (struct registers){.rax = CR4_FSGSBASE});
    say_base_insns("on");
    call_set_segment_base(SEGBASE_FS, 0x5678);
    say_base_insns("still-on");
    attempt(write_cr4, (struct registers){0});
    say_base_insns("off");
    call_set_segment_base(SEGBASE_FS, 0);
}

static void say_debug_registers(void)
{
    say_cr("debug-read-0", read_dr0, 0);
    say_cr("debug-read-4", read_dr4, 0);
    say_cr("debug-read-6", read_dr6, 0);
    say_cr("debug-read-7", read_dr7, 0);
    say_cr("debug-write-0", write_dr0, 0x123456);
    say_cr("debug-read-0-then", read_dr0, 0);
    say_cr("debug-write-0-hypervisor", write_dr0, HYPERVISOR_VIRT_START);
    say_cr("debug-write-7-upper", write_dr7, 1ull << 32);
    say_cr("debug-write-7-general-detect", write_dr7, 1ull << 13);
    say_cr("debug-write-6", write_dr6, 0);
    attempt(write_cr4, (struct registers){.rax = 8});
    say_cr("debug-read-4-under-de", read_dr4, 0);
    attempt(write_cr4, (struct registers){0});
    row("cr.step-over-clts", attempt(step_over_clts, (struct registers){0}));
    say_cr("debug-read-6-after-step", read_dr6, 0);
}

/* Those whose value is the machine's, or time, are only read without a look at what is read. */
static const u32 msrs_by_value[] = {
    0x0,        0x1,        0x280,      0x281,      0x282,      0x29f,      0x1b,       0x3a,
    0x48,       0x49,       0x79,       0x8b,       0xc1,       0xc8,       0xce,       0xfe,
    0x10a,      0x10b,      0x122,      0x140,      0x174,      0x175,      0x176,      0x179,
    0x17a,      0x17b,      0x186,      0x198,      0x199,      0x19a,      0x19b,      0x19c,
    0x1a0,      0x1b0,      0x1d9,      0x200,      0x250,      0x277,      0x2ff,      0x309,
    0x345,      0x38d,      0x38f,      0x400,      0x401,      0x402,      0x403,      0x408,
    0x47f,      0x480,      0x4d0,      0x560,      0x600,      0x6a0,      0x802,      0xd90,
    0xda0,      0x12345,    0x40000000, 0x40000001, 0x40000200, 0x40000300, 0xc0000080, 0xc0000081,
    0xc0000082, 0xc0000083, 0xc0000084, 0xc0000100, 0xc0000102, 0xc0000103, 0xc0010000, 0xc0010007,
    0xc0010010, 0xc0010015, 0xc0010016, 0xc001001a, 0xc001001d, 0xc001001f, 0xc0010020, 0xc0010041,
    0xc0010042, 0xc0010055, 0xc0010058, 0xc0010061, 0xc0010063, 0xc001006b, 0xc0010112, 0xc0010114,
    0xc0010117, 0xc001011f, 0xc0010200, 0xc001020b, 0xc0011004, 0xc0011022, 0xc0011027, 0xc0011029,
    0xc001102c, 0xdeadbeef,
};
static const u32 msrs_by_fault[] = {0x10, 0x17, 0xe7, 0xe8, 0xc0000101};

static void say_msr_reads(void)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(msrs_by_value); i++) {
        unsigned int vector =
            attempt(do_rdmsr, (struct registers){.rcx = msrs_by_value[i], .rax = 1, .rdx = 2});

        console_printf("ROW msr.read-%x = vector %u 0x%" F64 "x 0x%" F64 "x\n", msrs_by_value[i],
                       vector, regs.rdx, regs.rax);
    }
    for (unsigned int i = 0; i < ARRAY_SIZE(msrs_by_fault); i++)
        console_printf("ROW msr.reads-%x = vector %u\n", msrs_by_fault[i],
                       attempt(do_rdmsr, (struct registers){.rcx = msrs_by_fault[i]}));
}

static unsigned int msr_write(u32 msr, u64 value)
{
    return attempt(do_wrmsr, (struct registers){.rcx = msr, .rax = (u32)value, .rdx = value >> 32});
}

/* The kernel's own GS base and TSC_AUX are left out of the general round: they would be lost. */
static void say_msr_writes(void)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(msrs_by_value); i++) {
        u32 msr = msrs_by_value[i];

        console_printf("ROW msr.write-%x = 0: vector %u, non-canonical: vector %u\n", msr,
                       msr == 0x40000000 ? 0 : msr_write(msr, 0),
                       msr_write(msr, MSR_NON_CANONICAL));
    }
    console_printf("ROW msr.writes-e7 = vector %u\n", msr_write(0xe7, 0));
    console_printf("ROW msr.writes-10 = vector %u\n", msr_write(0x10, 0));
}

static u64 msr_value(u32 msr)
{
    attempt(do_rdmsr, (struct registers){.rcx = msr});
    return regs.rdx << 32 | regs.rax;
}

static void say_bases(void)
{
    static const u32 bases[] = {0xc0000100, 0xc0000101, 0xc0000102};
    static const u64 values[] = {0x1234567, HYPERVISOR_VIRT_START, 0xffff880000001000,
                                 MSR_NON_CANONICAL};

    for (unsigned int i = 0; i < ARRAY_SIZE(bases) * ARRAY_SIZE(values); i++) {
        u32 msr = bases[i / ARRAY_SIZE(values)];
        unsigned int which = i % ARRAY_SIZE(values), vector = msr_write(msr, values[which]);

        console_printf("ROW base.%x-%u = vector %u then 0x%" F64 "x\n", msr, which, vector,
                       msr_value(msr));
    }
    msr_write(0xc0000100, 0);
    msr_write(0xc0000101, 0);
    row("base.efer-same", msr_write(0xc0000080, msr_value(0xc0000080)));
    row("base.tsc-aux", msr_write(0xc0000103, 0x87654321));
    attempt(do_rdtscp, (struct registers){0});
    row_hex("base.tsc-aux-by-rdtscp", regs.rcx);
    row("base.tsc-aux-long", msr_write(0xc0000103, 1ull << 32));
    msr_write(0xc0000103, 0);
}

static void say_hypercall_page(void)
{
    pfn_t pfn = frame_alloc_zeroed();
    u64 address = mfn_to_address(pfn_to_mfn(pfn));

    row("page.unaligned", msr_write(0x40000000, address | 1));
    row("page.root", msr_write(0x40000000, mfn_to_address(table_boot_root())));
    row("page.no-frame", msr_write(0x40000000, BEYOND_MEMORY << PAGE_SHIFT));
    row("page.mine", msr_write(0x40000000, address));
}

struct leaf {
    u32 leaf, subleaf;
    struct registers look; /* what is compared */
};

#define WHOLE                                                                                      \
    {                                                                                              \
        ~0u, ~0u, ~0u, ~0u                                                                         \
    }

static const struct leaf leaves[] = {
    {0, 0, WHOLE},
    {1, 0, WHOLE},
    {2, 0, WHOLE},
    {3, 0, WHOLE},
    {4, 0, WHOLE},
    {5, 0, WHOLE},
    {6, 0, WHOLE},
    /* not RTM; speculation control */
    {7, 0, {~0u, ~0x800u, ~0u, ~0xac000000u}},
    {7, 1, WHOLE},
    {7, 9, WHOLE},
    {8, 0, WHOLE},
    {9, 0, WHOLE},
    {0xa, 0, WHOLE},
    {0xb, 0, WHOLE},
    {0xb, 1, WHOLE},
    {0xc, 0, WHOLE},
    {0xe, 0, WHOLE},
    {0x14, 0, WHOLE},
    {0x40000000, 0, WHOLE},
    {0x40000001, 0, WHOLE},
    {0x40000002, 0, WHOLE},
    {0x40000003, 0, {~0u, ~0u, 0, 0}}, /* not the clock's rate, nor how often it was moved */
    {0x40000003, 1, {0, 0, 0, 0}},
    {0x40000004, 0, WHOLE},
    {0x40000005, 0, WHOLE},
    {0x40000005, 1, WHOLE},
    {0x40000006, 0, WHOLE},
    {0x40000100, 0, WHOLE},
    {0x40000101, 0, WHOLE},
    {0x80000000, 0, WHOLE},
    /* not DBEXT */
    {0x80000001, 0, {~0u, ~0u, ~0x04000000u, ~0u}},
    {0x80000002, 0, WHOLE},
    {0x80000005, 0, WHOLE},
    {0x80000006, 0, WHOLE},
    {0x80000007, 0, WHOLE},
    {0x80000008, 0, {~0u, ~0x40001000u, ~0u, ~0u}},
    {0x80000009, 0, WHOLE},
    {0x8000000a, 0, WHOLE},
    {0x80000019, 0, WHOLE},
    {0x8000001b, 0, WHOLE},
    {0x8000001d, 0, WHOLE},
    {0x80000021, 0, {~0x58000020u, ~0u, ~0u, ~0u}},
    {0xc0000000, 0, WHOLE},
    {0xffffffff, 0, WHOLE},
};

static void say_cpuid(void)
{
    unsigned int changed = 0;

    for (unsigned int i = 0; i < ARRAY_SIZE(leaves); i++) {
        const struct leaf *l = &leaves[i];
        struct registers before;
        unsigned int vector =
            attempt(do_cpuid_forced, (struct registers){.rax = l->leaf, .rcx = l->subleaf});

        console_printf("ROW cpuid.%x-%x = vector %u: 0x%" F64 "x 0x%" F64 "x 0x%" F64 "x 0x%" F64
                       "x\n",
                       l->leaf, l->subleaf, vector, regs.rax & l->look.rax, regs.rbx & l->look.rbx,
                       regs.rcx & l->look.rcx, regs.rdx & l->look.rdx);
        before = regs;
        attempt(do_cpuid_forced, (struct registers){.rax = l->leaf, .rcx = l->subleaf});
        changed += memcmp(&before, &regs, sizeof(regs)) != 0;
    }
    attempt(do_cpuid_forced, (struct registers){.rax = 7});
    row("cpuid.arch-capabilities", regs.rdx >> 29 & 1);
    row_want("cpuid.changed-when-asked-again", changed, 0);
}

void guest_main(void)
{
    if (cmdline_has("umip")) {
        say_umip();
        guest_end();
    }
    say_simple();
    say_control_registers();
    say_bases_by_choice();
    say_debug_registers();
    say_msr_reads();
    say_bases();
    say_hypercall_page();
    say_msr_writes();
    say_cpuid();
    guest_end();
}
