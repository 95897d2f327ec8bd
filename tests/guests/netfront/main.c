/*
 * NETFRONT against a backend in the same domain that sends back what it gets (mirror.h): grants,
 * rings and ports are the hypervisor's, nothing else is. What is shown: every byte comes through
 * pages of both sizes of frame; nobody is told more often than needed; frames that are lost,
 * damaged or blank of checksum; a backend that goes and comes; and each way in which a backend can
 * lie, which must cost it the connection, and us nothing but the pages that it does not give back.
 */
#include "guest-kernel/core/guest.h"
#include "guest-kernel/core/report.h"
#include "guest-kernel/event/event.h"
#include "guest-kernel/network/address.h"
#include "guest-kernel/network/http.h"
#include "guest-kernel/network/ping.h"
#include "guest-kernel/sched/thread.h"
#include "guest-kernel/time/clock.h"
#include "tests/guests/netfront/life.h"
#include "tests/guests/netfront/mirror.h"
#include "xen-like/lib/fmt.h"
#include "xen-like/lib/string.h"

#define SLICE      (2 * NS_PER_MILLISECOND)
#define LATE_PINGS 20
#define REOPENINGS 300
#define BULK       300000u

static struct netfront card;
static struct mirror mirror;
static const u8 mac[6] = {0, 0x16, 0x3e, 0, 0, 1};
static ip4_addr_t other;

static size_t page(char *to, size_t size)
{
    return fmt_snprintf(to, size, "a page");
}

static void card_init(void *arg)
{
    *(bool *)arg = netfront_init(&card, mac, 1500) && http_serve(HTTP_PORT, page);
}

static bool two_ports, offload;

static void card_open(void *arg)
{
    *(long *)arg = netfront_open(&card, 0, two_ports);
    card.checksum_offload = offload;
}

static void card_up(void *arg)
{
    (void)arg;
    netfront_link_up(&card);
}

static void card_close(void *arg)
{
    (void)arg;
    netfront_close(&card);
}

static void connect(void)
{
    long answer = -1;

    network_do(card_open, &answer);
    if (answer) {
        row_want("open.answer", answer, 0);
        guest_end();
    }
    mirror_connect(&mirror, &card);
    network_do(card_up, NULL);
}

static grant_ref_t last_ref;

static void disconnect(void)
{
    last_ref = card.tx_ref;
    network_do(card_close, NULL);
    mirror_disconnect(&mirror);
}

static bool pages_are_back(void *arg)
{
    (void)arg;
    return card.idle_count + card.counters.pages_held >= NETFRONT_SLOTS;
}

static bool ping_bytes(u32 bytes)
{
    u64 took;

    return ping(&other, bytes, LONG, &took);
}

static bool fetch(struct http_fetch *f, const char *path)
{
    *f = (struct http_fetch){.from = other, .port = HTTP_PORT, .path = path};
    return http_fetch(f, LONG);
}

static bool bulk_comes(u64 bytes)
{
    struct http_fetch f;
    char path[40];

    fmt_snprintf(path, sizeof(path), "/bytes/%" F64 "u", bytes);
    return fetch(&f, path) && f.bytes == bytes && f.sum == bytes * 'x';
}

static void say_frames(void)
{
    static const u32 sizes[] = {0, 1, 56, 1000, 1472, 1473, 3000, 8000};
    u32 answered = 0;

    for (u32 i = 0; i < ARRAY_SIZE(sizes); i++)
        answered += ping_bytes(sizes[i]);
    row_want("frames.pings-answered", answered, ARRAY_SIZE(sizes));
    card.netif.mtu = 9000; /* one frame in three pages, and more */
    row_want("frames.ping-in-many-slots", ping_bytes(8000), true);
    row_want("frames.took-several-pages", card.counters.rx_slots > card.counters.rx_frames, true);
    card.netif.mtu = 1500;
}

static void say_pages(void)
{
    struct http_fetch f;
    bool came = fetch(&f, "/");

    row_want("http.page", came, true);
    row_text("http.status", f.status);
    row_want("http.page-bytes", (s64)f.bytes, sizeof("a page") - 1);
    came = fetch(&f, "/nothing");
    row_text("http.not-found", f.status);
    row_want("http.bulk", bulk_comes(BULK), true);
}

/* A frame needs a notification when the other end sleeps; here, with all on one CPU, many frames
 * are there when it wakes. */
static void say_suppression(void)
{
    struct netfront_counters before = card.counters;
    u64 frames, notifications, events, bytes, copied;

    row_want("notify.bulk", bulk_comes(BULK), true);
    frames = card.counters.tx_frames - before.tx_frames;
    notifications = card.counters.tx_notifications + card.counters.rx_notifications -
                    before.tx_notifications - before.rx_notifications;
    events = card.counters.events - before.events;
    bytes = card.counters.tx_bytes - before.tx_bytes;
    copied = card.counters.tx_copied_bytes - before.tx_copied_bytes;
    console_printf("~ %" F64 "u frames, %" F64 "u slots; %" F64 "u notifications, %" F64
                   "u events; %" F64 "u frames, %" F64 "u of %" F64 "u bytes copied\n",
                   frames, card.counters.tx_slots - before.tx_slots, notifications, events,
                   card.counters.tx_copied - before.tx_copied, copied, bytes);
    /* By bytes: a page's end may lie where all acknowledgements have their headers. */
    row_want("notify.few-are-copied", copied * 10 < bytes, true);
    row_want("notify.sent-for-less-than-half", notifications < frames / 2, true);
    row_want("notify.got-for-less-than-half", events < frames / 2, true);
}

