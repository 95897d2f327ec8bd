/*
 * Traps out of user mode. User and kernel share one ring of the CPU, so everything that tells them
 * apart is the hypervisor's work: the page tables, the stack that the frame goes to, the low bits
 * of cs, the user bit of a page fault's error code, who may use which gate.
 */
#include "tests/guests/seen.h"
#include "tests/guests/user_space.h"

struct piece {
    const char *what;
    const char *start, *at;
};

extern struct piece user_table[];
extern char user_int_0x21[], user_int_0x80[];

#define RFLAGS_IF     0x200u
#define RFLAGS_TO_SEE 0x44700u /* AC, NT, DF, IF, TF */
#define MARK          0x1111111111111111ull
#define MASKED        1

static volatile u8 *mask(void)
{
    return &shared_info->vcpu_info[0].evtchn_upcall_mask;
}

static void run_at(struct trap_frame *frame, const char *start)
{
    user_frame_init(frame, user_address(start), user_stack_top() - 24);
    frame->rcx = (unsigned long)MARK;
    frame->rax = (unsigned long)MARK * 3;
#ifdef __x86_64__
    frame->r11 = MARK * 2;
#endif
    frame->rflags = RFLAGS_IF;
    user_run(frame);
}

/* What the instruction `syscall` itself changes. */
static void say_syscall(const char *what, const struct trap_frame *frame)
{
#ifdef __x86_64__
    console_printf("ROW user-syscall.%s = rax 0x%" F64 "x rcx %ld r11 0x%" F64 "x\n", what,
                   frame->rax, (long)(frame->rcx - frame->rip), frame->r11);
#else
    row_want(name_of("user-syscall", what), frame->rcx == (unsigned long)MARK, 1);
#endif
}

/* Counted from the user's first page, if it is one of the user's. */
static void say_address(const char *what, u64 address)
{
    bool is_users = address - SCRATCH_VA < USER_PAGES * PAGE_SIZE;

    console_printf("ROW user-address.%s = %s 0x%" F64 "x\n", what, is_users ? "user" : "at",
                   (u64)(is_users ? address - SCRATCH_VA : address));
}

static void say_piece(const struct piece *piece)
{
    static struct trap_frame frame;

    run_at(&frame, piece->start);
    console_printf("ROW user.%s = vector %" F64 "u error 0x%lx rip %ld rsp %ld flags 0x%lx "
                   "cs 0x%" F64 "x ss 0x%" F64 "x mask %u\n",
                   piece->what, seen_vector(frame.vector), frame.error,
                   (long)(frame.rip - user_address(piece->at)),
                   (long)(frame.rsp - user_stack_top()), frame.rflags & RFLAGS_TO_SEE,
                   seen_cs(&frame), seen_ss(&frame), *mask());
    if (frame.vector == VECTOR_PF)
        say_address(piece->what, trap_fault_address());
    if (frame.vector == VECTOR_SYSCALL)
        say_syscall(piece->what, &frame);
}

static void say_gates(void)
{
    static struct trap_frame frame;

    for (unsigned int dpl = 0; dpl < 4; dpl++) {
        trap_gate_set(0x21, dpl);
        trap_gate_set(0x42, dpl); /* see the test traps-kernel: QEMU names this one to Xen */
        trap_gate_set(0x80, dpl);
        run_at(&frame, user_int_0x21);
        row_text(name_nth("gate", "0x21-dpl", dpl),
                 frame.vector == 0x21 || frame.vector == 0x42 ? "let-in" : "refused");
        row(name_nth("gate", "0x21-rip-dpl", dpl), (s64)(frame.rip - user_address(user_int_0x21)));
        run_at(&frame, user_int_0x80);
        row(name_nth("gate", "0x80-dpl", dpl), (s64)frame.vector);
    }
}

/* Without a callback, `syscall` is an instruction that does not exist. Zero counts as none. */
static void say_no_callback(void)
{
    extern char trap_entry_syscall[];
    static struct trap_frame frame;
    const struct piece *piece = user_table;
    const void *nowhere = (void *)(uintptr_t)NON_CANONICAL;

    row("callback.clear", call_set_callbacks((void *)0, (void *)0, (void *)0));
    run_at(&frame, piece->start);
    row("callback.none-vector", (s64)frame.vector);
    row("callback.none-rip", (s64)(frame.rip - user_address(piece->at)));
    row("callback.non-canonical", call_set_callbacks(nowhere, nowhere, nowhere));
    run_at(&frame, piece->start);
    row("callback.non-canonical-vector", (s64)frame.vector);
    row("callback.again", call_set_callbacks((void *)0, (void *)0, trap_entry_syscall));
    run_at(&frame, piece->start);
    row("callback.again-vector", (s64)frame.vector);
}

static void say_fpu(void)
{
    static struct trap_frame frame;
    const struct piece *piece = user_table;

    while (strcmp(piece->what, "fpu"))
        piece++;
    call_fpu_taskswitch(1);
    run_at(&frame, piece->start);
    row("fpu.user", (s64)frame.vector);
    run_at(&frame, piece->start);
    row("fpu.user-again", (s64)seen_vector(frame.vector));
}

/* rflags.IF of an iret is the event mask, and comes back as saved byte and flag. */
static void say_mask(void)
{
    static struct trap_frame frame;

    for (unsigned int open = 0; open < 2; open++) {
        user_frame_init(&frame, user_address(user_table->start), user_stack_top());
        frame.rflags = open ? RFLAGS_IF : 0;
        user_run(&frame);
        console_printf("ROW mask.user-open-%u = after %u saved 0x%" F64 "x flag %lu\n", open,
                       *mask(), seen_mask_saved(&frame), frame.rflags >> 9 & 1);
        *mask() = MASKED;
    }
}

void guest_main(void)
{
    user_space_init();
    for (const struct piece *piece = user_table; piece->what; piece++)
        say_piece(piece);
    say_gates();
    say_fpu();
    say_mask();
    if (VECTOR_SYSCALL >= VECTOR_COUNT)
        say_no_callback();
    guest_end();
}
