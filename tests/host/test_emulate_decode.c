// LINK: hypervisor/cpu/emulate_decode.c
/*
 * The decoder of privileged instructions, and the rules of control registers: every opcode with
 * the prefixes that may stand before it, every place where the bytes may end, and that no other
 * byte is taken for one of them.
 */
#include "hypervisor/cpu/emulate_cr.h"
#include "hypervisor/cpu/emulate_decode.h"
#include "xen-like/lib/insn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static struct priv_insn insn;

static bool decode_as(unsigned bits, const char *bytes, size_t length)
{
    u8 *copy = test_malloc(length); /* so that a read past the end is found */
    bool found;

    memcpy(copy, bytes, length);
    found = priv_decode(&insn, copy, length, bits);
    test_free(copy);
    return found;
}

static bool decode(const char *bytes, size_t length)
{
    return decode_as(64, bytes, length);
}
#define DECODE(bytes) decode(bytes, sizeof(bytes) - 1)

static const struct {
    const char *bytes;
    size_t length;
    u8 op;
} opcodes[] = {
    {"\xcd\xc0", 2, PRIV_INT},
    {"\xfa", 1, PRIV_CLI},
    {"\xfb", 1, PRIV_STI},
    {"\x6c", 1, PRIV_PORT},
    {"\x6d", 1, PRIV_PORT},
    {"\x6e", 1, PRIV_PORT},
    {"\x6f", 1, PRIV_PORT},
    {"\xe4\xc0", 2, PRIV_PORT},
    {"\xe5\xc0", 2, PRIV_PORT},
    {"\xe6\xc0", 2, PRIV_PORT},
    {"\xe7\xc0", 2, PRIV_PORT},
    {"\xec", 1, PRIV_PORT},
    {"\xed", 1, PRIV_PORT},
    {"\xee", 1, PRIV_PORT},
    {"\xef", 1, PRIV_PORT},
    {"\x0f\x06", 2, PRIV_CLTS},
    {"\x0f\x09", 2, PRIV_WBINVD},
    {"\x0f\x30", 2, PRIV_WRMSR},
    {"\x0f\x31", 2, PRIV_RDTSC},
    {"\x0f\x32", 2, PRIV_RDMSR},
    {"\x0f\xa2", 2, PRIV_CPUID},
    {"\x0f\x20\xc0", 3, PRIV_CR_READ},
    {"\x0f\x22\xc0", 3, PRIV_CR_WRITE},
    {"\x0f\x21\xc0", 3, PRIV_DR_READ},
    {"\x0f\x23\xc0", 3, PRIV_DR_WRITE},
    {"\x0f\x01\xd1", 3, PRIV_XSETBV},
    {"\x0f\x01\xf9", 3, PRIV_RDTSCP},
};

static void test_opcodes(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(opcodes); i++) {
        assert_true(decode(opcodes[i].bytes, opcodes[i].length));
        assert_int_equal(insn.op, opcodes[i].op);
        assert_int_equal(insn.length, opcodes[i].length);
        for (size_t cut = 1; cut < opcodes[i].length; cut++)
            assert_false(decode(opcodes[i].bytes, cut));
    }
}

static void test_prefixes(void **state)
{
    static const char prefixes[] = "\x26\x2e\x36\x3e\x64\x65\x66\x67\xf2\xf3\x40\x48\x4f";
    char bytes[16];

    (void)state;
    for (size_t i = 0; i < sizeof(prefixes) - 1; i++) {
        memset(bytes, prefixes[i], sizeof(bytes));
        memcpy(bytes + 13, "\x0f\x06", 2);
        assert_true(decode(bytes, 15));
        assert_int_equal(insn.length, 15);
        assert_false(insn.lock);
        memset(bytes, prefixes[i], sizeof(bytes));
        memcpy(bytes + 14, "\x0f\x06", 2); /* sixteen bytes: no instruction */
        assert_false(decode(bytes, 16));
        assert_false(decode(bytes, 14));
    }
    assert_true(DECODE("\xf0\x0f\x06"));
    assert_true(insn.lock);
}

static void test_registers(void **state)
{
    (void)state;
    assert_true(DECODE("\x0f\x20\xd3")); /* mov rbx, cr2 */
    assert_int_equal(insn.control, 2);
    assert_int_equal(insn.reg, 3);
    assert_true(DECODE("\x44\x0f\x22\xc7")); /* mov cr8, rdi */
    assert_int_equal(insn.control, 8);
    assert_int_equal(insn.reg, 7);
    assert_true(DECODE("\x41\x0f\x20\x1f")); /* mode bits are ignored: mov r15, cr3 */
    assert_int_equal(insn.control, 3);
    assert_int_equal(insn.reg, 15);
    assert_true(DECODE("\x41\x66\x0f\x20\xd8")); /* REX counts only if last */
    assert_int_equal(insn.reg, 0);
}

