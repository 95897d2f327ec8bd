// LINK: xen-like/lib/insn.c
/*
 * The decoder of stores, as a table of what an assembler made of each line (GNU as, and the SDM
 * where an assembler has no name for it), and of what is no store. Every encoding is cut at every
 * length, and random bytes must neither be read too far nor give an answer that makes no sense.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "xen-like/lib/insn.h"

#define N INSN_NO_REG

struct row {
    const char *text; /* in the form: op, destination, source */
    const char *bytes;
    struct insn want;
};

#define ROW_OF(address, text_, bytes_, op_, width_, ...)                                           \
    {                                                                                              \
        text_, bytes_,                                                                             \
        {                                                                                          \
            .length = sizeof(bytes_) - 1, .op = INSN_##op_, .width = width_,                       \
            .address_bytes = address, __VA_ARGS__                                                  \
        }                                                                                          \
    }
#define ROW(...)   ROW_OF(8, __VA_ARGS__)
#define ROW32(...) ROW_OF(4, __VA_ARGS__)
#define ROW16(...) ROW_OF(2, __VA_ARGS__)
#define AT(base_, index_, scale_, disp_)                                                           \
    .base = (base_), .index = (index_), .scale = (scale_), .displacement = (disp_)
#define REG(n) .source = (n)
#define IMM(v) .source = N, .immediate = (u64)(v)

