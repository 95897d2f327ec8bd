/*
 * The hypercall iret: the only way from the guest's kernel to its user mode. Its frame comes from
 * the guest whole, so the hypervisor must take the registers as they are, and of flags and
 * selectors only what a guest may have. What the CPU refuses goes to the failsafe callback; in 32
 * bits it is the exception that the CPU makes of it, on the frame that was asked for.
 */
#include "tests/guests/seen.h"
#include "tests/guests/user_space.h"

extern char user_report[];
unsigned long kernel_iret_raw(unsigned long rflags, unsigned long cs, unsigned long ss,
                              unsigned long flags);

/* Where the process tells what it has found. */
#ifdef __x86_64__
#define FOUND_R11   rbp
#define FOUND_FLAGS r12
#define FOUND_CS    r13
#define FOUND_SS    r14
#define FOUND_SP    r15
#define R11         r11
#else
#define FOUND_R11       rax /* there is none: eax instead */
#define FOUND_FLAGS     rdx
#define FOUND_CS        rsi
#define FOUND_SS        rdi
#define FOUND_SP        rbp
#define R11             rax
#define VGCF_IN_SYSCALL 0
#endif

#define RFLAGS_IF 0x200ull
#define RFLAGS_TF 0x100ull
#define RFLAGS_VM 0x20000ull
#define MARK      WIDE(0x1111111111111111ul, 0x11111111ul)

static struct trap_frame frame;

static void frame_prepare(void)
{
    user_frame_init(&frame, user_address(user_report), user_stack_top() - 64);
    frame.rcx = MARK;
    frame.R11 = MARK * 2;
    frame.rax = MARK * 3;
    frame.rflags = RFLAGS_IF;
}

static void say_arrival(const char *name)
{
    user_run(&frame);
    console_printf("ROW %s = vector %" F64 "u rax 0x%lx rcx 0x%lx r11 0x%lx flags 0x%lx cs 0x%" F64
                   "x ss 0x%" F64 "x sp %ld mask %u\n",
                   name, seen_vector(frame.vector), (unsigned long)frame.rax,
                   (unsigned long)frame.rbx, (unsigned long)frame.FOUND_R11,
                   (unsigned long)frame.FOUND_FLAGS, seen_selector(frame.FOUND_CS),
                   seen_selector(frame.FOUND_SS), (long)(frame.FOUND_SP - user_stack_top()),
                   shared_info->vcpu_info[0].evtchn_upcall_mask);
}

/* The runtime asks for VGCF_in_syscall when it returns to a process that came by `syscall`. */
static void say_forms(void)
{
    frame_prepare();
    say_arrival("form.after-trap");
    frame_prepare();
    frame.vector = VECTOR_SYSCALL;
    say_arrival("form.after-syscall");
    frame_prepare();
    frame.vector = VECTOR_SYSCALL;
    frame.rflags = RFLAGS_IF | 0x8d5;
    say_arrival("form.after-syscall-with-flags");
    frame_prepare();
    frame.rflags = 0;
    say_arrival("form.masked");
}

/* One flag at a time: what the process finds in its flags. */
static void say_flags(void)
{
    for (unsigned int bit = 0; bit < 8 * sizeof(long); bit++) {
        if (1ull << bit == RFLAGS_TF || (bit > 22 && bit % 8))
            continue;
        if (1ull << bit == RFLAGS_VM && sizeof(long) < 8)
            continue; /* another frame comes back: entries-32 looks at it */
        frame_prepare();
        frame.rflags |= 1ul << bit;
        user_run(&frame);
        console_printf(
            "ROW flags.bit-%u = vector %" F64 "u flags 0x%lx mask %u\n", bit,
            seen_vector(frame.vector),
            (unsigned long)(frame.vector == VECTOR_SYSCALL ? frame.FOUND_FLAGS : frame.rflags),
            shared_info->vcpu_info[0].evtchn_upcall_mask);
    }
    for (unsigned int iopl = 0; iopl < 4; iopl++) {
        frame_prepare();
        frame.vector = VECTOR_SYSCALL;
        frame.rflags |= iopl << 12;
        user_run(&frame);
        row_hex(name_nth("flags", "after-syscall-iopl", iopl), frame.FOUND_FLAGS);
    }
    frame_prepare();
    frame.rflags |= RFLAGS_TF;
    user_run(&frame);
    console_printf("ROW flags.single-step = vector %lu rip %ld\n", (unsigned long)frame.vector,
                   (long)(frame.rip - user_address(user_report)));
}

