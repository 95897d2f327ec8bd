/*
 * What arithmetic instructions make of their operands, flags included.
 *
 * Every addition and subtraction is one sum: a - b - borrow is a + ~b + !borrow, with the carries
 * read as borrows. The carry out of each bit position can be seen in the operands and the sum
 * (a carry came in where they do not add up), which gives CF, AF and OF alike.
 */
#include "xen-like/lib/insn.h"

#define FLAG_CF 0x001ull
#define FLAG_PF 0x004ull
#define FLAG_AF 0x010ull
#define FLAG_ZF 0x040ull
#define FLAG_SF 0x080ull
#define FLAG_OF 0x800ull

#define FLAGS_ALL (FLAG_CF | FLAG_PF | FLAG_AF | FLAG_ZF | FLAG_SF | FLAG_OF)

static inline u64 top_bit(unsigned width)
{
    return 1ull << (8 * width - 1);
}

/* The three flags that only the result decides. */
static u64 result_flags(unsigned width, u64 result)
{
    u64 even = ~(u64)__builtin_parity((u8)result) & 1;

    return (even ? FLAG_PF : 0) | (result & insn_width_mask(width) ? 0 : FLAG_ZF) |
           (result & top_bit(width) ? FLAG_SF : 0);
}

static void set_flags(u64 *rflags, u64 which, u64 value)
{
    *rflags = (*rflags & ~which) | (value & which);
}

static u64 add_with_carry(unsigned width, u64 a, u64 b, u64 carry, u64 *flags)
{
    u64 sum = a + b + carry;
    u64 carries_in = a ^ b ^ sum;
    u64 carries_out = (a & b) | ((a | b) & ~sum);

    *flags = result_flags(width, sum) | (carries_out & top_bit(width) ? FLAG_CF : 0) |
             (carries_in & 0x10 ? FLAG_AF : 0) |
             ((carries_in ^ carries_out) & top_bit(width) ? FLAG_OF : 0);
    return sum;
}

static u64 sum(unsigned width, u64 a, u64 b, u64 carry, u64 which, u64 *rflags)
{
    u64 flags, result = add_with_carry(width, a, b, carry, &flags);

    set_flags(rflags, which, flags);
    return result;
}

static u64 difference(unsigned width, u64 a, u64 b, u64 borrow, u64 which, u64 *rflags)
{
    u64 flags, result = add_with_carry(width, a, ~b, !borrow, &flags);

    set_flags(rflags, which, flags ^ (FLAG_CF | FLAG_AF));
    return result;
}

static u64 logical(unsigned width, u64 result, u64 *rflags)
{
    set_flags(rflags, FLAGS_ALL, result_flags(width, result));
    return result;
}

/* The bit as it was goes to CF; ZF stays, and the others are not defined. */
static u64 bit_changed(enum insn_op op, unsigned width, u64 old, u64 position, u64 *rflags)
{
    u64 bit = 1ull << (position & (8 * width - 1));

    set_flags(rflags, FLAG_CF, old & bit ? FLAG_CF : 0);
    return op == INSN_BTS ? old | bit : op == INSN_BTR ? old & ~bit : old ^ bit;
}

static u64 compute(enum insn_op op, unsigned width, u64 old, u64 source, u64 *rflags)
{
    u64 carry = *rflags & FLAG_CF;

    switch (op) {
    case INSN_XADD:
    case INSN_ADD:
        return sum(width, old, source, 0, FLAGS_ALL, rflags);
    case INSN_ADC:
        return sum(width, old, source, carry, FLAGS_ALL, rflags);
    case INSN_INC:
        return sum(width, old, 1, 0, FLAGS_ALL & ~FLAG_CF, rflags);
    case INSN_SUB:
        return difference(width, old, source, 0, FLAGS_ALL, rflags);
    case INSN_SBB:
        return difference(width, old, source, carry, FLAGS_ALL, rflags);
    case INSN_DEC:
        return difference(width, old, 1, 0, FLAGS_ALL & ~FLAG_CF, rflags);
    case INSN_NEG:
        return difference(width, 0, old, 0, FLAGS_ALL, rflags);
    case INSN_NOT:
        return ~old;
    case INSN_OR:
        return logical(width, old | source, rflags);
    case INSN_AND:
        return logical(width, old & source, rflags);
    case INSN_XOR:
        return logical(width, old ^ source, rflags);
    case INSN_BTS:
    case INSN_BTR:
    case INSN_BTC:
        return bit_changed(op, width, old, source, rflags);
    default: /* a plain store */
        return source;
    }
}

u64 insn_compute(enum insn_op op, unsigned width, u64 old, u64 source, u64 *rflags)
{
    return compute(op, width, old, source, rflags) & insn_width_mask(width);
}

bool insn_compare(unsigned width, u64 left, u64 right, u64 *rflags)
{
    difference(width, left, right, 0, FLAGS_ALL, rflags);
    return !((left ^ right) & insn_width_mask(width));
}
