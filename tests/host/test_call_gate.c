// LINK: hypervisor/cpu/call_gate.c hypervisor/cpu/segment.c xen-like/lib/insn.c
/*
 * Call gates of a 32-bit guest: what a use does that is allowed, and for each thing that may be
 * wrong with the gate, the instruction, the target or either stack, the exception that the manual
 * and Xen have for it, with nothing changed.
 */
#include "hypervisor/cpu/bounce.h"
#include "hypervisor/cpu/call_gate.h"
#include "hypervisor/cpu/emulate.h"
#include "hypervisor/cpu/segment.h"
#include "hypervisor/domain/domain.h"
#include "hypervisor/mm/pt_update.h"
#include "hypervisor/mm/uaccess.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

/* The guest's memory: code, and two stacks. */
#define MEMORY   0x10000UL
#define CODE_AT  MEMORY
#define USER_ESP (MEMORY + 0x800)
#define KERN_ESP (MEMORY + 0xf00)
#define TARGET   0x4242u

/* Its GDT, by index: descriptors as upper halves, with base 0 and 4 GiB but for those that say so.
 */
enum {
    NOTHING,
    KERNEL_CODE,
    KERNEL_DATA,
    USER_CODE,
    USER_DATA,
    GATE,
    CONFORMING,
    ABSENT_CODE,
    SMALL_CODE,
    LONG_CODE,
    ABSENT_DATA,
    SMALL_DATA,
    CODE_16, /* from MEMORY on, 4 KiB */
    ENTRIES
};
#define SELECTOR(index, ring) ((u16)((index) << 3 | (ring)))
#define FLAT(rights)          (0x00cf00000000ffffUL | (u64)(rights) << 40)
#define SMALL(rights)         (0x0040000000000fffUL | (u64)(rights) << 40)
#define DPL1                  0x20
#define DPL3                  0x60

static u8 memory[4096];
static u64 gdt[ENTRIES];
static struct vcpu vcpu;
static struct domain domain;
static u64 cr2;
static struct cpu_user_regs regs;
static u32 vector, error, retired;

struct percpu host_percpu;

bool descriptor_read(u16 selector, u64 *descriptor)
{
    if (selector < 4 || selector >> 3 >= ENTRIES)
        return false;
    *descriptor = gdt[selector >> 3];
    return true;
}

/* Of pages: the kernel's only from @kernel_from on. */
static u64 kernel_from;

u64 pt_rights(mfn_t root, u64 va)
{
    assert_int_equal(root.n, 0);
    if (va < MEMORY || va >= MEMORY + sizeof(memory))
        return 0;
    return va < kernel_from ? PTE_P | PTE_RW | PTE_US : PTE_P | PTE_RW;
}

static u64 outside(u64 at, u64 len)
{
    u64 end = MEMORY + sizeof(memory);

    return at < MEMORY || at >= end ? len : at + len > end ? at + len - end : 0;
}

u64 guest_copy_in(void *to, u64 from, u64 len)
{
    u64 missing = outside(from, len);

    memcpy(to, memory + (from - MEMORY), len - missing);
    return missing;
}

u64 guest_copy_out(u64 to, const void *from, u64 len)
{
    u64 missing = outside(to, len);

    memcpy(memory + (to - MEMORY), from, len - missing);
    return missing;
}

void bounce_exception(struct cpu_user_regs *r, u32 v, u32 e)
{
    assert_ptr_equal(r, &regs);
    vector = v;
    error = e;
}

void instruction_retire(struct cpu_user_regs *r, unsigned length, unsigned bits, u64 struck)
{
    assert_ptr_equal(r, &regs);
    assert_true(length == 0 && bits == 32 && struck == 0);
    retired++;
}

/* As the hypervisor keeps it: DPL 0, and what the guest gave where the selector's RPL stood. */
static u64 gate_to(u16 target, u32 dpl, u32 words)
{
    return (TARGET & 0xffff) | (u64)(target & ~3u) << 16 | (u64)dpl << 16 | (u64)words << 32 |
           0x8cUL << 40;
}

