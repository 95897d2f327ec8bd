#include "tests/guests/io-ports/io.h"
#include "tests/guests/seen.h"

#define RFLAGS_IF   0x200u
#define STRIKES_MAX 2000u
#define SAID_FLAGS  (RFLAGS_TF | RFLAGS_DF | 0x10000ull)

extern char io_left[];
void io_run(const void *snippet, const struct io_registers *registers);

struct trap_frame io_done;
struct io_strikes io_strikes;
static const void *running;

static bool ended(struct trap_frame *frame)
{
    io_done = *frame;
    frame->rip = (uintptr_t)io_left;
    frame->rflags &= ~(unsigned long)SAID_FLAGS;
    return true;
}

static void strike_note(u64 at)
{
    if (!io_strikes.count++) {
        io_strikes.status = (unsigned long)hypercall_get_debugreg(6);
        io_strikes.at = (s64)at;
    }
}

static bool struck(struct trap_frame *frame)
{
    strike_note(frame->rip - (uintptr_t)running);
    return io_strikes.count < STRIKES_MAX || ended(frame);
}

void io_init(void)
{
    static const unsigned int ends[] = {VECTOR_UD, VECTOR_GP, VECTOR_PF, VECTOR_SS};

    user_space_init();
    for (unsigned int i = 0; i < ARRAY_SIZE(ends); i++)
        trap_handle(ends[i], ended);
    trap_handle(VECTOR_DB, struck);
}

static void io_do_user(const struct io *io)
{
    static struct trap_frame frame;

    user_frame_init(&frame, user_address(io->snippet), user_stack_top());
    frame.rax = (unsigned long)io->registers.rax;
    frame.rcx = (unsigned long)io->registers.rcx;
    frame.rdx = (unsigned long)io->registers.rdx;
    frame.rsi = (unsigned long)io->registers.rsi;
    frame.rdi = (unsigned long)io->registers.rdi;
    frame.rflags = (unsigned long)(RFLAGS_IF | io->registers.rflags);
    do {
        user_run(&frame);
        if (frame.vector == VECTOR_DB)
            strike_note(frame.rip - user_address(io->snippet));
    } while (frame.vector == VECTOR_DB && io_strikes.count < STRIKES_MAX);
    shared_info->vcpu_info[0].evtchn_upcall_mask = 1;
    io_done = frame;
    io_done.rip -= (unsigned long)(user_address(io->snippet) - (uintptr_t)io->snippet);
}

void io_do(bool user, const struct io *io)
{
    memset(&io_strikes, 0, sizeof(io_strikes));
    hypercall_set_debugreg(6, 0);
    running = io->snippet;
    if (user)
        io_do_user(io);
    else
        io_run(io->snippet, &io->registers);
}

/* As a register of 64 bits would be: what writes less than its lower half leaves the rest. */
static u64 seen_rax(unsigned long rax)
{
    bool is_half_left = (u32)rax >> 16 == (u32)RAX_FIRST >> 16;

    return sizeof(rax) == 8 || !is_half_left ? rax : rax | RAX_FIRST >> 32 << 32;
}

/* The test's own pages are where they are in 64 bits. */
static u64 seen_address(u64 address)
{
    bool is_ours = address - SCRATCH_VA < 2 * USER_PAGES * PAGE_SIZE;

    return is_ours ? (u64)(address - SCRATCH_VA + SCRATCH_VA_64) : address;
}

static void say_register(const char *name, unsigned long value, u64 before)
{
    if (value != (unsigned long)before)
        console_printf(" %s 0x%" F64 "x", name, seen_address(value));
}

static void say(const char *name, const struct io *io)
{
    const struct io_registers *r = &io->registers;

    console_printf("ROW %s = vector %lu error %lu at %ld", name, (unsigned long)io_done.vector,
                   (unsigned long)io_done.error, (long)(io_done.rip - (uintptr_t)io->snippet));
    if (io_done.rax != (unsigned long)r->rax)
        console_printf(" rax 0x%" F64 "x", seen_rax(io_done.rax));
    if (r->rcx || io_done.rcx)
        console_printf(" rcx 0x%lx", (unsigned long)io_done.rcx);
    say_register("rsi", io_done.rsi, r->rsi);
    say_register("rdi", io_done.rdi, r->rdi);
    if (io_done.vector == VECTOR_PF)
        console_printf(" cr2 0x%" F64 "x", seen_address(trap_fault_address()));
    if (io_done.rflags & SAID_FLAGS)
        console_printf(" flags 0x%x", (u32)(io_done.rflags & SAID_FLAGS));
    if (io_strikes.count)
        console_printf(" struck %u status 0x%" F64 "x at %ld", io_strikes.count, io_strikes.status,
                       (long)io_strikes.at);
    console_printf("\n");
}

void say_kernel(const char *name, const struct io *io)
{
    io_do(false, io);
    say(name, io);
}

void say_user(const char *name, const struct io *io)
{
    io_do(true, io);
    say(name, io);
}

void iopl_set(u32 iopl)
{
    struct physdev_set_iopl set = {.iopl = iopl};

    hypercall_physdev_op(PHYSDEVOP_set_iopl, (uintptr_t)&set);
}

void iobitmap_set(const void *bitmap, u32 ports)
{
    struct physdev_set_iobitmap set = {.nr_ports = ports};

    set.bitmap.p = (u8 *)bitmap;
    hypercall_physdev_op(PHYSDEVOP_set_iobitmap, (uintptr_t)&set);
}
