/*
 * The failsafe callback. Descriptors may go while a vcpu has their selectors loaded, and while it
 * does not run the CPU forgets what it had read of them: when it is to run again, its registers
 * cannot be loaded. That is told to its kernel by a callback of its own, with the selectors as they
 * were; a kernel that is not told would lose its FS or GS without a trace.
 *
 * A second vcpu does nothing but give the CPU back.
 */
#include "tests/guests/callback.h"
#include "tests/guests/seen.h"
#include "tests/guests/user_space.h"
#include "tests/guests/vcpus.h"

#define DATA       0x00cff3000000ffffull
#define INDEX(i)   ((u16)((i) << 3 | 3))
#define UNMAPPED   0x7000ull
#define FLAGS_SEEN 0x47700u /* TF IF DF IOPL NT AC */

struct after {
    u16 ds, es, fs, gs;
    unsigned long rflags;
    u16 cs, ss;
};

/* The frame, and where it lay. In 32 bits a kernel stays on its stack, so its frame has no rsp. */
enum word {
#ifdef __x86_64__
    RCX,
    R11,
#endif
    DS,
    ES,
    FS,
    GS,
    RIP,
    CS,
    RFLAGS,
#ifdef __x86_64__
    RSP,
    SS,
#endif
    PLACE,
    WORDS
};

unsigned long failsafe_frame[WORDS], failsafe_count;
struct after failsafe_after;
extern char failsafe_entry[], yield_done[], user_spin[], user_spinning[];
bool yield_here(unsigned long rsp);

static mfn_t gdt;
static volatile u64 other_runs;

static volatile u8 *mask(void)
{
    return &shared_info->vcpu_info[0].evtchn_upcall_mask;
}

static NORETURN void other(u64 arg)
{
    (void)arg;
    for (;;) {
        other_runs++;
        yield();
    }
}

static void descriptor_set(unsigned int index, u64 descriptor)
{
    if (call_update_descriptor(mfn_to_address(gdt) + index * 8, descriptor))
        guest_panic("a descriptor cannot be set");
}

static void selectors_load(u16 ds, u16 es, u16 fs, u16 gs)
{
    asm volatile("mov %0, %%ds; mov %1, %%es; mov %2, %%fs; mov %3, %%gs" ::"r"(ds), "r"(es),
                 "r"(fs), "r"(gs));
}

static void frame_say(const char *what, unsigned long rsp)
{
    const unsigned long *f = failsafe_frame;
    const struct after *a = &failsafe_after;
    struct trap_frame frame = {.cs = f[CS], .ss = FLAT_KERNEL_SS};
    unsigned long interrupted = f[PLACE] + PLACE * sizeof(*f);

#ifdef __x86_64__
    frame.ss = f[SS];
    interrupted = f[RSP];
#endif
    console_printf("ROW %s.called = %lu, mask %u\n", what, failsafe_count, *mask());
    if (!failsafe_count)
        return;
    console_printf("ROW %s.selectors = %lx %lx %lx %lx\n", what, f[DS], f[ES], f[FS], f[GS]);
    console_printf("ROW %s.frame = rip %ld cs %" F64 "x flags %lx ss %" F64 "x rsp %ld place %ld\n",
                   what, (long)(f[RIP] - (uintptr_t)yield_done), seen_cs(&frame),
                   f[RFLAGS] & FLAGS_SEEN, seen_ss(&frame), (long)(interrupted - rsp),
                   (long)(f[PLACE] - rsp));
    console_printf("ROW %s.after = %x %x %x %x flags %lx cs %" F64 "x ss %" F64 "x\n", what, a->ds,
                   a->es, a->fs, a->gs, a->rflags & FLAGS_SEEN, seen_selector(a->cs) | 3,
                   seen_selector(a->ss));
    failsafe_count = 0;
    memset(failsafe_frame, 0, sizeof(failsafe_frame));
}

/* Which descriptors (bits 1 to 4) are gone when the vcpu comes back; on a stack with @skew. */
static void yield_without(const char *what, u32 gone, unsigned long skew, u8 masked)
{
    static u8 stack[STACK_BYTES] __attribute__((aligned(16)));
    unsigned long rsp = (uintptr_t)stack + sizeof(stack) - skew;
    u64 until = other_runs + (gone ? 100 : 1);
    bool kept = true;

    selectors_load(INDEX(1), INDEX(2), INDEX(3), INDEX(4));
    for (unsigned int i = 1; i <= 4; i++)
        if (gone >> i & 1)
            descriptor_set(i, 0);
    *mask() = masked;
    while (!failsafe_count && other_runs < until)
        kept &= yield_here(rsp);
    row(name_of(what, "kept"), kept);
    frame_say(what, rsp);
    *mask() = 1;
    for (unsigned int i = 1; i <= 4; i++)
        descriptor_set(i, DATA);
}

