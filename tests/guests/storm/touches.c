/*
 * What a kernel does without a hypercall and the hypervisor has to deal with: stores to what may be
 * a page table, loads, software interrupts, privileged instructions, returns to user mode and to
 * itself with any frame.
 */
#include "tests/guests/storm/storm.h"
#include "tests/guests/user_space.h"

struct registers {
    u64 rax, rbx, rcx, rdx;
};
typedef void instruction(struct registers *r);

#define INSN(name, text)                                                                           \
    static void name(struct registers *r)                                                          \
    {                                                                                              \
        asm volatile(text                                                                          \
                     : "+a"(r->rax), "+b"(r->rbx), "+c"(r->rcx), "+d"(r->rdx)::"memory", "cc");    \
    }
/* rbx is the address of an entry, rax and rcx are entries, rdx is a number of flags' bits. What is
 * done to parts of an entry leaves the frame in it alone: another number might be a frame of this
 * kernel's, which it would then write to, as is its right. */
INSN(store_8, "movb %%al, (%%rbx)")
INSN(store_16, "movw %%dx, 6(%%rbx)")
INSN(store_32, "movl %%eax, (%%rbx)")
INSN(store_64, "movq %%rax, (%%rbx)")
INSN(store_string, "movq %%rbx, %%rdi; stosq")
INSN(exchange_64, "xchgq %%rax, (%%rbx)")
INSN(compare_exchange_64, "movq (%%rbx), %%rax; lock; cmpxchgq %%rcx, (%%rbx)")
INSN(compare_exchange_32, "cmpxchgl %%ecx, (%%rbx)")
INSN(compare_exchange_128, "lock; cmpxchg16b (%%rbx)")
INSN(or_64, "lock; orq %%rdx, (%%rbx)")
INSN(xor_32, "xorl %%edx, (%%rbx)")
INSN(and_8, "andb %%dl, (%%rbx)")
INSN(add_16, "addw %%dx, 6(%%rbx)")
INSN(add_exchange_8, "lock; xaddb %%dl, (%%rbx)")
INSN(bit_set_64, "lock; btsq $1, (%%rbx)")
INSN(bit_reset_64, "btrq $0, (%%rbx)")
INSN(bit_change_8, "lock; btcl $6, (%%rbx)")
INSN(increment_8, "incb (%%rbx)")
INSN(negate_8, "negb (%%rbx)")
INSN(load_64, "movq (%%rbx), %%rax")
INSN(clts, "clts")
INSN(write_cr0, "mov %%rax, %%cr0")
INSN(read_cr0, "mov %%cr0, %%rax")
INSN(write_cr2, "mov %%rax, %%cr2")
INSN(read_cr3, "mov %%cr3, %%rax")
INSN(write_cr3, "mov %%rbx, %%cr3")
INSN(write_cr4, "mov %%rax, %%cr4")
INSN(read_cr4, "mov %%cr4, %%rax")
INSN(read_msr, "rdmsr")
INSN(write_msr, "wrmsr")
INSN(cpuid_forced, XEN_CPUID)
INSN(cpuid, "cpuid")
INSN(invlpg, "invlpg (%%rbx)")
INSN(read_dr7, "mov %%dr7, %%rax")
INSN(read_dr6, "mov %%dr6, %%rax")
INSN(cli, "cli")
INSN(lgdt, "lgdt (%%rbx)")
INSN(ltr, "ltr %%ax")
INSN(xsetbv, "xsetbv")
INSN(swapgs, "swapgs")
INSN(undefined, "ud2")
INSN(breakpoint, "int3")
INSN(int_80, "int $0x80")
INSN(int_1, "int $1")
INSN(int_8, "int $8")
INSN(int_d, "int $13")
INSN(int_20, "int $0x20")
INSN(int_ff, "int $0xff")
INSN(load_fs, "mov %%ax, %%fs")
INSN(load_gs, "mov %%ax, %%gs")
INSN(load_ds, "mov %%ax, %%ds")
INSN(far_return, "pushq %%rax; pushq $0; lretq")

