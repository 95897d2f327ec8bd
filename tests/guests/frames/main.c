/*
 * The frame that a bounce leaves on the guest's stack, word by word, as xen's public headers draw
 * it: rcx r11 [error] rip cs rflags rsp ss. A kernel's entry code is written in assembly against
 * exactly this, and against the alignment and the flags it starts with.
 */
#include "tests/guests/common.h"

extern char raw_entry[], provoke_ud2[], provoke_gp[];
extern u64 raw_words[], raw_sp, raw_flags, raw_selectors[], provoked_sp;
void raw_provoke(u64 offset, u64 flags);
void raw_provoke_gp(u64 offset, u64 flags);

#define RFLAGS_IF 0x200ull
#define TI_MASKS  4u

/* The words of the frame without an error code; with one, everything from rip on is one further. */
enum word {
    WORD_RCX,
    WORD_R11,
    WORD_RIP,
    WORD_CS,
    WORD_FLAGS,
    WORD_RSP,
    WORD_SS
};

static void gates_set(u16 cs, u8 flags)
{
    struct trap_info table[] = {
        {.vector = VECTOR_UD, .flags = flags, .cs = cs, .address = (uintptr_t)raw_entry},
        {.vector = VECTOR_GP, .flags = flags, .cs = cs, .address = (uintptr_t)raw_entry},
        {.address = 0},
    };
    long answer = call_set_trap_table(table);

    if (answer)
        guest_panic("set_trap_table: error %ld", answer);
}

static void say_frame(const char *what, unsigned long number, bool has_error, const char *at)
{
    const u64 *w = raw_words;
    const u64 *rest = raw_words + has_error;

    console_printf("ROW frame.%s-%lu = below %ld aligned %" F64 "u rcx 0x%" F64 "x r11 0x%" F64
                   "x error 0x%" F64 "x "
                   "rip %ld cs 0x%lx flags 0x%lx rsp %ld ss 0x%lx\n",
                   what, number, (long)(provoked_sp - raw_sp), raw_sp % 16, w[WORD_RCX],
                   w[WORD_R11], has_error ? w[WORD_RIP] : 0, (long)(rest[WORD_RIP] - (uintptr_t)at),
                   rest[WORD_CS], rest[WORD_FLAGS], (long)(rest[WORD_RSP] - provoked_sp),
                   rest[WORD_SS]);
    console_printf("ROW entry.%s-%lu = flags 0x%" F64 "x cs 0x%" F64 "x ss 0x%" F64 "x\n", what,
                   number, raw_flags, raw_selectors[0], raw_selectors[1]);
}

static void say_alignment(void)
{
    for (unsigned int offset = 0; offset < 16; offset += 4) {
        raw_provoke(offset, RFLAGS_IF);
        say_frame("ud-offset", offset, false, provoke_ud2);
        raw_provoke_gp(offset, RFLAGS_IF);
        say_frame("gp-offset", offset, true, provoke_gp);
    }
}

/* Which flags the handler starts with when the interrupted code had each of them set. */
static void say_flags(void)
{
    static const unsigned int bits[] = {0, 2, 6, 7, 10, 11, 14, 18, 21};

    for (unsigned int i = 0; i < ARRAY_SIZE(bits); i++) {
        raw_provoke(0, 1ull << bits[i]);
        say_frame("flag", bits[i], false, provoke_ud2);
    }
}

static void say_mask(void)
{
    volatile u8 *mask = &shared_info->vcpu_info[0].evtchn_upcall_mask;

    for (unsigned int i = 0; i < 8; i++) {
        static const u8 before[] = {0, 1, 2, 0xff};

        gates_set(FLAT_KERNEL_CS, i % 2 ? TI_MASKS : 0);
        *mask = before[i / 2];
        raw_provoke(0, 0);
        console_printf("ROW mask.%s-was-%u = now %u cs 0x%" F64 "x flags 0x%" F64 "x\n",
                       i % 2 ? "masks" : "leaves", before[i / 2], *mask, raw_words[WORD_CS],
                       raw_words[WORD_FLAGS]);
        *mask = 1;
    }
    gates_set(FLAT_KERNEL_CS, 0);
}

