/*
 * Decoding of x86 instructions that store to memory, in 64-bit and in 32-bit code, and what they
 * compute.
 *
 * Whoever must carry out a store in place of the CPU (it faulted, and the memory is not what the
 * program thinks) needs to know: what is stored, where, how wide, and what else the instruction
 * changes. The decoder answers with numbers of registers, never with their contents; insn_compute
 * works on values. So neither knows where registers are kept, and both run on the host.
 *
 * Known are the general-purpose stores that kernels use for words they share with the machine:
 * mov, xchg, xadd, cmpxchg, cmpxchg8b, the arithmetic and bit instructions with a memory
 * destination, stos and movs. Everything else, and everything that the CPU itself would refuse, is
 * "not decodable": also an instruction of a known kind that does not write memory (a register
 * destination, cmp, test). Encodings: Intel SDM vol. 2, chapter 2 and appendix A.
 */
#ifndef XEN_LIKE_LIB_INSN_H
#define XEN_LIKE_LIB_INSN_H

#include "xen-like/lib/types.h"

#define INSN_BYTES_MAX 15

enum insn_op {
    INSN_NONE,
    INSN_MOV,
    INSN_XCHG,
    INSN_XADD,
    INSN_CMPXCHG,
    INSN_CMPXCHG8B,
    INSN_ADD,
    INSN_OR,
    INSN_ADC,
    INSN_SBB,
    INSN_AND,
    INSN_SUB,
    INSN_XOR,
    INSN_INC,
    INSN_DEC,
    INSN_NOT,
    INSN_NEG,
    INSN_BTS,
    INSN_BTR,
    INSN_BTC,
    INSN_STOS,
    INSN_MOVS,
    INSN_CALL_FAR, /* insn_decode_far() only */
    INSN_JUMP_FAR,
};

/* Registers by their number in an encoding: rax rcx rdx rbx rsp rbp rsi rdi r8 ... r15. */
#define INSN_RAX    0
#define INSN_RCX    1
#define INSN_RSP    4
#define INSN_RBP    5
#define INSN_RSI    6
#define INSN_RDI    7
#define INSN_RIP    16 /* as base: the address of the next instruction */
#define INSN_NO_REG 17

/* Segments, by the prefix that names them. */
#define INSN_ES 0x26
#define INSN_CS 0x2e
#define INSN_SS 0x36
#define INSN_DS 0x3e
#define INSN_FS 0x64
#define INSN_GS 0x65

struct insn {
    u8 length; /* of the whole instruction, 1 to INSN_BYTES_MAX */
    u8 op;     /* enum insn_op */
    u8 width;  /* of the operand: 1, 2, 4 or 8 bytes */
    bool lock;
    bool repeated;    /* stos and movs: rcx counts */
    u8 address_bytes; /* of the effective address, rcx, rsi and rdi: 2, 4 or 8 */
    u8 segment;       /* INSN_FS, INSN_GS: its base is to be added; in other than 64-bit code INSN_*
                         of any that is named; 0: none */

    /* The effective address: the low bytes of base + (index << scale) + displacement. */
    u8 base, index; /* register numbers; base may be INSN_RIP; either may be INSN_NO_REG */
    u8 scale;
    s32 displacement;

    /* The other operand: a register, or the immediate value if source is INSN_NO_REG. For movs
     * memory at rsi; for inc, dec, not and neg there is none (the value is 0). For cmpxchg8b it is
     * ecx:ebx. */
    u8 source;
    bool high_byte;  /* bits 8 to 15 of register @source: ah, ch, dh, bh */
    bool bit_string; /* @source counts bits from the effective address: see insn_bit_offset */
    u64 immediate;   /* sign-extended */
};

/*
 * Decode the instruction at the beginning of @bytes, of which @have may be read. False: none that
 * this knows, or more bytes would be needed; @insn has no meaning then.
 */
bool insn_decode(struct insn *insn, const u8 *bytes, size_t have);

/* The same for 32-bit code. */
bool insn_decode_32(struct insn *insn, const u8 *bytes, size_t have);

/*
 * A far call or jump in code of @bits, 16 or 32. Where it goes is an offset of @width bytes with a
 * selector behind: at the effective address if @in_memory, or in the instruction itself, and then
 * the selector is the immediate.
 */
bool insn_decode_far(struct insn *insn, const u8 *bytes, size_t have, unsigned bits,
                     bool *in_memory);

/*
 * What an instruction @op makes of the @width bytes of its destination, @old, and of its source;
 * the arithmetic flags in *@rflags are changed as it would. Those that the CPU leaves undefined
 * stay, or are 0 (AF of a logical operation). For xadd and xchg the source register's new value is
 * @old. For cmpxchg the answer is @source, and the flags are insn_compare's to make.
 */
u64 insn_compute(enum insn_op op, unsigned width, u64 old, u64 source, u64 *rflags);

/* cmp @left, @right: the flags. True if they are equal. */
bool insn_compare(unsigned width, u64 left, u64 right, u64 *rflags);

/*
 * bts, btr and btc with a register reach beyond their operand: how many bytes behind (or before)
 * the effective address the operand lies that holds bit @position.
 */
static inline s64 insn_bit_offset(unsigned width, s64 position)
{
    return (position >> 3) & -(s64)width;
}

/* All bits of an operand of @width bytes. */
static inline u64 insn_width_mask(unsigned width)
{
    return ~0ull >> (64 - 8 * width);
}

#endif
