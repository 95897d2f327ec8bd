/*
 * The decoder is two tables, one for each opcode map, of what is stored and in which form the
 * operands come; and tables of the groups, where the reg field of the ModRM byte chooses the
 * operation. A cursor that stops at the end of the bytes makes "too short" and "unknown" the same
 * answer, found at one place.
 */
#include "xen-like/lib/insn.h"

/* Forms of operands. */
#define F_REG   0x01u /* r/m, reg */
#define F_IMM8  0x02u /* r/m, imm8 sign-extended */
#define F_IMM   0x04u /* r/m, imm of the operand's width, but at most 4 bytes */
#define F_UNARY 0x08u /* r/m alone */
#define F_NO_RM 0x10u /* no ModRM: [rdi], or an address in the instruction */
#define F_GROUP 0x20u /* op is a row of groups[] */
#define F_BYTE  0x40u /* operands of one byte */
#define F_BITS  0x80u /* the destination is a string of bits, the register a position in it */

struct form {
    u8 op;
    u8 flags;
};

enum {
    GROUP_ALU,
    GROUP_MOV,
    GROUP_UNARY,
    GROUP_STEP,
    GROUP_BIT,
    GROUP_PAIR
};

static const u8 groups[][8] = {
    [GROUP_ALU] = {INSN_ADD, INSN_OR, INSN_ADC, INSN_SBB, INSN_AND, INSN_SUB, INSN_XOR},
    [GROUP_MOV] = {INSN_MOV},
    [GROUP_UNARY] = {[2] = INSN_NOT, INSN_NEG},
    [GROUP_STEP] = {INSN_INC, INSN_DEC},
    [GROUP_BIT] = {[5] = INSN_BTS, INSN_BTR, INSN_BTC},
    [GROUP_PAIR] = {[1] = INSN_CMPXCHG8B},
};

/* An opcode for bytes, and beside it the same for wider operands. */
#define PAIR(opcode, what, form) [opcode] = {what, (form) | F_BYTE}, [(opcode) + 1] = {what, form}

static const struct form one_byte[256] = {
    PAIR(0x00, INSN_ADD, F_REG),
    PAIR(0x08, INSN_OR, F_REG),
    PAIR(0x10, INSN_ADC, F_REG),
    PAIR(0x18, INSN_SBB, F_REG),
    PAIR(0x20, INSN_AND, F_REG),
    PAIR(0x28, INSN_SUB, F_REG),
    PAIR(0x30, INSN_XOR, F_REG),
    PAIR(0x80, GROUP_ALU, F_GROUP | F_IMM),
    [0x83] = {GROUP_ALU, F_GROUP | F_IMM8},
    PAIR(0x86, INSN_XCHG, F_REG),
    PAIR(0x88, INSN_MOV, F_REG),
    PAIR(0xa2, INSN_MOV, F_NO_RM),
    PAIR(0xa4, INSN_MOVS, F_NO_RM),
    PAIR(0xaa, INSN_STOS, F_NO_RM),
    PAIR(0xc6, GROUP_MOV, F_GROUP | F_IMM),
    PAIR(0xf6, GROUP_UNARY, F_GROUP | F_UNARY),
    PAIR(0xfe, GROUP_STEP, F_GROUP | F_UNARY),
};

static const struct form two_byte[256] = {
    [0xab] = {INSN_BTS, F_REG | F_BITS},      PAIR(0xb0, INSN_CMPXCHG, F_REG),
    [0xb3] = {INSN_BTR, F_REG | F_BITS},      [0xba] = {GROUP_BIT, F_GROUP | F_IMM8},
    [0xbb] = {INSN_BTC, F_REG | F_BITS},      PAIR(0xc0, INSN_XADD, F_REG),
    [0xc7] = {GROUP_PAIR, F_GROUP | F_UNARY},
};

struct cursor {
    const u8 *next, *end;
    bool bad; /* something was wanted that is not there, or not known */
};

static u8 take_byte(struct cursor *c)
{
    if (c->next == c->end) {
        c->bad = true;
        return 0;
    }
    return *c->next++;
}

/* A little-endian number of 1, 2 or 4 bytes, sign-extended. */
static s64 take_number(struct cursor *c, unsigned bytes)
{
    u64 value = 0;

    for (unsigned i = 0; i < bytes; i++)
        value |= (u64)take_byte(c) << 8 * i;
    return (s64)(value << (64 - 8 * bytes)) >> (64 - 8 * bytes);
}

