// LINK: ioring/byte_ring.c ioring/xenstore_message.c xen-like/lib/string.c
/*
 * Rings of bytes and the messages on them: what one end puts the other takes, in the same order,
 * whatever the sizes and wherever the indices wrap; and an end that lies, about its index or by
 * changing bytes that it has sent, gets at most nonsense for itself.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include <pthread.h>

#include "ioring/byte_ring.h"
#include "ioring/xenstore_message.h"
#include "xen-like/lib/string.h"

static u32 seed = 1;

static u32 random_below(u32 limit)
{
    seed = seed * 1664525 + 1013904223;
    return (u32)((u64)seed * limit >> 32);
}

/* From the heap, of exactly its size: a byte too far is seen. */
static struct xenstore_domain_interface *page_make(u32 index)
{
    struct xenstore_domain_interface *page = calloc(1, sizeof(*page));

    assert_non_null(page);
    page->req_cons = page->req_prod = page->rsp_cons = page->rsp_prod = index;
    return page;
}

static void bytes_arrive_in_order(void **state)
{
    static const u32 starts[] = {0, 1000, UINT32_MAX - 500, UINT32_MAX};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(starts); i++) {
        struct xenstore_domain_interface *page = page_make(starts[i]);
        struct byte_channel client, server;
        u32 sent = 0, taken = 0;

        xenstore_attach_client(&client, page);
        xenstore_attach_server(&server, page);
        while (taken < 20000) {
            u8 bytes[1500];
            u32 count = random_below(sizeof(bytes) + 1);
            s32 n;

            for (u32 k = 0; k < count; k++)
                bytes[k] = (u8)((sent + k) * 31);
            n = byte_ring_put(&client.send, bytes, count);
            assert_int_equal(n, MIN(count, XENSTORE_RING_SIZE - (sent - taken)));
            sent += (u32)n;
            assert_int_equal(page->req_prod, starts[i] + sent);
            assert_int_equal(byte_ring_room(&client.send), XENSTORE_RING_SIZE - (sent - taken));

            count = random_below(sizeof(bytes) + 1);
            n = byte_ring_take(&server.receive, bytes, count);
            assert_int_equal(n, MIN(count, sent - taken));
            for (u32 k = 0; k < (u32)n; k++)
                assert_int_equal(bytes[k], (u8)((taken + k) * 31));
            taken += (u32)n;
            assert_int_equal(page->req_cons, starts[i] + taken);
        }
        free(page);
    }
}

/* The two directions of each page, and both pages, lead where the public headers say. */
static void channels_are_what_the_headers_say(void **state)
{
    struct xenstore_domain_interface *store = page_make(7);
    struct xencons_interface *console = calloc(1, sizeof(*console));
    struct byte_channel front, back;
    char got[4] = "";

    (void)state;
    xenstore_attach_server(&back, store);
    assert_int_equal(byte_ring_put(&back.send, "abc", 3), 3);
    assert_memory_equal(store->rsp + 7, "abc", 3);
    assert_int_equal(store->rsp_prod, 10);
    xenstore_attach_client(&front, store);
    assert_int_equal(byte_ring_take(&front.receive, got, 4), 3);
    assert_string_equal(got, "abc");
    assert_int_equal(store->rsp_cons, 10);

    console->out_prod = 5; /* what was written before the back end came */
    console_attach_backend(&back, console);
    console_attach_frontend(&front, console);
    assert_int_equal(byte_ring_take(&back.receive, got, 4), 4);
    assert_int_equal(byte_ring_put(&back.send, "xy", 2), 2);
    assert_memory_equal(console->in, "xy", 2);
    assert_int_equal(byte_ring_take(&front.receive, got, 4), 2);
    assert_int_equal(byte_ring_put(&front.send, "z", 1), 1);
    assert_int_equal(console->out[5], 'z');
    assert_int_equal(byte_ring_room(&front.send), sizeof(console->out) - 2);
    free(store);
    free(console);
}

