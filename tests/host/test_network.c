// LINK: guest-kernel/network/http_server.c guest-kernel/network/http_client.c
// LINK: guest-kernel/network/ping.c guest-kernel/network/address.c
// LINK: xen-like/lib/fmt.c xen-like/lib/parse.c xen-like/lib/string.c
// LINK: guest-kernel/third_party/lwip/core/*.c guest-kernel/third_party/lwip/core/ipv4/*.c
// LINK: guest-kernel/third_party/lwip/netif/*.c
/*
 * What a guest does with lwIP: ping, the web server and the client, over a wire that ends in a
 * mirror (reflector.h). Time is a number of ours, so that patience and retransmission take none,
 * and the wire loses what a test says.
 */
#include "guest-kernel/network/address.h"
#include "guest-kernel/network/http.h"
#include "guest-kernel/network/network.h"
#include "guest-kernel/network/ping.h"
#include "guest-kernel/third_party/lwip/include/lwip/init.h"
#include "guest-kernel/third_party/lwip/include/lwip/etharp.h"
#include "guest-kernel/third_party/lwip/include/lwip/tcp.h"
#include "guest-kernel/third_party/lwip/include/lwip/timeouts.h"
#include "guest-kernel/third_party/lwip/include/netif/ethernet.h"
#include "tests/host/reflector.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define MS       1000000ull
#define SECOND   (1000 * MS)
#define FRAME    1514
#define WIRE_MAX 4096

static u64 now = SECOND;
static struct netif card;
static struct {
    u8 bytes[FRAME];
    u32 length;
} wire[WIRE_MAX];
static u32 wire_put, wire_taken;
static u32 lose_each; /* 0: none */
static bool cut;      /* nothing comes back */
static u64 sent;

/* ---- lwIP's surroundings ---- */

unsigned char *lwip_heap;

u32_t sys_now(void)
{
    return (u32_t)(now / MS);
}

u64 time_now_ns(void)
{
    return now;
}

unsigned int lwip_random(void)
{
    return (unsigned int)random();
}

int lwip_atoi(const char *digits)
{
    return (int)strtol(digits, NULL, 10);
}

void lwip_failed(const char *what, const char *file, int line)
{
    fprintf(stderr, "%s:%d: %s\n", file, line, what);
    abort();
}

/* ---- The wire, and the network's thread ---- */

static err_t card_send(struct netif *netif, struct pbuf *p)
{
    u32 at = wire_put % WIRE_MAX;

    (void)netif;
    assert_true(p->tot_len <= FRAME && wire_put - wire_taken < WIRE_MAX);
    if (cut || (lose_each && ++sent % lose_each == 0))
        return ERR_OK;
    wire[at].length = pbuf_copy_partial(p, wire[at].bytes, FRAME, 0);
    wire_put += reflector_turn(wire[at].bytes, wire[at].length);
    return ERR_OK;
}

static void wire_deliver(void)
{
    while (wire_taken != wire_put) {
        u32 at = wire_taken++ % WIRE_MAX;
        struct pbuf *p = pbuf_alloc(PBUF_RAW, (u16)wire[at].length, PBUF_RAM);

        assert_non_null(p);
        pbuf_take(p, wire[at].bytes, (u16)wire[at].length);
        if (card.input(p, &card) != ERR_OK)
            pbuf_free(p);
    }
}

static void pump(u64 span)
{
    for (u64 end = now + span; now < end; now += MS) {
        wire_deliver();
        sys_check_timeouts();
    }
}

bool network_wait(bool (*attempt)(void *arg), void *arg, u64 span_ns)
{
    for (u64 end = now + span_ns;;) {
        if (attempt(arg))
            return true;
        if (now >= end)
            return false;
        pump(MS);
    }
}

void network_do(void (*fn)(void *arg), void *arg)
{
    fn(arg);
}

static err_t card_init(struct netif *netif)
{
    static const u8 mac[6] = {2, 0, 0, 0, 0, 1};

    memcpy(netif->hwaddr, mac, sizeof(mac));
    netif->hwaddr_len = sizeof(mac);
    netif->mtu = 1500;
    netif->flags = NETIF_FLAG_BROADCAST | NETIF_FLAG_ETHARP | NETIF_FLAG_LINK_UP;
    netif->output = etharp_output;
    netif->linkoutput = card_send;
    return ERR_OK;
}

static size_t page(char *to, size_t size)
{
    return (size_t)snprintf(to, size, "<p>page %llu</p>", (unsigned long long)http_served());
}

static int begin(void **state)
{
    struct address address;

    (void)state;
    lwip_heap = malloc(MEM_SIZE + 4096);
    lwip_init();
    if (!address_parse("10.9.0.1/24", &address) ||
        !netif_add_noaddr(&card, NULL, card_init, ethernet_input))
        return -1;
    netif_set_default(&card);
    address_set(&card, &address);
    return http_serve(HTTP_PORT, page) ? 0 : -1;
}