struct prefixes {
    u8 bits; /* none of these: of the code */
    bool operand_16;
    bool rep; /* either of the two: for stos and movs they mean the same */
    u8 rex;   /* 0: none */
};

#define REX_W 8u
#define REX_R 4u
#define REX_X 2u
#define REX_B 1u

/* Code of @bits begins here: what it says without prefixes. */
static struct prefixes decode_begin(struct insn *insn, unsigned bits)
{
    *insn = (struct insn){.base = INSN_NO_REG,
                          .index = INSN_NO_REG,
                          .source = INSN_NO_REG,
                          .address_bytes = (u8)(bits / 8)};
    return (struct prefixes){.bits = (u8)bits, .operand_16 = bits == 16};
}

/* Answers the first byte that is no prefix. A REX prefix counts only directly before that. In
 * other than 64-bit code REX bytes are other instructions, which store nothing. */
static u8 take_prefixes(struct cursor *c, struct insn *insn, struct prefixes *p)
{
    for (;;) {
        u8 byte = take_byte(c);

        switch (byte) {
        case INSN_ES:
        case INSN_CS:
        case INSN_SS:
        case INSN_DS: /* ignored in 64-bit code, even behind fs or gs */
            if (p->bits != 64)
                insn->segment = byte;
            break;
        case INSN_FS:
        case INSN_GS:
            insn->segment = byte;
            break;
        case 0x66:
            p->operand_16 = p->bits != 16;
            break;
        case 0x67:
            insn->address_bytes = p->bits == 32 ? 2 : 4;
            break;
        case 0xf0:
            insn->lock = true;
            break;
        case 0xf2:
        case 0xf3:
            p->rep = true;
            break;
        case 0x40 ... 0x4f:
            if (p->bits != 64)
                return byte;
            p->rex = byte;
            continue;
        default:
            return byte;
        }
        p->rex = 0;
    }
}

/* The SIB byte, with the rules that 4 is no index and that 5 without displacement is no base. */
static void take_sib(struct cursor *c, struct insn *insn, u8 rex, u8 mod)
{
    u8 sib = take_byte(c);
    u8 index = (sib >> 3 & 7) | (rex & REX_X ? 8 : 0);

    if (index != 4) {
        insn->index = index;
        insn->scale = sib >> 6;
    }
    insn->base = (sib & 7) | (rex & REX_B ? 8 : 0);
    if ((sib & 7) == 5 && mod == 0) {
        insn->base = INSN_NO_REG;
        insn->displacement = (s32)take_number(c, 4);
    }
}

/* Addresses of 16 bits: pairs of registers, or one. */
static void take_modrm_16(struct cursor *c, struct insn *insn, u8 mod, u8 rm)
{
    static const u8 bases[] = {3, 3, 5, 5, 6, 7, 5, 3}; /* bx bx bp bp si di bp bx */

    insn->base = bases[rm];
    if (rm < 4)
        insn->index = rm % 2 ? INSN_RDI : INSN_RSI;
    if (mod == 0 && rm == 6)
        insn->base = INSN_NO_REG;
    if (mod == 2 || (mod == 0 && rm == 6))
        insn->displacement = (s32)take_number(c, 2);
}

/* The ModRM byte and what it brings along. Answers its reg field; a register destination is bad. */
static u8 take_modrm(struct cursor *c, struct insn *insn, const struct prefixes *p)
{
    u8 modrm = take_byte(c), rex = p->rex;
    u8 mod = modrm >> 6, rm = modrm & 7;

    if (mod == 3) {
        c->bad = true;
    } else if (insn->address_bytes == 2) {
        take_modrm_16(c, insn, mod, rm);
    } else if (rm == 4) {
        take_sib(c, insn, rex, mod);
    } else if (rm == 5 && mod == 0) {
        insn->base = p->bits == 64 ? INSN_RIP : INSN_NO_REG;
        insn->displacement = (s32)take_number(c, 4);
    } else {
        insn->base = rm | (rex & REX_B ? 8 : 0);
    }
    if (mod == 1)
        insn->displacement = (s32)take_number(c, 1);
    else if (mod == 2 && insn->address_bytes > 2)
        insn->displacement = (s32)take_number(c, 4);
    return modrm >> 3 & 7;
}

