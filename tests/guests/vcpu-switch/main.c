/*
 * What one vcpu has in the CPU, another must neither see nor change. Two of them give the CPU to
 * each other a thousand times, each with values of its own in everything that a guest's kernel can
 * set, and look after each return whether all is as they left it. Each kind of state counts what it
 * found wrong: all must be 0.
 *
 * And a breakpoint of one must not strike the other.
 */
#include "tests/guests/vcpus.h"

#define ROUNDS       1000u
#define DESCRIPTOR   0x00c0f3000000ull << 16 /* a data segment of ring 3, in pages */
#define GDT_INDEX    5u
#define LDT_INDEX    3u
#define SELECTOR     (GDT_INDEX << 3 | 3)
#define LDT_SELECTOR (LDT_INDEX << 3 | 7)
#define MSR_FS       0xc0000100u
#define MSR_GS       0xc0000101u
#define MSR_GS_OTHER 0xc0000102u
#define MSR_AUX      0xc0000103u
#define CR4_TSD      (1ull << 2)
#define CR4_DE       (1ull << 3)
#define CR4_FSGSBASE (1ull << 16)
#define CR4_OSXSAVE  (1ull << 18)
#define CR0_TS       8ull
#define SSE          3u
#define AVX          7u
#define LEGACY       512u
#define YMM          576u
#define AREA         832u

enum kind {
    GENERAL,
    GDT,
    LDT,
    SELECTORS,
    FS_BASE,
    GS_BASE,
    GS_USER,
    TSC_AUX,
    LEGACY_STATE,
    YMM_STATE,
    XCR0,
    TS,
    CR4,
    ADDRESSES,
    CONTROL,
    TABLES,
    KINDS
};
static const char *const names[] = {
    "general", "gdt", "ldt",  "selectors", "fs-base", "gs-base", "gs-user",       "tsc-aux",
    "legacy",  "ymm", "xcr0", "ts",        "cr4",     "debug",   "debug-control", "tables"};

static u64 wrong[2][KINDS];
static volatile u64 done[2], hits, watched;
static u8 set[2][AREA] __attribute__((aligned(64))), seen[2][AREA] __attribute__((aligned(64)));
static const u64 cr4s[] = {CR4_OSXSAVE | CR4_DE, CR4_OSXSAVE | CR4_FSGSBASE | CR4_TSD};
static const u32 xcr0s[] = {AVX, SSE};

static void must(long answer)
{
    if (answer)
        guest_panic("the set-up is refused: %ld", answer);
}

static void check(u64 id, enum kind kind, bool right)
{
    wrong[id][kind] += !right;
}

static u64 value(u64 id, u64 what)
{
    return 0x111111110000ull * (id + 1) + 0x1000 * what;
}

/* SCHEDOP_yield with something in the registers that calls preserve. */
static void yield_and_check(u64 id, u64 round)
{
    register u64 r12 asm("r12") = round, r13 asm("r13") = ~round, r14 asm("r14") = id;
    register u64 r15 asm("r15") = value(id, round);
    u64 rbx = 3 * round, rax;

    asm volatile("call hypercall_page + %c8"
                 : "=a"(rax), "+b"(rbx), "+r"(r12), "+r"(r13), "+r"(r14), "+r"(r15)
                 : "D"(SCHEDOP_yield), "S"(0), "i"(__HYPERVISOR_sched_op * XL_STUB_SIZE)
                 : "rcx", "rdx", "r8", "r9", "r10", "r11", "memory");
    check(id, GENERAL,
          !rax && rbx == 3 * round && r12 == round && r13 == ~round && r14 == id &&
              r15 == value(id, round));
}

/* Limits are in pages, so the lowest twelve bits are set. */
static u64 limit_of(u16 selector)
{
    u64 limit = 0;

    asm volatile("lsl %w1, %k0" : "+r"(limit) : "r"(selector) : "cc");
    return limit >> 12;
}

static u64 rdmsr(u32 msr)
{
    u32 low, high;

    asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return (u64)high << 32 | low;
}

static void wrmsr(u32 msr, u64 v)
{
    asm volatile("wrmsr" ::"a"((u32)v), "d"((u32)(v >> 32)), "c"(msr));
}