static bool fetch(struct http_fetch *f, const char *path, u64 span)
{
    *f = (struct http_fetch){.port = HTTP_PORT, .path = path};
    assert_true(ip4addr_aton("10.9.0.77", &f->from));
    return http_fetch(f, span);
}

/* ---- Tests ---- */

static void what_is_sent_to_the_mirror_comes_back(void **state)
{
    ip4_addr_t to;
    u64 took;

    (void)state;
    assert_true(ip4addr_aton("10.9.0.77", &to));
    for (u32 bytes = 0; bytes <= PING_BYTES_MAX; bytes += 160)
        assert_true(ping(&to, bytes, SECOND, &took));
}

static void who_is_not_answered_waits_no_longer_than_it_said(void **state)
{
    struct http_fetch f;
    u64 took, before = now;
    ip4_addr_t to;

    (void)state;
    cut = true;
    assert_true(ip4addr_aton("10.9.0.77", &to));
    assert_false(ping(&to, 56, 3 * SECOND, &took));
    assert_in_range(now - before, 3 * SECOND, 3 * SECOND + 10 * MS);
    assert_false(fetch(&f, "/", 2 * SECOND));
    assert_string_equal(f.failure, "it took too long");
    cut = false;
    pump(60 * SECOND);
}

static void a_page_is_served(void **state)
{
    u64 before = http_served();
    struct http_fetch f;

    (void)state;
    assert_true(fetch(&f, "/", SECOND));
    assert_string_equal(f.status, "HTTP/1.0 200 OK");
    assert_in_range(f.bytes, sizeof("<p>page 0</p>") - 1, 40);
    assert_int_equal(http_served(), before + 1);
}

static void other_pages_are_not_found(void **state)
{
    static const char *const paths[] = {
        "/x", "//", "/bytes/", "/bytes/x", "/bytes/-1", "/bytes/1x", "/bytes/99999999999999999999"};
    struct http_fetch f;

    (void)state;
    for (u32 i = 0; i < ARRAY_SIZE(paths); i++) {
        assert_true(fetch(&f, paths[i], SECOND));
        assert_string_equal(f.status, "HTTP/1.0 404 Not Found");
    }
}

static void many_bytes_come_whole(void **state)
{
    static const u64 counts[] = {0, 1, 1459, 1460, 1461, 3000000};
    struct http_fetch f;
    char path[40];

    (void)state;
    for (u32 i = 0; i < ARRAY_SIZE(counts); i++) {
        snprintf(path, sizeof(path), "/bytes/%llu", (unsigned long long)counts[i]);
        assert_true(fetch(&f, path, 10 * SECOND));
        assert_int_equal(f.bytes, counts[i]);
        assert_int_equal(f.sum, counts[i] * 'x');
    }
}

static void what_the_wire_loses_is_sent_again(void **state)
{
    struct http_fetch f;

    (void)state;
    lose_each = 17;
    assert_true(fetch(&f, "/bytes/500000", 600 * SECOND));
    assert_int_equal(f.bytes, 500000);
    lose_each = 0;
    pump(120 * SECOND);
}

/* A client by hand: says something, perhaps in pieces, and hears what comes. */
static struct {
    char heard[512];
    u32 length;
    bool hung_up;
} visitor;

static err_t visitor_hears(void *arg, struct tcp_pcb *pcb, struct pbuf *p, err_t error)
{
    (void)arg, (void)error;
    visitor.hung_up |= !p;
    if (!p)
        return ERR_OK;
    visitor.length += pbuf_copy_partial(p, visitor.heard + visitor.length,
                                        (u16)(sizeof(visitor.heard) - 1 - visitor.length), 0);
    tcp_recved(pcb, p->tot_len);
    pbuf_free(p);
    return ERR_OK;
}

static void visitor_lost(void *arg, err_t error)
{
    (void)error;
    visitor.hung_up = true;
    *(struct tcp_pcb **)arg = NULL;
}

static void visit_by_hand(const char *text, u32 piece, u64 span)
{
    struct tcp_pcb *pcb = tcp_new();
    size_t length = strlen(text);
    ip_addr_t to;

    memset(&visitor, 0, sizeof(visitor));
    assert_true(ip4addr_aton("10.9.0.78", &to));
    tcp_arg(pcb, &pcb);
    tcp_recv(pcb, visitor_hears);
    tcp_err(pcb, visitor_lost);
    assert_int_equal(tcp_connect(pcb, &to, HTTP_PORT, NULL), ERR_OK);
    pump(100 * MS);
    for (size_t at = 0; pcb && at < length; at += piece) {
        tcp_write(pcb, text + at, (u16)MIN(piece, length - at), TCP_WRITE_FLAG_COPY);
        tcp_output(pcb);
        pump(10 * MS);
    }
    pump(span);
    if (pcb) {
        tcp_arg(pcb, NULL);
        tcp_err(pcb, NULL);
        tcp_abort(pcb);
    }
    pump(SECOND);
}

