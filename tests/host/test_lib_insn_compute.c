// LINK: xen-like/lib/insn_compute.c
/*
 * What instructions compute, asked of the processor that this test runs on: every operation at
 * every width, on values around each edge and on random ones, with carry clear and set. Flags that
 * the processor leaves undefined are not compared.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "xen-like/lib/insn.h"

#define ALL        0x8d5ull
#define NO_AF      0x8c5ull
#define CARRY_ONLY 0x041ull /* and ZF, which bit instructions leave alone */

#define FLAGS_IN  "pushq %[flags]\n\tpopfq\n\t"
#define FLAGS_OUT "\n\tpushfq\n\tpopq %[flags]"

/* Below the red zone, which belongs to the compiler. */
#define AROUND(text)                                                                               \
    "lea -128(%%rsp), %%rsp\n\t" FLAGS_IN text FLAGS_OUT "\n\tlea 128(%%rsp), %%rsp"

#define DEFINE(name, width, type, text)                                                            \
    static u64 name##_##width(u64 old, u64 source, u64 *flags)                                     \
    {                                                                                              \
        type result = (type)old, operand = (type)source;                                           \
                                                                                                   \
        asm volatile(AROUND(text)                                                                  \
                     : [old] "+r"(result), [source] "+r"(operand), [flags] "+r"(*flags)            \
                     :                                                                             \
                     : "cc", "memory");                                                            \
        return result;                                                                             \
    }

#define DEFINE_WIDTHS(name, text)                                                                  \
    DEFINE(name, 1, u8, text)                                                                      \
    DEFINE(name, 2, u16, text)                                                                     \
    DEFINE(name, 4, u32, text)                                                                     \
    DEFINE(name, 8, u64, text)