static long failsafe_register(u64 flags)
{
    return callback_register(CALLBACKTYPE_failsafe, flags, (uintptr_t)failsafe_entry);
}

static void say_kernel(void)
{
    yield_without("none", 0, 0, 1);
    yield_without("ds", 1 << 1, 0, 1);
    yield_without("es", 1 << 2, 8, 1);
    yield_without("fs", 1 << 3, 16, 1);
    yield_without("gs", 1 << 4, 24, 1);
    yield_without("all", 30, 0, 1);
    yield_without("open", 30, 0, 0);
    row("mask.register", failsafe_register(CALLBACKF_mask_events));
    yield_without("mask-open", 30, 0, 0);
    yield_without("mask-masked", 30, 0, 1);
    row("mask.register-without", failsafe_register(0));
}

#ifdef __x86_64__
/* Bases do not come from a descriptor, and stay. */
static void say_bases(void)
{
    u32 low, high;

    selectors_load(0, 0, INDEX(3), INDEX(4));
    call_set_segment_base(SEGBASE_FS, 0x1234567);
    call_set_segment_base(SEGBASE_GS_KERNEL, 0x7654321);
    descriptor_set(3, 0);
    descriptor_set(4, 0);
    while (!failsafe_count)
        yield();
    asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(0xc0000100));
    row_hex("base.fs", low);
    asm volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(0xc0000101));
    row_hex("base.gs", low);
    row("base.called", (s64)failsafe_count);
    descriptor_set(3, DATA);
    descriptor_set(4, DATA);
    failsafe_count = 0;
}
#endif

/* Where there is no stack for the frame there is no way to go on. */
static void die_without_stack(void)
{
    selectors_load(FLAT_KERNEL_DS, INDEX(2), 0, 0);
    descriptor_set(2, 0);
    for (;;)
        yield_here(UNMAPPED);
}

static NORETURN void destroyer(u64 arg)
{
    volatile u32 *words = (volatile u32 *)(uintptr_t)arg;

    while (!words[0])
        yield();
    descriptor_set(2, 0);
    words[2] = 1;
    for (;;)
        yield();
}

/* In user space, interrupted: its kernel is called on the stack for that, and may send it back. */
static void say_user(void)
{
    static struct trap_frame frame;
    u32 *words;

    user_space_init();
    words = (u32 *)scratch_page(USER_STACK);
    call_set_callbacks(trap_entry_event, trap_entry_failsafe, trap_entry_syscall);
    vcpu_run(2, destroyer, (uintptr_t)words);
    user_frame_init(&frame, user_address(user_spin), user_stack_top());
    frame.rax = INDEX(2);
    frame.rbx = (uintptr_t)words;
    user_run(&frame);
    console_printf(
        "ROW user.left = vector %" F64 "u error %lx cs %" F64 "x ss %" F64 "x inside %u\n",
        seen_vector(frame.vector), frame.error, seen_cs(&frame), seen_ss(&frame),
        frame.rip >= user_address(user_spinning) && frame.rip < user_address(user_code_end));
    user_run(&frame);
    console_printf("ROW user.goes-on = vector %" F64 "u es %lx\n", seen_vector(frame.vector),
                   frame.rdx);
}

void guest_main(void)
{
    pfn_t pfn = frame_alloc_zeroed();
    xen_pfn_t frames[] = {pfn_to_mfn(pfn).n};

    gdt = pfn_to_mfn(pfn);
    map_page(pfn_to_virt(pfn), pte_make(gdt, PTE_PRESENT | PTE_USER));
    row("setup.gdt", call_set_gdt(frames, 512));
    for (unsigned int i = 1; i <= 4; i++)
        descriptor_set(i, DATA);
    row("setup.register", failsafe_register(0));
    vcpu_run(1, other, 0);
    if (cmdline_has("no-stack"))
        die_without_stack();
    say_kernel();
#ifdef __x86_64__
    say_bases();
#endif
    say_user();
    guest_end();
}
