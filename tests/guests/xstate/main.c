/*
 * FPU, SSE and AVX state. These registers are the only ones that the hypervisor neither sets at a
 * guest's start nor saves at each entry: what firmware, loader, hypervisor or another domain left
 * in them would be there for everyone to read. And what a guest may switch on (CR4.OSXSAVE, XCR0)
 * and is told of it (CPUID) decides which code its programs run: so that is compared with Xen,
 * leaf by leaf.
 *
 * This kernel itself uses general registers only; what it finds is what it was given.
 */
#include "tests/guests/seen.h"
#include "tests/guests/user_space.h"

#define CR4_OSXSAVE  (1ull << 18)
#define CR0_TS       8ull
#define LEAF_BASIC   1u
#define LEAF_XSTATE  0xdu
#define ECX_XSAVE    (1u << 26)
#define X87          1ull
#define SSE          2ull
#define YMM          4ull
#define EVERYTHING   (~0ull)
#define LEGACY_BYTES 512u
#define AREA_BYTES   8192u
#define YMM_OFFSET   576u
#define YMM_BYTES    256u

struct registers {
    u64 rax, rbx, rcx, rdx;
};

/* What rax, rbx, rcx and rdx are, and an area to work on. */
static struct registers regs;
static u8 area[AREA_BYTES] __attribute__((aligned(64)));

#define INSN(name, text)                                                                           \
    static void name(void *unused)                                                                 \
    {                                                                                              \
        unsigned long a = (unsigned long)regs.rax, b = (unsigned long)regs.rbx;                    \
        unsigned long c = (unsigned long)regs.rcx, d = (unsigned long)regs.rdx;                    \
                                                                                                   \
        (void)unused;                                                                              \
        asm volatile(text : "+a"(a), "+b"(b), "+c"(c), "+d"(d), "+m"(area) : : "memory");          \
        regs = (struct registers){a, b, c, d};                                                     \
    }
INSN(do_cpuid, "cpuid")
INSN(do_cpuid_forced, XEN_CPUID)
INSN(do_xgetbv, "xgetbv")
INSN(do_xsetbv, "xsetbv")
INSN(do_xsetbv_prefixed, WIDE(".byte 0x48, ", ".byte 0x2e, ") "0x0f, 0x01, 0xd1")
INSN(do_xsave, WIDE("xsave64 %4", "xsave %4"))
INSN(do_xrstor, WIDE("xrstor64 %4", "xrstor %4"))
INSN(do_fxsave, WIDE("fxsave64 %4", "fxsave %4"))
INSN(do_fxrstor, WIDE("fxrstor64 %4", "fxrstor %4"))
INSN(read_cr0, "mov %%cr0, %0")
INSN(write_cr0, "mov %0, %%cr0")
INSN(read_cr4, "mov %%cr4, %0")
INSN(write_cr4, "mov %0, %%cr4")
INSN(do_rdmsr, "rdmsr")
INSN(do_clts, "clts")
INSN(do_fninit, "fninit")
INSN(do_fld1, "fld1")
INSN(do_emms, "emms")
INSN(do_sse_load, WIDE("movq", "movd") " %0, %%xmm0")
INSN(do_sse_store, WIDE("movq", "movd") " %%xmm0, %0")
INSN(do_avx_load, "vmovdqu %4, %%ymm1")
INSN(do_avx_store, "vmovdqu %%ymm1, %4")
INSN(do_ldmxcsr, "push %0; ldmxcsr (%%" WIDE("rsp", "esp") "); pop %0")
INSN(do_bad_division,
     "push %0; fninit; fldcw (%%" WIDE("rsp", "esp") "); pop %0; fldz; fldz; fdivp; fwait")

/* The vector that it raised, 0 if none; regs has what came of it. */
static unsigned int attempt(void (*insn)(void *), u64 rax, u64 rcx)
{
    struct fault fault;

    regs = (struct registers){.rax = (u32)rax, .rcx = rcx, .rdx = rax >> 32};
    fault = fault_catch(insn, NULL);
    return fault.taken ? fault.vector : 0;
}

