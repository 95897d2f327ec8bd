/*
 * A ring's other end under a fuzzer: an input is what that end writes into the shared page, word by
 * word, between the calls of ours. The first byte says which ring it is and which end is ours; then
 * come steps: a byte that says whether the peer writes (where, which word) or we do something.
 *
 * What must hold whatever the peer does: nothing outside of the page is touched (it ends with its
 * allocation), our private indices stay in their order, and what a codec calls good is good, also
 * when it is used later.
 */
#include "ioring/block.h"
#include "ioring/network.h"
#include "tests/fuzz/replay.h"

#define INDIRECT_MAX 256

struct input {
    const uint8_t *at;
    size_t left;
};

static u8 next_byte(struct input *in)
{
    return in->left ? (in->left--, *in->at++) : 0;
}

static u32 next_word(struct input *in)
{
    u32 word = next_byte(in);

    word |= (u32)next_byte(in) << 8;
    word |= (u32)next_byte(in) << 16;
    return word | (u32)next_byte(in) << 24;
}

static void word_add(u8 *page, u32 where, u32 by)
{
    u32 word;

    memcpy(&word, page + where, 4);
    word += by;
    memcpy(page + where, &word, 4);
}

/* What the peer does in a step: the same twelve bytes into some entries (a chain), a word anywhere,
 * an index made anything, or moved a little. */
static void peer_writes(u8 *page, struct input *in, u32 entry_size)
{
    u32 what = next_byte(in), where = next_byte(in), entries = ring_entries(PAGE_SIZE, entry_size);

    if (what < 64) {
        u8 pattern[12];

        for (u32 i = 0; i < sizeof(pattern); i++)
            pattern[i] = next_byte(in);
        for (u32 n = what; n; n--)
            memcpy(page + 64 + (where + n) % entries * entry_size, pattern, MIN(entry_size, 12u));
    } else if (what < 128) {
        word_add(page, (what << 8 | where) % (u32)(PAGE_SIZE / 4) * 4, next_word(in));
    } else {
        word_add(page, what % 4 * 4, what < 136 ? next_word(in) : where);
    }
}

static void back_check(const struct ring_back *b)
{
    assert_true(b->req_cons - b->rsp_pushed <= b->ring.size);
    assert_true(b->req_seen - b->req_cons <= b->ring.size);
    assert_true(b->rsp_prod - b->rsp_pushed <= b->req_cons - b->rsp_pushed);
}

static void front_check(const struct ring_front *f)
{
    assert_true(f->req_prod - f->rsp_cons <= f->ring.size);
    assert_true(f->rsp_seen - f->rsp_cons <= f->req_pushed - f->rsp_cons);
}

static void pieces_check(const struct network_packet *p)
{
    assert_in_range(p->count, 1, NETWORK_PIECES_MAX);
    assert_in_range(p->extras, 0, NETWORK_EXTRAS_MAX);
    for (u32 i = 0; i < p->count; i++)
        assert_in_range(p->pieces[i].offset + p->pieces[i].bytes, 0, PAGE_SIZE);
}

static u64 pieces_sum(const struct network_packet *p)
{
    u64 sum = 0;

    for (u32 i = 0; i < p->count; i++)
        sum += p->pieces[i].bytes;
    return sum;
}

/* ---- What our ends do in a step: each answers whether the peer is still connected -------------
 */

static bool block_back_step(struct ring_back *b, const struct block_layout *layout)
{
    struct block_request r;
    s16 status;
    s32 answer = block_request_take(b, layout, INDIRECT_MAX, &r, &status);

    if (answer <= 0)
        return answer == 0;
    if (status == BLKIF_RSP_OKAY) {
        assert_in_range(r.count, 0, r.indirect ? INDIRECT_MAX : BLKIF_MAX_SEGMENTS_PER_REQUEST);
        assert_true(r.operation != BLKIF_OP_INDIRECT);
        if (!r.indirect && r.operation != BLKIF_OP_DISCARD)
            assert_in_range(r.sectors, r.count, r.count * BLOCK_PAGE_SECTORS);
    } else {
        assert_int_equal(r.count, 0);
    }
    block_response_put(b, layout, &r, status);
    return true;
}

