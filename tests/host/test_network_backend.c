// LINK: dom0/backend/network.c dom0/backend/network_tx.c dom0/backend/network_rx.c
// LINK: dom0/bridge/bridge.c dom0/bridge/frame.c dom0/bridge/mac_table.c
// LINK: ioring/network.c xen-like/lib/fmt.c xen-like/lib/string.c
// LINK: tests/host/network_world.c
/*
 * dom0's network backend and bridge with guests on all sides: honest ones exchange frames whole and
 * in order; one that lies, dies or does not listen harms itself only.
 */
#include "tests/host/network_world.h"

static u8 frame[70000], got[70000];

static int setup(void **state)
{
    (void)state;
    world_start();
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    world_end();
    return 0;
}

static struct guest *guest_start(domid_t id, u32 pages)
{
    struct guest *g = guest_make(id);

    assert_int_equal(guest_connect(g, 1), 0);
    guest_offer(g, pages);
    world_work();
    return g;
}

static void send(struct guest *g, u32 length, u8 to, u32 seed, u32 pieces)
{
    frame_make(frame, length, to, (u8)g->id, seed);
    guest_send(g, frame, length, pieces, -1, false);
    world_work();
}

/* The next that came to g is this one. */
static void expect(struct guest *g, u32 length, u8 to, u8 from, u32 seed)
{
    assert_int_equal(guest_receive(g, got, NULL), length);
    frame_make(frame, length, to, from, seed);
    assert_memory_equal(got, frame, length);
}

static void expect_nothing(struct guest *g)
{
    assert_int_equal(guest_receive(g, got, NULL), -1);
}

static void frames_arrive_whole(void **state)
{
    struct guest *a = guest_start(1, 200), *b = guest_start(2, 200);
    u32 sent = 0;

    (void)state;
    for (u32 length = 14; length <= FRAME_MAX; length += 37) {
        for (u32 pieces = 1; pieces <= 18 && pieces * 5 <= length; pieces += 4) {
            send(a, length, 2, length + pieces, pieces);
            expect(b, length, 2, 1, length + pieces);
            assert_int_equal(guest_sent(a), pieces);
            assert_int_equal(a->last_status, NETIF_RSP_OKAY);
            guest_offer(b, 1);
            sent++;
        }
    }
    expect_nothing(a);
    assert_int_equal(a->vif->port.in.frames, sent);
    assert_int_equal(b->vif->port.out.frames, sent);
}

static void the_bridge_learns(void **state)
{
    struct guest *g[] = {guest_start(1, 50), guest_start(2, 50), guest_start(3, 50)};

    (void)state;
    send(g[0], 60, 2, 1, 1); /* nobody knows 2: to all others */
    expect(g[1], 60, 2, 1, 1);
    expect(g[2], 60, 2, 1, 1);
    send(g[1], 60, 1, 2, 1); /* 1 is known, and now 2 */
    expect(g[0], 60, 1, 2, 2);
    expect_nothing(g[2]);
    send(g[0], 60, 2, 3, 1);
    expect(g[1], 60, 2, 1, 3);
    expect_nothing(g[2]);
    send(g[2], 60, 0xff, 4, 1); /* for all */
    expect(g[0], 60, 0xff, 3, 4);
    expect(g[1], 60, 0xff, 3, 4);
    expect_nothing(g[2]);
    send(g[0], 60, 1, 5, 1); /* to itself */
    for (u32 i = 0; i < 3; i++)
        expect_nothing(g[i]);
    world_time += MAC_AGE_NS + 1;
    send(g[0], 60, 2, 6, 1); /* 2 was silent for too long */
    expect(g[2], 60, 2, 1, 6);
    guest_disconnect(g[1]);
    send(g[0], 60, 2, 7, 1); /* and now it is gone */
    expect(g[2], 60, 2, 1, 7);
}

