/*
 * dom0's network backend with real grants, events and a real card: two frontends in the same domain
 * talk to each other and, through the bridge, to QEMU's network, which answers ARP and ping. One of
 * them lies, dies with frames under way, comes again: whatever happens, no grant stays in use, and
 * the other never notices.
 */
#include "dom0/drivers/drivers.h"
#include "guest-kernel/event/event.h"
#include "guest-kernel/event/upcall.h"
#include "guest-kernel/grant/grant.h"
#include "guest-kernel/time/clock.h"
#include "tests/guests/common.h"
#include "tests/guests/vif/front.h"

#define MANY    100u
#define PAYLOAD 1400u

static struct front *a, *b;
static u8 bytes[FRONT_BYTES], their_mac[6];
static u32 arp_replies, pings, wrong, from_b, refused_connections;

static u16 checksum(const u8 *at, u32 count)
{
    u32 sum = 0;

    for (u32 n = 0; n < count; n += 2)
        sum += (u32)at[n] << 8 | at[n + 1];
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return (u16)~sum;
}

static void half_put(u32 at, u32 value)
{
    bytes[at] = (u8)(value >> 8);
    bytes[at + 1] = (u8)value;
}

static void mac_put(u32 at, const struct front *f)
{
    static const u8 prefix[5] = {0x00, 0x16, 0x3e, 0x00, 0x00};

    memcpy(bytes + at, prefix, 5);
    bytes[at + 5] = (u8)f->id;
}

/* From this one to where @to says, or to all. */
static void ethernet_fill(const struct front *from, const u8 *to, u32 type)
{
    memset(bytes, 0, sizeof(bytes));
    memset(bytes, 0xff, 6);
    if (to)
        memcpy(bytes, to, 6);
    mac_put(6, from);
    half_put(12, type);
}

static void arp_fill(const struct front *from)
{
    static const u8 head[] = {0, 1, 8, 0, 6, 4, 0, 1}, ours[] = {10, 0, 2, 15},
                    its[] = {10, 0, 2, 2};

    ethernet_fill(from, NULL, 0x0806);
    memcpy(bytes + 14, head, sizeof(head));
    memcpy(bytes + 22, bytes + 6, 6);
    memcpy(bytes + 28, ours, 4);
    memcpy(bytes + 38, its, 4);
}

static void ping_fill(const struct front *from, u32 number)
{
    static const u8 ends[] = {10, 0, 2, 15, 10, 0, 2, 2};

    ethernet_fill(from, their_mac, 0x0800);
    bytes[14] = 0x45;
    half_put(16, 20 + 8 + PAYLOAD);
    bytes[22] = 64;
    bytes[23] = 1;
    memcpy(bytes + 26, ends, 8);
    half_put(24, checksum(bytes + 14, 20));
    bytes[34] = 8;
    half_put(38, 0x1234);
    half_put(40, number);
    for (u32 n = 0; n < PAYLOAD; n++)
        bytes[42 + n] = (u8)(number * 7 + n);
    half_put(36, checksum(bytes + 34, 8 + PAYLOAD));
}

static void frame_at_a(struct front *f, const u8 *frame, u32 length)
{
    (void)f;
    if (frame[12] == 8 && frame[13] == 6 && frame[21] == 2) {
        memcpy(their_mac, frame + 22, 6);
        arp_replies++;
    } else if (frame[12] == 8 && frame[13] == 0 && length == 42 + PAYLOAD && frame[34] == 0) {
        u32 number = (u32)frame[40] << 8 | frame[41];

        for (u32 n = 0; n < PAYLOAD; n++)
            wrong += frame[42 + n] != (u8)(number * 7 + n);
        pings++;
    } else if (frame[12] == 8 && frame[13] == 0 && frame[23] == 6 && (frame[47] & 4)) {
        refused_connections++;
    } else if (frame[12] == 0x99) {
        from_b++;
        for (u32 n = 14; n < length; n++)
            wrong += frame[n] != (u8)(length + n);
    }
}

static struct alarm deadline;
static bool too_late;

static void deadline_ring(struct alarm *alarm)
{
    (void)alarm;
    too_late = true;
}

