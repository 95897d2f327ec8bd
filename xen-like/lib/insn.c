/*
 * The decoder is two tables, one for each opcode map, of what is stored and in which form the
 * operands come; and tables of the groups, where the reg field of the ModRM byte chooses the
 * operation. A cursor that stops at the end of the bytes makes "too short" and "unknown" the same
 * answer, found at one place.
 */
#include "xen-like/lib/insn.h"

/* Forms of operands. */
#define F_REG    0x01u /* r/m, reg */
#define F_IMM8   0x02u /* r/m, imm8 sign-extended */
#define F_IMM    0x04u /* r/m, imm of the operand's width, but at most 4 bytes */
#define F_UNARY  0x08u /* r/m alone */
#define F_STRING 0x10u /* no ModRM: [rdi] */
#define F_GROUP  0x20u /* op is a row of groups[] */
#define F_BYTE   0x40u /* operands of one byte */
#define F_BITS   0x80u /* the destination is a string of bits, the register a position in it */

struct form {
    u8 op;
    u8 flags;
};

enum {
    GROUP_ALU,
    GROUP_MOV,
    GROUP_UNARY,
    GROUP_STEP,
    GROUP_BIT
};

static const u8 groups[][8] = {
    [GROUP_ALU] = {INSN_ADD, INSN_OR, INSN_ADC, INSN_SBB, INSN_AND, INSN_SUB, INSN_XOR},
    [GROUP_MOV] = {INSN_MOV},
    [GROUP_UNARY] = {[2] = INSN_NOT, INSN_NEG},
    [GROUP_STEP] = {INSN_INC, INSN_DEC},
    [GROUP_BIT] = {[5] = INSN_BTS, INSN_BTR, INSN_BTC},
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
    PAIR(0xa4, INSN_MOVS, F_STRING),
    PAIR(0xaa, INSN_STOS, F_STRING),
    PAIR(0xc6, GROUP_MOV, F_GROUP | F_IMM),
    PAIR(0xf6, GROUP_UNARY, F_GROUP | F_UNARY),
    PAIR(0xfe, GROUP_STEP, F_GROUP | F_UNARY),
};

static const struct form two_byte[256] = {
    [0xab] = {INSN_BTS, F_REG | F_BITS}, PAIR(0xb0, INSN_CMPXCHG, F_REG),
    [0xb3] = {INSN_BTR, F_REG | F_BITS}, [0xba] = {GROUP_BIT, F_GROUP | F_IMM8},
    [0xbb] = {INSN_BTC, F_REG | F_BITS}, PAIR(0xc0, INSN_XADD, F_REG),
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
    bool operand_16;
    bool rep; /* either of the two: for stos and movs they mean the same */
    u8 rex;   /* 0: none */
};

#define REX_W 8u
#define REX_R 4u
#define REX_X 2u
#define REX_B 1u

/* Answers the first byte that is no prefix. A REX prefix counts only directly before that. */
static u8 take_prefixes(struct cursor *c, struct insn *insn, struct prefixes *p)
{
    for (;;) {
        u8 byte = take_byte(c);

        switch (byte) {
        case 0x26:
        case 0x2e:
        case 0x36:
        case 0x3e: /* es, cs, ss, ds: ignored in 64-bit code, even behind fs or gs */
            break;
        case INSN_FS:
        case INSN_GS:
            insn->segment = byte;
            break;
        case 0x66:
            p->operand_16 = true;
            break;
        case 0x67:
            insn->address_32 = true;
            break;
        case 0xf0:
            insn->lock = true;
            break;
        case 0xf2:
        case 0xf3:
            p->rep = true;
            break;
        case 0x40 ... 0x4f:
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

/* The ModRM byte and what it brings along. Answers its reg field; a register destination is bad. */
static u8 take_modrm(struct cursor *c, struct insn *insn, u8 rex)
{
    u8 modrm = take_byte(c);
    u8 mod = modrm >> 6, rm = modrm & 7;

    if (mod == 3) {
        c->bad = true;
    } else if (rm == 4) {
        take_sib(c, insn, rex, mod);
    } else if (rm == 5 && mod == 0) {
        insn->base = INSN_RIP;
        insn->displacement = (s32)take_number(c, 4);
    } else {
        insn->base = rm | (rex & REX_B ? 8 : 0);
    }
    if (mod == 1)
        insn->displacement = (s32)take_number(c, 1);
    else if (mod == 2)
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

static void string_operands(struct insn *insn, bool rep)
{
    insn->base = INSN_RDI;
    insn->repeated = rep;
    if (insn->op == INSN_STOS) {
        insn->source = INSN_RAX;
        insn->segment = 0; /* always es:rdi */
    }
}

static void modrm_operands(struct cursor *c, struct insn *insn, struct form form, u8 rex)
{
    u8 reg = take_modrm(c, insn, rex);

    if (form.flags & F_GROUP)
        insn->op = groups[form.op][reg];
    if (form.flags & F_REG)
        source_register(insn, reg, rex);
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

bool insn_decode(struct insn *insn, const u8 *bytes, size_t have)
{
    struct cursor c = {.next = bytes, .end = bytes + MIN(have, INSN_BYTES_MAX)};
    struct prefixes p = {0};
    struct form form;
    u8 opcode;

    *insn = (struct insn){.base = INSN_NO_REG, .index = INSN_NO_REG, .source = INSN_NO_REG};
    opcode = take_prefixes(&c, insn, &p);
    form = opcode == 0x0f ? two_byte[take_byte(&c)] : one_byte[opcode];
    if (c.bad || !form.flags)
        return false;
    insn->op = form.op;
    insn->width = form.flags & F_BYTE ? 1 : p.rex & REX_W ? 8 : p.operand_16 ? 2 : 4;
    if (form.flags & F_STRING)
        string_operands(insn, p.rep);
    else
        modrm_operands(&c, insn, form, p.rex);
    insn->length = (u8)(c.next - bytes);
    return !c.bad && insn->op != INSN_NONE && (!insn->lock || lock_allowed(insn->op));
}