/* One event for many frames, one for many answers. */
static void batches_take_one_notification(void **state)
{
    struct guest *a = guest_start(1, 100), *b = guest_start(2, 200);
    u32 before_a, before_b;

    (void)state;
    send(b, 60, 1, 0, 1);
    before_a = a->notified, before_b = b->notified;
    ring_front_final_check(&b->queue[0].rx, 1);
    for (u32 i = 0; i < 50; i++) {
        frame_make(frame, 1000, 2, 1, i);
        guest_send(a, frame, 1000, 1, -1, false);
    }
    world_work();
    assert_int_equal(a->notified - before_a, 1);
    assert_int_equal(b->notified - before_b, 1);
    for (u32 i = 0; i < 50; i++)
        expect(b, 1000, 2, 1, i);
    assert_int_equal(guest_sent(a), 50);
}

/* Each byte is copied once, but for the headers. */
static void a_byte_is_copied_once(void **state)
{
    struct guest *a = guest_start(1, 10), *b = guest_start(2, 10);
    u64 before;

    (void)state;
    send(b, 60, 1, 0, 1);
    before = transfer.bytes_copied;
    send(a, 1500, 2, 1, 1);
    expect(b, 1500, 2, 1, 1);
    assert_int_equal(transfer.bytes_copied - before, FRAME_HEAD + 1500);
}

static void bad_frames_are_errors(void **state)
{
    static const struct {
        u32 length, pieces;
        int bad;
        s16 want;
        long arrives;
    } cases[] = {
        {1500, 1, -1, NETIF_RSP_OKAY, 1500}, {60, 1, 0, NETIF_RSP_ERROR, -1}, /* no such grant */
        {1500, 3, 0, NETIF_RSP_ERROR, -1},                                    /* its header's */
        {60, 12, 1, NETIF_RSP_ERROR, -1},   /* of a piece with a part of it */
        {1500, 3, 2, NETIF_RSP_OKAY, -2},   /* its last piece's: the page comes back as lost */
        {1519, 1, -1, NETIF_RSP_ERROR, -1}, /* longer than a wire takes */
        {4000, 1, -1, NETIF_RSP_ERROR, -1},  {10, 1, -1, NETIF_RSP_ERROR, -1},
        {1500, 1, -1, NETIF_RSP_OKAY, 1500},
    };
    struct guest *a = guest_start(1, 10), *b = guest_start(2, 10);

    (void)state;
    for (u32 i = 0; i < ARRAY_SIZE(cases); i++) {
        frame_make(frame, cases[i].length, 2, 1, i);
        guest_send(a, frame, cases[i].length, cases[i].pieces, cases[i].bad, false);
        world_work();
        assert_int_equal(guest_sent(a), cases[i].pieces);
        assert_int_equal(a->last_status, cases[i].want);
        assert_int_equal(guest_receive(b, got, NULL), cases[i].arrives);
    }
    assert_null(a->failed);
}

static void wild_tx_index(struct guest *g)
{
    g->queue[0].tx.ring.shared->req_prod += 1000;
}

static void wild_rx_index(struct guest *g)
{
    g->queue[0].rx.ring.shared->req_prod += 1000;
}

static void endless_chain(struct guest *g)
{
    struct netif_tx_request r = {.flags = NETTXF_more_data, .size = 4000};

    while (ring_front_room(&g->queue[0].tx))
        ring_front_put(&g->queue[0].tx, &r, sizeof(r));
    (void)ring_front_push(&g->queue[0].tx);
}

static void page_crossed(struct guest *g)
{
    struct netif_tx_request r = {.offset = 4000, .size = 200};

    ring_front_put(&g->queue[0].tx, &r, sizeof(r));
    (void)ring_front_push(&g->queue[0].tx);
}

/* A guest that breaks the protocol is let go; its neighbours never notice; it may come again. */
static void liars_are_disconnected(void **state)
{
    static void (*const lies[])(struct guest *) = {wild_tx_index, wild_rx_index, endless_chain,
                                                   page_crossed};
    struct guest *a = guest_start(1, 100), *b = guest_start(2, 100), *liar = guest_start(3, 10);

    (void)state;
    for (u32 i = 0; i < ARRAY_SIZE(lies); i++) {
        lies[i](liar);
        guest_kick(liar);
        send(a, 60, 0xff, i, 1);
        send(a, 60, 0xff, i + 10, 1);
        assert_non_null(liar->failed);
        expect(b, 60, 0xff, 1, i);
        expect(b, 60, 0xff, 1, i + 10);
        assert_int_equal(guest_sent(a), 2);
        assert_int_equal(guest_connect(liar, 1), 0);
        guest_offer(liar, 10);
        world_work();
        send(a, 60, 0xff, i + 20, 1);
        expect(liar, 60, 0xff, 1, i + 20);
        expect(b, 60, 0xff, 1, i + 20);
        assert_int_equal(guest_sent(a), 1);
    }
}

