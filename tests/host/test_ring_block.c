// LINK: ioring/block.c xen-like/lib/string.c xen-like/lib/fmt.c
/*
 * The codec of block rings: what a frontend of either layout means arrives, the bytes are where
 * public structures and 32-bit kernels have them, and of each thing that can be wrong with a
 * request the answer is known.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "ioring/block.h"
#include "ioring/queue.h"

static const char *const protocols[] = {"", XEN_IO_PROTO_ABI_X86_64, XEN_IO_PROTO_ABI_X86_32};

static void protocols_are_found(void **state)
{
    (void)state;
    assert_ptr_equal(block_layout_find(NULL), block_layout_find(XEN_IO_PROTO_ABI_X86_64));
    assert_ptr_equal(block_layout_find(""), block_layout_find(XEN_IO_PROTO_ABI_X86_64));
    assert_ptr_not_equal(block_layout_find(""), block_layout_find(XEN_IO_PROTO_ABI_X86_32));
    assert_null(block_layout_find("arm-abi"));
    assert_int_equal(block_entry_size(block_layout_find("")), 112);
    assert_int_equal(block_entry_size(block_layout_find(XEN_IO_PROTO_ABI_X86_32)), 108);
    assert_int_equal(ring_entries(4096, 108), 32);
}

/* The offsets of a 32-bit kernel, counted by hand: nothing is aligned to more than 4. */
static void a_32_bit_request_is_packed(void **state)
{
    struct block_request r = {.id = 0x1122334455667788,
                              .sector = 0x99aabbccddeeff00,
                              .operation = BLKIF_OP_WRITE,
                              .handle = 0xca00,
                              .count = 1,
                              .segments = {{0xabcdef01, 2, 5}}};
    static const u8 want[] = {1,    1,    0x00, 0xca, 0x88, 0x77, 0x66, 0x55, 0x44,
                              0x33, 0x22, 0x11, 0x00, 0xff, 0xee, 0xdd, 0xcc, 0xbb,
                              0xaa, 0x99, 0x01, 0xef, 0xcd, 0xab, 2,    5};
    const struct block_layout *layout = block_layout_find(XEN_IO_PROTO_ABI_X86_32);
    union block_entry entry;

    (void)state;
    block_request_encode(layout, &r, &entry);
    assert_memory_equal(entry.bytes, want, sizeof(want));
    r.indirect = true;
    r.pages[0] = 0x01020304;
    block_request_encode(layout, &r, &entry);
    assert_int_equal(entry.bytes[0], BLKIF_OP_INDIRECT);
    assert_memory_equal(entry.bytes + 20, "\x00\xca", 2);
    assert_memory_equal(entry.bytes + 24, "\x04\x03\x02\x01", 4);
    r = (struct block_request){.operation = BLKIF_OP_DISCARD, .sectors = 0x77, .secure = true};
    block_request_encode(layout, &r, &entry);
    assert_int_equal(entry.bytes[1], 1);
    assert_int_equal(entry.bytes[20], 0x77);
}

/* And of a 64-bit kernel, by the public structures themselves. */
static void a_64_bit_request_is_the_headers(void **state)
{
    union block_entry entry = {.request = {.operation = BLKIF_OP_READ,
                                           .nr_segments = 2,
                                           .handle = 51712,
                                           .id = 77,
                                           .sector_number = 1ull << 40,
                                           .seg = {{10, 0, 7}, {11, 3, 3}}}};
    struct blkif_request_discard discard = {BLKIF_OP_DISCARD, 0, 51712, 78, 5, 1ull << 33};
    struct block_request r;

    (void)state;
    assert_int_equal(block_request_decode(block_layout_find(""), &entry, 0, &r), BLKIF_RSP_OKAY);
    assert_int_equal(r.operation, BLKIF_OP_READ);
    assert_int_equal(r.id, 77);
    assert_int_equal(r.handle, 51712);
    assert_int_equal(r.sector, 1ull << 40);
    assert_int_equal(r.sectors, 9);
    assert_int_equal(r.count, 2);
    assert_int_equal(r.segments[1].gref, 11);
    memcpy(&entry, &discard, sizeof(discard));
    assert_int_equal(block_request_decode(block_layout_find(""), &entry, 0, &r), BLKIF_RSP_OKAY);
    assert_int_equal(r.sectors, 1ull << 33);
    assert_int_equal(r.sector, 5);
    assert_false(r.secure);
    entry.indirect = (struct blkif_request_indirect){
        BLKIF_OP_INDIRECT, BLKIF_OP_WRITE, 600, 79, 6, 51712, {1, 2}};
    assert_int_equal(block_request_decode(block_layout_find(""), &entry, 1024, &r), BLKIF_RSP_OKAY);
    assert_true(r.indirect);
    assert_int_equal(r.operation, BLKIF_OP_WRITE);
    assert_int_equal(r.count, 600);
    assert_int_equal(block_indirect_pages(r.count), 2);
    assert_int_equal(r.pages[1], 2);
    assert_int_equal(r.handle, 51712);
}