static bool tx_back_step(struct ring_back *b)
{
    struct network_packet p;
    s16 status;
    s32 answer = network_tx_take(b, &p, &status);

    if (answer <= 0)
        return answer == 0;
    pieces_check(&p);
    assert_int_equal(pieces_sum(&p), p.bytes);
    assert_true(status != NETIF_RSP_OKAY || p.bytes >= NETWORK_HEADER);
    network_tx_respond(b, &p, status);
    return true;
}

static bool rx_back_step(struct ring_back *b, u32 bytes)
{
    struct network_packet p = {.bytes = bytes % NETWORK_BYTES_MAX + 1, .gso_type = bytes >> 30};
    s32 answer = network_rx_take(b, &p);

    if (answer <= 0)
        return answer == 0;
    pieces_check(&p);
    assert_int_equal(pieces_sum(&p), p.bytes);
    network_rx_respond(b, &p, NETIF_RSP_OKAY);
    return true;
}

static bool front_step(struct ring_front *f, u32 kind)
{
    struct network_packet p;
    u64 id;
    u16 short_id;
    s16 status;
    s32 answer;

    if (kind == 0)
        return block_response_take(f, block_layout_find(""), &id, &status) >= 0;
    if (kind == 1)
        return network_tx_done(f, &short_id, &status) >= 0;
    answer = network_rx_received(f, &p, &status);
    if (answer == 1)
        pieces_check(&p);
    return answer >= 0;
}

static void back_run(u8 *page, u32 kind, struct input *in)
{
    const struct block_layout *layout = block_layout_find(kind == 0 ? "" : XEN_IO_PROTO_ABI_X86_32);
    u32 entry = kind < 2    ? block_entry_size(layout)
                : kind == 2 ? sizeof(union netif_tx_sring_entry)
                            : sizeof(union netif_rx_sring_entry);
    struct ring_back b;
    bool connected = true;

    for (u32 words = next_byte(in) % 16; words; words--)
        peer_writes(page, in, entry);
    if (ring_back_attach(&b, page, PAGE_SIZE, entry) != 0)
        return;
    while (connected && in->left) {
        u32 step = next_byte(in);

        if (step < 128)
            peer_writes(page, in, entry);
        else if (step < 200)
            connected = kind < 2    ? block_back_step(&b, layout)
                        : kind == 2 ? tx_back_step(&b)
                                    : rx_back_step(&b, next_word(in));
        else if (step < 228)
            (void)ring_back_push(&b);
        else
            connected = ring_back_final_check(&b, step & 7) >= 0;
        back_check(&b);
    }
}

static void front_run(u8 *page, u32 kind, struct input *in)
{
    static const u32 sizes[] = {sizeof(union blkif_sring_entry), sizeof(union netif_tx_sring_entry),
                                sizeof(union netif_rx_sring_entry)};
    u32 entry = sizes[kind];
    struct ring_front f;
    bool connected = true;

    ring_front_init(&f, page, PAGE_SIZE, entry);
    while (connected && in->left) {
        u32 step = next_byte(in);

        if (step < 128)
            peer_writes(page, in, entry);
        else if (step < 170)
            connected = front_step(&f, kind);
        else if (step < 200 && ring_front_room(&f))
            ring_front_put(&f, &(struct netif_rx_request){0}, sizeof(struct netif_rx_request));
        else if (step < 228)
            (void)ring_front_push(&f);
        else
            connected = ring_front_final_check(&f, step & 7) >= 0;
        front_check(&f);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct input in = {data, size};
    u32 kind = next_byte(&in) % 7;
    u8 *page = calloc(1, PAGE_SIZE);

    if (kind < 4)
        back_run(page, kind, &in);
    else
        front_run(page, kind - 4, &in);
    free(page);
    return 0;
}