/* The loop, and the frontends, until *count is there or time is up. */
static void loop_until(const u32 *count, u32 want, u64 span)
{
    too_late = false;
    alarm_set(&deadline, time_now_ns() + span);
    while (*count < want && !too_late) {
        front_poll(a);
        front_poll(b);
        if (*count < want)
            loop_step();
    }
    alarm_drop(&deadline);
}

/* What is under way comes to its end. */
static void loop_settle(void)
{
    static const u32 never;

    loop_until(&never, 1, 20 * NS_PER_MILLISECOND);
}

#define SOON (10 * NS_PER_SECOND)

static void outside_rows(void)
{
    u64 mapped = transfer.frames_mapped;

    arp_fill(a);
    front_send(a, bytes, 60, false);
    front_push(a);
    loop_until(&arp_replies, 1, SOON);
    row("arp.replies", arp_replies);
    for (u32 n = 0; n < MANY; n++) {
        ping_fill(a, n);
        while (!front_send(a, bytes, 42 + PAYLOAD, false))
            loop_until(&a->answered, a->answered + 1, SOON);
        front_push(a);
    }
    loop_until(&pings, MANY, SOON);
    loop_until(&a->answered, a->sent, SOON);
    row("ping.replies", pings);
    row_want("ping.wrong", wrong, 0);
    row_want("ping.answered", a->answered, a->sent);
    row_want("ping.errors", a->errors + a->lost, 0);
    row_want("ping.sent-from-the-guests-pages", transfer.frames_mapped - mapped, 2 * MANY);
    row_want("ping.at-the-other", b->received, 1); /* the request of ARP, for all */
}

/* A connection to a port where nobody listens, its checksum left blank: the refusal only comes if
 * somebody filled it in. */
static void tcp_rows(void)
{
    static const u8 ends[] = {10, 0, 2, 15, 10, 0, 2, 2}, pseudo[] = {0, 6, 0, 20};
    u8 sum[12];
    u16 blank;

    ethernet_fill(a, their_mac, 0x0800);
    bytes[14] = 0x45;
    half_put(16, 40);
    bytes[22] = 64;
    bytes[23] = 6;
    memcpy(bytes + 26, ends, 8);
    half_put(24, checksum(bytes + 14, 20));
    half_put(34, 40000);
    half_put(36, 1);
    half_put(38, 0x1111);
    bytes[46] = 0x50;
    bytes[47] = 2;
    half_put(48, 1000);
    memcpy(sum, ends, 8);
    memcpy(sum + 8, pseudo, 4);
    blank = (u16)~checksum(sum, sizeof(sum));
    half_put(50, blank);
    a->blank = true;
    front_send(a, bytes, 54, false); /* the shortest that there is */
    front_push(a);
    a->blank = false;
    loop_until(&refused_connections, 1, SOON);
    row("tcp.refused", refused_connections);
}

static void frames_from_b(u32 count)
{
    for (u32 n = 0; n < count; n++) {
        u32 length = 60 + n * 14;

        ethernet_fill(b, NULL, 0x9900);
        mac_put(0, a);
        for (u32 k = 14; k < length; k++)
            bytes[k] = (u8)(length + k);
        front_send(b, bytes, length, false);
    }
    front_push(b);
}

static void inside_rows(void)
{
    u32 events = a->events;
    u64 copied = transfer.bytes_copied;

    frames_from_b(MANY);
    loop_until(&from_b, MANY, SOON);
    loop_until(&b->answered, b->sent, SOON);
    row("inside.frames", from_b);
    row_want("inside.wrong", wrong, 0);
    row_want("inside.errors", b->errors + a->lost, 0);
    row_want("inside.few-events", a->events - events < MANY / 10, 1);
    row("inside.bytes-copied", (long)(transfer.bytes_copied - copied)); /* heads twice */
}

/* Grants that are not, to the card and to a neighbour. */
static void bad_grant_rows(void)
{
    u32 lost = a->lost;

    b->answered = b->sent = 0;
    ping_fill(b, 1);
    front_send(b, bytes, 1000, true);
    ethernet_fill(b, NULL, 0x9900);
    mac_put(0, a);
    front_send(b, bytes, 1000, true);
    front_push(b);
    loop_until(&b->answered, 2, SOON);
    loop_settle();
    row("bad-grant.answered", b->answered);
    row_want("bad-grant.lost", a->lost - lost, 1);
    row_want("bad-grant.no-failure", !a->failed && !b->failed, 1);
}