static u32 word_at(u64 at)
{
    u32 word;

    memcpy(&word, memory + (at - MEMORY), sizeof(word));
    return word;
}

/* call GATE with RPL 3, in the code and data of @ring. */
static int guest_make(void **state)
{
    const u8 call[] = {0x9a, 0, 0, 0, 0, SELECTOR(GATE, 3) & 0xff, SELECTOR(GATE, 3) >> 8};

    (void)state;
    memset(memory, 0, sizeof(memory));
    memcpy(memory, call, sizeof(call));
    gdt[KERNEL_CODE] = FLAT(0x9a | DPL1);
    gdt[KERNEL_DATA] = FLAT(0x92 | DPL1);
    gdt[USER_CODE] = FLAT(0x9a | DPL3);
    gdt[USER_DATA] = FLAT(0x92 | DPL3);
    gdt[GATE] = gate_to(SELECTOR(KERNEL_CODE, 0), 3, 0);
    gdt[CONFORMING] = FLAT(0x9e | DPL1);
    gdt[ABSENT_CODE] = FLAT(0x1a | DPL1);
    gdt[SMALL_CODE] = SMALL(0x9a | DPL1);
    gdt[LONG_CODE] = 0x00af000000000000UL | (0x9aUL | DPL3) << 40;
    gdt[ABSENT_DATA] = FLAT(0x12 | DPL1);
    gdt[SMALL_DATA] = SMALL(0x92 | DPL1);
    gdt[CODE_16] = 0xfffUL | MEMORY << 16 | (0x9aUL | DPL3) << 40;
    domain.is_32bit = true;
    vcpu = (struct vcpu){.domain = &domain,
                         .kernel_mode = 1,
                         .gdt_entries = ENTRIES,
                         .kernel_ss = SELECTOR(KERNEL_DATA, 1),
                         .kernel_sp = KERN_ESP,
                         .cr2 = &cr2};
    host_percpu.running = &vcpu;
    regs = (struct cpu_user_regs){.rip = CODE_AT,
                                  .cs = SELECTOR(USER_CODE, 3),
                                  .ss = SELECTOR(USER_DATA, 3),
                                  .rsp = USER_ESP,
                                  .error_code = SELECTOR(GATE, 0)};
    vector = error = retired = 0;
    cr2 = 0;
    kernel_from = ~0UL;
    return 0;
}

static void in_ring_1(void)
{
    regs.cs = SELECTOR(KERNEL_CODE, 1);
    regs.ss = SELECTOR(KERNEL_DATA, 1);
}

static void use(void)
{
    call_gate_emulate(&regs);
}

static void check_went(u16 cs, u64 esp)
{
    assert_int_equal(vector, 0);
    assert_int_equal(retired, 1);
    assert_int_equal(regs.rip, TARGET);
    assert_int_equal(regs.cs, cs);
    assert_int_equal(regs.rsp, esp);
}

#define REFUSED(v, e)                                                                              \
    do {                                                                                           \
        const struct cpu_user_regs before = regs;                                                  \
        use();                                                                                     \
        assert_int_equal(vector, v);                                                               \
        assert_int_equal(error, e);                                                                \
        assert_int_equal(retired, 0);                                                              \
        assert_memory_equal(&regs, &before, sizeof(regs));                                         \
        guest_make(NULL);                                                                          \
    } while (0)

static void a_call_from_user_space_enters_ring_1(void **state)
{
    (void)state;
    use();
    check_went(SELECTOR(KERNEL_CODE, 1), KERN_ESP - 16);
    assert_int_equal(regs.ss, SELECTOR(KERNEL_DATA, 1));
    assert_int_equal(word_at(KERN_ESP - 16), CODE_AT + 7);
    assert_int_equal(word_at(KERN_ESP - 12), SELECTOR(USER_CODE, 3));
    assert_int_equal(word_at(KERN_ESP - 8), USER_ESP);
    assert_int_equal(word_at(KERN_ESP - 4), SELECTOR(USER_DATA, 3));
}