static void an_impossible_index_moves_nothing(void **state)
{
    static const u32 jumps[] = {XENSTORE_RING_SIZE + 1, 0x80000000, UINT32_MAX};

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(jumps); i++) {
        struct xenstore_domain_interface *page = page_make(100), before;
        struct byte_channel server;
        char bytes[2000];

        xenstore_attach_server(&server, page);
        page->req_prod = 100 + jumps[i];
        page->rsp_cons = 100 - jumps[i];
        before = *page;
        assert_int_equal(byte_ring_take(&server.receive, bytes, sizeof(bytes)), RING_BROKEN);
        assert_int_equal(byte_ring_put(&server.send, bytes, 1), RING_BROKEN);
        assert_int_equal(byte_ring_room(&server.send), RING_BROKEN);
        assert_memory_equal(page, &before, sizeof(before));
        page->req_prod = 100 + XENSTORE_RING_SIZE; /* the most that there may be */
        assert_int_equal(byte_ring_take(&server.receive, bytes, sizeof(bytes)), XENSTORE_RING_SIZE);
        free(page);
    }
}

/* Our indices are ours: what the other end writes over the published ones does not matter. */
static void our_own_index_is_never_read_back(void **state)
{
    struct xenstore_domain_interface *page = page_make(0);
    struct byte_channel client, server;
    char got[8];

    (void)state;
    xenstore_attach_client(&client, page);
    xenstore_attach_server(&server, page);
    assert_int_equal(byte_ring_put(&client.send, "abcdef", 6), 6);
    page->req_cons = 5000;
    assert_int_equal(byte_ring_take(&server.receive, got, 3), 3);
    assert_memory_equal(got, "abc", 3);
    assert_int_equal(page->req_cons, 3);
    page->rsp_prod = 77;
    assert_int_equal(byte_ring_put(&server.send, "x", 1), 1);
    assert_int_equal(page->rsp_prod, 1);
    free(page);
}

static void messages_cross_in_pieces(void **state)
{
    static const u32 lengths[] = {0, 1, 1007, 1008, 1009, XENSTORE_PAYLOAD_MAX};
    static struct xs_message out, in;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
        struct xenstore_domain_interface *page = page_make(UINT32_MAX - 600);
        struct byte_channel client, server;
        int sent = 0, received = 0;

        xenstore_attach_client(&client, page);
        xenstore_attach_server(&server, page);
        xs_begin(&out, XS_READ, 17, 3);
        for (u32 k = 0; k < lengths[i]; k++)
            assert_true(xs_append(&out, &(char){(char)(k * 7)}, 1));
        assert_int_equal(xs_append(&out, "x", 1), lengths[i] < XENSTORE_PAYLOAD_MAX);
        out.head.len = lengths[i];
        memset(&in, 0x55, sizeof(in));
        in.moved = 0;
        for (int round = 0; !received; round++) {
            assert_in_range(round, 0, 6);
            sent = sent ? sent : xs_send(&out, &client.send);
            received = xs_receive(&in, &server.receive);
            assert_in_range(sent, 0, 1);
            assert_in_range(received, 0, 1);
        }
        assert_int_equal(sent, 1);
        assert_memory_equal(&in.head, &out.head, sizeof(in.head));
        assert_memory_equal(in.payload, out.payload, lengths[i]);
        assert_int_equal(in.payload[lengths[i]], 0);
        free(page);
    }
}

static void a_message_that_is_too_long_breaks_the_ring(void **state)
{
    static const u32 lengths[] = {XENSTORE_PAYLOAD_MAX + 1, UINT32_MAX, UINT32_MAX - 15};
    static struct xs_message in;

    (void)state;
    for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
        struct xenstore_domain_interface *page = page_make(0);
        struct xsd_sockmsg head = {.type = XS_READ, .len = lengths[i]};
        struct byte_channel client, server;

        xenstore_attach_client(&client, page);
        xenstore_attach_server(&server, page);
        in.moved = 0;
        assert_int_equal(byte_ring_put(&client.send, &head, sizeof(head)), sizeof(head));
        assert_int_equal(xs_receive(&in, &server.receive), RING_BROKEN);
        free(page);
    }
}

