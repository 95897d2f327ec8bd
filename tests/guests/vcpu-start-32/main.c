/*
 * A vcpu of a 32-bit domain begins with the state that VCPUOP_initialise was given: as vcpu-start,
 * with the registers and selectors that 32-bit kernels have. Privilege levels of selectors that are
 * too low are put right, as for a 64-bit one: to ring 1 here.
 */
#include "tests/guests/user_space.h"
#include "tests/guests/vcpus.h"

#define CR4_SEEN   0x5000cul /* TSD DE FSGSBASE OSXSAVE */
#define CR0_TS     8ul
#define EFLAGS_ALL 0x3cd5u /* arithmetic flags, DF, IOPL 3; not TF, not NT */
#define IOPL_3     0x3000u
#define ALWAYS     0x202u /* of what POPF cannot change: IF, and the bit that is always 1 */
#define VECTOR     0x80u
#define FX_BEGIN   32u
#define FX_END     288u /* of what FXSAVE writes outside of 64-bit mode */

enum general {
    EAX,
    EBX,
    ECX,
    EDX,
    ESI,
    EDI,
    EBP,
    ESP,
    EFLAGS,
    CS,
    SS,
    DS,
    ES,
    FS,
    GS
};

struct begun {
    u32 words[16];
    u8 fx[512];
} begun __attribute__((aligned(16)));

/* The frame, then cs, ss and eax as the handler finds them. */
enum bounced {
    FRAME_EIP,
    FRAME_CS,
    FRAME_EFLAGS,
    FRAME_ESP,
    FRAME_SS,
    HANDLER_CS,
    HANDLER_SS,
    HANDLER_EAX,
    BOUNCED
};
u32 bounced[BOUNCED];

extern char begin_here[], frame_here[];
NORETURN void begun_in_c(void), bounced_in_c(void);

static struct vcpu_guest_context c;
static u8 stack[STACK_BYTES] __attribute__((aligned(16)));
static volatile u64 done, id;
static unsigned long cr0, cr4, debug[8];

static NORETURN void end_here(void)
{
    asm volatile("mov %%cr0, %0; mov %%cr4, %1" : "=r"(cr0), "=r"(cr4));
    for (u32 i = 0; i < 8; i++)
        debug[i] = (unsigned long)hypercall_get_debugreg(i);
    done = 1;
    for (;;)
        vcpu_op(VCPUOP_down, id, NULL);
}

void begun_in_c(void)
{
    end_here();
}