static void parameters_are_copied_in_order(void **state)
{
    (void)state;
    gdt[GATE] = gate_to(SELECTOR(KERNEL_CODE, 0), 3, 3);
    memcpy(memory + 0x800, (u32[]){11, 22, 33}, 12);
    use();
    check_went(SELECTOR(KERNEL_CODE, 1), KERN_ESP - 28);
    assert_int_equal(word_at(KERN_ESP - 20), 11);
    assert_int_equal(word_at(KERN_ESP - 12), 33);
    assert_int_equal(word_at(KERN_ESP - 8), USER_ESP);
}

static void within_a_ring_the_stack_stays(void **state)
{
    (void)state;
    in_ring_1();
    gdt[GATE] = gate_to(SELECTOR(KERNEL_CODE, 0), 3, 5);
    use();
    check_went(SELECTOR(KERNEL_CODE, 1), USER_ESP - 8);
    assert_int_equal(word_at(USER_ESP - 4), SELECTOR(KERNEL_CODE, 1));

    guest_make(NULL);
    in_ring_1();
    memory[0] = 0xea; /* a jump pushes nothing */
    use();
    check_went(SELECTOR(KERNEL_CODE, 1), USER_ESP);

    guest_make(NULL);
    gdt[GATE] = gate_to(SELECTOR(CONFORMING, 0), 3, 0);
    use();
    check_went(SELECTOR(CONFORMING, 3), USER_ESP - 8);
}

static void the_pointer_may_be_in_memory(void **state)
{
    static const u8 through[] = {0x2e, 0xff, 0x1d, 0x40, 0, 1, 0}; /* call far cs:[0x10040] */

    (void)state;
    memcpy(memory, through, sizeof(through));
    memory[0x44] = SELECTOR(GATE, 3);
    use();
    check_went(SELECTOR(KERNEL_CODE, 1), KERN_ESP - 16);
    guest_make(NULL);
    memcpy(memory, "\xff\x1c\x24", 3); /* call far [esp]: the stack's segment */
    memory[0x804] = SELECTOR(GATE, 0);
    use();
    check_went(SELECTOR(KERNEL_CODE, 1), KERN_ESP - 16);
    guest_make(NULL);
    memcpy(memory, "\x2e\xff\x1d\xfb\x0f\x01\x00", 7); /* cut by the end of what is mapped */
    use();
    assert_int_equal(vector, EXCEPTION_PF);
    assert_int_equal(error, PF_USER);
    assert_int_equal(cr2, MEMORY + sizeof(memory));
}

/* 16-bit code may use a 32-bit gate: what it says is 16 bits wide, unless a prefix says otherwise.
 */
static void in_16_bits(const char *code, size_t length, size_t selector_at)
{
    guest_make(NULL);
    regs.cs = SELECTOR(CODE_16, 3);
    regs.rip = 0;
    memset(memory, 0, 16);
    memcpy(memory, code, length);
    memory[selector_at] = SELECTOR(GATE, 3);
}