static const struct row rows[] = {
    /* addresses */
    ROW("mov [rdi], rax", "\x48\x89\x07", MOV, 8, AT(7, N, 0, 0), REG(0)),
    ROW("mov [rdi+0x10], eax", "\x89\x47\x10", MOV, 4, AT(7, N, 0, 0x10), REG(0)),
    ROW("mov [rdi-0x10], ax", "\x66\x89\x47\xf0", MOV, 2, AT(7, N, 0, -0x10), REG(0)),
    ROW("mov [rbx+0x12345678], al", "\x88\x83\x78\x56\x34\x12", MOV, 1, AT(3, N, 0, 0x12345678),
        REG(0)),
    ROW("mov [rsp], rcx", "\x48\x89\x0c\x24", MOV, 8, AT(4, N, 0, 0), REG(1)),
    ROW("mov [rbp+0], rcx", "\x48\x89\x4d\x00", MOV, 8, AT(5, N, 0, 0), REG(1)),
    ROW("mov [r12], rcx", "\x49\x89\x0c\x24", MOV, 8, AT(12, N, 0, 0), REG(1)),
    ROW("mov [r13+0], rcx", "\x49\x89\x4d\x00", MOV, 8, AT(13, N, 0, 0), REG(1)),
    ROW("mov [r15], r14", "\x4d\x89\x37", MOV, 8, AT(15, N, 0, 0), REG(14)),
    ROW("mov [rip+0x100], rax", "\x48\x89\x05\x00\x01\x00\x00", MOV, 8, AT(16, N, 0, 0x100),
        REG(0)),
    ROW("rex.b mov [rip-1], rax", "\x49\x89\x05\xff\xff\xff\xff", MOV, 8, AT(16, N, 0, -1), REG(0)),
    ROW("mov [rax+rbx*8], rdx", "\x48\x89\x14\xd8", MOV, 8, AT(0, 3, 3, 0), REG(2)),
    ROW("mov [r8+r9*4+0x7f], rdx", "\x4b\x89\x54\x88\x7f", MOV, 8, AT(8, 9, 2, 0x7f), REG(2)),
    ROW("mov [rax+r12*2], rdx", "\x4a\x89\x14\x60", MOV, 8, AT(0, 12, 1, 0), REG(2)),
    ROW("mov [rbp+rax+0], rdx", "\x48\x89\x54\x05\x00", MOV, 8, AT(5, 0, 0, 0), REG(2)),
    ROW("mov [rbp+rax*2-0x80000000], rdx", "\x48\x89\x94\x45\x00\x00\x00\x80", MOV, 8,
        AT(5, 0, 1, (s32)0x80000000), REG(2)),
    ROW("mov [0x1000], rax", "\x48\x89\x04\x25\x00\x10\x00\x00", MOV, 8, AT(N, N, 0, 0x1000),
        REG(0)),
    ROW("mov [rax*8+0x1000], rax", "\x48\x89\x04\xc5\x00\x10\x00\x00", MOV, 8, AT(N, 0, 3, 0x1000),
        REG(0)),
    ROW("mov [r13*8+0], rax", "\x4a\x89\x04\xed\x00\x00\x00\x00", MOV, 8, AT(N, 13, 3, 0), REG(0)),
    ROW32("mov [edi], rax", "\x67\x48\x89\x07", MOV, 8, AT(7, N, 0, 0), REG(0)),
    ROW("mov fs:[rdi], rax", "\x64\x48\x89\x07", MOV, 8, AT(7, N, 0, 0), REG(0),
        .segment = INSN_FS),
    ROW("mov gs:[rdi], eax", "\x65\x89\x07", MOV, 4, AT(7, N, 0, 0), REG(0), .segment = INSN_GS),
    ROW("fs gs ds mov [rdi], eax", "\x64\x65\x3e\x89\x07", MOV, 4, AT(7, N, 0, 0), REG(0),
        .segment = INSN_GS),

    /* prefixes and registers of a byte */
    ROW("mov [rax], ah", "\x88\x20", MOV, 1, AT(0, N, 0, 0), REG(0), .high_byte = true),
    ROW("mov [rax], bh", "\x88\x38", MOV, 1, AT(0, N, 0, 0), REG(3), .high_byte = true),
    ROW("mov [rax], dil", "\x40\x88\x38", MOV, 1, AT(0, N, 0, 0), REG(7)),
    ROW("mov [rax], r12b", "\x44\x88\x20", MOV, 1, AT(0, N, 0, 0), REG(12)),
    ROW("rex.w, 66 mov [rdi], ax", "\x48\x66\x89\x07", MOV, 2, AT(7, N, 0, 0), REG(0)),
    ROW("66 rex.w mov [rdi], rax", "\x66\x48\x89\x07", MOV, 8, AT(7, N, 0, 0), REG(0)),
    ROW("rex.w mov [rdi], al", "\x48\x88\x07", MOV, 1, AT(7, N, 0, 0), REG(0)),
    ROW("rep mov [rdi], eax", "\xf3\x89\x07", MOV, 4, AT(7, N, 0, 0), REG(0)),
    ROW("fifteen bytes", "\x2e\x2e\x2e\x48\xc7\x84\x0f\x10\x00\x00\x00\x01\x02\x03\x84", MOV, 8,
        AT(7, 1, 0, 0x10), IMM(-0x7bfcfdff)),

    /* immediates */
    ROW("mov byte [rax], 0x80", "\xc6\x00\x80", MOV, 1, AT(0, N, 0, 0), IMM(-0x80)),
    ROW("mov word [rax], 0x8001", "\x66\xc7\x00\x01\x80", MOV, 2, AT(0, N, 0, 0), IMM(-0x7fff)),
    ROW("mov dword [rax], 5", "\xc7\x00\x05\x00\x00\x00", MOV, 4, AT(0, N, 0, 0), IMM(5)),
    ROW("mov qword [rax], -2", "\x48\xc7\x00\xfe\xff\xff\xff", MOV, 8, AT(0, N, 0, 0), IMM(-2)),
    ROW("mov qword [rip+4], 7", "\x48\xc7\x05\x04\x00\x00\x00\x07\x00\x00\x00", MOV, 8,
        AT(16, N, 0, 4), IMM(7)),
    ROW("add byte [rax], 1", "\x80\x00\x01", ADD, 1, AT(0, N, 0, 0), IMM(1)),
    ROW("or word [rax], 0x1234", "\x66\x81\x08\x34\x12", OR, 2, AT(0, N, 0, 0), IMM(0x1234)),
    ROW("adc dword [rax], -1", "\x83\x10\xff", ADC, 4, AT(0, N, 0, 0), IMM(-1)),
    ROW("sbb qword [rax], 0x80000000", "\x48\x81\x18\x00\x00\x00\x80", SBB, 8, AT(0, N, 0, 0),
        IMM(-0x80000000ll)),
    ROW("lock and qword [rax], -3", "\xf0\x48\x83\x20\xfd", AND, 8, AT(0, N, 0, 0), IMM(-3),
        .lock = true),
    ROW("sub dword [rax], 1", "\x83\x28\x01", SUB, 4, AT(0, N, 0, 0), IMM(1)),
    ROW("xor dword [rax], 1", "\x83\x30\x01", XOR, 4, AT(0, N, 0, 0), IMM(1)),

    /* operations with a register */
    ROW("add [rdx], rcx", "\x48\x01\x0a", ADD, 8, AT(2, N, 0, 0), REG(1)),
    ROW("or [rdx], cl", "\x08\x0a", OR, 1, AT(2, N, 0, 0), REG(1)),
    ROW("adc [rdx], ecx", "\x11\x0a", ADC, 4, AT(2, N, 0, 0), REG(1)),
    ROW("sbb [rdx], cl", "\x18\x0a", SBB, 1, AT(2, N, 0, 0), REG(1)),
    ROW("lock and [rdx], rcx", "\xf0\x48\x21\x0a", AND, 8, AT(2, N, 0, 0), REG(1), .lock = true),
    ROW("sub [rdx], cx", "\x66\x29\x0a", SUB, 2, AT(2, N, 0, 0), REG(1)),
    ROW("xor [rdx], ecx", "\x31\x0a", XOR, 4, AT(2, N, 0, 0), REG(1)),
    ROW("xchg [rdx], rcx", "\x48\x87\x0a", XCHG, 8, AT(2, N, 0, 0), REG(1)),
    ROW("xchg [rdx], ch", "\x86\x2a", XCHG, 1, AT(2, N, 0, 0), REG(1), .high_byte = true),
    ROW("lock cmpxchg [rdx], rcx", "\xf0\x48\x0f\xb1\x0a", CMPXCHG, 8, AT(2, N, 0, 0), REG(1),
        .lock = true),
    ROW("cmpxchg [rdx], cl", "\x0f\xb0\x0a", CMPXCHG, 1, AT(2, N, 0, 0), REG(1)),
    ROW("lock xadd [rdx], ecx", "\xf0\x0f\xc1\x0a", XADD, 4, AT(2, N, 0, 0), REG(1), .lock = true),
    ROW("xadd [rdx], cl", "\x0f\xc0\x0a", XADD, 1, AT(2, N, 0, 0), REG(1)),
    ROW("lock cmpxchg8b [rdx]", "\xf0\x0f\xc7\x0a", CMPXCHG8B, 8, AT(2, N, 0, 0), REG(N),
        .lock = true),
    ROW32("mov [0x12345678], eax", "\x67\xa3\x78\x56\x34\x12", MOV, 4, AT(N, N, 0, 0x12345678),
          REG(0)),
    ROW("inc byte [rax]", "\xfe\x00", INC, 1, AT(0, N, 0, 0), REG(N)),
    ROW("dec qword [rax]", "\x48\xff\x08", DEC, 8, AT(0, N, 0, 0), REG(N)),
    ROW("not byte [rax]", "\xf6\x10", NOT, 1, AT(0, N, 0, 0), REG(N)),
    ROW("neg dword [rax]", "\xf7\x18", NEG, 4, AT(0, N, 0, 0), REG(N)),
    ROW("bts [rax], rcx", "\x48\x0f\xab\x08", BTS, 8, AT(0, N, 0, 0), REG(1), .bit_string = true),
    ROW("lock btr [rax], ecx", "\xf0\x0f\xb3\x08", BTR, 4, AT(0, N, 0, 0), REG(1),
        .bit_string = true, .lock = true),
    ROW("btc [rax], cx", "\x66\x0f\xbb\x08", BTC, 2, AT(0, N, 0, 0), REG(1), .bit_string = true),
    ROW("bts qword [rax], 63", "\x48\x0f\xba\x28\x3f", BTS, 8, AT(0, N, 0, 0), IMM(63)),
    ROW("lock btr qword [rax], 5", "\xf0\x48\x0f\xba\x30\x05", BTR, 8, AT(0, N, 0, 0), IMM(5),
        .lock = true),
    ROW("btc dword [rax], 5", "\x0f\xba\x38\x05", BTC, 4, AT(0, N, 0, 0), IMM(5)),

    /* strings */
    ROW("stosb", "\xaa", STOS, 1, AT(7, N, 0, 0), REG(0)),
    ROW("rep stosq", "\xf3\x48\xab", STOS, 8, AT(7, N, 0, 0), REG(0), .repeated = true),
    ROW("repne stosd", "\xf2\xab", STOS, 4, AT(7, N, 0, 0), REG(0), .repeated = true),
    ROW("fs stosw", "\x64\x66\xab", STOS, 2, AT(7, N, 0, 0), REG(0)),
    ROW("movsq", "\x48\xa5", MOVS, 8, AT(7, N, 0, 0), REG(N)),
    ROW("rep movsb", "\xf3\xa4", MOVS, 1, AT(7, N, 0, 0), REG(N), .repeated = true),
    ROW("fs movsd", "\x64\xa5", MOVS, 4, AT(7, N, 0, 0), REG(N), .segment = INSN_FS),
};

