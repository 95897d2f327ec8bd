/*
 * A vcpu begins with the state that VCPUOP_initialise was given, all of it and nothing else: a
 * kernel that resumes from a saved image, or starts a CPU in the middle of its own code, has no
 * other way to set these registers. What may not be as asked (privileges, flags) is put right
 * silently.
 */
#include "tests/guests/user_space.h"
#include "tests/guests/vcpus.h"

#define CR4_SEEN 0x5000cul /* TSD DE FSGSBASE OSXSAVE */
#define CR0_TS   8ull

struct begun {
    u64 rax, rbx, rcx, rdx, rsi, rdi, rbp, rsp, r8, r9, r10, r11, r12, r13, r14, r15;
    u64 rflags, cs, ss, ds, es, fs, gs, unused;
    u8 fx[512];
} begun __attribute__((aligned(16)));

extern char begin_here[], user_entry[];
NORETURN void begun_in_c(void), user_back_in_c(const u64 *frame, u64 rax);

static struct vcpu_guest_context c;
static u8 stack[STACK_BYTES] __attribute__((aligned(16)));
static volatile u64 done, id;
static u64 cr0, cr4, bases[3], debug[8], bounced[8];

static u64 rdmsr(u32 msr)
{
    u32 low, high;

    asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(msr));
    return (u64)high << 32 | low;
}

static void controls_read(void)
{
    asm volatile("mov %%cr0, %0; mov %%cr4, %1" : "=r"(cr0), "=r"(cr4));
    for (u32 i = 0; i < 3; i++)
        bases[i] = rdmsr(0xc0000100 + i);
    for (u32 i = 0; i < 8; i++)
        debug[i] = (u64)hypercall_get_debugreg(i);
}

static NORETURN void end_here(void)
{
    done = 1;
    for (;;)
        vcpu_op(VCPUOP_down, id, NULL);
}

void begun_in_c(void)
{
    controls_read();
    end_here();
}

void user_back_in_c(const u64 *frame, u64 rax)
{
    memcpy(bounced, frame, 7 * sizeof(u64));
    bounced[7] = rax;
    controls_read();
    end_here();
}

static void begin(u64 vcpu)
{
    id = vcpu;
    done = 0;
    vcpu_begin(vcpu, &c);
    wait_for(&done, 1);
    while (vcpu_op(VCPUOP_is_up, vcpu, NULL))
        yield();
}

static void controls_say(const char *what)
{
    console_printf("ROW %s.controls = ts %u cr4 %" F64 "x bases %" F64 "x %" F64 "x %" F64 "x\n",
                   what, !!(cr0 & CR0_TS), cr4 & CR4_SEEN, bases[0], bases[1], bases[2]);
    for (u32 i = 0; i < 8; i++)
        row_hex(name_nth(what, "debug", i), debug[i]);
}

static void general_say(const char *what)
{
    const u64 *words = (const u64 *)&begun;

    for (u32 i = 0; i < 16; i++)
        if (i != 7)
            row_hex(name_nth(what, "register", i), words[i]);
    row(name_of(what, "rsp"), (s64)(begun.rsp - (uintptr_t)stack));
    console_printf("ROW %s.selectors = cs %" F64 "x ss %" F64 "x %" F64 "x %" F64 "x %" F64
                   "x %" F64 "x flags %" F64 "x\n",
                   what, begun.cs, begun.ss, begun.ds, begun.es, begun.fs, begun.gs, begun.rflags);
}

static void state_say(const char *what)
{
    u64 sum = 0;

    for (u32 i = 32; i < 416; i++)
        sum = sum * 31 + begun.fx[i];
    console_printf("ROW %s.state = control %x status %x tags %x mxcsr %x sum %" F64 "x\n", what,
                   *(u16 *)begun.fx, *(u16 *)(begun.fx + 2), begun.fx[4], *(u32 *)(begun.fx + 24),
                   sum);
}

static void context_here(void)
{
    context_fill(&c, (vcpu_code *)begin_here, 0, stack + sizeof(stack));
}

static void say_bare(void)
{
    context_here();
    c.user_regs.rflags = 0;
    begin(1);
    general_say("bare");
    state_say("bare");
    controls_say("bare");
}

