// LINK: ioring/network.c xen-like/lib/string.c
/*
 * The codec of network rings: frames of all shapes arrive at the other end as they were, each slot
 * is answered, pages come back under the id of their place; and what the header forbids in a chain
 * of slots is told from what is merely a bad frame.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "ioring/network.h"

static struct ring_front front;
static struct ring_back back;
static u8 *page;

static void ring_make(u32 entry_size)
{
    free(page);
    page = aligned_alloc(4096, 4096);
    assert_non_null(page);
    ring_front_init(&front, page, 4096, entry_size);
    assert_int_equal(ring_back_attach(&back, page, 4096, entry_size), 0);
}

static void tx_make(void)
{
    ring_make(sizeof(union netif_tx_sring_entry));
}

static void slot_put(struct netif_tx_request r)
{
    ring_front_put(&front, &r, sizeof(r));
}

static void extra_put(u8 type, u8 flags, u16 gso_size, u8 gso_type)
{
    struct netif_extra_info e = {
        .type = type, .flags = flags, .u.gso = {.size = gso_size, .type = gso_type}};

    ring_front_put(&front, &e, sizeof(e));
}

static s32 tx_take(struct network_packet *p, s16 *status)
{
    (void)ring_front_push(&front);
    return network_tx_take(&back, p, status);
}

/* As the header draws it: the first slot has the size of all, then extras, then the other pieces.
 */
static void a_frame_is_a_chain(void **state)
{
    struct network_packet p;
    s16 status = 1;
    u16 id;

    (void)state;
    tx_make();
    slot_put((struct netif_tx_request){
        10, 100, NETTXF_csum_blank | NETTXF_extra_info | NETTXF_more_data, 1, 9000});
    extra_put(XEN_NETIF_EXTRA_TYPE_HASH, XEN_NETIF_EXTRA_FLAG_MORE, 0, 0);
    extra_put(XEN_NETIF_EXTRA_TYPE_GSO, 0, 1448, XEN_NETIF_GSO_TYPE_TCPV4);
    slot_put((struct netif_tx_request){11, 0, NETTXF_more_data, 2, 4096});
    slot_put((struct netif_tx_request){12, 0, 0, 3, 4000});
    assert_int_equal(tx_take(&p, &status), 1);
    assert_int_equal(status, NETIF_RSP_OKAY);
    assert_int_equal(p.bytes, 9000);
    assert_int_equal(p.count, 3);
    assert_int_equal(p.extras, 2);
    assert_int_equal(p.pieces[0].bytes, 904);
    assert_int_equal(p.pieces[0].offset, 100);
    assert_int_equal(p.pieces[2].ref, 12);
    assert_int_equal(p.pieces[2].bytes, 4000);
    assert_true(p.checksum_blank && p.checksum_good);
    assert_int_equal(p.gso_size, 1448);
    assert_int_equal(network_tx_take(&back, &p, &status), 0);

    network_tx_respond(&back, &p, NETIF_RSP_OKAY);
    (void)ring_back_push(&back);
    for (u16 want = 1; want <= 3; want++) {
        assert_int_equal(network_tx_done(&front, &id, &status), 1);
        assert_int_equal(id, want);
        assert_int_equal(status, NETIF_RSP_OKAY);
    }
    assert_int_equal(network_tx_done(&front, &id, &status), 0);
    assert_int_equal(ring_front_room(&front), front.ring.size);
}

/* What our frontend puts is what our backend takes. */
static void both_halves_agree_on_tx(void **state)
{
    (void)state;
    tx_make();
    for (u32 i = 0; i < 2000; i++) {
        struct network_packet sent = {
            .count = (u16)(1 + i % 18), .checksum_blank = i & 1, .checksum_good = i & 3};
        struct network_packet got;
        s16 status = 1;
        u16 id;

        for (u32 k = 0; k < sent.count; k++) {
            sent.pieces[k] =
                (struct network_piece){i * 20 + k, (u16)k, (u16)(i % 60), (u16)(14 + i + k)};
            sent.bytes += sent.pieces[k].bytes;
        }
        if (i % 5 == 0) {
            sent.extras = 1;
            sent.gso_size = 1000;
            sent.gso_type = XEN_NETIF_GSO_TYPE_TCPV6;
        }
        network_tx_put(&front, &sent);
        assert_int_equal(tx_take(&got, &status), 1);
        assert_int_equal(status, NETIF_RSP_OKAY);
        assert_memory_equal(&got, &sent, offsetof(struct network_packet, extra_ids));
        for (u32 k = 0; k < sent.count; k++) {
            assert_int_equal(got.pieces[k].ref, sent.pieces[k].ref);
            assert_int_equal(got.pieces[k].id, k);
            assert_int_equal(got.pieces[k].offset, sent.pieces[k].offset);
            assert_int_equal(got.pieces[k].bytes, sent.pieces[k].bytes);
        }
        network_tx_respond(&back, &got, NETIF_RSP_DROPPED);
        (void)ring_back_push(&back);
        for (u32 k = 0; k < sent.count; k++)
            assert_int_equal(network_tx_done(&front, &id, &status), 1);
        assert_int_equal(status, NETIF_RSP_DROPPED);
        assert_int_equal(network_tx_done(&front, &id, &status), 0);
    }
}