/* What is another instruction in 32-bit code, and what is one there only. */
static const struct row rows_32[] = {
    ROW32("mov [edi], eax", "\x89\x07", MOV, 4, AT(7, N, 0, 0), REG(0)),
    ROW32("mov [edi+4], edx", "\x89\x57\x04", MOV, 4, AT(7, N, 0, 4), REG(2)),
    ROW32("mov [0xf0001000], ecx", "\x89\x0d\x00\x10\x00\xf0", MOV, 4, AT(N, N, 0, (s32)0xf0001000),
          REG(1)),
    ROW32("mov [0xf0001000], eax", "\xa3\x00\x10\x00\xf0", MOV, 4, AT(N, N, 0, (s32)0xf0001000),
          REG(0)),
    ROW32("mov fs:[0x10], ax", "\x64\x66\xa3\x10\x00\x00\x00", MOV, 2, AT(N, N, 0, 0x10), REG(0),
          .segment = INSN_FS),
    ROW32("mov [0x10], al", "\xa2\x10\x00\x00\x00", MOV, 1, AT(N, N, 0, 0x10), REG(0)),
    ROW32("mov [ebx+eax*8], edx", "\x89\x14\xc3", MOV, 4, AT(3, 0, 3, 0), REG(2)),
    ROW32("mov ss:[edi], eax", "\x36\x89\x07", MOV, 4, AT(7, N, 0, 0), REG(0), .segment = INSN_SS),
    ROW32("fs es mov [edi], eax", "\x64\x26\x89\x07", MOV, 4, AT(7, N, 0, 0), REG(0),
          .segment = INSN_ES),
    ROW32("mov [eax], bh", "\x88\x38", MOV, 1, AT(0, N, 0, 0), REG(3), .high_byte = true),
    ROW32("mov dword [eax], 5", "\xc7\x00\x05\x00\x00\x00", MOV, 4, AT(0, N, 0, 0), IMM(5)),
    ROW32("lock cmpxchg8b [edi]", "\xf0\x0f\xc7\x0f", CMPXCHG8B, 8, AT(7, N, 0, 0), REG(N),
          .lock = true),
    ROW32("xchg [edx], ecx", "\x87\x0a", XCHG, 4, AT(2, N, 0, 0), REG(1)),
    ROW32("rep stosd", "\xf3\xab", STOS, 4, AT(7, N, 0, 0), REG(0), .repeated = true),
    ROW32("movsd", "\xa5", MOVS, 4, AT(7, N, 0, 0), REG(N)),
    ROW16("mov [bx+si], eax", "\x67\x89\x00", MOV, 4, AT(3, 6, 0, 0), REG(0)),
    ROW16("mov [bx+di+1], ax", "\x67\x66\x89\x41\x01", MOV, 2, AT(3, 7, 0, 1), REG(0)),
    ROW16("mov [bp+si-2], ecx", "\x67\x89\x4a\xfe", MOV, 4, AT(5, 6, 0, -2), REG(1)),
    ROW16("mov [bp+di+0x1234], ecx", "\x67\x89\x8b\x34\x12", MOV, 4, AT(5, 7, 0, 0x1234), REG(1)),
    ROW16("mov [si], al", "\x67\x88\x04", MOV, 1, AT(6, N, 0, 0), REG(0)),
    ROW16("mov [di], edx", "\x67\x89\x15", MOV, 4, AT(7, N, 0, 0), REG(2)),
    ROW16("mov [0x8008], edx", "\x67\x89\x16\x08\x80", MOV, 4, AT(N, N, 0, -0x7ff8), REG(2)),
    ROW16("mov [bp+0], edx", "\x67\x89\x56\x00", MOV, 4, AT(5, N, 0, 0), REG(2)),
    ROW16("mov dword [bx], 5", "\x67\xc7\x07\x05\x00\x00\x00", MOV, 4, AT(3, N, 0, 0), IMM(5)),
    ROW16("mov [0x8008], eax", "\x67\xa3\x08\x80", MOV, 4, AT(N, N, 0, -0x7ff8), REG(0)),
    ROW16("rep stosd, di and cx", "\x67\xf3\xab", STOS, 4, AT(7, N, 0, 0), REG(0),
          .repeated = true),
};