static void code_of_16_bits_may_use_it(void **state)
{
    (void)state;
    in_16_bits("\x9a", 1, 3);
    use();
    check_went(SELECTOR(KERNEL_CODE, 1), KERN_ESP - 16);
    assert_int_equal(word_at(KERN_ESP - 16), 5);
    assert_int_equal(word_at(KERN_ESP - 12), SELECTOR(CODE_16, 3));
    in_16_bits("\x2e\xff\x58\x40", 4, 0x42); /* call far cs:[bx+si+0x40], which wraps */
    regs.rbx = 0x54320008;
    regs.rsi = 0xfff8;
    use();
    check_went(SELECTOR(KERNEL_CODE, 1), KERN_ESP - 16);
    assert_int_equal(word_at(KERN_ESP - 16), 4);
    in_16_bits("\x66\x67\x2e\xff\x1d\x40\0\0", 9, 0x44); /* call far dword cs:[dword 0x40] */
    use();
    check_went(SELECTOR(KERNEL_CODE, 1), KERN_ESP - 16);
    in_16_bits("\x2e\xff\x1f", 3, 0); /* call far cs:[bx]: the selector lies behind 64 KiB */
    regs.rbx = 0xfffe;
    REFUSED(EXCEPTION_GP, SELECTOR(GATE, 0));
    memcpy(memory, "\x67\x2e\xff\x1e\x40", 6); /* in 32-bit code: call far cs:[word 0x40] */
    gdt[USER_CODE] = SMALL(0x9a | DPL3) | MEMORY << 16;
    regs.rip = 0;
    memory[0x44] = SELECTOR(GATE, 3);
    use();
    check_went(SELECTOR(KERNEL_CODE, 1), KERN_ESP - 16);
}

static void the_gate_must_permit_it(void **state)
{
    const u16 gate = SELECTOR(GATE, 0);

    (void)state;
    gdt[GATE] = gate_to(SELECTOR(KERNEL_CODE, 0), 1, 0);
    REFUSED(EXCEPTION_GP, gate);
    gdt[GATE] = gate_to(SELECTOR(KERNEL_CODE, 0), 1, 0);
    memory[5] = SELECTOR(GATE, 0); /* an RPL does not make anybody more than he is */
    REFUSED(EXCEPTION_GP, gate);
    gdt[GATE] = gate_to(SELECTOR(KERNEL_CODE, 0), 3, 0) & ~(0x80UL << 40);
    REFUSED(EXCEPTION_NP, gate);
    gdt[GATE] = gate_to(SELECTOR(KERNEL_CODE, 0), 3, 0) & ~(0x08UL << 40); /* 16 bits */
    REFUSED(EXCEPTION_GP, gate);
    gdt[GATE] |= 0x60UL << 40; /* not as we store it */
    REFUSED(EXCEPTION_GP, gate);
    vcpu.gdt_entries = GATE;
    REFUSED(EXCEPTION_GP, gate);
    regs.error_code = SELECTOR(USER_CODE, 0);
    REFUSED(EXCEPTION_GP, SELECTOR(USER_CODE, 0));
    gdt[GATE] = gate_to(SELECTOR(KERNEL_CODE, 0), 1, 0);
    in_ring_1(); /* may, but not with an RPL of 3 */
    REFUSED(EXCEPTION_GP, gate);
}

static void the_instruction_must_be_one_that_uses_it(void **state)
{
    const u16 gate = SELECTOR(GATE, 0);

    (void)state;
    memory[0] = 0x90;
    REFUSED(EXCEPTION_GP, gate);
    memory[5] = SELECTOR(USER_CODE, 3);
    REFUSED(EXCEPTION_GP, gate);
    memory[0] = 0xea; /* a jump does not change rings */
    REFUSED(EXCEPTION_GP, SELECTOR(KERNEL_CODE, 0));
    regs.rip = MEMORY - 16;
    REFUSED(EXCEPTION_PF, PF_USER);
    regs.cs = SELECTOR(USER_DATA, 3);
    REFUSED(EXCEPTION_GP, gate);
}

static void the_target_must_be_code_of_the_guests(void **state)
{
    static const struct {
        u8 index, vector;
        bool names; /* else the error code is 0 */
    } targets[] = {
        {NOTHING, EXCEPTION_GP, true},     {KERNEL_DATA, EXCEPTION_GP, true},
        {ABSENT_CODE, EXCEPTION_NP, true}, {SMALL_CODE, EXCEPTION_GP, false},
        {LONG_CODE, EXCEPTION_GP, true},   {GATE, EXCEPTION_GP, true},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(targets); i++) {
        u16 selector = SELECTOR(targets[i].index, 0);

        gdt[GATE] = gate_to(selector, 3, 0);
        REFUSED(targets[i].vector, targets[i].names ? selector : 0);
    }
    in_ring_1(); /* and no less privileged */
    gdt[GATE] = gate_to(SELECTOR(USER_CODE, 0), 3, 0);
    REFUSED(EXCEPTION_GP, SELECTOR(USER_CODE, 0));
    gdt[KERNEL_CODE] = FLAT(0x9a); /* ring 0: the hypervisor's, which has gates to nothing */
    REFUSED(EXCEPTION_GP, SELECTOR(GATE, 0));
}

