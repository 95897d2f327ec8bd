/*
 * What one vcpu has in the CPU, another must neither see nor change. Two of them give the CPU to
 * each other a thousand times, each with values of its own in everything that a guest's kernel can
 * set, and look after each return whether all is as they left it. Each kind of state counts what it
 * found wrong: all must be 0.
 *
 * And a breakpoint of one must not strike the other.
 */
#include "tests/guests/vcpu-switch/switch.h"

#define ROUNDS       1000u
#define DESCRIPTOR   0x00c0f3000000ull << 16 /* a data segment of ring 3, in pages */
#define GDT_INDEX    5u
#define LDT_INDEX    3u
#define MSR_AUX      0xc0000103u
#define CR4_TSD      (1ul << 2)
#define CR4_DE       (1ul << 3)
#define CR4_FSGSBASE (1ul << 16)
#define CR4_OSXSAVE  (1ul << 18)
#define CR0_TS       8ul
#define SSE          3u
#define AVX          7u
#define XMM          160u
#define LEGACY       512u
#define YMM          576u
#define AREA         832u

static const char *const names[] = {
    "general", "gdt", "ldt",   "selectors",     "tsc-aux", "legacy",  "ymm",     "xcr0",
    "ts",      "cr4", "debug", "debug-control", "tables",  "fs-base", "gs-base", "gs-user"};

static u64 wrong[2][KINDS];
static volatile u64 done[2], hits, watched;
static u8 set[2][AREA] __attribute__((aligned(64))), seen[2][AREA] __attribute__((aligned(64)));
static const unsigned long cr4s[] = {CR4_OSXSAVE | CR4_DE, CR4_OSXSAVE | CR4_FSGSBASE | CR4_TSD};
static const u32 xcr0s[] = {AVX, SSE};

static void must(long answer)
{
    if (answer)
        guest_panic("the set-up is refused: %ld", answer);
}

void check(u64 id, enum kind kind, bool right)
{
    wrong[id][kind] += !right;
}

/* Limits are in pages, so the lowest twelve bits are set. */
static u32 limit_of(u16 selector)
{
    u32 limit = 0;

    asm volatile("lsl %w1, %0" : "+r"(limit) : "r"((u32)selector) : "cc");
    return limit >> 12;
}

static void registers_set(u64 id)
{
    unsigned long was;

    asm volatile("mov %%cr4, %0" : "=r"(was)); /* once read, the write is no surprise */
    asm volatile("mov %0, %%cr4" ::"r"(cr4s[id]));
    asm volatile("xsetbv" ::"a"(xcr0s[id]), "d"(0), "c"(0));
    segments_set(id);
    wrmsr(MSR_AUX, 100 + id);
    for (u32 i = 0; i < 4; i++)
        hypercall_set_debugreg(i, i || !id ? value(id, 4 + i) : (uintptr_t)&watched);
    hypercall_set_debugreg(7, id ? 0xd0003 : 0x400); /* writes of 8 bytes to the first */
}

static void registers_check(u64 id)
{
    unsigned long cr4;

    asm volatile("mov %%cr4, %0" : "=r"(cr4));
    check(id, CR4, (cr4 & (CR4_OSXSAVE | CR4_DE | CR4_FSGSBASE | CR4_TSD)) == cr4s[id]);
    check(id, GDT, limit_of(SELECTOR) == 0x111 * (id + 1));
    check(id, LDT, limit_of(LDT_SELECTOR) == 0x333 * (id + 1));
    segments_check(id);
    check(id, TSC_AUX, rdmsr(MSR_AUX) == 100 + id);
    for (u32 i = 0; i < 4; i++)
        check(id, ADDRESSES,
              (unsigned long)hypercall_get_debugreg(i) ==
                  (i || !id ? value(id, 4 + i) : (uintptr_t)&watched));
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
    for (u32 i = 32; i < XMM + VECTORS * 16; i++)
        area[i] = i < XMM && i % 16 >= 10 ? 0 : (u8)(i + round * 3 + id);
    for (u32 i = YMM; i < YMM + VECTORS * 16; i++)
        area[i] = (u8)(i * 7 + round + id);
    *(u64 *)(area + LEGACY) = xcr0s[id];
    asm volatile(FPU_TOUCH XRSTOR " %0" ::"m"(set[id]), "a"(xcr0s[id]), "d"(0));
    asm volatile(FPU_TOUCH XSAVE " %0" : "+m"(set[id]) : "a"(xcr0s[id]), "d"(0) : "memory");
}

static void state_check(u64 id)
{
    u32 low, high;

    asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    check(id, XCR0, low == xcr0s[id] && !high);
    asm volatile(FPU_TOUCH XSAVE " %0" : "+m"(seen[id]) : "a"(xcr0s[id]), "d"(0) : "memory");
    check(id, LEGACY_STATE, !memcmp(seen[id], set[id], XMM + VECTORS * 16));
    check(id, YMM_STATE, id || !memcmp(seen[id] + YMM, set[id] + YMM, VECTORS * 16));
}

static bool ts(void)
{
    unsigned long cr0;

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
        segments_after_trap(id);
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
    u64 *ldt = descriptors_make(LDT_INDEX, 0x333);
    xen_pfn_t gdt;
    mmuext_op_t op = {.cmd = MMUEXT_SET_LDT, .arg1.linear_addr = (uintptr_t)ldt, .arg2.nr_ents = 8};

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
    c.ldt_base = (uintptr_t)descriptors_make(LDT_INDEX, 0x666);
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
        for (u64 id = 0; id < 2 && (HAS_BASES || kind < BASES); id++)
            row_want(name_nth("wrong", names[kind], id), (s64)wrong[id][kind], 0);
    row_want("breakpoint.hits", (s64)hits, ROUNDS);
    guest_end();
}