/* In memory of just that size, so that reading too far is found. */
static bool decode_by(bool (*decode)(struct insn *, const u8 *, size_t), struct insn *insn,
                      const char *bytes, size_t length)
{
    u8 *copy = malloc(length ? length : 1);
    bool known;

    assert_non_null(copy);
    memcpy(copy, bytes, length);
    known = decode(insn, length ? copy : copy + 1, length);
    free(copy);
    return known;
}

static bool decode_exactly(struct insn *insn, const char *bytes, size_t length)
{
    return decode_by(insn_decode, insn, bytes, length);
}

static bool same(const struct insn *a, const struct insn *b)
{
    return a->length == b->length && a->op == b->op && a->width == b->width && a->lock == b->lock &&
           a->repeated == b->repeated && a->address_bytes == b->address_bytes &&
           a->segment == b->segment && a->base == b->base && a->index == b->index &&
           a->scale == b->scale && a->displacement == b->displacement && a->source == b->source &&
           a->high_byte == b->high_byte && a->bit_string == b->bit_string &&
           a->immediate == b->immediate;
}

static void each_encoding_means_what_the_assembler_meant(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct insn got = {0};

        if (!decode_exactly(&got, rows[i].bytes, rows[i].want.length) || !same(&got, &rows[i].want))
            fail_msg("%s: length %u op %u width %u base %u index %u scale %u displacement %d "
                     "source %u immediate %llx",
                     rows[i].text, got.length, got.op, got.width, got.base, got.index, got.scale,
                     got.displacement, got.source, (unsigned long long)got.immediate);
    }
}