static void the_inner_stack_must_be_one(void **state)
{
    (void)state;
    vcpu.kernel_ss = SELECTOR(USER_DATA, 3);
    REFUSED(EXCEPTION_TS, SELECTOR(USER_DATA, 0));
    vcpu.kernel_ss = SELECTOR(USER_DATA, 1);
    REFUSED(EXCEPTION_TS, SELECTOR(USER_DATA, 0));
    vcpu.kernel_ss = SELECTOR(KERNEL_DATA, 3);
    REFUSED(EXCEPTION_TS, SELECTOR(KERNEL_DATA, 0));
    vcpu.kernel_ss = SELECTOR(KERNEL_CODE, 1);
    REFUSED(EXCEPTION_TS, SELECTOR(KERNEL_CODE, 0));
    vcpu.kernel_ss = SELECTOR(ABSENT_DATA, 1);
    REFUSED(EXCEPTION_SS, SELECTOR(ABSENT_DATA, 0));
    vcpu.kernel_ss = SELECTOR(SMALL_DATA, 1);
    REFUSED(EXCEPTION_SS, SELECTOR(SMALL_DATA, 0));
    vcpu.kernel_sp = 8;
    REFUSED(EXCEPTION_SS, SELECTOR(KERNEL_DATA, 0));
    vcpu.kernel_sp = 0xf5800004;
    REFUSED(EXCEPTION_GP, SELECTOR(GATE, 0));
    vcpu.kernel_sp = MEMORY - 32;
    REFUSED(EXCEPTION_PF, PF_USER | PF_WRITE);
    gdt[GATE] = gate_to(SELECTOR(KERNEL_CODE, 0), 3, 31);
    regs.rsp = MEMORY + sizeof(memory) - 8;
    REFUSED(EXCEPTION_PF, PF_USER);
    in_ring_1();
    regs.rsp = 4;
    REFUSED(EXCEPTION_SS, 0);
}

/* Any descriptors, stacks and instructions: who gets anywhere is in ring 1 or where he was, in
 * 32-bit code that he might have; and who does not has changed nothing. */
static void nothing_leads_where_it_must_not(void **state)
{
    static const u8 forms[][8] = {
        {0x9a, 0, 0, 0, 0, 0, 0}, {0xea, 0, 0, 0, 0, 0, 0}, {0x2e, 0xff, 0x1d, 0x40, 0, 1, 0}};
    unsigned went = 0;

    (void)state;
    srand(7);
    for (unsigned n = 0; n < 300000; n++) {
        const u32 ring = rand() % 2 ? 1 : 3;
        const u16 named = SELECTOR(rand() % 8 ? GATE : rand() % ENTRIES, rand() % 4);
        struct cpu_user_regs before;
        struct segment to;

        guest_make(NULL);
        for (unsigned i = CONFORMING; i < ENTRIES; i++)
            gdt[i] = FLAT(rand() % 256) ^ (rand() % 4 ? 0 : 1UL << 53) ^
                     (u64)(rand() % 4 ? 0 : rand()) << (8 * (rand() % 4));
        gdt[GATE] =
            gate_to((u16)((rand() % ENTRIES) << 3), rand() % 4, rand() % 4 ? 0 : rand() % 32);
        if (rand() % 8 == 0)
            gdt[GATE] ^= 1UL << rand() % 64;
        memcpy(memory, forms[rand() % ARRAY_SIZE(forms)], 7);
        memcpy(memory + (memory[0] == 0x2e ? 0x44 : 5), &named, sizeof(named));
        if (ring == 1)
            in_ring_1();
        regs.error_code = rand() % 8 ? SELECTOR(GATE, 0) : (u32)named & ~3u;
        before = regs;
        use();
        if (vector) {
            assert_memory_equal(&regs, &before, sizeof(regs));
            continue;
        }
        went++;
        assert_int_equal(retired, 1);
        assert_true((regs.cs & 3) == ring || (regs.cs & 3) == 1);
        assert_true(segment_find((u16)regs.cs, &to));
        assert_true(to.rights & SEGMENT_P && to.rights & SEGMENT_CODE &&
                    !(to.rights & SEGMENT_LONG));
        assert_true(regs.rip <= to.limit && (regs.cs & 3) >= SEGMENT_DPL(&to));
        assert_true(memory[0] != 0xea || (regs.cs & 3) == ring);
    }
    assert_true(went > 3000);
}