/* A guest without empty pages: some frames wait, in order; the rest is dropped, and memory bounded.
 */
static void who_does_not_listen_loses(void **state)
{
    struct guest *a = guest_start(1, 1), *b = guest_start(2, 10);
    long blocks = heap_blocks;

    (void)state;
    for (u32 i = 0; i < 1000; i++) {
        send(a, 100, 2, i, 1);
        assert_int_equal(guest_sent(a), 1);
    }
    for (u32 i = 0; i < 10; i++)
        expect(b, 100, 2, 1, i);
    expect_nothing(b);
    assert_int_equal(b->vif->counts.rx_waited, BACKLOG_MAX);
    assert_int_equal(b->vif->counts.rx_dropped, 990 - BACKLOG_MAX);
    assert_in_range(heap_blocks - blocks, 2 * BACKLOG_MAX, 2 * BACKLOG_MAX + 8);
    guest_offer(b, 30); /* it notifies, for the backend has asked */
    world_work();
    guest_offer(b, 200);
    world_work();
    send(a, 100, 2, 5000, 1);
    for (u32 i = 10; i < 10 + BACKLOG_MAX; i++)
        expect(b, 100, 2, 1, i);
    expect(b, 100, 2, 1, 5000);
    assert_in_range(heap_blocks - blocks, 0, 300); /* all are kept for later but the frames */
}

/* There are pages again, but nobody has looked yet: the next frame goes behind those that wait. */
static void none_overtakes_another(void **state)
{
    struct guest *a = guest_start(1, 1), *b = guest_start(2, 0);

    (void)state;
    send(a, 100, 2, 1, 1);
    frame_make(frame, 100, 2, 1, 2);
    guest_send(a, frame, 100, 1, -1, false); /* its event is there first */
    guest_offer(b, 5);
    world_work();
    for (u32 i = 1; i < 3; i++)
        expect(b, 100, 2, 1, i);
}

/* One that does not say feature-rx-notify would not tell us of new pages: nothing waits for it. */
static void nothing_waits_for_the_silent(void **state)
{
    struct guest *a = guest_start(1, 1), *b = guest_make(2);

    (void)state;
    b->no_notify = true;
    assert_int_equal(guest_connect(b, 1), 0);
    send(a, 100, 2, 1, 1);
    assert_int_equal(b->vif->counts.rx_dropped, 1);
    guest_offer(b, 1);
    world_work();
    send(a, 100, 2, 2, 1);
    expect(b, 100, 2, 1, 2);
}

/* IPv4 and TCP with the pseudo-header's sum in place; what wants it gets the sum of it all. */
static void checksums_are_filled_for_who_wants_them(void **state)
{
    struct guest *a = guest_start(1, 10), *b = guest_start(2, 10), *c = guest_make(3);
    bool blank;
    u32 sum = 0;

    (void)state;
    c->no_checksum = true;
    assert_int_equal(guest_connect(c, 1), 0);
    guest_offer(c, 10);
    frame_make(frame, 200, 0xff, 1, 9);
    memcpy(frame + 12, "\x08\x00\x45", 3);
    frame[23] = 6;
    guest_send(a, frame, 200, 18, -1, true); /* headers over several pieces */
    world_work();
    assert_int_equal(guest_receive(b, got, &blank), 200);
    assert_true(blank);
    assert_memory_equal(got, frame, 200);
    assert_int_equal(guest_receive(c, got, &blank), 200);
    assert_false(blank);
    /* What was in the field counted once; so the sum of all, less it, is all ones. */
    for (u32 i = 34; i < 200; i += 2)
        sum += (u32)got[i] << 8 | got[i + 1];
    sum += (u32)frame[50] << 8 | frame[51];
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    assert_int_equal(sum, 0xffff);
    got[50] = frame[50], got[51] = frame[51];
    assert_memory_equal(got, frame, 200);
}