static void say_full(void)
{
    struct cpu_user_regs *r = &c.user_regs;

    context_here();
    r->rax = 0x1111111111111111;
    r->rbx = 0x2222222222222222;
    r->rcx = 0x3333333333333333;
    r->rdx = 0x4444444444444444;
    r->rsi = 0x5555555555555555;
    r->rdi = 0x6666666666666666;
    r->rbp = 0x7777777777777777;
    r->r8 = 0x8888888888888888;
    r->r9 = 0x9999999999999999;
    r->r10 = 0xaaaaaaaaaaaaaaaa;
    r->r11 = 0xbbbbbbbbbbbbbbbb;
    r->r12 = 0xcccccccccccccccc;
    r->r13 = 0xdddddddddddddddd;
    r->r14 = 0xeeeeeeeeeeeeeeee;
    r->r15 = 0xffffffffffffffff;
    r->rflags = 0x3cd5 | 0x400; /* arithmetic flags, DF, IOPL 3; not TF, not NT */
    r->cs = FLAT_KERNEL_CS & ~3;
    r->ss = FLAT_KERNEL_SS & ~3;
    r->ds = r->es = FLAT_KERNEL_SS;
    r->fs = FLAT_KERNEL_SS;
    r->gs = FLAT_KERNEL_SS;
    c.flags |= VGCF_i387_valid;
    for (u32 i = 32; i < 416; i++)
        c.fpu_ctxt.x[i] = (char)(i < 160 && i % 16 >= 10 ? 0 : i * 3);
    *(u16 *)c.fpu_ctxt.x = 0x27f;
    c.fpu_ctxt.x[4] = (char)0xff;
    *(u32 *)(c.fpu_ctxt.x + 24) = 0x3f80;
    c.fs_base = 0x123456789000;
    c.gs_base_kernel = 0x23456789a000;
    c.gs_base_user = 0x3456789ab000;
    c.ctrlreg[0] = ~CR0_TS;
    c.ctrlreg[4] = (1ull << 2) | (1ull << 3) | (1ull << 18) | (1ull << 13);
    c.debugreg[0] = 0x1000;
    c.debugreg[1] = NON_CANONICAL;
    c.debugreg[2] = HYPERVISOR_VIRT_START;
    c.debugreg[3] = 0xfff;
    c.debugreg[4] = c.debugreg[5] = ~0ull;
    c.debugreg[6] = 0xf;
    c.debugreg[7] = 0x500;
    begin(2);
    general_say("full");
    state_say("full");
    controls_say("full");
}

static u64 watched, hits;

static bool breakpoint_take(struct trap_frame *frame)
{
    (void)frame;
    hits++;
    return true;
}

/* What another vcpu begins with is not in the CPU yet: a breakpoint here is on before and after. */
static void say_own_breakpoint(void)
{
    trap_handle(VECTOR_DB, breakpoint_take);
    hypercall_set_debugreg(0, (uintptr_t)&watched);
    hypercall_set_debugreg(7, 0xd0003);
    context_here();
    c.debugreg[0] = (uintptr_t)&hits;
    c.debugreg[7] = 0x500;
    row("breakpoint.initialise", vcpu_op(VCPUOP_initialise, 5, &c));
    ACCESS_ONCE(watched) = 1;
    hypercall_set_debugreg(7, 0x400);
    row("breakpoint.hits", (s64)hits);
}

/* MXCSR with bits that no CPU has: the state is refused, but for those that exist. */
static void say_broken_state(void)
{
    context_here();
    c.flags |= VGCF_i387_valid;
    memset(&c.fpu_ctxt, 0xff, sizeof(c.fpu_ctxt));
    c.ctrlreg[0] = CR0_TS;
    c.user_regs.rip = (uintptr_t)begun_in_c; /* TS is set: no fxsave */
    begin(3);
    controls_say("ts");
}

static void say_user(void)
{
    mfn_t root = user_space_init();

    context_here();
    c.flags = VGCF_syscall_disables_events;
    c.ctrlreg[1] = xen_pfn_to_cr3(root.n);
    c.user_regs.cs = FLAT_USER_CS64;
    c.user_regs.ss = FLAT_USER_SS64;
    c.user_regs.rip = user_address(user_code);
    c.user_regs.rsp = user_stack_top();
    c.user_regs.rdi = 0x100000;
    c.syscall_callback_eip = (uintptr_t)user_entry;
    c.gs_base_kernel = 0x1000;
    c.gs_base_user = 0x2000;
    shared_info->vcpu_info[4].evtchn_upcall_mask = 0;
    begin(4);
    console_printf("ROW user.syscall = rip %" F64 "d cs %" F64 "x flags %" F64 "x rsp %" F64
                   "d ss %" F64 "x rax %" F64 "x mask %u\n",
                   (s64)(bounced[2] - user_address(user_code_end)), bounced[3], bounced[4],
                   (s64)(bounced[5] - user_stack_top()), bounced[6], bounced[7],
                   shared_info->vcpu_info[4].evtchn_upcall_mask);
    controls_say("user");
}

void guest_main(void)
{
    say_bare();
    say_full();
    say_broken_state();
    say_user();
    say_own_breakpoint();
    guest_end();
}
