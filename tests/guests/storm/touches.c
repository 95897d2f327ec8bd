/*
 * What a kernel does without a hypercall and the hypervisor has to deal with: stores to what may be
 * a page table, loads, software interrupts, privileged instructions, returns to user mode and to
 * itself with any frame.
 */
#include "tests/guests/storm/instructions.h"
#include "tests/guests/storm/storm.h"
#include "tests/guests/user_space.h"

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

    touched_note((uintptr_t)insn, registers.rax, registers.rbx, registers.rcx);

    return attempt(attempt_body, &with);
}

static s64 touch_memory(void)
{
    struct registers r = {
        .rbx = scratch_va(), .rax = any_entry(1), .rcx = any_entry(1), .rdx = draw(0x800)};

    if (one_in(32))
        r.rbx = bad_va();
    return attempt_run(stores[draw(options.same ? stores_same : stores_all)], r);
}

static s64 touch_register(void)
{
    u64 count = options.same ? others_same : others_all;

    return attempt_run(others[draw(count)],
                       (struct registers){.rax = any_number(), .rbx = bad_va()});
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
    r.rdx = (u64)r.rax >> 32;
    return attempt_run(write_msr, r);
}

static s64 touch_cpuid(void)
{
    return attempt_run(
        cpuid_forced,
        (struct registers){.rax = any_number() | PICK(((u32[]){0, 0x40000000, 1u << 31})),
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
unsigned long kernel_iret(unsigned long rflags, unsigned long cs, unsigned long ss,
                          unsigned long flags);

#define RFLAGS_TF 0x100ull
#define RFLAGS_IF 0x200ull
#define RFLAGS_VM 0x20000ull

static const u16 selectors[] = {FLAT_USER_CS, FLAT_USER_CS, FLAT_USER_SS, 0,      3,      7,
                                0xf,          0xb,          0x13,         0x1f,   0x23,   0x33,
                                0xe003,       0xe00b,       0xe013,       0xe02b, 0xfff3, 0xe023};

/* In 32 bits a process in virtual-8086 mode would be refused with a frame that nothing here can go
 * back from. */
static u64 any_rflags(void)
{
    u64 flags = one_in(2) ? RFLAGS_IF : (1ull << draw(22) | 1ull << draw(22) | 1ull << draw(64));

    return PT_LEVELS == 3 ? flags & ~RFLAGS_VM : flags;
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
    frame.rdi = any_number();
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
    if (options.same && frame.cs == 0xe023 /* 32-bit code */)
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
    u64 words[] = {any_rflags() & ~RFLAGS_TF, IRET_CS | (one_in(8) ? any_number() << 16 : 0),
                   FLAT_KERNEL_SS, one_in(2) ? 1u << 8 /* VGCF_IN_SYSCALL */ : 0};

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