#define BINARY(name) DEFINE_WIDTHS(name, #name " %[source], %[old]")
#define UNARY(name)  DEFINE_WIDTHS(name, #name " %[old]")
#define BITS(name)                                                                                 \
    DEFINE(name, 2, u16, #name " %[source], %[old]")                                               \
    DEFINE(name, 4, u32, #name " %[source], %[old]")                                               \
    DEFINE(name, 8, u64, #name " %[source], %[old]")

BINARY(mov)
BINARY(add)
BINARY(or)
BINARY(adc)
BINARY(sbb)
BINARY(and)
BINARY(sub)
BINARY(xor)
BINARY(xadd)
BINARY(cmp)
UNARY(inc)
UNARY(dec)
UNARY(not )
UNARY(neg)
BITS(bts)
BITS(btr)
BITS(btc)

#define WIDTHS(op, name, flags)                                                                    \
    {#name, op, 1, flags, name##_1}, {#name, op, 2, flags, name##_2},                              \
        {#name, op, 4, flags, name##_4},                                                           \
    {                                                                                              \
#name, op, 8, flags, name##_8                                                              \
    }

static const struct {
    const char *name;
    enum insn_op op; /* INSN_NONE: cmp */
    unsigned width;
    u64 flags;
    u64 (*ask)(u64 old, u64 source, u64 *flags);
} operations[] = {
    WIDTHS(INSN_MOV, mov, ALL),
    WIDTHS(INSN_ADD, add, ALL),
    WIDTHS(INSN_OR, or, NO_AF),
    WIDTHS(INSN_ADC, adc, ALL),
    WIDTHS(INSN_SBB, sbb, ALL),
    WIDTHS(INSN_AND, and, NO_AF),
    WIDTHS(INSN_SUB, sub, ALL),
    WIDTHS(INSN_XOR, xor, NO_AF),
    WIDTHS(INSN_XADD, xadd, ALL),
    WIDTHS(INSN_NONE, cmp, ALL),
    WIDTHS(INSN_INC, inc, ALL),
    WIDTHS(INSN_DEC, dec, ALL),
    WIDTHS(INSN_NOT, not, ALL),
    WIDTHS(INSN_NEG, neg, ALL),
    {"bts", INSN_BTS, 2, CARRY_ONLY, bts_2},
    {"bts", INSN_BTS, 4, CARRY_ONLY, bts_4},
    {"bts", INSN_BTS, 8, CARRY_ONLY, bts_8},
    {"btr", INSN_BTR, 2, CARRY_ONLY, btr_2},
    {"btr", INSN_BTR, 4, CARRY_ONLY, btr_4},
    {"btr", INSN_BTR, 8, CARRY_ONLY, btr_8},
    {"btc", INSN_BTC, 2, CARRY_ONLY, btc_2},
    {"btc", INSN_BTC, 4, CARRY_ONLY, btc_4},
    {"btc", INSN_BTC, 8, CARRY_ONLY, btc_8},
};

#define OTHER_FLAGS 0x202ull /* IF and the bit that is always set: not ours to change */

static void check(size_t i, u64 old, u64 source, u64 flags_before)
{
    unsigned width = operations[i].width;
    u64 mask = insn_width_mask(width);
    u64 theirs = flags_before, ours = flags_before, got;
    u64 want = operations[i].ask(old, source, &theirs) & mask;

    old &= mask;
    source &= mask;
    if (operations[i].op == INSN_NONE) {
        assert_int_equal(insn_compare(width, old, source, &ours), old == source);
        got = old;
    } else {
        got = insn_compute(operations[i].op, width, old, source, &ours);
    }
    if (got != want || ((ours ^ theirs) & operations[i].flags) || (ours & ~ALL) != OTHER_FLAGS)
        fail_msg("%s of %u bytes, %llx and %llx: %llx (wanted %llx), flags %llx (wanted %llx)",
                 operations[i].name, width, (unsigned long long)old, (unsigned long long)source,
                 (unsigned long long)got, (unsigned long long)want, (unsigned long long)ours,
                 (unsigned long long)theirs);
}

static void check_both_carries(u64 old, u64 source)
{
    for (size_t i = 0; i < ARRAY_SIZE(operations); i++) {
        check(i, old, source, OTHER_FLAGS);
        check(i, old, source, OTHER_FLAGS | ALL);
    }
}

static void values_at_the_edges_give_what_the_processor_gives(void **state)
{
    static const u64 edges[] = {0,
                                1,
                                2,
                                0xf,
                                0x10,
                                0x7f,
                                0x80,
                                0xff,
                                0x100,
                                0x7fff,
                                0x8000,
                                0xffff,
                                0x10000,
                                0x7fffffff,
                                0x80000000,
                                0xffffffff,
                                0x100000000,
                                0x7fffffffffffffff,
                                0x8000000000000000,
                                0xfffffffffffffff0,
                                0xffffffffffffffff};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(edges); i++)
        for (size_t j = 0; j < ARRAY_SIZE(edges); j++)
            check_both_carries(edges[i], edges[j]);
}

static void random_values_give_what_the_processor_gives(void **state)
{
    u64 seed = 0x9e3779b97f4a7c15;

    (void)state;
    for (unsigned i = 0; i < 20000; i++) {
        u64 old = seed *= 0xd1342543de82ef95;
        u64 source = seed *= 0xd1342543de82ef95;

        check_both_carries(old ^ old >> 32, source ^ source >> 32);
    }
}

/* The operand that a position falls into: the SDM's table for bit strings (vol. 1, 4.6; bt). */
static void bit_strings_reach_both_ways(void **state)
{
    (void)state;
    assert_int_equal(insn_bit_offset(8, 0), 0);
    assert_int_equal(insn_bit_offset(8, 63), 0);
    assert_int_equal(insn_bit_offset(8, 64), 8);
    assert_int_equal(insn_bit_offset(8, -1), -8);
    assert_int_equal(insn_bit_offset(8, -64), -8);
    assert_int_equal(insn_bit_offset(8, -65), -16);
    assert_int_equal(insn_bit_offset(4, 31), 0);
    assert_int_equal(insn_bit_offset(4, 32), 4);
    assert_int_equal(insn_bit_offset(4, -32), -4);
    assert_int_equal(insn_bit_offset(2, 47), 4);
    assert_int_equal(insn_bit_offset(2, -17), -4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_at_the_edges_give_what_the_processor_gives),
        cmocka_unit_test(random_values_give_what_the_processor_gives),
        cmocka_unit_test(bit_strings_reach_both_ways),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