/* The shortest that a TCP sends: headers and no byte more, as of every acknowledgement. */
static void the_shortest_frame_gets_its_checksum(void **state)
{
    struct guest *a = guest_start(1, 10), *c = guest_make(3);
    bool blank;

    (void)state;
    c->no_checksum = true;
    assert_int_equal(guest_connect(c, 1), 0);
    guest_offer(c, 10);
    frame_make(frame, 54, 0xff, 1, 9);
    memcpy(frame + 12, "\x08\x00\x45", 3);
    frame[23] = 6;
    guest_send(a, frame, 54, 3, -1, true);
    world_work();
    assert_int_equal(guest_receive(c, got, &blank), 54);
    assert_false(blank);
}

static void queues_share_the_work(void **state)
{
    struct guest *a = guest_start(1, 200), *b = guest_make(2);
    u32 second = 0;

    (void)state;
    assert_int_equal(guest_connect(b, 2), 0);
    guest_offer(b, 100);
    world_work();
    for (u32 i = 0; i < 100; i++) {
        send(a, 100, 2, i, 1);
        assert_int_equal(guest_receive(b, got, NULL), 100);
    }
    second = b->queue[1].rx.rsp_cons;
    assert_in_range(second, 10, 90);
    assert_int_equal(second + b->queue[0].rx.rsp_cons, 100);
    assert_int_equal(guest_connect(guest_make(3), 0), -XEN_EINVAL);
    assert_int_equal(guest_connect(guest_make(4), VIF_QUEUES_MAX + 1), -XEN_EINVAL);
    assert_int_equal(guest_connect(guest_make(5), 3), -XEN_EINVAL); /* gives two only */
}

static void who_wants_to_flip_pages_is_refused(void **state)
{
    struct guest *g = guest_make(1);

    (void)state;
    g->no_copy = true;
    assert_int_equal(guest_connect(g, 1), -XEN_EOPNOTSUPP);
}

/* A port that keeps what it is given until it is told, as a card does. */
static struct frame_owner *kept[64];
static u32 kept_count;

static void keep(struct bridge_port *port, const struct frame *f)
{
    (void)port;
    frame_hold(f);
    kept[kept_count++] = f->owner;
}

static void keep_flush(struct bridge_port *port)
{
    (void)port;
}

/* A guest goes while its frames are under way; when the card is done with them, nobody is there. */
static void frames_outlive_their_guest(void **state)
{
    struct bridge_port slow = {.deliver = keep, .flush = keep_flush};
    struct guest *a = guest_start(1, 10), *b;

    (void)state;
    kept_count = 0;
    bridge_port_add(bridge_get("xenbr0"), &slow, 10);
    for (u32 i = 0; i < 5; i++)
        send(a, 100, 9, i, 1);
    assert_int_equal(kept_count, 5);
    assert_int_equal(guest_sent(a), 0);
    owner_release(kept[3]);
    world_work();
    assert_int_equal(guest_sent(a), 0); /* not before those before it */
    owner_release(kept[0]);
    world_work();
    assert_int_equal(guest_sent(a), 1);
    guest_end(a);
    owner_release(kept[1]);
    world_work();
    b = guest_start(1, 10); /* another with the same number */
    send(b, 100, 9, 1, 1);
    owner_release(kept[2]);
    owner_release(kept[4]);
    owner_release(kept[5]);
    world_work();
    assert_int_equal(guest_sent(b), 1);
    bridge_port_remove(&slow);
}

/*
 * The backend is started anew while frames are under way: who comes next goes on with the rings as
 * they are. Each frame is answered once; what had not been answered may be sent a second time.
 */