/* We read in the place of user space: what only the kernel may read, it does not get. */
static void memory_of_the_kernels_is_not_read_for_user_space(void **state)
{
    (void)state;
    memcpy(memory, "\x2e\xff\x1d\x40\x00\x01\x00", 7);
    kernel_from = MEMORY + 0x44;
    REFUSED(EXCEPTION_PF, PF_USER | PF_PRESENT);
    gdt[GATE] = gate_to(SELECTOR(KERNEL_CODE, 0), 3, 3);
    kernel_from = USER_ESP;
    REFUSED(EXCEPTION_PF, PF_USER | PF_PRESENT);
    kernel_from = USER_ESP + 12;
    gdt[GATE] = gate_to(SELECTOR(KERNEL_CODE, 0), 3, 3);
    use();
    check_went(SELECTOR(KERNEL_CODE, 1), KERN_ESP - 28);
}

/* Nor does it write there: a call within its ring pushes onto its own stack. */
static void memory_of_the_kernels_is_not_written_for_user_space(void **state)
{
    (void)state;
    gdt[GATE] = gate_to(SELECTOR(CONFORMING, 0), 3, 0);
    memset(memory + 0x7f8, 0x55, 8);
    kernel_from = MEMORY + 0x400;
    use();
    assert_int_equal(cr2, USER_ESP - 8);
    assert_int_equal(word_at(USER_ESP - 8), 0x55555555);
    assert_int_equal(word_at(USER_ESP - 4), 0x55555555);
    REFUSED(EXCEPTION_PF, PF_USER | PF_WRITE | PF_PRESENT);
    gdt[GATE] = gate_to(SELECTOR(CONFORMING, 0), 3, 0);
    regs.rsp = MEMORY + 4; /* and half of it is not there */
    use();
    assert_int_equal(cr2, MEMORY - 4);
    REFUSED(EXCEPTION_PF, PF_USER | PF_WRITE);
    in_ring_1(); /* the kernel's own stack */
    kernel_from = MEMORY + 0x400;
    use();
    check_went(SELECTOR(KERNEL_CODE, 1), USER_ESP - 8);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup(name, guest_make)
    const struct CMUnitTest tests[] = {
        TEST(a_call_from_user_space_enters_ring_1),
        TEST(parameters_are_copied_in_order),
        TEST(within_a_ring_the_stack_stays),
        TEST(the_pointer_may_be_in_memory),
        TEST(code_of_16_bits_may_use_it),
        TEST(the_gate_must_permit_it),
        TEST(the_instruction_must_be_one_that_uses_it),
        TEST(the_target_must_be_code_of_the_guests),
        TEST(the_inner_stack_must_be_one),
        TEST(memory_of_the_kernels_is_not_read_for_user_space),
        TEST(memory_of_the_kernels_is_not_written_for_user_space),
        TEST(nothing_leads_where_it_must_not),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