static void malformed_requests_are_refused(void **state)
{
    static const struct {
        const char *wrong;
        u8 operation;
        u16 count;
        bool indirect;
        u8 first, last;
        u32 indirect_max;
        s16 want;
    } cases[] = {
        {"nothing", BLKIF_OP_READ, 11, false, 0, 7, 0, BLKIF_RSP_OKAY},
        {"no segments to read", BLKIF_OP_READ, 0, false, 0, 0, 0, BLKIF_RSP_ERROR},
        {"no segments to write", BLKIF_OP_WRITE, 0, false, 0, 0, 0, BLKIF_RSP_ERROR},
        {"nothing: a flush has none", BLKIF_OP_FLUSH_DISKCACHE, 0, false, 0, 0, 0, BLKIF_RSP_OKAY},
        {"nothing: nor a barrier", BLKIF_OP_WRITE_BARRIER, 0, false, 0, 0, 0, BLKIF_RSP_OKAY},
        {"nothing: but it may", BLKIF_OP_WRITE_BARRIER, 3, false, 0, 0, 0, BLKIF_RSP_OKAY},
        {"twelve segments", BLKIF_OP_WRITE, 12, false, 0, 0, 0, BLKIF_RSP_ERROR},
        {"255 segments", BLKIF_OP_FLUSH_DISKCACHE, 255, false, 0, 0, 0, BLKIF_RSP_ERROR},
        {"behind its page", BLKIF_OP_READ, 1, false, 0, 8, 0, BLKIF_RSP_ERROR},
        {"far behind", BLKIF_OP_READ, 1, false, 255, 255, 0, BLKIF_RSP_ERROR},
        {"upside down", BLKIF_OP_READ, 1, false, 3, 2, 0, BLKIF_RSP_ERROR},
        {"unknown", BLKIF_OP_RESERVED_1, 1, false, 0, 0, 0, BLKIF_RSP_EOPNOTSUPP},
        {"unknown", 255, 1, false, 0, 0, 0, BLKIF_RSP_EOPNOTSUPP},
        {"a discard of nothing", BLKIF_OP_DISCARD, 0, false, 0, 0, 0, BLKIF_RSP_ERROR},
        {"indirect, not offered", BLKIF_OP_READ, 12, true, 0, 0, 0, BLKIF_RSP_EOPNOTSUPP},
        {"nothing", BLKIF_OP_READ, 256, true, 0, 0, 256, BLKIF_RSP_OKAY},
        {"indirect, too many", BLKIF_OP_READ, 257, true, 0, 0, 256, BLKIF_RSP_ERROR},
        {"nothing", BLKIF_OP_READ, 4096, true, 0, 0, 65535, BLKIF_RSP_OKAY},
        {"indirect, too many", BLKIF_OP_READ, 4097, true, 0, 0, 65535, BLKIF_RSP_ERROR},
        {"indirect, none", BLKIF_OP_READ, 0, true, 0, 0, 256, BLKIF_RSP_ERROR},
        {"indirect flush", BLKIF_OP_FLUSH_DISKCACHE, 1, true, 0, 0, 256, BLKIF_RSP_ERROR},
        {"indirect indirect", BLKIF_OP_INDIRECT, 1, true, 0, 0, 256, BLKIF_RSP_ERROR},
    };

    (void)state;
    for (u32 p = 0; p < ARRAY_SIZE(protocols); p++) {
        for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
            const struct block_layout *layout = block_layout_find(protocols[p]);
            struct block_request r = {.id = i,
                                      .operation = cases[i].operation,
                                      .indirect = cases[i].indirect,
                                      .count = MIN(cases[i].count, cases[i].indirect ? 65535 : 11)};
            union block_entry entry;

            for (u32 s = 0; s < 11; s++)
                r.segments[s] = (struct blkif_request_segment){s, 0, 0};
            if (r.count)
                r.segments[MIN(r.count, 11) - 1] =
                    (struct blkif_request_segment){1, cases[i].first, cases[i].last};
            block_request_encode(layout, &r, &entry);
            if (!cases[i].indirect && cases[i].operation != BLKIF_OP_DISCARD)
                entry.bytes[1] = (u8)cases[i].count;
            if (block_request_decode(layout, &entry, cases[i].indirect_max, &r) != cases[i].want)
                fail_msg("%s, in %s", cases[i].wrong, protocols[p]);
            assert_int_equal(r.id, i);
        }
    }
}