static u64 cr0(void)
{
    attempt(read_cr0, 0, 0);
    return regs.rax;
}

static u64 cr4(void)
{
    attempt(read_cr4, 0, 0);
    return regs.rax;
}

static unsigned int xsetbv(u64 value)
{
    return attempt(do_xsetbv, value, 0);
}

static u64 xgetbv(void)
{
    return attempt(do_xgetbv, 0, 0) ? 0xbad : regs.rdx << 32 | regs.rax;
}

static struct registers cpuid_forced(u32 leaf, u32 subleaf)
{
    attempt(do_cpuid_forced, leaf, subleaf);
    return regs;
}

static bool has_xsave(void)
{
    return cpuid_forced(LEAF_BASIC, 0).rcx & ECX_XSAVE;
}

/* All that this guest may have. */
static u64 offered(void)
{
    struct registers r = cpuid_forced(LEAF_XSTATE, 0);

    return r.rdx << 32 | r.rax;
}

static unsigned int count_nonzero(unsigned int from, unsigned int to)
{
    unsigned int n = 0;

    for (; from < to; from++)
        n += area[from] != 0;
    return n;
}

/* As FXSAVE has it: FCW FSW FTW FOP, FIP, FDP, MXCSR, then x87 and XMM registers. */
static void say_legacy(const char *group)
{
    u64 words[4];

    memset(area, 0, sizeof(area));
    attempt(do_fxsave, 0, 0);
    memcpy(words, area, sizeof(words));
    row_want_hex(name_of(group, "control-status-tags-opcode"), words[0], 0x37f);
    row_want_hex(name_of(group, "last-instruction"), words[1], 0);
    row_want_hex(name_of(group, "last-data"), words[2], 0);
    row_want_hex(name_of(group, "mxcsr"), (u32)words[3], 0x1f80);
    row_hex(name_of(group, "mxcsr-mask"), words[3] >> 32);
    row_want(name_of(group, "x87-bytes-set"), count_nonzero(32, 160), 0);
    row_want(name_of(group, "xmm-bytes-set"), count_nonzero(160, 416), 0);
}

/* What the CPU keeps for its guest beside: bases of FS and GS, TSC_AUX. */
static void say_first_msrs(void)
{
    static const u32 msrs[] = {0xc0000100, 0xc0000101, 0xc0000102, 0xc0000103};

    for (unsigned int i = 0; i < ARRAY_SIZE(msrs); i++) {
        attempt(do_rdmsr, 0, msrs[i]);
        console_printf("ROW first.msr-%x = 0x%" F64 "x\n", msrs[i], regs.rdx << 32 | regs.rax);
    }
}

static void say_first(void)
{
    say_first_msrs();
    say_legacy("first");
    row_hex("first.xcr0", xgetbv());
    row_hex("first.cr4", cr4());
    row_hex("first.cr0", cr0());
}

/* Everything beyond the legacy registers, just switched on. */
static void say_first_extended(void)
{
    memset(area, 0, sizeof(area));
    row("first.xsave", attempt(do_xsave, EVERYTHING, 0));
    row_want("first.extended-bytes-set", count_nonzero(YMM_OFFSET, AREA_BYTES), 0);
    row_want("first.header-reserved", count_nonzero(LEGACY_BYTES + 8, YMM_OFFSET), 0);
}

static void say_leaf(const char *when, u32 leaf, u32 subleaf)
{
    struct registers r = cpuid_forced(leaf, subleaf);

    console_printf("ROW cpuid.%s-%x-%u = 0x%" F64 "x 0x%" F64 "x 0x%" F64 "x 0x%" F64 "x\n", when,
                   leaf, subleaf, r.rax, r.rbx, r.rcx, r.rdx);
}