static const struct {
    const char *what;
    u16 cs, ss;
} selectors[] = {
    {"flat-user", FLAT_USER_CS, FLAT_USER_SS},
    {"null-ss", FLAT_USER_CS, 0x3},
    {"zero-ss", FLAT_USER_CS, 0},
    {"ss-with-rpl-0", FLAT_USER_CS, FLAT_USER_SS & ~3},
    {"cs-beyond-gdt", 0xfff3, FLAT_USER_SS},
    {"cs-null", 0x3, FLAT_USER_SS},
    {"cs-is-data", FLAT_USER_SS, FLAT_USER_SS},
    {"cs-of-hypervisor", 0xe00b, FLAT_USER_SS},
    {"cs-no-ldt", 0x7, FLAT_USER_SS},
    {"ss-beyond-gdt", FLAT_USER_CS, 0xfff3},
    {"ss-is-code", FLAT_USER_CS, FLAT_USER_CS},
    {"ss-of-hypervisor", FLAT_USER_CS, 0xe013},
    {"ss-no-ldt", FLAT_USER_CS, 0x7},
    {"both-bad", 0xfff3, 0xfff3},
};

/* With VGCF_in_syscall too, which makes most selectors mean nothing. */
static void say_selectors(const char *group, u64 came_by)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(selectors); i++) {
        frame_prepare();
        frame.vector = came_by;
        frame.cs = selectors[i].cs;
        frame.ss = selectors[i].ss;
        user_run(&frame);
        console_printf("ROW %s.%s = vector %" F64 "u error 0x%lx rip %ld cs 0x%" F64 "x ss 0x%" F64
                       "x sp %ld rcx 0x%lx r11 0x%lx\n",
                       group, selectors[i].what, seen_vector(frame.vector),
                       (unsigned long)frame.error, (long)(frame.rip - user_address(user_report)),
                       seen_cs(&frame), seen_ss(&frame), (long)(frame.rsp - user_stack_top()),
                       frame.vector == VECTOR_FAILSAFE ? (unsigned long)frame.rcx : 0,
                       frame.vector == VECTOR_FAILSAFE ? (unsigned long)frame.R11 : 0);
    }
}

/* Addresses that ring 3 may not run at, or use as a stack. The stack is looked at only when used.
 */
static void say_addresses(void)
{
    const struct {
        const char *what;
        unsigned long rip;
    } targets[] = {
        {"null", 0},
        {"kernel-image", WIDE(0xffffffff80100000ul, 0xc0100000ul)},
        {"hypervisor", HYPERVISOR_VIRT_START},
        {"non-canonical", NON_CANONICAL},
        {"last-page-of-lower-half", USER_END - PAGE_SIZE},
    };

    for (unsigned int i = 0; i < 2 * ARRAY_SIZE(targets); i++) {
        frame_prepare();
        frame.rip = targets[i / 2].rip;
        frame.vector = i % 2 ? VECTOR_SYSCALL : 0;
        user_run(&frame);
        console_printf("ROW rip.%s-%s = vector %" F64 "u error 0x%lx rip 0x%lx\n",
                       targets[i / 2].what, i % 2 ? "in-syscall" : "in-trap",
                       seen_vector(frame.vector), (unsigned long)frame.error,
                       (unsigned long)frame.rip);
    }
    /* What the CPU refuses for its stack segment goes to where no code is: which is found first? */
    for (unsigned int i = 0; i < ARRAY_SIZE(targets); i++) {
        frame_prepare();
        frame.rip = targets[i].rip;
        frame.ss = 0;
        user_run(&frame);
        console_printf("ROW rip.%s-without-stack = vector %" F64
                       "u error 0x%lx rip 0x%lx cr2 0x%lx\n",
                       targets[i].what, seen_vector(frame.vector), (unsigned long)frame.error,
                       (unsigned long)frame.rip,
                       frame.vector == VECTOR_PF ? shared_info->vcpu_info[0].arch.cr2 : 0);
    }
    frame_prepare();
    frame.rsp = NON_CANONICAL;
    user_run(&frame);
    console_printf("ROW rsp.non-canonical = vector %lu error 0x%lx rip %ld\n",
                   (unsigned long)frame.vector, (unsigned long)frame.error,
                   (long)(frame.rip - user_address(user_report)));
}