static void a_request_may_come_in_pieces(void **state)
{
    (void)state;
    for (u32 piece = 1; piece < 30; piece += 7) {
        visit_by_hand("GET / HTTP/1.1\r\nHost: me\r\n\r\n", piece, SECOND);
        assert_true(str_starts_with(visitor.heard, "HTTP/1.0 200 OK\r\n"));
        assert_true(visitor.hung_up);
    }
    visit_by_hand("GET / HTTP/1.0\n\n", 100, SECOND);
    assert_true(str_starts_with(visitor.heard, "HTTP/1.0 200 OK\r\n"));
    visit_by_hand("POST / HTTP/1.0\r\n\r\n", 100, SECOND);
    assert_true(str_starts_with(visitor.heard, "HTTP/1.0 501 "));
}

static void who_says_too_much_or_nothing_is_hung_up_on(void **state)
{
    static char much[3000];

    (void)state;
    memset(much, 'a', sizeof(much) - 1);
    visit_by_hand(much, 500, SECOND);
    assert_true(visitor.hung_up);
    assert_int_equal(visitor.length, 0);
    visit_by_hand("GET /", 100, (HTTP_PATIENCE_S - 2) * SECOND);
    assert_false(visitor.hung_up);
    visit_by_hand("GET /", 100, (HTTP_PATIENCE_S + 2) * SECOND);
    assert_true(visitor.hung_up);
}

static void nothing_is_kept_of_who_has_gone(void **state)
{
    void *probe;

    (void)state;
    pump(300 * SECOND); /* past TIME_WAIT */
    for (u32 i = 0; i < 2000; i++) {
        struct http_fetch f;

        assert_true(fetch(&f, i % 2 ? "/" : "/bytes/5000", SECOND));
        if (i % 100 == 99)
            pump(300 * SECOND);
    }
    probe = mem_malloc(MEM_SIZE - 16384); /* the heap is one piece again, but for what is in use */
    assert_non_null(probe);
    mem_free(probe);
}

static void addresses_are_read(void **state)
{
    static const char *const wrong[] = {"",
                                        "10.0.0.1",
                                        "10.0.0.1/",
                                        "10.0.0.1/0",
                                        "10.0.0.1/33",
                                        "/8",
                                        "10.0.0.1/8,",
                                        "10.0.0.1/8,x",
                                        "10.0.0.1/8 ",
                                        "10.0.0.256/8",
                                        "1000.1000.1000.1000/8"};
    struct address a;

    (void)state;
    assert_true(address_parse("10.0.2.15/24,10.0.2.2", &a));
    assert_int_equal(a.ip.addr, lwip_htonl(0x0a00020f));
    assert_int_equal(a.mask.addr, lwip_htonl(0xffffff00));
    assert_int_equal(a.gateway.addr, lwip_htonl(0x0a000202));
    assert_true(address_parse("1.2.3.4/32", &a));
    assert_int_equal(a.mask.addr, 0xffffffff);
    assert_int_equal(a.gateway.addr, 0);
    for (u32 i = 0; i < ARRAY_SIZE(wrong); i++)
        assert_false(address_parse(wrong[i], &a));
}

static void urls_are_read(void **state)
{
    static const char *const wrong[] = {"",
                                        "10.0.0.1",
                                        "ftp://10.0.0.1",
                                        "http://",
                                        "http://host/",
                                        "http://10.0.0.1:",
                                        "http://10.0.0.1:0/",
                                        "http://10.0.0.1:65536/",
                                        "http://10.0.0.1:80x",
                                        "http://100.100.100.100.100/"};
    struct http_fetch f;

    (void)state;
    assert_true(http_url_parse("http://10.0.2.2", &f));
    assert_int_equal(f.from.addr, lwip_htonl(0x0a000202));
    assert_int_equal(f.port, 80);
    assert_string_equal(f.path, "/");
    assert_true(http_url_parse("http://10.0.2.2:8080/a/b", &f));
    assert_int_equal(f.port, 8080);
    assert_string_equal(f.path, "/a/b");
    for (u32 i = 0; i < ARRAY_SIZE(wrong); i++)
        assert_false(http_url_parse(wrong[i], &f));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_sent_to_the_mirror_comes_back),
        cmocka_unit_test(who_is_not_answered_waits_no_longer_than_it_said),
        cmocka_unit_test(a_page_is_served),
        cmocka_unit_test(other_pages_are_not_found),
        cmocka_unit_test(many_bytes_come_whole),
        cmocka_unit_test(what_the_wire_loses_is_sent_again),
        cmocka_unit_test(a_request_may_come_in_pieces),
        cmocka_unit_test(who_says_too_much_or_nothing_is_hung_up_on),
        cmocka_unit_test(nothing_is_kept_of_who_has_gone),
        cmocka_unit_test(addresses_are_read),
        cmocka_unit_test(urls_are_read),
    };

    return cmocka_run_group_tests(tests, begin, NULL);
}
