/*
 * Traps out of user mode. User and kernel share one ring of the CPU, so everything that tells them
 * apart is the hypervisor's work: the page tables, the stack that the frame goes to, the low bits
 * of cs, the user bit of a page fault's error code, who may use which gate.
 */
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
    frame->rcx = MARK;
    frame->r11 = MARK * 2;
    frame->rax = MARK * 3;
    frame->rflags = RFLAGS_IF;
    user_run(frame);
}

static void say_piece(const struct piece *piece)
{
    static struct trap_frame frame;

    run_at(&frame, piece->start);
    console_printf("ROW user.%s = vector %lu error 0x%lx rip %ld rsp %ld flags 0x%lx cs 0x%lx ss "
                   "0x%lx mask %u\n",
                   piece->what, frame.vector, frame.error,
                   (long)(frame.rip - user_address(piece->at)),
                   (long)(frame.rsp - user_stack_top()), frame.rflags & RFLAGS_TO_SEE, frame.cs,
                   frame.ss, *mask());
    if (frame.vector == VECTOR_PF)
        row_hex(name_of("user-address", piece->what), trap_fault_address());
    if (frame.vector == VECTOR_SYSCALL)
        console_printf("ROW user-syscall.%s = rax 0x%lx rcx %ld r11 0x%lx\n", piece->what,
                       frame.rax, (long)(frame.rcx - frame.rip), frame.r11);
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

    row("callback.clear", call_set_callbacks((void *)0, (void *)0, (void *)0));
    run_at(&frame, piece->start);
    row("callback.none-vector", (s64)frame.vector);
    row("callback.none-rip", (s64)(frame.rip - user_address(piece->at)));
    row("callback.non-canonical",
        call_set_callbacks((void *)NON_CANONICAL, (void *)NON_CANONICAL, (void *)NON_CANONICAL));
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
    row("fpu.user-again", (s64)frame.vector);
}

/* rflags.IF of an iret is the event mask, and comes back as saved byte and flag. */
static void say_mask(void)
{
    static struct trap_frame frame;

    for (unsigned int open = 0; open < 2; open++) {
        user_frame_init(&frame, user_address(user_table->start), user_stack_top());
        frame.rflags = open ? RFLAGS_IF : 0;
        user_run(&frame);
        console_printf("ROW mask.user-open-%u = after %u saved 0x%lx flag %lu\n", open, *mask(),
                       frame.cs >> 32, frame.rflags >> 9 & 1);
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
    say_no_callback();
    guest_end();
}