/* The CPU looks at the LDT for a stack segment, and finds that no page is there: the process's own
 * fault, at the address by which the guest knows its LDT. */
static void say_ldt(void)
{
    mmuext_op_t op = {.cmd = MMUEXT_SET_LDT, .arg1.linear_addr = 0x700000, .arg2.nr_ents = 512};

    row("ldt.set", call_mmuext_op(&op, 1, NULL, DOMID_SELF));
    frame_prepare();
    frame.ss = 0x7;
    user_run(&frame);
    console_printf("ROW ldt.unmapped = vector %" F64 "u error 0x%lx cr2 0x%lx rip %ld\n",
                   seen_vector(frame.vector), (unsigned long)frame.error,
                   (unsigned long)shared_info->vcpu_info[0].arch.cr2,
                   (long)(frame.rip - user_address(user_report)));
    op.arg2.nr_ents = 0;
    row("ldt.none", call_mmuext_op(&op, 1, NULL, DOMID_SELF));
}

/* The fault's own frame has the bad selector too, and nobody could return by that. */
static bool ss_mend(struct trap_frame *frame)
{
    frame->ss = FLAT_KERNEL_SS;
    return false;
}

static void kernel_iret_without_ss(void *arg)
{
    (void)arg;
    kernel_iret_raw(0, KERNEL_CS_IN_FRAMES, 0, 0);
}

/* To the kernel itself: low bits of cs that are not 3 mean kernel. */
static void say_to_kernel(void)
{
    row_hex("kernel.masked", kernel_iret_raw(0, KERNEL_CS_IN_FRAMES, FLAT_KERNEL_SS, 0));
    row("kernel.masked-mask", shared_info->vcpu_info[0].evtchn_upcall_mask);
    row_hex("kernel.open", kernel_iret_raw(RFLAGS_IF, KERNEL_CS_IN_FRAMES, FLAT_KERNEL_SS, 0));
    row("kernel.open-mask", shared_info->vcpu_info[0].evtchn_upcall_mask);
    row_hex("kernel.in-syscall",
            kernel_iret_raw(0, KERNEL_CS_IN_FRAMES, FLAT_KERNEL_SS, VGCF_IN_SYSCALL));
    row_hex("kernel.cs-rpl-1", kernel_iret_raw(0, KERNEL_CS_IN_FRAMES | 1, FLAT_KERNEL_SS, 0));
    row_hex("kernel.iopl", kernel_iret_raw(3 << 12, KERNEL_CS_IN_FRAMES, FLAT_KERNEL_SS, 0));
    if (sizeof(long) == 8) {
        trap_handle(VECTOR_GP, ss_mend);
        trap_handle(VECTOR_FAILSAFE, ss_mend);
        row("kernel.ss-null", fault_catch(kernel_iret_without_ss, NULL).vector);
    }
    row_hex("kernel.high-word-of-cs",
            kernel_iret_raw(0, (unsigned long)(KERNEL_CS_IN_FRAMES | 0xff00ff0000ull),
                            FLAT_KERNEL_SS, 0));
}

void guest_main(void)
{
    user_space_init();
    say_forms();
    say_flags();
    say_selectors("selectors", 0);
    if (VECTOR_SYSCALL >= VECTOR_COUNT)
        say_selectors("selectors-in-syscall", VECTOR_SYSCALL);
    say_addresses();
    say_ldt();
    say_to_kernel();
    guest_end();
}