static void chains_may_be_wrong(void **state)
{
    enum {
        MORE = NETTXF_more_data,
        EXTRA = NETTXF_extra_info
    };
    static const struct {
        const char *wrong;
        struct netif_tx_request slots[3];
        u32 count;
        s32 want;
        s16 status;
    } cases[] = {
        {"nothing", {{1, 0, 0, 1, 14}}, 1, 1, NETIF_RSP_OKAY},
        {"nothing: up to the page's end", {{1, 96, 0, 1, 4000}}, 1, 1, NETIF_RSP_OKAY},
        {"a runt", {{1, 0, 0, 1, 13}}, 1, 1, NETIF_RSP_ERROR},
        {"nothing in it", {{1, 0, 0, 1, 0}}, 1, 1, NETIF_RSP_ERROR},
        {"nothing: header in two", {{1, 0, MORE, 1, 60}, {2, 0, 0, 2, 47}}, 2, 1, NETIF_RSP_OKAY},
        {"beyond its page", {{1, 97, 0, 1, 4000}}, 1, RING_BROKEN, 0},
        {"far beyond", {{1, 65535, 0, 1, 65535}}, 1, RING_BROKEN, 0},
        {"second beyond", {{1, 0, MORE, 1, 200}, {2, 4000, 0, 2, 97}}, 2, RING_BROKEN, 0},
        {"ends in nothing", {{1, 0, MORE, 1, 100}}, 1, RING_BROKEN, 0},
        {"more in pieces", {{1, 0, MORE, 1, 100}, {2, 0, 0, 2, 101}}, 2, RING_BROKEN, 0},
        {"no extra", {{1, 0, EXTRA, 1, 100}}, 1, RING_BROKEN, 0},
        {"extra of type 0", {{1, 0, EXTRA, 1, 100}, {0, 0, 0, 0, 0}}, 2, RING_BROKEN, 0},
        {"extra of type 5", {{1, 0, EXTRA, 1, 100}, {5, 0, 0, 0, 0}}, 2, RING_BROKEN, 0},
        {"segments of size 0", {{1, 0, EXTRA, 1, 100}, {1, 1, 0, 0, 0}}, 2, RING_BROKEN, 0},
        {"segments of UDP",
         {{1, 0, EXTRA, 1, 100}, {1 | 100 << 16, 3, 0, 0, 0}},
         2,
         RING_BROKEN,
         0},
        {"nothing", {{1, 0, EXTRA, 1, 100}, {1 | 100 << 16, 1, 0, 0, 0}}, 2, 1, NETIF_RSP_OKAY},
        {"extras without end", {{1, 0, EXTRA, 1, 100}, {0x102, 0, 0, 0, 0}}, 2, RING_BROKEN, 0},
    };

    (void)state;
    for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
        struct network_packet p;
        s16 status = NETIF_RSP_OKAY;

        tx_make();
        for (u32 k = 0; k < cases[i].count; k++)
            slot_put(cases[i].slots[k]);
        if (tx_take(&p, &status) != cases[i].want)
            fail_msg("%s", cases[i].wrong);
        if (cases[i].want == 1)
            assert_int_equal(status, cases[i].status);
    }
}

/* A ring full of slots that all promise more; and one of nothing but extras. */
static void endless_chains_end(void **state)
{
    struct network_packet p;
    s16 status;

    (void)state;
    tx_make();
    for (u32 i = 0; i < front.ring.size; i++)
        slot_put((struct netif_tx_request){i, 0, NETTXF_more_data, (u16)i, 4000});
    assert_int_equal(tx_take(&p, &status), RING_BROKEN);
    tx_make();
    slot_put((struct netif_tx_request){1, 0, NETTXF_extra_info, 1, 100});
    while (ring_front_room(&front))
        extra_put(XEN_NETIF_EXTRA_TYPE_HASH, XEN_NETIF_EXTRA_FLAG_MORE, 0, 0);
    assert_int_equal(tx_take(&p, &status), RING_BROKEN);
}

