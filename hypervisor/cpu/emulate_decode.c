/*
 * The decoder of privileged instructions: prefixes, one or two bytes of opcode, and for the control
 * and debug registers a ModRM byte whose mode bits the CPU ignores, for ports a byte with the port.
 * Prefixes matter for ports only, but for REX, and that only where it stands last. The three modes
 * differ in what the prefixes mean, and in that only 64-bit code has REX.
 */
#include "hypervisor/cpu/emulate_decode.h"

#include "xen-like/lib/insn.h"

#define PREFIX_WIDTH   0x66 /* the other of 16 and 32 bits */
#define PREFIX_ADDRESS 0x67 /* likewise; in 64-bit code: 32 */
#define PREFIX_LOCK    0xf0
#define PREFIX_REPNE   0xf2
#define PREFIX_REP     0xf3

#define REX_FIRST 0x40
#define REX_LAST  0x4f
#define REX_W     8u
#define REX_R     4u
#define REX_B     1u

/* Four opcodes each; their low bits: wider than a byte, out. */
#define STRINGS    0x6c
#define PORT_GIVEN 0xe4 /* in the next byte */
#define PORT_IN_DX 0xec

#define INT           0xcd
#define CLI           0xfa
#define STI           0xfb
#define TWO_BYTES     0x0f
#define GROUP_7       0x01
#define GROUP_XSETBV  0xd1
#define GROUP_RDTSCP  0xf9
#define CR_TO_GENERAL 0x20
#define DR_TO_GENERAL 0x21
#define GENERAL_TO_CR 0x22
#define GENERAL_TO_DR 0x23

/* Is @byte a prefix? If it means something to one of the instructions, note it. */
static bool prefix_use(struct priv_insn *insn, u8 byte)
{
    switch (byte) {
    case INSN_ES:
    case INSN_CS:
    case INSN_SS:
    case INSN_DS:
        if (insn->bits != 64)
            insn->segment = byte;
        return true;
    case INSN_FS ... INSN_GS:
        insn->segment = byte;
        return true;
    case PREFIX_WIDTH:
        insn->width = insn->bits == 16 ? 4 : 2;
        return true;
    case PREFIX_ADDRESS:
        insn->address_bytes = insn->bits == 32 ? 2 : 4;
        return true;
    case PREFIX_LOCK:
        insn->lock = true;
        return true;
    case PREFIX_REPNE ... PREFIX_REP:
        insn->repeated = true;
        return true;
    default:
        return false;
    }
}

static u8 one_byte_op(u8 byte)
{
    if ((byte & ~3) == STRINGS || (byte & ~3) == PORT_GIVEN || (byte & ~3) == PORT_IN_DX)
        return PRIV_PORT;
    return byte == CLI ? PRIV_CLI : byte == STI ? PRIV_STI : byte == INT ? PRIV_INT : PRIV_NONE;
}

static u8 two_byte_op(u8 byte)
{
    switch (byte) {
    case 0x06:
        return PRIV_CLTS;
    case 0x09:
        return PRIV_WBINVD;
    case CR_TO_GENERAL:
        return PRIV_CR_READ;
    case GENERAL_TO_CR:
        return PRIV_CR_WRITE;
    case DR_TO_GENERAL:
        return PRIV_DR_READ;
    case GENERAL_TO_DR:
        return PRIV_DR_WRITE;
    case 0x30:
        return PRIV_WRMSR;
    case 0x31:
        return PRIV_RDTSC;
    case 0x32:
        return PRIV_RDMSR;
    case 0xa2:
        return PRIV_CPUID;
    default:
        return PRIV_NONE;
    }
}

static u8 group_op(u8 modrm)
{
    switch (modrm) {
    case GROUP_XSETBV:
        return PRIV_XSETBV;
    case GROUP_RDTSCP:
        return PRIV_RDTSCP;
    default:
        return PRIV_NONE;
    }
}

/* The byte behind the opcode, if the opcode has one. */
static void modrm_use(struct priv_insn *insn, u8 opcode, u8 modrm, u8 rex)
{
    if (opcode == GROUP_7) {
        insn->op = group_op(modrm);
        return;
    }
    insn->control = (u8)((modrm >> 3 & 7) | (rex & REX_R ? 8 : 0));
    insn->reg = (u8)((modrm & 7) | (rex & REX_B ? 8 : 0));
}

static bool has_modrm(u8 opcode)
{
    return opcode == GROUP_7 || (opcode >= CR_TO_GENERAL && opcode <= GENERAL_TO_DR);
}

/* An opcode of one byte, and the number behind it, if there is one. Returns the length of both. */
static size_t one_byte_use(struct priv_insn *insn, const u8 *bytes, size_t have, u8 rex)
{
    insn->op = one_byte_op(bytes[0]);
    insn->string = (bytes[0] & ~3) == STRINGS;
    insn->write = bytes[0] & 2;
    if (!(bytes[0] & 1))
        insn->width = 1;
    else if (rex & REX_W)
        insn->width = 4;
    insn->port_in_dx = (bytes[0] & ~3) != PORT_GIVEN;
    if (insn->port_in_dx && insn->op != PRIV_INT)
        return 1;
    if (have < 2)
        insn->op = PRIV_NONE;
    else
        insn->number = bytes[1];
    return 2;
}

bool priv_decode(struct priv_insn *insn, const u8 *bytes, size_t have, unsigned bits)
{
    size_t at = 0;
    u8 rex = 0;

    *insn = (struct priv_insn){.op = PRIV_NONE,
                               .bits = (u8)bits,
                               .width = bits == 16 ? 2 : 4,
                               .address_bytes = (u8)(bits / 8)};
    if (have > INSN_BYTES_MAX)
        have = INSN_BYTES_MAX;
    for (; at < have; at++) {
        if (bits == 64 && bytes[at] >= REX_FIRST && bytes[at] <= REX_LAST)
            rex = bytes[at];
        else if (!prefix_use(insn, bytes[at]))
            break;
        else
            rex = 0;
    }
    if (at >= have)
        return false;
    if (bytes[at] != TWO_BYTES) {
        at += one_byte_use(insn, bytes + at, have - at, rex);
    } else {
        bool modrm;

        if (at + 1 >= have)
            return false;
        modrm = has_modrm(bytes[at + 1]);
        if (at + 1 + modrm >= have)
            return false;
        insn->op = two_byte_op(bytes[at + 1]);
        if (modrm)
            modrm_use(insn, bytes[at + 1], bytes[at + 2], rex);
        at += 2u + modrm;
    }
    insn->length = (u8)at;
    return insn->op != PRIV_NONE;
}