static void say_cpuid(const char *when)
{
    static const u32 beyond[] = {62, 63, 64, 0x7fffffff, 0xffffffff};
    u32 basic = (u32)cpuid_forced(LEAF_BASIC, 0).rcx;

    console_printf("ROW cpuid.%s-basic = 0x%x\n", when, basic);
    attempt(do_cpuid, LEAF_BASIC, 0);
    console_printf("ROW cpuid.%s-native = 0x%x\n", when, (u32)regs.rcx & 3u << 26);
    for (u32 subleaf = 0; subleaf < 12; subleaf++)
        say_leaf(when, LEAF_XSTATE, subleaf);
    for (unsigned int i = 0; i < ARRAY_SIZE(beyond); i++)
        say_leaf(when, LEAF_XSTATE, beyond[i]);
}

extern char user_cpuid[], user_xsetbv[], user_xgetbv[], user_sse[], user_clts[];

/* Runs user code: how it came back, and its rcx then. */
static void say_user(const char *what, const char *code, u64 rax)
{
    struct trap_frame frame;

    user_frame_init(&frame, user_address(code), user_stack_top());
    frame.rax = (unsigned long)rax;
    user_run(&frame);
    console_printf("ROW user.%s = vector %" F64 "u 0x%lx\n", what, seen_vector(frame.vector),
                   frame.rdx);
}

static void say_osxsave(void)
{
    row("osxsave.xsetbv-without", xsetbv(X87));
    row("osxsave.write-cr4", attempt(write_cr4, CR4_OSXSAVE, 0));
    row_hex("osxsave.cr4", cr4());
    row_hex("osxsave.xcr0", xgetbv());
}

static void say_xsetbv(void)
{
    static const u64 values[] = {0,          1,          2,
                                 3,          4,          5,
                                 6,          7,          8,
                                 0xb,        0x1b,       0x1f,
                                 0x27,       0x67,       0xe3,
                                 0xe7,       0xff,       0x207,
                                 0x20003,    0x60003,    1ull << 32 | 3,
                                 ~0u,        ~0ull,      3,
                                 1ull << 62, 1ull << 63, 1ull << 63 | 3,
                                 1};
    static const u64 indices[] = {1, 2, 0x100000000, 0xffffffff};

    for (unsigned int i = 0; i < ARRAY_SIZE(values); i++) {
        unsigned int vector = xsetbv(values[i]);

        console_printf("ROW xsetbv.%u-%" F64 "x = vector %u then 0x%" F64 "x, %" F64 "u bytes\n", i,
                       values[i], vector, xgetbv(), cpuid_forced(LEAF_XSTATE, 0).rbx);
    }
    for (unsigned int i = 0; i < ARRAY_SIZE(indices); i++) {
        if (indices[i] != (unsigned long)indices[i])
            continue;
        row(name_nth("xsetbv", "index", indices[i]), attempt(do_xsetbv, X87 | SSE, indices[i]));
        row(name_nth("xgetbv", "index", indices[i]), attempt(do_xgetbv, 0, indices[i]));
    }
    row("xsetbv.prefixed", attempt(do_xsetbv_prefixed, X87 | SSE, 0));
    row_hex("xsetbv.prefixed-then", xgetbv());
}

/* Switching a state off hides it; switching it on again finds it as it was. */
static void say_avx(void)
{
    if (!(offered() & YMM))
        return;
    xsetbv(X87 | SSE);
    row("avx.off", attempt(do_avx_load, 0, 0));
    row("avx.switch-on", xsetbv(X87 | SSE | YMM));
    memset(area, 0x5a, sizeof(area));
    row("avx.on", attempt(do_avx_load, 0, 0));
    xsetbv(X87);
    row("avx.off-again", attempt(do_avx_store, 0, 0));
    xsetbv(X87 | SSE | YMM);
    memset(area, 0, sizeof(area));
    row("avx.on-again", attempt(do_avx_store, 0, 0));
    row_want("avx.bytes-kept", count_nonzero(0, 32), 32);
}