/* Frames to the guest: as many pages as they need, in the order in which they were offered, and
 * each response in the place of its request. */
static void frames_fill_offered_pages(void **state)
{
    u32 offered = 0, expected = 0;

    (void)state;
    ring_make(sizeof(union netif_rx_sring_entry));
    for (u32 i = 0; i < 3000; i++) {
        struct network_packet p = {.bytes = 14 + i * 20,
                                   .checksum_blank = i & 1,
                                   .checksum_good = true},
                              got;
        s16 status = 1;

        if (i % 3 == 0) {
            p.gso_type = XEN_NETIF_GSO_TYPE_TCPV4;
            p.gso_size = 1400;
        }
        while (ring_front_room(&front)) {
            assert_int_equal(network_rx_offer(&front, offered), offered % front.ring.size);
            offered++;
        }
        (void)ring_front_push(&front);
        assert_int_equal(network_rx_take(&back, &p), 1);
        assert_int_equal(p.count, (p.bytes + 4095) / 4096);
        for (u32 k = 0; k < p.count; k++)
            assert_int_equal(p.pieces[k].ref, expected + (k ? k + p.extras : 0));
        network_rx_respond(&back, &p, i % 7 ? NETIF_RSP_OKAY : NETIF_RSP_ERROR);
        assert_int_equal(network_rx_received(&front, &got, &status), 0);
        (void)ring_back_push(&back);
        assert_int_equal(network_rx_received(&front, &got, &status), 1);
        assert_int_equal(status, i % 7 ? NETIF_RSP_OKAY : NETIF_RSP_ERROR);
        if (i % 7) {
            assert_int_equal(got.bytes, p.bytes);
            assert_int_equal(got.checksum_blank, p.checksum_blank);
            assert_true(got.checksum_good);
        }
        assert_int_equal(got.gso_size, p.gso_size);
        assert_int_equal(network_slots(&got), network_slots(&p));
        for (u32 k = 0; k < got.count; k++)
            assert_int_equal(got.pieces[k].id, (expected + (k ? k + p.extras : 0)) % 256);
        if (got.extras)
            assert_int_equal(got.extra_ids[0], (expected + 1) % 256);
        expected += network_slots(&p);
        if (p.bytes > 60000)
            i = 0;
        if (expected > 20000)
            break;
    }
}

static void too_few_pages_are_left_alone(void **state)
{
    struct network_packet p = {.bytes = 9000};

    (void)state;
    ring_make(sizeof(union netif_rx_sring_entry));
    network_rx_offer(&front, 1);
    network_rx_offer(&front, 2);
    (void)ring_front_push(&front);
    assert_int_equal(network_rx_take(&back, &p), 0);
    assert_int_equal(ring_back_waiting(&back), 2);
    p.bytes = 8000;
    assert_int_equal(network_rx_take(&back, &p), 1);
    back.ring.shared->req_prod += 500;
    assert_int_equal(network_rx_take(&back, &p), RING_BROKEN);
}

/* A backend that lies to our frontend. */
static void responses_may_be_wrong(void **state)
{
    static const struct {
        const char *wrong;
        struct netif_rx_response r;
    } cases[] = {
        {"beyond its page", {0, 4000, 0, 97}},
        {"far beyond", {0, 65535, 0, 32767}},
        {"more that never comes", {0, 0, NETRXF_more_data, 100}},
        {"an extra that never comes", {0, 0, NETRXF_extra_info, 100}},
    };
    struct network_packet p;
    s16 status;

    (void)state;
    for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
        ring_make(sizeof(union netif_rx_sring_entry));
        for (u32 k = 0; k < 10; k++)
            network_rx_offer(&front, k);
        (void)ring_front_push(&front);
        (void)ring_back_waiting(&back);
        ring_back_put(&back, &cases[i].r, sizeof(cases[i].r));
        (void)ring_back_push(&back);
        if (network_rx_received(&front, &p, &status) != RING_BROKEN)
            fail_msg("%s", cases[i].wrong);
    }
}

static int drop(void **state)
{
    (void)state;
    free(page);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frame_is_a_chain),        cmocka_unit_test(both_halves_agree_on_tx),
        cmocka_unit_test(chains_may_be_wrong),       cmocka_unit_test(endless_chains_end),
        cmocka_unit_test(frames_fill_offered_pages), cmocka_unit_test(too_few_pages_are_left_alone),
        cmocka_unit_test(responses_may_be_wrong),
    };

    return cmocka_run_group_tests(tests, NULL, drop);
}