static const struct {
    const char *bytes;
    size_t length;
    struct priv_insn expected;
} port_insns[] = {
    {"\xe4\x70", 2, {.op = PRIV_PORT, .width = 1, .number = 0x70}},
    {"\xe5\xff", 2, {.op = PRIV_PORT, .width = 4, .number = 0xff}},
    {"\x66\xe7\x80", 3, {.op = PRIV_PORT, .write = true, .width = 2, .number = 0x80}},
    {"\x66\xee", 2, {.op = PRIV_PORT, .write = true, .width = 1, .port_in_dx = true}},
    {"\x66\xed", 2, {.op = PRIV_PORT, .width = 2, .port_in_dx = true}},
    {"\x66\x48\xed", 3, {.op = PRIV_PORT, .width = 4, .port_in_dx = true}},
    {"\x48\x66\xed", 3, {.op = PRIV_PORT, .width = 2, .port_in_dx = true}},
    {"\x41\x6d", 2, {.op = PRIV_PORT, .string = true, .width = 4, .port_in_dx = true}},
    {"\xf3\x6c",
     2,
     {.op = PRIV_PORT, .string = true, .width = 1, .port_in_dx = true, .repeated = true}},
    {"\xf2\x67\x6d",
     3,
     {.op = PRIV_PORT,
      .string = true,
      .width = 4,
      .port_in_dx = true,
      .repeated = true,
      .address_bytes = 4}},
    {"\x65\x64\x3e\x66\x6f",
     5,
     {.op = PRIV_PORT,
      .string = true,
      .write = true,
      .width = 2,
      .port_in_dx = true,
      .segment = INSN_FS}},
    {"\x36\x65\x6e",
     3,
     {.op = PRIV_PORT,
      .string = true,
      .write = true,
      .width = 1,
      .port_in_dx = true,
      .segment = INSN_GS}},
};

static void test_ports(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(port_insns); i++) {
        struct priv_insn expected = port_insns[i].expected;

        expected.length = (u8)port_insns[i].length;
        expected.bits = 64;
        if (!expected.address_bytes)
            expected.address_bytes = 8;
        assert_true(decode(port_insns[i].bytes, port_insns[i].length));
        assert_memory_equal(&insn, &expected, sizeof(insn));
        assert_false(decode(port_insns[i].bytes, port_insns[i].length - 1));
    }
}

/* Code of 32 and of 16 bits: what the two prefixes mean, which segments count, and that 40 to 4f
 * are no prefixes. */
static void test_modes(void **state)
{
    static const struct {
        unsigned bits;
        const char *bytes;
        u8 length, width, address_bytes, segment;
    } modes[] = {
        {32, "\xed", 1, 4, 4, 0},
        {32, "\x66\xed", 2, 2, 4, 0},
        {16, "\xed", 1, 2, 2, 0},
        {16, "\x66\xed", 2, 4, 2, 0},
        {32, "\xec", 1, 1, 4, 0},
        {32, "\x67\x6f", 2, 4, 2, 0},
        {16, "\x67\x6f", 2, 2, 4, 0},
        {32, "\x36\x6f", 2, 4, 4, INSN_SS},
        {32, "\x65\x2e\x6f", 3, 4, 4, INSN_CS},
        {32, "\x26\x6e", 2, 1, 4, INSN_ES},
        {16, "\x64\x6f", 2, 2, 2, INSN_FS},
    };

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(modes); i++) {
        assert_true(decode_as(modes[i].bits, modes[i].bytes, modes[i].length));
        assert_int_equal(insn.op, PRIV_PORT);
        assert_int_equal(insn.bits, modes[i].bits);
        assert_int_equal(insn.length, modes[i].length);
        assert_int_equal(insn.width, modes[i].width);
        assert_int_equal(insn.address_bytes, modes[i].address_bytes);
        assert_int_equal(insn.segment, modes[i].segment);
    }
    for (unsigned bits = 16; bits <= 32; bits += 16) {
        assert_false(decode_as(bits, "\x40\xfa", 2));
        assert_false(decode_as(bits, "\x4f\x0f\x06", 3));
        for (size_t i = 0; i < ARRAY_SIZE(opcodes); i++) {
            assert_true(decode_as(bits, opcodes[i].bytes, opcodes[i].length));
            assert_int_equal(insn.op, opcodes[i].op);
            assert_int_equal(insn.length, opcodes[i].length);
        }
    }
}

/* All else of two bytes, whatever follows. */
static void test_others(void **state)
{
    unsigned found = 0;

    (void)state;
    for (unsigned byte = 0; byte < 256; byte++) {
        const char one[3] = {(char)byte, (char)0xc0, 0}, two[4] = {0x0f, (char)byte, (char)0xc0, 0};
        const char group[4] = {0x0f, 0x01, (char)byte, 0};

        found += decode(one, 2);
        found += decode(two, 3);
        found += decode(group, 3);
    }
    assert_int_equal(found, ARRAY_SIZE(opcodes));
}

static void test_control_registers(void **state)
{
    const u64 real = CR0_PG | CR0_WP | CR0_PE;

    (void)state;
    assert_int_equal(cr0_shown(real | CR0_TS, 0), real);
    assert_int_equal(cr0_shown(real, CR0_TS | CR0_CD), real | CR0_TS);
    assert_true(cr0_allowed(real, real | CR0_TS));
    assert_true(cr0_allowed(real | CR0_TS, real));
    for (unsigned bit = 0; bit < 64; bit++) {
        u64 mask = 1UL << bit, choice = CR4_TSD | CR4_DE | CR4_FSGSBASE | CR4_OSXSAVE;

        assert_int_equal(cr0_allowed(real, real ^ mask), mask == CR0_TS);
        assert_int_equal(cr4_chosen(mask, true, true), mask & choice);
        assert_int_equal(cr4_chosen(mask, false, true), mask & choice & ~CR4_FSGSBASE);
        assert_int_equal(cr4_chosen(mask, true, false), mask & choice & ~CR4_OSXSAVE);
    }
    assert_int_equal(cr4_shown(0), 0x660);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_opcodes),   cmocka_unit_test(test_prefixes),
        cmocka_unit_test(test_registers), cmocka_unit_test(test_others),
        cmocka_unit_test(test_modes),     cmocka_unit_test(test_control_registers),
        cmocka_unit_test(test_ports),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