static void registers_set(u64 id)
{
    asm volatile("mov %%cr4, %%rax" ::
                     : "rax"); /* once read, the write that follows is no surprise */
    asm volatile("mov %0, %%cr4" ::"r"(cr4s[id]));
    asm volatile("xsetbv" ::"a"(xcr0s[id]), "d"(0), "c"(0));
    asm volatile("mov %0, %%ds; mov %1, %%es" ::"r"((u16)SELECTOR),
                 "r"((u16)(id ? LDT_SELECTOR : 0)));
    asm volatile("mov %0, %%fs; mov %1, %%gs" ::"r"((u16)(id ? 0 : SELECTOR)),
                 "r"((u16)(id ? SELECTOR : 0)));
    call_set_segment_base(SEGBASE_FS, value(id, 1));
    call_set_segment_base(SEGBASE_GS_USER, value(id, 2));
    call_set_segment_base(SEGBASE_GS_KERNEL, value(id, 3));
    wrmsr(MSR_AUX, 100 + id);
    for (u32 i = 0; i < 4; i++)
        hypercall_set_debugreg(i, i || !id ? value(id, 4 + i) : (u64)&watched);
    hypercall_set_debugreg(7, id ? 0xd0003 : 0x400); /* writes of 8 bytes to the first */
}

static void registers_check(u64 id)
{
    u16 ds, es, fs, gs;
    u64 cr4;

    asm volatile("mov %%cr4, %0" : "=r"(cr4));
    check(id, CR4, (cr4 & (CR4_OSXSAVE | CR4_DE | CR4_FSGSBASE | CR4_TSD)) == cr4s[id]);
    check(id, GDT, limit_of(SELECTOR) == 0x111 * (id + 1));
    check(id, LDT, limit_of(LDT_SELECTOR) == 0x333 * (id + 1));
    asm volatile("mov %%ds, %0; mov %%es, %1" : "=r"(ds), "=r"(es));
    asm volatile("mov %%fs, %0; mov %%gs, %1" : "=r"(fs), "=r"(gs));
    check(id, SELECTORS,
          ds == SELECTOR && es == (id ? LDT_SELECTOR : 0) && fs == (id ? 0 : SELECTOR) &&
              gs == (id ? SELECTOR : 0));
    check(id, FS_BASE, rdmsr(MSR_FS) == value(id, 1));
    check(id, GS_USER, rdmsr(MSR_GS_OTHER) == value(id, 2));
    check(id, GS_BASE, rdmsr(MSR_GS) == value(id, 3));
    check(id, TSC_AUX, rdmsr(MSR_AUX) == 100 + id);
    for (u32 i = 0; i < 4; i++)
        check(id, ADDRESSES,
              (u64)hypercall_get_debugreg(i) == (i || !id ? value(id, 4 + i) : (u64)&watched));
    check(id, CONTROL, hypercall_get_debugreg(7) == (id ? 0xd0403 : 0x400));
}

/* Xen loads this state when an instruction finds CR0.TS set; the emulator's xsave and xrstor do not
 * look at that, so another goes first. */
#define FPU_TOUCH "fnop\n\t"

/* Something new in all vector registers, and what it looks like. */
static void state_set(u64 id, u64 round)
{
    u8 *area = set[id];

    memset(area, 0, AREA);
    *(u16 *)area = 0x37f;
    area[4] = 0xff; /* all eight of the x87 registers are in use */
    *(u32 *)(area + 24) = 0x1f80;
    for (u32 i = 32; i < LEGACY - 96; i++)
        area[i] = i < 160 && i % 16 >= 10 ? 0 : (u8)(i + round * 3 + id);
    for (u32 i = YMM; i < AREA; i++)
        area[i] = (u8)(i * 7 + round + id);
    *(u64 *)(area + LEGACY) = xcr0s[id];
    asm volatile(FPU_TOUCH "xrstor64 %0" ::"m"(set[id]), "a"(xcr0s[id]), "d"(0));
    asm volatile(FPU_TOUCH "xsave64 %0" : "+m"(set[id]) : "a"(xcr0s[id]), "d"(0) : "memory");
}