/* CR0.TS is the guest's: #NM comes when it asked for it, once, and takes it away. */
static void say_task_switched(void)
{
    static const struct {
        const char *what;
        void (*insn)(void *);
    } users[] = {{"x87", do_fninit},    {"mmx", do_emms},        {"sse", do_sse_store},
                 {"fxsave", do_fxsave}, {"fxrstor", do_fxrstor}, {"ldmxcsr", do_ldmxcsr}};

    attempt(do_sse_load, 0x12345678, 0);
    for (unsigned int i = 0; i < ARRAY_SIZE(users); i++) {
        call_fpu_taskswitch(1);
        row(name_of("ts", users[i].what), attempt(users[i].insn, 0x1f80, 0));
        row(name_of("ts.then", users[i].what), (cr0() & CR0_TS) != 0);
    }
    attempt(do_sse_store, 0, 0);
    row_want_hex("ts.xmm0-kept", regs.rax, 0x12345678);
    attempt(write_cr0, cr0() | CR0_TS, 0);
    row("ts.by-cr0", attempt(do_fld1, 0, 0));
    attempt(write_cr0, cr0() | CR0_TS, 0);
    attempt(do_clts, 0, 0);
    row("ts.after-clts", attempt(do_fninit, 0, 0));
    call_fpu_taskswitch(1);
    say_user("sse-under-ts", user_sse, 0);
    row_want("ts.after-user", (cr0() & CR0_TS) != 0, 0);
    say_user("sse", user_sse, 0);
    say_user("clts", user_clts, 0);
}

static void say_task_switched_extended(void)
{
    call_fpu_taskswitch(1);
    row("ts.xsetbv", xsetbv(X87 | SSE));
    row_want("ts.after-xsetbv", (cr0() & CR0_TS) != 0, 1);
    row("ts.xgetbv", attempt(do_xgetbv, 0, 0));
    row("ts.xsave", attempt(do_xsave, EVERYTHING, 0));
    row("ts.after-xsave", (cr0() & CR0_TS) != 0);
    call_fpu_taskswitch(0);
}

static void say_faults(void)
{
    row("fault.mxcsr", attempt(do_ldmxcsr, 0x80000000, 0));
    row("fault.x87", attempt(do_bad_division, 0x37e, 0));
    attempt(do_fninit, 0, 0);
    row("fault.x87-masked", attempt(do_bad_division, 0x37f, 0));
    attempt(do_fninit, 0, 0);
}

static void say_image_faults(void)
{
    memset(area, 0, sizeof(area));
    row("fault.xrstor-zero", attempt(do_xrstor, EVERYTHING, 0));
    area[LEGACY_BYTES + 16] = 1;
    row("fault.xrstor-reserved", attempt(do_xrstor, EVERYTHING, 0));
    area[LEGACY_BYTES + 16] = 0;
    area[LEGACY_BYTES + 7] = 0x40;
    row("fault.xrstor-present", attempt(do_xrstor, EVERYTHING, 0));
}

static void say_extended(void)
{
    say_osxsave();
    say_cpuid("osxsave");
    row("first.switch-on", xsetbv(offered()));
    say_first_extended();
    say_cpuid("everything");
    say_user("cpuid-osxsave", user_cpuid, LEAF_BASIC);
    say_user("xsetbv", user_xsetbv, X87);
    say_user("xgetbv", user_xgetbv, 0);
    say_xsetbv();
    say_avx();
    say_task_switched_extended();
    say_image_faults();
    attempt(write_cr4, 0, 0);
    row_hex("osxsave.cr4-cleared", cr4());
    row("osxsave.xsetbv-cleared", xsetbv(X87));
    row_hex("osxsave.xcr0-cleared", xgetbv());
}

void guest_main(void)
{
    say_first();
    user_space_init();
    row("first.has-xsave", has_xsave());
    say_cpuid("first");
    say_user("cpuid", user_cpuid, LEAF_BASIC);
    if (has_xsave()) {
        say_extended();
    } else {
        row("none.xsetbv", xsetbv(X87));
        row("none.write-cr4", attempt(write_cr4, CR4_OSXSAVE, 0));
        row_hex("none.cr4", cr4());
    }
    say_task_switched();
    say_faults();
    guest_end();
}