/* Over a ring, in each layout: requests and responses, wherever the ring wraps. */
static void requests_cross_a_ring(void **state)
{
    (void)state;
    for (u32 p = 0; p < ARRAY_SIZE(protocols); p++) {
        const struct block_layout *layout = block_layout_find(protocols[p]);
        u8 *page = aligned_alloc(4096, 4096);
        struct ring_front front;
        struct ring_back back;

        ring_front_init(&front, page, 4096, block_entry_size(layout));
        assert_int_equal(ring_back_attach(&back, page, 4096, block_entry_size(layout)), 0);
        for (u64 id = 0; id < 100; id++) {
            struct block_request sent = {.id = id << 40,
                                         .sector = id * 3,
                                         .operation = BLKIF_OP_WRITE,
                                         .handle = 7,
                                         .count = 1,
                                         .sectors = 8,
                                         .segments = {{(u32)id, 0, 7}}};
            struct block_request got;
            s16 status = 1;
            u64 answered = 0;

            block_request_put(&front, layout, &sent);
            assert_int_equal(block_request_take(&back, layout, 0, &got, &status), 0);
            (void)ring_front_push(&front);
            assert_int_equal(block_request_take(&back, layout, 0, &got, &status), 1);
            assert_int_equal(status, BLKIF_RSP_OKAY);
            assert_memory_equal(&got, &sent, sizeof(got));
            block_response_put(&back, layout, &got, BLKIF_RSP_ERROR);
            (void)ring_back_push(&back);
            assert_int_equal(block_response_take(&front, layout, &answered, &status), 1);
            assert_int_equal(answered, id << 40);
            assert_int_equal(status, BLKIF_RSP_ERROR);
        }
        free(page);
    }
}

/* Linux checks that a response names the operation that was asked for: of an indirect request the
 * one that is in it. */
static void a_response_names_what_was_asked(void **state)
{
    const struct block_request request = {.id = 1, .operation = BLKIF_OP_READ, .indirect = 1};
    const struct block_layout *layout = block_layout_find("x86_64-abi");
    struct blkif_sring *page = aligned_alloc(4096, 4096);
    struct ring_back back;

    (void)state;
    memset(page, 0, 4096);
    assert_int_equal(ring_back_attach(&back, page, 4096, block_entry_size(layout)), 0);
    block_response_put(&back, layout, &request, BLKIF_RSP_OKAY);
    (void)ring_back_push(&back);
    assert_int_equal(page->ring[0].rsp.operation, BLKIF_OP_READ);
    free(page);
}

static void keys_are_the_headers(void **state)
{
    char key[QUEUE_KEY_SIZE];

    (void)state;
    assert_string_equal(queue_key(key, 1, 0, "event-channel"), "event-channel");
    assert_string_equal(queue_key(key, 2, 1, "tx-ring-ref"), "queue-1/tx-ring-ref");
    assert_string_equal(queue_page_key(key, 1, 0, "ring-ref", 1, 0), "ring-ref");
    assert_string_equal(queue_page_key(key, 1, 0, "ring-ref", 2, 1), "ring-ref1");
    assert_string_equal(queue_page_key(key, 4, 3, "ring-ref", 4, 2), "queue-3/ring-ref2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(protocols_are_found),
        cmocka_unit_test(a_32_bit_request_is_packed),
        cmocka_unit_test(a_64_bit_request_is_the_headers),
        cmocka_unit_test(malformed_requests_are_refused),
        cmocka_unit_test(requests_cross_a_ring),
        cmocka_unit_test(a_response_names_what_was_asked),
        cmocka_unit_test(keys_are_the_headers),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