/* Without REX, byte registers 4 to 7 are the high bytes of the first four. */
static void source_register(struct insn *insn, u8 reg, u8 rex)
{
    insn->source = reg | (rex & REX_R ? 8 : 0);
    if (insn->width == 1 && !rex && reg >= 4) {
        insn->source = reg - 4;
        insn->high_byte = true;
    }
}

/* String instructions; and mov from rax to an address of its own, of 16 or 32 bits only. */
static void implied_operands(struct cursor *c, struct insn *insn, bool rep)
{
    if (insn->op != INSN_MOVS)
        insn->source = INSN_RAX;
    if (insn->op == INSN_MOV) {
        c->bad |= insn->address_bytes > 4;
        insn->displacement = (s32)take_number(c, MIN(insn->address_bytes, 4));
        return;
    }
    insn->base = INSN_RDI;
    insn->repeated = rep;
    if (insn->op == INSN_STOS)
        insn->segment = 0; /* always es:rdi */
}

static void modrm_operands(struct cursor *c, struct insn *insn, struct form form,
                           const struct prefixes *p)
{
    u8 reg = take_modrm(c, insn, p);

    if (form.flags & F_GROUP)
        insn->op = groups[form.op][reg];
    if (form.flags & F_REG)
        source_register(insn, reg, p->rex);
    if (insn->op == INSN_CMPXCHG8B) {
        c->bad |= p->rex & REX_W; /* which would be sixteen bytes */
        insn->width = 8;
    }
    insn->bit_string = form.flags & F_BITS;
    if (form.flags & F_IMM8)
        insn->immediate = (u64)take_number(c, 1);
    if (form.flags & F_IMM)
        insn->immediate = (u64)take_number(c, MIN(insn->width, 4));
}

static bool lock_allowed(enum insn_op op)
{
    return op != INSN_MOV && op != INSN_STOS && op != INSN_MOVS;
}

static bool decode(struct insn *insn, const u8 *bytes, size_t have, unsigned bits)
{
    struct cursor c = {.next = bytes, .end = bytes + MIN(have, INSN_BYTES_MAX)};
    struct prefixes p = decode_begin(insn, bits);
    struct form form;
    u8 opcode;

    opcode = take_prefixes(&c, insn, &p);
    form = opcode == 0x0f ? two_byte[take_byte(&c)] : one_byte[opcode];
    if (c.bad || !form.flags)
        return false;
    insn->op = form.op;
    insn->width = form.flags & F_BYTE ? 1 : p.rex & REX_W ? 8 : p.operand_16 ? 2 : 4;
    if (form.flags & F_NO_RM)
        implied_operands(&c, insn, p.rep);
    else
        modrm_operands(&c, insn, form, &p);
    insn->length = (u8)(c.next - bytes);
    return !c.bad && insn->op != INSN_NONE && (!insn->lock || lock_allowed(insn->op));
}

bool insn_decode(struct insn *insn, const u8 *bytes, size_t have)
{
    return decode(insn, bytes, have, 64);
}

bool insn_decode_32(struct insn *insn, const u8 *bytes, size_t have)
{
    return decode(insn, bytes, have, 32);
}

#define CALL_FAR         0x9a
#define JUMP_FAR         0xea
#define GROUP_5          0xff /* of which two are far and in memory: */
#define GROUP_5_CALL_FAR 3
#define GROUP_5_JUMP_FAR 5

bool insn_decode_far(struct insn *insn, const u8 *bytes, size_t have, unsigned bits,
                     bool *in_memory)
{
    struct cursor c = {.next = bytes, .end = bytes + MIN(have, INSN_BYTES_MAX)};
    struct prefixes p = decode_begin(insn, bits);
    u8 opcode, how;

    opcode = take_prefixes(&c, insn, &p);
    insn->width = p.operand_16 ? 2 : 4;
    *in_memory = opcode == GROUP_5;
    if (*in_memory) {
        how = take_modrm(&c, insn, &p);
        c.bad |= how != GROUP_5_CALL_FAR && how != GROUP_5_JUMP_FAR;
        insn->op = how == GROUP_5_JUMP_FAR ? INSN_JUMP_FAR : INSN_CALL_FAR;
    } else {
        c.bad |= opcode != CALL_FAR && opcode != JUMP_FAR;
        take_number(&c, insn->width);
        insn->immediate = (u16)take_number(&c, 2);
        insn->op = opcode == JUMP_FAR ? INSN_JUMP_FAR : INSN_CALL_FAR;
    }
    insn->length = (u8)(c.next - bytes);
    return !c.bad && !insn->lock;
}
