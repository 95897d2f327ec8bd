// LINK: xen-like/lib/string.c
/*
 * Rings of requests and responses, one end after the other in one thread: entries arrive in order
 * wherever the indices wrap, an end is told to notify exactly when the other sleeps, a backend
 * goes on where another stopped, and an impossible index moves nothing. The two ends side by side
 * are in test_tsan_ring.c, an end that does anything at all in test_fuzz_ring.c.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "ioring/ring.h"

struct request {
    u64 id;
    u32 value;
};

struct response {
    u64 id;
    u32 answer, more, still_more;
};

#define ENTRY sizeof(struct response)
#define SIZE  128 /* entries of a page: (4096 - 64) / 24 = 168, down to a power of two */

static struct ring_front front;
static struct ring_back back;

/* Exactly a page from the heap, so that an access beyond it is seen; indices begin at @start. */
static struct ring_bytes_sring *ring_make(u32 start)
{
    struct ring_bytes_sring *page = aligned_alloc(4096, 4096);

    assert_non_null(page);
    memset(page, 0xee, 4096);
    ring_front_init(&front, page, 4096, ENTRY);
    assert_int_equal(ring_back_attach(&back, page, 4096, ENTRY), 0);
    page->req_prod = page->rsp_prod = start;
    page->req_event = page->rsp_event = start + 1;
    front.req_prod = front.req_pushed = front.rsp_cons = front.rsp_seen = start;
    assert_int_equal(ring_back_attach(&back, page, 4096, ENTRY), 0);
    return page;
}

static void requests_put(u32 first, u32 count)
{
    for (u32 i = first; i < first + count; i++)
        ring_front_put(&front, &(struct request){i, i * 3}, sizeof(struct request));
}

static void request_take(u32 id)
{
    struct request request;

    assert_int_equal(ring_back_take(&back, &request, sizeof(request)), 1);
    assert_int_equal(request.id, id);
    assert_int_equal(request.value, id * 3);
}

static void response_put(u32 id)
{
    ring_back_put(&back, &(struct response){id, id * 5, 1, 2}, sizeof(struct response));
}

static void response_take(u32 id)
{
    struct response response;

    assert_int_equal(ring_front_take(&front, &response, sizeof(response)), 1);
    assert_int_equal(response.id, id);
    assert_int_equal(response.answer, id * 5);
    assert_int_equal(response.still_more, 2);
}

/* The header's own macros say how many entries a ring has, and where they are. */
static void sizes_are_the_headers(void **state)
{
    static u8 pages[4 * 4096];
    blkif_sring_t *blk = (void *)pages;
    netif_tx_sring_t *tx = (void *)pages;
    struct ring r;

    (void)state;
    assert_int_equal(offsetof(blkif_sring_t, ring), offsetof(struct ring_bytes_sring, ring));
    assert_int_equal(offsetof(netif_tx_sring_t, ring), offsetof(struct ring_bytes_sring, ring));
    for (u32 order = 0; order < 3; order++) {
        assert_int_equal(ring_entries(4096u << order, sizeof(blk->ring[0])),
                         __RING_SIZE(blk, (4096 << order)));
        assert_int_equal(ring_entries(4096u << order, sizeof(tx->ring[0])),
                         __RING_SIZE(tx, (4096 << order)));
    }
    r = ring_at(pages, 4096, sizeof(blk->ring[0]));
    for (u32 i = 0; i < 32; i++) /* the ring's second time round */
        assert_ptr_equal(ring_entry(&r, 32 + i), (u8 *)blk->ring + i * sizeof(blk->ring[0]));
}

static void entries_arrive_in_order(void **state)
{
    static const u32 starts[] = {0, 77, UINT32_MAX - 1000, UINT32_MAX};

    (void)state;
    for (u32 s = 0; s < ARRAY_SIZE(starts); s++) {
        struct ring_bytes_sring *page = ring_make(starts[s]);
        u32 put = 0, at_work = 0, answered = 0, done = 0, seed = s + 1;

        while (done < 50000) {
            u32 step = (seed = seed * 1664525 + 1013904223) >> 25;
            u32 n = MIN(step, ring_front_room(&front));

            assert_int_equal(ring_front_room(&front), SIZE - (put - done));
            requests_put(put, n);
            put += n;
            (void)ring_front_push(&front);
            for (step = (seed = seed * 1664525 + 1013904223) >> 25; step && at_work < put; step--)
                request_take(at_work++);
            for (step = (seed = seed * 1664525 + 1013904223) >> 25; step && answered < at_work;
                 step--)
                response_put(answered++);
            (void)ring_back_push(&back);
            for (step = (seed = seed * 1664525 + 1013904223) >> 25; step && done < answered; step--)
                response_take(done++);
        }
        free(page);
    }
}