static void an_instruction_cut_short_is_not_decoded(void **state)
{
    struct insn insn;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        for (size_t length = 0; length < rows[i].want.length; length++)
            if (decode_exactly(&insn, rows[i].bytes, length))
                fail_msg("%s: decoded from %zu bytes", rows[i].text, length);
}

/* Bytes behind the instruction change nothing. */
static void what_follows_is_not_looked_at(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        for (int filler = 0; filler < 256; filler += 15) {
            u8 bytes[32];
            struct insn insn;

            memset(bytes, filler, sizeof(bytes));
            memcpy(bytes, rows[i].bytes, rows[i].want.length);
            assert_true(insn_decode(&insn, bytes, sizeof(bytes)));
            assert_int_equal(insn.length, rows[i].want.length);
        }
}

static const struct {
    const char *text;
    const char *bytes;
    size_t length;
} refused[] = {
#define REFUSED(text, bytes)                                                                       \
    {                                                                                              \
        text, bytes, sizeof(bytes) - 1                                                             \
    }
    REFUSED("mov rdi, rax", "\x48\x89\xc7"),
    REFUSED("mov rax, [rdi]", "\x48\x8b\x07"),
    REFUSED("xchg rdi, rax", "\x48\x87\xc7"),
    REFUSED("cmp [rdi], rax", "\x48\x39\x07"),
    REFUSED("cmp qword [rdi], 1", "\x48\x83\x3f\x01"),
    REFUSED("test dword [rax], 1", "\xf7\x00\x01\x00\x00\x00"),
    REFUSED("mul qword [rax]", "\x48\xf7\x20"),
    REFUSED("call [rax]", "\xff\x10"),
    REFUSED("push [rax]", "\xff\x30"),
    REFUSED("group 11, /1", "\xc7\x08\x00\x00\x00\x00"),
    REFUSED("cmpxchg16b [rax]", "\x48\x0f\xc7\x08"),
    REFUSED("mov [8 bytes], eax", "\xa3\x00\x00\x00\x00\x00\x00\x00\x00"),
    REFUSED("bt [rax], rcx", "\x48\x0f\xa3\x08"),
    REFUSED("bt qword [rax], 1", "\x48\x0f\xba\x20\x01"),
    REFUSED("82 /0: none in 64-bit code", "\x82\x00\x01"),
    REFUSED("lock mov [rdi], rax", "\xf0\x48\x89\x07"),
    REFUSED("lock stosq", "\xf0\x48\xab"),
    REFUSED("lock movsq", "\xf0\x48\xa5"),
    REFUSED("lodsq", "\x48\xad"),
    REFUSED("ud2", "\x0f\x0b"),
    REFUSED("movups [rax], xmm0", "\x0f\x11\x00"),
    REFUSED("vmovups [rax], xmm0", "\xc5\xf8\x11\x00"),
    REFUSED("prefixes only", "\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66\x66"),
    REFUSED("sixteen bytes", "\x2e\x2e\x2e\x2e\x48\xc7\x84\x0f\x10\x00\x00\x00\x01\x02\x03\x84"),
};

