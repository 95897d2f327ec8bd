/*
 * The two decoders of instructions under a fuzzer: insn_decode (stores to page tables) and
 * priv_decode (privileged instructions), each in all its modes. They read bytes that the guest
 * chose.
 *
 * What must hold of any bytes: nothing behind them is read; an answer makes sense; and bytes behind
 * the instruction do not matter, but one of its own that is missing makes it undecodable. What is
 * decoded is then computed, with operands from the input too, so that no shift is out of range.
 */
#include "hypervisor/cpu/emulate_decode.h"
#include "tests/fuzz/replay.h"
#include "xen-like/lib/insn.h"

#define OPERANDS 24 /* bytes at the end of the input: destination, source, flags */

static unsigned mode; /* bits of the code */

static void store_check(const struct insn *insn, size_t have)
{
    assert_in_range(insn->length, 1, have < INSN_BYTES_MAX ? have : INSN_BYTES_MAX);
    assert_in_range(insn->op, INSN_MOV, INSN_MOVS);
    assert_true(insn->width == 1 || insn->width == 2 || insn->width == 4 || insn->width == 8);
    assert_in_range(insn->base, 0, INSN_NO_REG);
    assert_true(insn->address_bytes * 8u == mode || insn->address_bytes * 16u == mode);
    assert_true(insn->index < INSN_RIP || insn->index == INSN_NO_REG);
    assert_true(insn->source < INSN_RIP || insn->source == INSN_NO_REG);
    assert_in_range(insn->scale, 0, 3);
    assert_true(mode != 64 || !insn->segment || insn->segment == INSN_FS ||
                insn->segment == INSN_GS);
    assert_true(mode == 64 || insn->base < 8 || insn->base == INSN_NO_REG);
    assert_true(!insn->high_byte || (insn->width == 1 && insn->source < 4));
    assert_true(insn->base != INSN_RIP || insn->index == INSN_NO_REG);
}

static void store_compute(const struct insn *insn, const uint64_t *operands)
{
    u64 mask = insn_width_mask(insn->width), old = operands[0] & mask, source = operands[1] & mask;
    u64 rflags = operands[2];

    insn_compute(insn->op, insn->width, old, source, &rflags);
    rflags = operands[2];
    assert_int_equal(insn_compare(insn->width, old, source, &rflags), old == source);
    assert_in_range(-insn_bit_offset(insn->width, -1), 1, insn->width);
}

/* The bytes again, in an allocation that ends where @length does. */
static uint8_t *exact_copy(const uint8_t *data, size_t length)
{
    return memcpy(malloc(length ? length : 1), data, length);
}

static bool store_decode(struct insn *insn, const uint8_t *data, size_t length)
{
    uint8_t *copy = exact_copy(data, length);
    bool known = (mode == 64 ? insn_decode : insn_decode_32)(insn, copy, length);

    free(copy);
    return known;
}

static bool privileged_decode(struct priv_insn *insn, const uint8_t *data, size_t length)
{
    uint8_t *copy = exact_copy(data, length);
    bool known = priv_decode(insn, copy, length, mode);

    free(copy);
    return known;
}

static void store_try(const uint8_t *data, size_t size, const uint64_t *operands)
{
    struct insn insn = {0}, again = {0};

    if (!store_decode(&insn, data, size))
        return;
    store_check(&insn, size);
    store_compute(&insn, operands);
    assert_true(store_decode(&again, data, insn.length));
    assert_int_equal(again.length, insn.length);
    assert_int_equal(again.op, insn.op);
    assert_false(store_decode(&again, data, insn.length - 1u));
}

static bool far_decode(struct insn *insn, const uint8_t *data, size_t length, bool *in_memory)
{
    uint8_t *copy = exact_copy(data, length);
    bool known = insn_decode_far(insn, copy, length, mode, in_memory);

    free(copy);
    return known;
}

static void far_try(const uint8_t *data, size_t size)
{
    struct insn insn, again;
    bool in_memory, as_before;

    if (!far_decode(&insn, data, size, &in_memory))
        return;
    assert_in_range(insn.length, 2, size < INSN_BYTES_MAX ? size : INSN_BYTES_MAX);
    assert_in_range(insn.op, INSN_CALL_FAR, INSN_JUMP_FAR);
    assert_true(insn.width == 2 || insn.width == 4);
    assert_true(insn.base < 8 || insn.base == INSN_NO_REG);
    assert_true(far_decode(&again, data, insn.length, &as_before) && as_before == in_memory);
    assert_int_equal(again.immediate, insn.immediate);
    assert_false(far_decode(&again, data, insn.length - 1u, &as_before));
}

static void privileged_try(const uint8_t *data, size_t size)
{
    struct priv_insn insn, again;

    if (!privileged_decode(&insn, data, size))
        return;
    assert_in_range(insn.length, 1, size < INSN_BYTES_MAX ? size : INSN_BYTES_MAX);
    assert_in_range(insn.op, PRIV_CLTS, PRIV_INT);
    assert_in_range(insn.control, 0, 15);
    assert_in_range(insn.reg, 0, 15);
    assert_true(privileged_decode(&again, data, insn.length));
    assert_int_equal(again.op, insn.op);
    assert_false(privileged_decode(&again, data, insn.length - 1u));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint64_t operands[OPERANDS / sizeof(uint64_t)] = {0};

    if (size >= OPERANDS + 1) {
        size -= OPERANDS;
        memcpy(operands, data + size, OPERANDS);
    }
    for (mode = 64; mode >= 16; mode /= 2) {
        if (mode >= 32)
            store_try(data, size, operands);
        if (mode <= 32)
            far_try(data, size);
        privileged_try(data, size);
    }
    return 0;
}