static instruction *const stores[] = {
    store_64,
    store_64,
    store_64,
    exchange_64,
    compare_exchange_64,
    store_8,
    store_16,
    store_32,
    compare_exchange_32,
    or_64,
    xor_32,
    and_8,
    add_16,
    add_exchange_8,
    bit_set_64,
    bit_reset_64,
    bit_change_8,
    increment_8,
    negate_8,
    store_string,
    load_64,
    load_64,
    compare_exchange_128,
};

/* The last is carried out by Xen where it would not store; no kernel does that to a table. */
#define STORES_SAME (ARRAY_SIZE(stores) - 1)

/* rax is any word. int n whose gate is closed can hang Debian's Xen in the emulator: `same` has
 * only those before int_1. */
static instruction *const others[] = {
    clts,       write_cr0, read_cr0,   write_cr2, read_cr3, write_cr4, read_cr4,
    invlpg,     read_dr7,  read_dr6,   cli,       lgdt,     ltr,       xsetbv,
    swapgs,     undefined, breakpoint, int_80,    load_fs,  load_gs,   load_ds,
    far_return, cpuid,     int_1,      int_8,     int_d,    int_20,    int_ff,
};
#define OTHERS_SAME (ARRAY_SIZE(others) - 6)

struct attempt {
    instruction *insn;
    struct registers registers;
};

static void attempt_body(void *arg)
{
    struct attempt *with = arg;

    with->insn(&with->registers);
}

bool trap_is_expected;
u64 touched[4];

static void touched_note(u64 a, u64 b, u64 c, u64 d)
{
    touched[0] = a;
    touched[1] = b;
    touched[2] = c;
    touched[3] = d;
}

/* 0, or TRAPPED + vector. */
static s64 attempt(void (*body)(void *), void *arg)
{
    struct fault fault;

    trap_is_expected = true;
    fault = fault_catch(body, arg);
    trap_is_expected = false;
    return fault.taken ? TRAPPED + fault.vector : 0;
}

static s64 attempt_run(instruction *insn, struct registers registers)
{
    struct attempt with = {insn, registers};

    touched_note((u64)insn, registers.rax, registers.rbx, registers.rcx);

    return attempt(attempt_body, &with);
}

static s64 touch_memory(void)
{
    struct registers r = {
        .rbx = scratch_va(), .rax = any_entry(1), .rcx = any_entry(1), .rdx = draw(0x800)};

    if (one_in(32))
        r.rbx = bad_va();
    return attempt_run(stores[draw(options.same ? STORES_SAME : ARRAY_SIZE(stores))], r);
}

static s64 touch_register(void)
{
    u64 count = options.same ? OTHERS_SAME : ARRAY_SIZE(others);

    return attempt_run(others[draw(count)], (struct registers){.rax = any_word(), .rbx = bad_va()});
}

/* Those that move the hypercall page, or the bases that are set by call as well, are not the point.
 */
static s64 touch_msr(void)
{
    static const u32 msrs[] = {0x10,       0x1b,       0x8b,       0x174,      0x176,
                               0x1a0,      0x277,      0x400,      0x600,      0xc0000080,
                               0xc0000081, 0xc0000082, 0xc0000084, 0xc0000100, 0xc0000102,
                               0x40000001, 0xdeadbeef, 0x12345};
    struct registers r = {.rcx = PICK(msrs)};

    if (one_in(2))
        return attempt_run(read_msr, r);
    if (one_in(2))
        r.rax = any_va();
    r.rdx = r.rax >> 32;
    return attempt_run(write_msr, r);
}

static s64 touch_cpuid(void)
{
    return attempt_run(
        cpuid_forced,
        (struct registers){.rax = any_word() | PICK(((u32[]){0, 0x40000000, 1u << 31})),
                           .rcx = draw(8)});
}

static s64 touch_base(void)
{
    return attempt_run(write_cr3, (struct registers){.rbx = livable_root(true) << PAGE_SHIFT |
                                                            (one_in(4) ? 0x18 : 0)});
}