static void what_is_no_store_is_not_decoded(void **state)
{
    struct insn insn;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(refused); i++)
        if (decode_exactly(&insn, refused[i].bytes, refused[i].length))
            fail_msg("%s: decoded", refused[i].text);
}

static u64 random_next(u64 *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    return *seed ^= *seed << 17;
}

static void check_sense(const struct insn *insn, size_t have)
{
    assert_in_range(insn->length, 1, have);
    assert_in_range(insn->op, INSN_MOV, INSN_MOVS);
    assert_int_equal(insn->width & (insn->width - 1), 0);
    assert_in_range(insn->width, 1, 8);
    assert_in_range(insn->base, 0, N);
    assert_true(insn->index < 16 || insn->index == N);
    assert_true(insn->source < 16 || insn->source == N);
    assert_in_range(insn->scale, 0, 3);
    assert_false(insn->high_byte && insn->source > 3);
}

static void each_encoding_of_32_bits_means_what_the_assembler_meant(void **state)
{
    static const char no_stores[][4] = {"\x48\x89\x07", "\x4f\x89\x07"}; /* inc, dec of registers */
    struct insn got;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(rows_32); i++) {
        const struct row *row = &rows_32[i];

        if (!decode_by(insn_decode_32, &got, row->bytes, row->want.length) ||
            !same(&got, &row->want))
            fail_msg("%s: length %u op %u width %u base %u displacement %d", row->text, got.length,
                     got.op, got.width, got.base, got.displacement);
        for (size_t length = 0; length < row->want.length; length++)
            assert_false(decode_by(insn_decode_32, &got, row->bytes, length));
    }
    for (size_t i = 0; i < ARRAY_SIZE(no_stores); i++)
        assert_false(decode_by(insn_decode_32, &got, no_stores[i], 3));
}

/* Whatever is decoded is decoded again from its own bytes alone, and from no fewer. */
static void random_bytes_give_sense_or_nothing(void **state)
{
    u64 seed = 0x9e3779b97f4a7c15;
    unsigned known = 0;

    (void)state;
    for (unsigned i = 0; i < 400000; i++) {
        char bytes[16];
        struct insn insn, again;
        size_t have = i % (sizeof(bytes) + 1);

        for (size_t at = 0; at < sizeof(bytes); at += sizeof(u64))
            memcpy(bytes + at, &(u64){random_next(&seed)}, sizeof(u64));
        if (i & 1) /* else too few come far */
            bytes[0] = 0x48, bytes[1] = (char)(i >> 1);
        if (!decode_exactly(&insn, bytes, have))
            continue;
        known++;
        check_sense(&insn, MIN(have, INSN_BYTES_MAX));
        assert_true(decode_exactly(&again, bytes, insn.length));
        assert_true(same(&insn, &again));
        assert_false(decode_exactly(&again, bytes, insn.length - 1u));
    }
    assert_true(known > 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_encoding_means_what_the_assembler_meant),
        cmocka_unit_test(an_instruction_cut_short_is_not_decoded),
        cmocka_unit_test(each_encoding_of_32_bits_means_what_the_assembler_meant),
        cmocka_unit_test(what_follows_is_not_looked_at),
        cmocka_unit_test(what_is_no_store_is_not_decoded),
        cmocka_unit_test(random_bytes_give_sense_or_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