/* The code selector of a gate is not what the handler runs with. */
static void say_gate_selectors(void)
{
    static const u16 selectors[] = {FLAT_KERNEL_CS, FLAT_KERNEL_CS & ~3, 0, 0x1234, FLAT_KERNEL_SS};

    for (unsigned int i = 0; i < ARRAY_SIZE(selectors); i++) {
        gates_set(selectors[i], 0);
        raw_provoke(0, 0);
        row_hex(name_nth("gate", "handler-cs", selectors[i]), raw_selectors[0]);
    }
    gates_set(FLAT_KERNEL_CS, 0);
}

static u8 kernel_stack[256] __attribute__((aligned(16)));

static const struct {
    const char *what;
    u64 address;
    u8 flags;
    u16 cs;
    u8 vector;
} gate_forms[] = {
    {"handler-at-non-canonical", NON_CANONICAL, 0, FLAT_KERNEL_CS, 0x90},
    {"handler-in-hypervisor", HYPERVISOR_VIRT_START, 0, FLAT_KERNEL_CS, 0x90},
    {"handler-in-lower-half", 0x1000, 0, FLAT_KERNEL_CS, 0x90},
    {"every-flag", 0x1000, 0xff, FLAT_KERNEL_CS, 0x90},
    {"selector-of-hypervisor", 0x1000, 0, 0xe008, 0x90},
    {"vector-255", 0x1000, 0, FLAT_KERNEL_CS, 0xff},
};

static void say_table_answers(void)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(gate_forms); i++) {
        struct trap_info table[] = {
            {.vector = gate_forms[i].vector,
             .flags = gate_forms[i].flags,
             .cs = gate_forms[i].cs,
             .address = gate_forms[i].address},
            {.address = 0},
        };

        row(name_of("table", gate_forms[i].what), call_set_trap_table(table));
    }
    row("table.in-hypervisor", call_set_trap_table(HYPERVISOR_ADDRESS));
    row("table.unmapped", call_set_trap_table((void *)0x1000));
    row("table.non-canonical", call_set_trap_table((void *)NON_CANONICAL));
}

static const struct {
    const char *what;
    u64 ss, sp;
} stacks[] = {
    {"good", FLAT_KERNEL_SS, (uintptr_t)(kernel_stack + sizeof(kernel_stack))},
    {"misaligned", FLAT_KERNEL_SS, (uintptr_t)(kernel_stack + sizeof(kernel_stack)) - 3},
    {"null", FLAT_KERNEL_SS, 0},
    {"non-canonical", FLAT_KERNEL_SS, NON_CANONICAL},
    {"in-hypervisor", FLAT_KERNEL_SS, HYPERVISOR_VIRT_START + MIB(1)},
    {"ss-null", 0, (uintptr_t)(kernel_stack + sizeof(kernel_stack))},
    {"ss-beyond-gdt", 0xfff3, (uintptr_t)(kernel_stack + sizeof(kernel_stack))},
    {"ss-is-code", FLAT_KERNEL_CS, (uintptr_t)(kernel_stack + sizeof(kernel_stack))},
    {"ss-of-hypervisor", 0xe010, (uintptr_t)(kernel_stack + sizeof(kernel_stack))},
    {"ss-high-bits", 0x10000 | FLAT_KERNEL_SS, (uintptr_t)(kernel_stack + sizeof(kernel_stack))},
};

static void say_stack_answers(void)
{
    for (unsigned int i = 0; i < ARRAY_SIZE(stacks); i++)
        row(name_of("stack", stacks[i].what),
            call_stack_switch(stacks[i].ss, (void *)(uintptr_t)stacks[i].sp));
}

void guest_main(void)
{
    gates_set(FLAT_KERNEL_CS, 0);
    say_alignment();
    say_flags();
    say_mask();
    say_gate_selectors();
    say_table_answers();
    say_stack_answers();
    /* No list at all clears the table: an exception would now be the end. */
    row("table.null", call_set_trap_table(NULL));
    guest_end();
}