static void state_check(u64 id)
{
    u32 low, high;

    asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    check(id, XCR0, low == xcr0s[id] && !high);
    asm volatile(FPU_TOUCH "xsave64 %0" : "+m"(seen[id]) : "a"(xcr0s[id]), "d"(0) : "memory");
    check(id, LEGACY_STATE, !memcmp(seen[id], set[id], LEGACY - 96));
    check(id, YMM_STATE, id || !memcmp(seen[id] + YMM, set[id] + YMM, AREA - YMM));
}

static bool ts(void)
{
    u64 cr0;

    asm volatile("mov %%cr0, %0" : "=r"(cr0));
    return cr0 & CR0_TS;
}

static void work(u64 id)
{
    registers_set(id);
    for (u64 round = 0; round < ROUNDS; round++) {
        bool set_ts = round >> id & 1;

        state_set(id, round);
        call_fpu_taskswitch(set_ts);
        yield_and_check(id, round);
        check(id, TS, ts() == set_ts);
        call_fpu_taskswitch(0);
        state_check(id);
        registers_check(id);
        check(id, TABLES, *(volatile u64 *)SCRATCH_VA == value(id, 8));
        watched = round;
    }
    hypercall_set_debugreg(7, 0x400);
    done[id] = 1;
}

static NORETURN void work_of_1(u64 arg)
{
    work(arg);
    for (;;)
        vcpu_op(VCPUOP_down, arg, NULL);
}

static bool breakpoint_take(struct trap_frame *frame)
{
    (void)frame;
    hits++;
    return true;
}

/* A page with a descriptor at @index whose limit is @limit, mapped read-only. */
static void *descriptors_make(u32 index, u64 limit)
{
    pfn_t pfn = frame_alloc_zeroed();
    u64 *page = pfn_to_virt(pfn);

    page[index] = DESCRIPTOR | limit;
    must(map_page(page, pte_make(pfn_to_mfn(pfn), PTE_PRESENT | PTE_USER)));
    return page;
}

/* The scratch page of each address space says whose it is. */
static void scratch_fill(mfn_t root, u64 id)
{
    pfn_t pfn = frame_alloc_zeroed();

    *(u64 *)pfn_to_virt(pfn) = value(id, 8);
    must(pte_update(table_reach(root, SCRATCH_VA),
                    pte_make(pfn_to_mfn(pfn), PTE_PRESENT | PTE_USER)));
}

static void tables_set(void)
{
    u64 *ldt = descriptors_make(LDT_INDEX, 0x333), gdt;
    mmuext_op_t op = {.cmd = MMUEXT_SET_LDT, .arg1.linear_addr = (u64)ldt, .arg2.nr_ents = 8};

    gdt = virt_to_mfn(descriptors_make(GDT_INDEX, 0x111)).n;
    must(call_set_gdt(&gdt, 512));
    must(call_mmuext_op(&op, 1, NULL, DOMID_SELF));
    scratch_fill(table_boot_root(), 0);
}

static void begin_1(void)
{
    static struct vcpu_guest_context c;
    static u8 stack[STACK_BYTES] __attribute__((aligned(16)));
    mfn_t root = table_new_kernel_root();

    context_fill(&c, work_of_1, 1, stack + sizeof(stack));
    trap_table_fill(c.trap_ctxt);
    for (unsigned int i = 0; i < EXCEPTION_COUNT; i++) /* the table goes by place, not by number */
        c.trap_ctxt[i].vector = (u8)i;
    c.gdt_frames[0] = virt_to_mfn(descriptors_make(GDT_INDEX, 0x222)).n;
    c.gdt_ents = 512;
    c.ldt_base = (u64)descriptors_make(LDT_INDEX, 0x666);
    c.ldt_ents = 8;
    scratch_fill(root, 1);
    must(table_pin(root, PT_LEVELS));
    c.ctrlreg[3] = xen_pfn_to_cr3(root.n);
    vcpu_begin(1, &c);
}

void guest_main(void)
{
    trap_handle(VECTOR_DB, breakpoint_take);
    tables_set();
    begin_1();
    work(0);
    wait_for(&done[1], 1);
    for (unsigned int kind = 0; kind < KINDS; kind++)
        for (u64 id = 0; id < 2; id++)
            row_want(name_nth("wrong", names[kind], id), (s64)wrong[id][kind], 0);
    row_want("breakpoint.hits", (s64)hits, ROUNDS);
    guest_end();
}
