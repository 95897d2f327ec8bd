/*
 * A hostile client of the xenstore, under a fuzzer: three guests and what they write to their
 * rings, as bytes that need not be messages and as messages that need not make sense. The store is
 * counted anew all the time; a ring that was broken is begun anew; dom0 reads and writes in
 * between. At the end all guests go, and no byte of theirs may be left.
 *
 * An input is a list of steps: a byte that says what is done and by whom, then what that needs.
 */
#include "tests/fuzz/replay.h"
#include "tests/host/store_machine.h"

#include "dom0/xenstore/store.h"

#define GUESTS 3

static struct peer *peers[GUESTS];
static const uint8_t *at, *end;

static u32 byte(void)
{
    return at < end ? *at++ : 0;
}

/* Names of a few paths, so that guests meet. */
static const char *const paths[] = {
    "data",
    "data/a",
    "data/a/b",
    "/local/domain/1/data",
    "/local/domain/1/data/a",
    "/local/domain/2/data/a/b",
    "/local/domain/3",
    "/",
    "name",
    "data/c",
    "/local/domain",
    "@releaseDomain",
    "",
    "data//a",
    "/local/domain/2/data",
    "x",
};
static const char *const tails[] = {"",         "t", "T",     "F",  "n1|r2",
                                    "b2|n3|w1", "0", "value", "r3", "n1"};

static void begin_anew(struct peer *peer)
{
    client_reset(&peer->client);
    memset(&peer->page, 0, sizeof(peer->page));
    xenstore_attach_server(&peer->client.ring, &peer->page);
    xenstore_attach_client(&peer->ring, &peer->page);
    peer->in.moved = 0;
    peer->error = 0;
}

/* Takes what came; whatever it is. */
static void drain(struct peer *peer)
{
    char bytes[256];

    peer_serve(peer);
    while (!peer->error && byte_ring_take(&peer->ring.receive, bytes, sizeof(bytes)) > 0)
        peer_serve(peer);
    if (peer->error)
        begin_anew(peer);
}

static void send_made(struct peer *peer)
{
    struct xs_message m;
    u32 tail;

    xs_begin(&m, byte() % 24, 7, byte() % 4);
    xs_append_string(&m, paths[byte() % ARRAY_SIZE(paths)]);
    tail = byte();
    for (const char *s = tails[tail % ARRAY_SIZE(tails)]; *s; s++)
        xs_append(&m, *s == '|' ? "" : s, 1);
    if (tail & 0x80)
        xs_append(&m, "", 1);
    for (int i = 0; i < 3 && !peer->error && !xs_send(&m, &peer->ring.send); i++)
        peer_serve(peer);
}

static void send_bytes(struct peer *peer)
{
    u32 length = byte();

    length = length < (u32)(end - at) ? length : (u32)(end - at);
    byte_ring_put(&peer->ring.send, at, length);
    at += length;
}

static void dom0_does(u32 what)
{
    char value[64];
    const char *path = paths[byte() % 10];

    if (path[0] != '/' || !path[1])
        return;
    if (what & 1)
        store_remove(path);
    else if (what & 2)
        store_write(path, "dom0");
    else
        store_permit(path, (domid_t)(byte() % 4), (domid_t)(byte() % 5));
    store_read(path, value, sizeof(value));
    machine_work();
}

static void step(void)
{
    u32 what = byte();
    struct peer *peer = peers[what % GUESTS];

    switch (what / GUESTS % 8) {
    case 0:
        send_bytes(peer);
        break;
    case 1:
        drain(peer);
        return;
    case 2:
        dom0_does(byte());
        return;
    case 3:
        if (byte() == 0x5a)
            peer->page.req_prod += byte() << 8;
        break;
    case 4:
        machine_time += EVENT_PATIENCE_NS / 2;
        break;
    default:
        send_made(peer);
    }
    if (!peer->error)
        peer_serve(peer);
    if (peer->error)
        begin_anew(peer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct store_usage usage;

    at = data;
    end = data + size;
    machine_begin();
    for (domid_t i = 0; i < GUESTS; i++)
        peers[i] = machine_guest((domid_t)(i + 1));
    while (at < end)
        step();
    machine_end();
    for (domid_t i = 1; i <= GUESTS; i++)
        assert_int_equal(store_usage(i, &usage), -XEN_ENOENT);
    return 0;
}