static void strings_end_where_they_should(void **state)
{
    static struct xs_message m;
    u32 at = 0;

    (void)state;
    xs_begin(&m, XS_WATCH, 0, 0);
    assert_null(xs_next_string(&m, &at));
    xs_append_string(&m, "path");
    xs_append_string(&m, "");
    xs_append_text(&m, "no end");
    assert_string_equal(xs_next_string(&m, &at), "path");
    assert_string_equal(xs_next_string(&m, &at), "");
    assert_null(xs_next_string(&m, &at));
    assert_int_equal(at, 6);
}

/* What the other end may do to a page at any time. */
static void page_spoil(struct xenstore_domain_interface *page)
{
    u32 *indices[] = {&page->req_prod, &page->req_cons, &page->rsp_prod, &page->rsp_cons};
    u32 *index = indices[random_below(4)];

    switch (random_below(4)) {
    case 0:
        *index = random_below(UINT32_MAX);
        break;
    case 1:
        *index += random_below(2 * XENSTORE_RING_SIZE);
        break;
    case 2:
        page->req[random_below(XENSTORE_RING_SIZE)] = (char)random_below(256);
        break;
    default: /* an honest header, sometimes, so that payloads are reached */
        memcpy(page->req + page->req_cons % (XENSTORE_RING_SIZE - 16),
               &(struct xsd_sockmsg){.type = XS_READ, .len = random_below(6000)}, 16);
        page->req_prod = page->req_cons + random_below(XENSTORE_RING_SIZE + 1);
    }
}

/* One thing that a server does; whatever is in the page, what it says of it is true. */
static void server_step(struct byte_channel *server, struct xs_message *in)
{
    u32 sent = server->send.at, taken = server->receive.at;
    char bytes[700] = "";
    s32 n = byte_ring_put(&server->send, bytes, random_below(sizeof(bytes)));

    assert_in_range(n + 1, 0, sizeof(bytes));
    assert_int_equal(server->send.at - sent, MAX(n, 0));
    n = xs_receive(in, &server->receive);
    assert_in_range(n + 1, 0, 2);
    assert_in_range(server->receive.at - taken, 0, sizeof(in->head) + XENSTORE_PAYLOAD_MAX);
    if (n == 1) {
        u32 at = 0, strings = 0;

        assert_in_range(in->head.len, 0, XENSTORE_PAYLOAD_MAX);
        while (xs_next_string(in, &at))
            strings++;
        assert_in_range(strings, 0, in->head.len);
        assert_in_range(at, 0, in->head.len);
    }
    if (n)
        in->moved = 0;
}

static void a_hostile_end_harms_only_itself(void **state)
{
    struct xenstore_domain_interface *page = page_make(0);
    struct xs_message *in = calloc(1, sizeof(*in));
    struct byte_channel server;

    (void)state;
    xenstore_attach_server(&server, page);
    for (int i = 0; i < 400000; i++) {
        page_spoil(page);
        server_step(&server, in);
    }
    free(in);
    free(page);
}

static volatile bool spoiling;

static void *spoil_on(void *page)
{
    while (spoiling)
        page_spoil(page);
    return NULL;
}

/* The same with an end that does not wait for its turn. */
static void a_hostile_end_may_do_so_at_any_time(void **state)
{
    struct xenstore_domain_interface *page = page_make(0);
    struct xs_message *in = calloc(1, sizeof(*in));
    struct byte_channel server;
    pthread_t other;

    (void)state;
    xenstore_attach_server(&server, page);
    spoiling = true;
    assert_int_equal(pthread_create(&other, NULL, spoil_on, page), 0);
    for (int i = 0; i < 400000; i++)
        server_step(&server, in);
    spoiling = false;
    pthread_join(other, NULL);
    free(in);
    free(page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_arrive_in_order),
        cmocka_unit_test(channels_are_what_the_headers_say),
        cmocka_unit_test(an_impossible_index_moves_nothing),
        cmocka_unit_test(our_own_index_is_never_read_back),
        cmocka_unit_test(messages_cross_in_pieces),
        cmocka_unit_test(a_message_that_is_too_long_breaks_the_ring),
        cmocka_unit_test(strings_end_where_they_should),
        cmocka_unit_test(a_hostile_end_harms_only_itself),
        cmocka_unit_test(a_hostile_end_may_do_so_at_any_time),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