/* ---- To user mode and to the kernel by the hypercall iret -------------------------------------
 */

extern char user_calls[], user_wanders[];
u64 kernel_iret(u64 rflags, u64 cs, u64 ss, u64 flags);

#define RFLAGS_TF 0x100ull
#define RFLAGS_IF 0x200ull

static const u16 selectors[] = {
    FLAT_USER_CS64, FLAT_USER_CS64, FLAT_USER_SS64, 0,    3,      7,      0xf,    0xb,
    0x13,           0x1f,           0x23,           0x33, 0xe003, 0xe00b, 0xe013, 0xe02b,
    0xfff3,         FLAT_USER_CS32};

static u64 any_rflags(void)
{
    return one_in(2) ? RFLAGS_IF : (1ull << draw(22) | 1ull << draw(22) | 1ull << draw(64));
}

static struct trap_frame frame;

void kernel_mend(void)
{
    call_set_trap_table(NULL);
    trap_init();
    trap_gate_set(0x80, 3);
    hypercall_nmi_op(XENNMI_unregister_callback, 0);
    call_stack_switch(FLAT_KERNEL_SS, &frame + 1);
}

/* A process that runs anything but the test's code is stopped after one instruction. */
static s64 touch_user(void)
{
    bool wild_root = !options.same && one_in(4);

    if (mmuext(MMUEXT_NEW_USER_BASEPTR, wild_root ? arena_frame_of_level(PT_LEVELS).n : ~0ull))
        mmuext(MMUEXT_NEW_USER_BASEPTR, home_user_root().n);
    user_frame_init(&frame, user_address(one_in(2) ? user_calls : user_wanders), user_stack_top());
    frame.rax = draw(70);
    frame.rdi = any_word();
    frame.rsi = any_va();
    frame.rflags = any_rflags() | (wild_root ? RFLAGS_TF : 0);
    if (one_in(4)) {
        frame.cs = PICK(selectors);
        frame.ss = PICK(selectors);
    }
    if (one_in(8)) {
        frame.rip = options.same ? bad_va() : any_va();
        frame.rflags |= RFLAGS_TF;
    }
    if ((frame.cs & 3) != 3) /* that is the kernel */
        frame.cs = FLAT_USER_CS;
    frame.rsp = one_in(8) ? any_va() : frame.rsp;
    frame.vector = one_in(2) ? VECTOR_SYSCALL : 0;
    touched_note(frame.rip, frame.cs << 16 | frame.ss, frame.rflags, frame.vector);
    if (options.same && frame.cs == FLAT_USER_CS32)
        frame.vector = 0; /* the emulator steps before the instruction that SYSRETL goes to */
    user_run(&frame);
    return TRAPPED + (s64)frame.vector;
}

static void kernel_iret_body(void *arg)
{
    u64 *words = arg;

    kernel_iret(words[0], words[1], words[2], words[3]);
}

static s64 touch_kernel_iret(void)
{
    u64 words[] = {any_rflags() & ~RFLAGS_TF,
                   (FLAT_KERNEL_CS & ~3) | (one_in(8) ? any_word() << 16 : 0), FLAT_KERNEL_SS,
                   one_in(2) ? VGCF_IN_SYSCALL : 0};

    touched_note(words[0], words[1], words[2], words[3]);
    return attempt(kernel_iret_body, words);
}

s64 touch(const char **what)
{
    static const struct {
        const char *what;
        s64 (*run)(void);
        u32 weight;
    } touches[] = {
        {"touch-memory", touch_memory, 40},
        {"touch-register", touch_register, 6},
        {"touch-msr", touch_msr, 3},
        {"touch-cpuid", touch_cpuid, 1},
        {"touch-base", touch_base, 3},
        {"touch-user", touch_user, 10},
        {"touch-kernel-iret", touch_kernel_iret, 4},
    };
    u64 at = draw(67);
    unsigned int i = 0;

    for (; at >= touches[i].weight; i++)
        at -= touches[i].weight;
    *what = touches[i].what;
    return touches[i].run();
}