static void wild_index(void)
{
    b->tx.ring.shared->req_prod += 1000;
}

static void endless_chain(void)
{
    struct netif_tx_request r = {.gref = b->buffer_refs[0], .flags = NETTXF_more_data, .size = 60};

    while (ring_front_room(&b->tx))
        ring_front_put(&b->tx, &r, sizeof(r));
    (void)ring_front_push(&b->tx);
}

static void lie_rows(const char *name, void (*lie)(void))
{
    u32 before = pings;

    frames_from_b(10); /* some are under way */
    lie();
    event_send((u32)b->port);
    loop_settle();
    row_want(name_of(name, "disconnected"), b->failed != NULL, 1);
    front_disconnect(b);
    ping_fill(a, 1);
    front_send(a, bytes, 42 + PAYLOAD, false);
    front_push(a);
    loop_until(&pings, before + 1, SOON);
    row_want(name_of(name, "the-other-goes-on"), pings - before, 1);
    row_want(name_of(name, "grants-in-use"), front_grants_end(b), 0);
    row(name_of(name, "comes-again"), front_again(b));
    from_b = 0;
    frames_from_b(20);
    loop_until(&from_b, 20, SOON);
    row_want(name_of(name, "talks-again"), from_b, 20);
}

/* The backend is started anew while the card has frames of both. Each is answered once, though some
 * may be sent twice; both frontends go on and have seen nothing. */
static void restart_rows(void)
{
    u32 before = pings, answer = 0;

    a->sent = a->answered = b->sent = b->answered = 0;
    for (u32 n = 0; n < 40; n++) {
        ping_fill(a, n);
        front_send(a, bytes, 42 + PAYLOAD, false);
        ping_fill(b, n);
        front_send(b, bytes, 42 + PAYLOAD, false);
    }
    front_push(a);
    front_push(b);
    loop_step();
    loop_step();
    answer = front_backend_restart(a) != 0 || front_backend_restart(b) != 0;
    row_want("restart.refused", answer, 0);
    loop_until(&a->answered, 40, SOON);
    loop_until(&b->answered, 40, SOON);
    loop_until(&pings, before + 40, SOON);
    loop_settle();
    row_want("restart.answered", a->answered + b->answered, 80);
    row_want("restart.replies", pings - before >= 40, 1);
    row_want("restart.wrong", wrong, 0);
    row_want("restart.failed", a->failed || b->failed, 0);
}

/* It goes while the card has its frames. */
static void death_rows(void)
{
    u64 mapped = transfer.frames_mapped;
    u32 used;

    for (u32 n = 0; n < MANY; n++) {
        ping_fill(b, n);
        front_send(b, bytes, 42 + PAYLOAD, false);
    }
    front_push(b);
    too_late = false;
    alarm_set(&deadline, time_now_ns() + SOON);
    while (transfer.frames_mapped == mapped && !too_late)
        loop_step();
    alarm_drop(&deadline);
    front_disconnect(b);
    used = front_grants_end(b);
    row_want("death.under-way", used > 0, 1);
    loop_settle();
    row_want("death.grants-in-use", front_grants_end(b), 0);
    row("death.comes-again", front_again(b));
    from_b = 0;
    frames_from_b(20);
    loop_until(&from_b, 20, SOON);
    row_want("death.talks-again", from_b, 20);
}

void guest_main(void)
{
    event_init(EVENT_TWO_LEVEL);
    loop_init();
    alarm_init(&deadline, deadline_ring);
    row("init", grant_init());
    drivers_start();
    network_start();
    a = front_make(1);
    b = front_make(2);
    a->frame = frame_at_a;
    row("connect.a", front_connect(a));
    row("connect.b", front_connect(b));
    if (cmdline_has("bench")) {
        bench_rows(a, b);
        guest_end();
    }
    outside_rows();
    tcp_rows();
    inside_rows();
    bad_grant_rows();
    lie_rows("wild-index", wild_index);
    lie_rows("endless-chain", endless_chain);
    restart_rows();
    death_rows();
    guest_end();
}
