/*
 * The debug registers of a guest: which values are let in, what reads back, and breakpoints that
 * strike in the guest's kernel, in its user space, and where the hypervisor touches the guest's
 * memory. That last kind must neither be told to the guest nor disturb the hypervisor.
 */
#include "tests/guests/seen.h"
#include "tests/guests/user_space.h"

extern char touch_write_after[], touch_read_after[], touch_code_after[], touch_step_after[],
    touch_ss_hypercall_after[], user_push[], user_push_after[];
void touch_write(void *), touch_read(void *), touch_code(void *), touch_step(void *),
    touch_ss_hypercall(void *);

#define RFLAGS_TF   0x100ul
#define RFLAGS_IF   0x200ul
#define RFLAGS_RF   0x10000ul
#define STRIKES     8u /* more of them at one place: it would never end */
#define DR7_LOCAL   1ull
#define TYPE_CODE   0ull
#define TYPE_WRITE  1ull
#define TYPE_IO     2ull
#define TYPE_ANY    3ull
#define LENGTH_1    0ull
#define LENGTH_2    1ull
#define LENGTH_8    2ull
#define LENGTH_4    3ull
#define LENGTH_WORD (sizeof(long) == 8 ? LENGTH_8 : LENGTH_4)

#define HYPERVISOR_END WIDE(HYPERVISOR_VIRT_END, (1ull << 32))

static u64 control(unsigned int i, u64 type, u64 length)
{
    return DR7_LOCAL << i * 2 | (type | length << 2) << (16 + i * 4);
}

/* A register, or an errno with all the bits that one has in 64. */
static u64 debug_get(unsigned int reg)
{
    long value = hypercall_get_debugreg(reg);

    return value < 0 && value > -4096 ? (u64)value : (unsigned long)value;
}

static void say_first(void)
{
    for (unsigned int reg = 0; reg < 10; reg++)
        row_hex(name_nth("first", "dr", reg), debug_get(reg));
    row("first.dr-none", hypercall_get_debugreg(~0ul));
    row_hex("first.dr-upper-half", (u64)hypercall_get_debugreg((unsigned long)(1ull << 32) | 7));
}

static void set(const char *group, unsigned int reg, unsigned int nth, u64 value)
{
    long answer = hypercall_set_debugreg(reg, (unsigned long)value);

    console_printf("ROW %s.dr%u-%u = %ld 0x%" F64 "x\n", group, reg, nth, answer, debug_get(reg));
}

static void say_values(void)
{
    static const u64 addresses[] = {0,
                                    1,
                                    0x00007ffffffffff8,
                                    0x00007fffffffffff,
                                    0x0000800000000000,
                                    NON_CANONICAL,
                                    0xffff7fffffffffff,
                                    HYPERVISOR_VIRT_START,
                                    0xffff82d080000000,
                                    HYPERVISOR_END - 1,
                                    HYPERVISOR_END,
                                    ~0ull,
                                    0};
    static const u64 words[] = {0,          ~0ull,      0xffffffff, 0xffff0ff0, 1ull << 32,
                                0x0000e00f, 0x00001000, 0x00000400, 0x0000d800, 0x00002000,
                                0x00002001, 0x00000300, 0xffff0400, 0x00010000, 0};

    for (unsigned int i = 0; i < ARRAY_SIZE(addresses); i++) {
        set("address", i % 4, i, addresses[i]);
        set("address-of", 3, i, addresses[i]);
    }
    for (unsigned int i = 0; i < ARRAY_SIZE(words); i++)
        for (unsigned int reg = 4; reg < 9; reg++)
            set("word", reg, i, words[i]);
    row("word.none", hypercall_set_debugreg(~0ul, 0));
    row("word.upper-half", hypercall_set_debugreg((unsigned long)(1ull << 32) | 3, 0));
    for (unsigned int i = 0; i < 4; i++) {
        set("io", 7, i, control(i, TYPE_IO, LENGTH_1));
        set("io-beside", 7, i, TYPE_IO << (16 + i * 4) | control((i + 1) % 4, TYPE_ANY, LENGTH_1));
        set("io-off", 7, i, TYPE_IO << (16 + i * 4));
        set("cleared", 7, i, 0);
    }
    set("last", 6, 0, 0);
}

static struct {
    unsigned int count;
    u64 rip, status, rflags, cs;
} seen;

static bool debug_note(struct trap_frame *frame)
{
    if (!seen.count++) {
        seen.rip = frame->rip;
        seen.status = debug_get(6);
        seen.rflags = frame->rflags;
        seen.cs = seen_cs(frame);
    }
    if (seen.count >= STRIKES)
        hypercall_set_debugreg(7, 0);
    frame->rflags = (frame->rflags & ~RFLAGS_TF) | RFLAGS_RF;
    return true;
}

static void begin(unsigned int i, const void *address, u64 type, u64 length)
{
    memset(&seen, 0, sizeof(seen));
    hypercall_set_debugreg(6, 0);
    hypercall_set_debugreg(i, (uintptr_t)address);
    hypercall_set_debugreg(7, (unsigned long)control(i, type, length));
}