static void a_new_backend_goes_on(void **state)
{
    struct bridge_port slow = {.deliver = keep, .flush = keep_flush};
    struct guest *a = guest_start(1, 20), *b = guest_start(2, 40);

    (void)state;
    kept_count = 0;
    send(b, 60, 1, 0, 1);
    guest_sent(b);
    expect(a, 60, 1, 2, 0);
    bridge_port_add(bridge_get("xenbr0"), &slow, 10);
    for (u32 i = 0; i < 6; i++) /* in turns to the slow one and to b */
        send(a, 100, i % 2 ? 2 : 9, i, 1 + i % 3);
    assert_int_equal(kept_count, 3);
    assert_int_equal(guest_sent(a), 0);
    owner_release(kept[0]);
    world_work();
    assert_int_equal(guest_sent(a), 1 + 2); /* frames 0 and 1 */
    assert_int_equal(guest_backend_restart(a), 0);
    assert_int_equal(guest_backend_restart(b), 0);
    world_work();
    assert_int_equal(kept_count, 7); /* frames 2 to 5 again: where b is is no longer known */
    for (u32 i = 1; i < 7; i++)
        owner_release(kept[i]);
    world_work();
    assert_int_equal(guest_sent(a), 3 + 1 + 2 + 3);
    bridge_port_remove(&slow);
    for (u32 i = 0; i < 30; i++) {
        send(a, 100, 0xff, 100 + i, 1);
        assert_int_equal(guest_sent(a), 1);
    }
    while (guest_receive(b, got, NULL) == 100 && got[12] != (u8)(12 * 7 + 129))
        ;
    frame_make(frame, 100, 0xff, 1, 129);
    assert_memory_equal(got, frame, 100);
    assert_null(a->failed);
    assert_null(b->failed);
}

static u32 seed;

static u32 random_below(u32 limit)
{
    seed = seed * 1664525 + 1013904223;
    return (u32)((u64)seed * limit >> 32);
}

/* Anything at all in both of its rings, at any time. */
static void rings_spoil(struct guest *g)
{
    u8 *pages[] = {g->queue[0].tx_page, g->queue[0].rx_page};

    for (u32 n = random_below(20); n; n--) {
        u8 *page = pages[random_below(2)];
        u32 at = random_below(3) ? random_below(4) * 4 : random_below(PAGE_SIZE / 4) * 4, word;

        memcpy(&word, page + at, 4);
        word = random_below(8) ? word + random_below(20) : seed;
        memcpy(page + at, &word, 4);
    }
    guest_kick(g);
}

static void honest_guests_do_not_notice(void **state)
{
    struct guest *a = guest_start(1, 250), *b = guest_start(2, 250), *liar = guest_start(3, 250);
    u32 failures = 0;

    (void)state;
    seed = 1;
    send(b, 60, 1, 0, 1);
    guest_sent(b);
    while (guest_receive(a, got, NULL) != -1)
        ;
    for (u32 i = 0; i < 3000; i++) {
        rings_spoil(liar);
        send(a, 200, 2, i, 1 + i % 3);
        assert_int_equal(guest_sent(a), 1 + i % 3);
        do /* the liar may send something, too, but its bytes are not ours */
            assert_true(guest_receive(b, got, NULL) != -1);
        while (got[11] != 1);
        frame_make(frame, 200, 2, 1, i);
        assert_memory_equal(got, frame, 200);
        guest_offer(b, 2);
        if (liar->failed) {
            failures++;
            assert_int_equal(guest_connect(liar, 1), 0);
            guest_offer(liar, random_below(20));
            world_work();
        }
    }
    print_message("the liar was disconnected %u times\n", failures);
    assert_true(failures > 100);
    assert_null(a->failed);
    assert_null(b->failed);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(frames_arrive_whole),
        T(the_bridge_learns),
        T(batches_take_one_notification),
        T(a_byte_is_copied_once),
        T(bad_frames_are_errors),
        T(liars_are_disconnected),
        T(who_does_not_listen_loses),
        T(none_overtakes_another),
        T(nothing_waits_for_the_silent),
        T(checksums_are_filled_for_who_wants_them),
        T(the_shortest_frame_gets_its_checksum),
        T(queues_share_the_work),
        T(who_wants_to_flip_pages_is_refused),
        T(frames_outlive_their_guest),
        T(a_new_backend_goes_on),
        T(honest_guests_do_not_notice),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