void bounced_in_c(void)
{
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

static void want(const char *group, const char *what, u32 got, u32 wanted)
{
    row_want_hex(name_of(group, what), got, wanted);
}

static void want_selectors(const char *group, u32 ds, u32 es, u32 fs, u32 gs)
{
    const u32 *w = begun.words;

    want(group, "cs", w[CS], FLAT_KERNEL_CS);
    want(group, "ss", w[SS], FLAT_KERNEL_SS);
    want(group, "ds", w[DS], ds);
    want(group, "es", w[ES], es);
    want(group, "fs", w[FS], fs);
    want(group, "gs", w[GS], gs);
}

static void want_state(const char *group, u16 control, u32 mxcsr, u32 ts, u32 cr4_bits)
{
    want(group, "fpu-control", *(u16 *)begun.fx, control);
    want(group, "mxcsr", *(u32 *)(begun.fx + 24), mxcsr);
    want(group, "ts", cr0 & CR0_TS, ts);
    want(group, "cr4", cr4 & CR4_SEEN, cr4_bits);
}

static void context_here(void)
{
    context_fill(&c, (vcpu_code *)begin_here, 0, stack + sizeof(stack));
}

static void say_bare(void)
{
    context_here();
    c.user_regs.eflags = 0;
    c.user_regs.ds = c.user_regs.es = 0;
    begin(1);
    for (u32 i = EAX; i < ESP; i++)
        row_want_hex(name_nth("bare", "register", i), begun.words[i], 0);
    want("bare", "eflags", begun.words[EFLAGS], ALWAYS);
    want_selectors("bare", 0, 0, 0, 0);
    want_state("bare", 0x37f, 0x1f80, 0, 0);
    for (u32 i = 0; i < 4; i++)
        row_want_hex(name_nth("bare", "debug", i), debug[i], 0);
    want("bare", "debug-6", debug[6], 0xffff0ff0);
    want("bare", "debug-7", debug[7], 0x400);
}

static void state_fill(void)
{
    u8 *fx = (u8 *)c.fpu_ctxt.x;

    for (u32 i = FX_BEGIN; i < FX_END; i++)
        fx[i] = (u8)(i < 160 && i % 16 >= 10 ? 0 : i * 3);
    *(u16 *)fx = 0x27f;
    fx[4] = 0xff;
    *(u32 *)(fx + 24) = 0x3f80;
}

static void say_full(void)
{
    struct cpu_user_regs *r = &c.user_regs;

    context_here();
    r->eax = 0x11111111;
    r->ebx = 0x22222222;
    r->ecx = 0x33333333;
    r->edx = 0x44444444;
    r->esi = 0x55555555;
    r->edi = 0x66666666;
    r->ebp = 0x77777777;
    r->eflags = EFLAGS_ALL;
    r->cs = FLAT_KERNEL_CS & ~3;
    r->ss = FLAT_KERNEL_SS & ~3;
    r->ds = FLAT_USER_DS;
    r->es = FLAT_KERNEL_DS;
    r->fs = FLAT_USER_DS;
    r->gs = FLAT_KERNEL_DS;
    c.flags |= VGCF_i387_valid;
    state_fill();
    c.ctrlreg[0] = ~CR0_TS;
    c.ctrlreg[4] = (1ul << 2) | (1ul << 3) | (1ul << 18) | (1ul << 13);
    c.debugreg[0] = 0x1000;
    c.debugreg[1] = HYPERVISOR_VIRT_START; /* no breakpoint is dangerous below 4 GiB */
    c.debugreg[3] = 0xfff;
    c.debugreg[4] = c.debugreg[5] = ~0ul;
    c.debugreg[6] = 0xf;
    c.debugreg[7] = 0x500;
    begin(2);
    for (u32 i = EAX; i < ESP; i++)
        row_want_hex(name_nth("full", "register", i), begun.words[i], 0x11111111 * (i + 1));
    want("full", "esp", begun.words[ESP] - (u32)(uintptr_t)stack, STACK_BYTES - 12);
    want("full", "eflags", begun.words[EFLAGS], (EFLAGS_ALL & ~IOPL_3) | ALWAYS);
    want_selectors("full", FLAT_USER_DS, FLAT_KERNEL_DS, FLAT_USER_DS, FLAT_KERNEL_DS);
    want_state("full", 0x27f, 0x3f80, 0, 0x4000c);
    row_want("full.vectors",
             memcmp(begun.fx + FX_BEGIN, (u8 *)c.fpu_ctxt.x + FX_BEGIN, FX_END - FX_BEGIN), 0);
    want("full", "debug-0", debug[0], 0x1000);
    want("full", "debug-1", debug[1], HYPERVISOR_VIRT_START);
    want("full", "debug-2", debug[2], 0);
    want("full", "debug-3", debug[3], 0xfff);
    want("full", "debug-6", debug[6], 0xffff0fff);
    want("full", "debug-7", debug[7], 0x500);
}

static void user_context(void)
{
    context_here();
    context_to_user(&c, user_address(user_code), user_stack_top(), table_boot_root());
    c.user_regs.edi = 0x100000;
    c.kernel_ss = FLAT_KERNEL_SS & ~3;
    c.trap_ctxt[VECTOR] = (struct trap_info){.vector = VECTOR,
                                             .flags = 3 | 4, /* from ring 3; masks events */
                                             .cs = FLAT_KERNEL_CS & ~3,
                                             .address = (uintptr_t)frame_here};
}

static void want_frame(const char *group, u32 place)
{
    want(group, "eip", bounced[FRAME_EIP] - (u32)user_address(user_code), place);
    want(group, "cs", bounced[FRAME_CS], FLAT_USER_CS); /* the mask in it: none */
    want(group, "eflags", bounced[FRAME_EFLAGS] & 0x200, 0x200);
    want(group, "esp", bounced[FRAME_ESP], (u32)user_stack_top());
    want(group, "ss", bounced[FRAME_SS], FLAT_USER_SS);
    want(group, "handler-cs", bounced[HANDLER_CS], FLAT_KERNEL_CS);
    want(group, "handler-ss", bounced[HANDLER_SS], FLAT_KERNEL_SS);
}

static void say_user(void)
{
    user_context();
    shared_info->vcpu_info[3].evtchn_upcall_mask = 0;
    begin(3);
    want_frame("user", (u32)(user_code_end - user_code));
    want("user", "eax", bounced[HANDLER_EAX], 0x100000 + FLAT_USER_CS);
    row_want("user.mask", shared_info->vcpu_info[3].evtchn_upcall_mask, 1);
}

/* An event that is pending comes before its first instruction. */
static void say_upcall(void)
{
    user_context();
    c.event_callback_cs = FLAT_KERNEL_CS & ~3;
    c.event_callback_eip = (uintptr_t)frame_here;
    shared_info->vcpu_info[4].evtchn_upcall_mask = 0;
    shared_info->vcpu_info[4].evtchn_upcall_pending = 1;
    begin(4);
    want_frame("upcall", 0);
    row_want("upcall.mask", shared_info->vcpu_info[4].evtchn_upcall_mask, 1);
}

/* MXCSR with bits that no CPU has: the state is refused, but for those that exist. */
static void say_ts(void)
{
    context_here();
    c.flags |= VGCF_i387_valid;
    memset(&c.fpu_ctxt, 0xff, sizeof(c.fpu_ctxt));
    c.ctrlreg[0] = CR0_TS;
    c.user_regs.eip = (uintptr_t)begun_in_c; /* TS is set: no fxsave */
    begin(5);
    want("ts", "set", cr0 & CR0_TS, CR0_TS);
}

void guest_main(void)
{
    user_space_init();
    say_bare();
    say_full();
    say_user();
    say_upcall();
    say_ts();
    guest_end();
}