static void end(const char *what, const char *after)
{
    u64 control_now = debug_get(7);

    hypercall_set_debugreg(7, 0);
    console_printf("ROW strike.%s = %u times rip %ld status 0x%" F64 "x flags 0x%" F64
                   "x cs 0x%" F64 "x control "
                   "0x%" F64 "x later 0x%" F64 "x\n",
                   what, seen.count, seen.count ? (long)(seen.rip - (uintptr_t)after) : 0,
                   seen.status, seen.rflags & (RFLAGS_TF | RFLAGS_RF), seen.cs, control_now,
                   debug_get(6));
}

static unsigned long words[4] __attribute__((aligned(32)));

static void say_kernel(void)
{
    static const char *const lengths[] = {"1", "2", "8", "4"};

    for (unsigned int length = 0; length < ARRAY_SIZE(lengths); length++) {
        begin(length, &words[1], TYPE_WRITE, length);
        touch_write(&words[1]);
        end(name_of("write", lengths[length]), touch_write_after);
        begin(length, &words[1], TYPE_ANY, length);
        touch_read(&words[1]);
        end(name_of("read", lengths[length]), touch_read_after);
    }
    begin(0, &words[1], TYPE_WRITE, LENGTH_WORD);
    touch_read(&words[1]);
    end("read-where-writes", touch_read_after);
    begin(0, &words[1], TYPE_ANY, LENGTH_WORD);
    touch_write(&words[2]);
    end("beside", touch_write_after);
    begin(2, (void *)touch_code, TYPE_CODE, LENGTH_1);
    touch_code(NULL);
    end("code", touch_code_after);
    begin(0, &words[1], TYPE_ANY, LENGTH_WORD);
    hypercall_set_debugreg(0, (uintptr_t)&words[3]);
    touch_write(&words[3]);
    end("address-moved-while-on", touch_write_after);
    begin(0, &words[1], TYPE_ANY, LENGTH_WORD);
    hypercall_set_debugreg(7, 0);
    touch_write(&words[1]);
    end("switched-off", touch_write_after);
    begin(0, NULL, TYPE_CODE, LENGTH_1);
    hypercall_set_debugreg(7, 0);
    touch_step(NULL);
    end("single-step", touch_step_after);
}

/* DR6 collects until the guest empties it. */
static void say_collecting(void)
{
    begin(1, &words[1], TYPE_WRITE, LENGTH_WORD);
    touch_write(&words[1]);
    hypercall_set_debugreg(3, (uintptr_t)&words[2]);
    hypercall_set_debugreg(7, (unsigned long)control(3, TYPE_WRITE, LENGTH_WORD));
    touch_write(&words[2]);
    end("two-after-each-other", touch_write_after);
    set("emptied", 6, 0, 0);
}

/* The hypervisor reads and writes for the guest, and builds frames on its stack. */
static void say_hypervisor(void)
{
    xen_feature_info_t *info = (xen_feature_info_t *)&words[0];

    info->submap_idx = 0;
    begin(0, info, TYPE_ANY, LENGTH_WORD);
    long answer = hypercall_xen_version(XENVER_get_features, (uintptr_t)info);
    end("hypercall-argument", touch_write_after);
    row("hypervisor.answer", answer);
    begin(0, shared_info, TYPE_ANY, LENGTH_WORD);
    row("hypervisor.yield", call_sched_op(SCHEDOP_yield, NULL));
    end("shared-info", touch_write_after);
    asm volatile("mov %%ss, %0" : "=m"(*(u16 *)&words[1]));
    begin(1, &words[1], TYPE_ANY, LENGTH_2);
    touch_ss_hypercall(&words[1]);
    seen.rip = (uintptr_t)touch_ss_hypercall_after; /* before or behind: that depends on the CPU */
    end("ss-then-syscall", touch_ss_hypercall_after);
}

static struct trap_frame frame;

static void user_frame_run(const char *what)
{
    user_frame_init(&frame, user_address(user_push), user_stack_top());
    frame.rflags = RFLAGS_IF;
    user_run(&frame);
    shared_info->vcpu_info[0].evtchn_upcall_mask = 1;
    console_printf("ROW user.%s = vector %" F64 "u rip %ld status 0x%" F64 "x\n", what,
                   seen_vector(frame.vector), (long)(frame.rip - user_address(user_push_after)),
                   debug_get(6));
}

static void say_user(void)
{
    begin(0, (void *)(uintptr_t)(user_stack_top() - sizeof(long)), TYPE_WRITE, LENGTH_WORD);
    user_frame_run("push");
    begin(0, (void *)(uintptr_t)user_address(user_push_after), TYPE_CODE, LENGTH_1);
    user_frame_run("code");
    hypercall_set_debugreg(7, 0);
    user_frame_run("off");
    /* The frame lies in this kernel's memory, where the bounce writes it. */
    begin(0, &frame.ss, TYPE_WRITE, LENGTH_WORD);
    user_frame_run("frame-of-the-bounce");
    end("frame-of-the-bounce", touch_write_after);
}

void guest_main(void)
{
    trap_handle(VECTOR_DB, debug_note);
    user_space_init();
    say_first();
    say_values();
    say_kernel();
    say_collecting();
    say_hypervisor();
    say_user();
    guest_end();
}