/* The answer to what was sent, and what comes of it later, are told of each by itself. (A timer of
 * lwIP's would find the frame, too, in time.) */
static void say_wakes(void)
{
    u64 before = card.counters.events, answered = 0;

    mirror.late = true;
    for (u32 i = 0; i < LATE_PINGS; i++)
        answered += ping_bytes(56);
    mirror.late = false;
    row_want("late.answered", (s64)answered, LATE_PINGS);
    row_want("late.each-was-told-of", card.counters.events - before >= LATE_PINGS * 3 / 2, true);
}

static void say_losses(void)
{
    u64 errors = card.counters.rx_errors;

    mirror.loses = true;
    row_want("losses.bulk-comes-all-the-same", bulk_comes(60000), true);
    row_want("losses.are-counted", card.counters.rx_errors > errors, true);
    mirror.loses = false;
    mirror.vouches = false;
    mirror.damages = true;
    row_want("damage.bulk-comes-all-the-same", bulk_comes(60000), true);
    mirror.damages = false;
    mirror.vouches = true;
}

static void say_checksums(void)
{
    disconnect();
    offload = true;
    connect();
    row_want("checksum.blank-bulk", bulk_comes(BULK), true);
    row_want("checksum.was-left-to-the-backend", mirror.blank > 100, true);
    row_want("checksum.wrong-when-filled-in", (s64)mirror.wrong_sums, 0);
    disconnect();
    offload = false;
    connect();
    row_want("checksum.whole-bulk", bulk_comes(BULK), true);
    row_want("heads.cut-by-a-page-end", (s64)mirror.short_heads, 0);
    row_want("checksum.none-left", (s64)mirror.blank, 0);
    row_want("checksum.wrong", (s64)mirror.wrong_sums, 0);
}

static void say_coming_and_going(void)
{
    u32 good = 0;

    for (u32 i = 0; i < 10; i++) {
        disconnect();
        if (i % 2 && ping(&other, 56, NS_PER_MILLISECOND, &(u64){0}))
            row_want("again.answered-by-nobody", true, false);
        connect();
        good += bulk_comes(20000);
    }
    row_want("again.bulks", good, 10);
    disconnect();
    row_want("again.pages-back", network_wait(pages_are_back, NULL, LONG), true);
    row_want("again.pages-held", (s64)card.counters.pages_held, 0);
    for (u32 i = 0; i < REOPENINGS; i++) {
        connect();
        disconnect();
    }
    row_want("again.grants-are-used-again", last_ref < 2 * NETFRONT_SLOTS, true);
    connect();
}

static bool card_is_closed(void *arg)
{
    (void)arg;
    return !card.open;
}

static const char *const lies[LIES] = {
    [LIE_TX_TOO_MANY] = "lies.tx-too-many",     [LIE_TX_WILD_ID] = "lies.tx-wild-id",
    [LIE_TX_TWICE] = "lies.tx-twice",           [LIE_TX_HOLDS] = "lies.tx-holds",
    [LIE_RX_TOO_MANY] = "lies.rx-too-many",     [LIE_RX_OUTSIDE] = "lies.rx-outside",
    [LIE_RX_NO_END] = "lies.rx-no-end",         [LIE_RX_TOO_LONG] = "lies.rx-too-long",
    [LIE_RX_WILD_EXTRA] = "lies.rx-wild-extra", [LIE_RX_HOLDS] = "lies.rx-holds",
};

static void say_lie(enum mirror_lie lie)
{
    u64 held = card.counters.pages_held, took;
    char name[48];

    mirror.lie = lie;
    ping(&other, 5000, 200 * NS_PER_MILLISECOND, &took);
    network_wait(card_is_closed, NULL, LONG);
    row_text(lies[lie], card.failure ? card.failure : "was not seen");
    fmt_snprintf(name, sizeof(name), "%s.pages-held", lies[lie]);
    row(name, (s64)(card.counters.pages_held - held));
    disconnect();
    mirror_let_go();
    connect();
    fmt_snprintf(name, sizeof(name), "%s.works-again", lies[lie]);
    row_want(name, bulk_comes(20000), true);
}

void guest_main(void)
{
    struct address address;
    bool good = false;

    event_init(EVENT_TWO_LEVEL);
    threads_start(SLICE);
    row_want("grants.init", grant_init(), 0);
    row_want("network.start", network_start(), true);
    network_do(card_init, &good);
    row_want("network.card", good, true);
    address_parse("10.9.0.1/24", &address);
    address_set(&card.netif, &address);
    ip4addr_aton("10.9.0.77", &other);
    connect();
    say_frames();
    say_pages();
    say_suppression();
    say_wakes();
    say_losses();
    say_checksums();
    say_coming_and_going();
    for (enum mirror_lie lie = LIE_NONE + 1; lie < LIES; lie++)
        say_lie(lie);
    disconnect();
    say_life();
    guest_end();
}