/* What was put is not seen before it is pushed, and nothing is taken from an empty ring. */
static void a_push_publishes(void **state)
{
    struct ring_bytes_sring *page = ring_make(0);
    struct request request;
    struct response response;

    (void)state;
    requests_put(0, 2);
    assert_int_equal(ring_back_take(&back, &request, sizeof(request)), 0);
    assert_true(ring_front_push(&front));
    assert_int_equal(ring_back_waiting(&back), 2);
    request_take(0);
    request_take(1);
    assert_int_equal(ring_back_take(&back, &request, sizeof(request)), 0);
    response_put(0);
    assert_int_equal(ring_front_take(&front, &response, sizeof(response)), 0);
    assert_true(ring_back_push(&back));
    response_take(0);
    assert_int_equal(ring_front_take(&front, &response, sizeof(response)), 0);
    free(page);
}

/* One that is awake is not notified; one that sleeps is, once, by the entry that it waits for. */
static void only_sleepers_are_notified(void **state)
{
    struct ring_bytes_sring *page = ring_make(UINT32_MAX - 2);

    (void)state;
    requests_put(0, 3);
    assert_true(ring_front_push(&front)); /* it sleeps when it is new */
    assert_false(ring_front_push(&front));
    requests_put(3, 3);
    assert_false(ring_front_push(&front)); /* it has been told, and did not go to sleep again */
    for (u32 i = 0; i < 6; i++)
        request_take(i);
    assert_int_equal(ring_back_final_check(&back, 1), 0);
    requests_put(6, 1);
    assert_true(ring_front_push(&front));
    assert_int_equal(ring_back_final_check(&back, 1), 1);
    request_take(6);

    assert_int_equal(ring_front_final_check(&front, 4), 0); /* wants four at once */
    for (u32 i = 0; i < 3; i++)
        response_put(i);
    assert_false(ring_back_push(&back));
    response_put(3);
    response_put(4);
    assert_true(ring_back_push(&back));
    assert_int_equal(ring_front_final_check(&front, 1), 5);
    free(page);
}

/* A backend that comes later takes anew what its predecessor did not answer. */
static void a_backend_goes_on(void **state)
{
    struct ring_bytes_sring *page = ring_make(UINT32_MAX);

    (void)state;
    requests_put(0, 5);
    (void)ring_front_push(&front);
    for (u32 i = 0; i < 4; i++)
        request_take(i);
    response_put(0);
    response_put(1);
    (void)ring_back_push(&back);

    assert_int_equal(ring_back_attach(&back, page, 4096, ENTRY), 0);
    for (u32 i = 2; i < 5; i++)
        request_take(i);
    assert_int_equal(ring_back_final_check(&back, 1), 0);
    for (u32 i = 2; i < 5; i++)
        response_put(i);
    (void)ring_back_push(&back);
    for (u32 i = 0; i < 5; i++)
        response_take(i);
    page->req_prod = page->rsp_prod + SIZE + 1;
    assert_int_equal(ring_back_attach(&back, page, 4096, ENTRY), RING_BROKEN);
    free(page);
}

static void an_impossible_index_moves_nothing(void **state)
{
    struct ring_bytes_sring *page = ring_make(100);
    struct request request = {0};
    struct response response = {0};
    static const u32 wrong[] = {SIZE + 1, 0x80000000, UINT32_MAX};

    (void)state;
    requests_put(0, 10);
    (void)ring_front_push(&front);
    for (u32 i = 0; i < 10; i++)
        request_take(i);
    for (u32 i = 0; i < 4; i++)
        response_put(i);
    (void)ring_back_push(&back);
    response_take(0);
    for (u32 i = 1; i < 4; i++)
        response_take(i);
    for (u32 i = 0; i < ARRAY_SIZE(wrong); i++) {
        page->req_prod = 104 + wrong[i]; /* from the last response on there is room for SIZE */
        assert_int_equal(ring_back_waiting(&back), RING_BROKEN);
        assert_int_equal(ring_back_take(&back, &request, sizeof(request)), RING_BROKEN);
        assert_int_equal(ring_back_final_check(&back, 1), RING_BROKEN);
        page->rsp_prod = 110 + (wrong[i] - SIZE); /* no more than ten have been asked for */
        if (wrong[i] == UINT32_MAX)
            page->rsp_prod = 103; /* behind what has been taken */
        assert_int_equal(ring_front_waiting(&front), RING_BROKEN);
        assert_int_equal(ring_front_take(&front, &response, sizeof(response)), RING_BROKEN);
        assert_int_equal(ring_front_final_check(&front, 1), RING_BROKEN);
    }
    assert_int_equal(request.id + response.id, 0);
    page->req_prod = 104 + SIZE;
    page->rsp_prod = 110;
    assert_int_equal(ring_back_waiting(&back), SIZE - 6);
    assert_int_equal(ring_front_waiting(&front), 6);
    free(page);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_are_the_headers),
        cmocka_unit_test(entries_arrive_in_order),
        cmocka_unit_test(a_push_publishes),
        cmocka_unit_test(only_sleepers_are_notified),
        cmocka_unit_test(a_backend_goes_on),
        cmocka_unit_test(an_impossible_index_moves_nothing),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
