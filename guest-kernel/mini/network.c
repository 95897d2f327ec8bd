/*
 * From a device in the xenstore to a page in somebody's browser: the vif connects to its backend,
 * DHCP (or ip= on the command line) gives an address, and then the kernel is as good a host as any.
 * Each wait has an end, and says so when it comes to it.
 */
#include "guest-kernel/mini/network.h"
#include "guest-kernel/core/guest.h"
#include "guest-kernel/core/report.h"
#include "guest-kernel/mini/steps.h"
#include "guest-kernel/network/address.h"
#include "guest-kernel/network/http.h"
#include "guest-kernel/network/ping.h"
#include "guest-kernel/network/vif.h"
#include "guest-kernel/time/clock.h"
#include "xen-like/lib/fmt.h"
#include "xen-like/lib/string.h"

#define LINK_PATIENCE    (10 * NS_PER_SECOND)
#define ADDRESS_PATIENCE (15 * NS_PER_SECOND)
#define PING_PATIENCE    (3 * NS_PER_SECOND)
#define FETCH_PATIENCE   (60 * NS_PER_SECOND)
#define PINGS            4
#define BENCH_PINGS      200
#define BULK             4194304u
#define PING_BYTES       56

static struct vif vif;
static struct {
    bool exists, serves;
    u32 domain;
    u64 since;
} host;

/* Printable; the text is good until the second next call. */
static const char *text_of(u32 address)
{
    static char texts[2][16];
    static u32 turn;
    const u8 *part = (const u8 *)&address;
    char *to = texts[++turn % 2];

    fmt_snprintf(to, sizeof(texts[0]), "%u.%u.%u.%u", part[0], part[1], part[2], part[3]);
    return to;
}

static const struct netif *interface(void)
{
    return &vif.front.netif;
}

static bool has_address(void)
{
    return interface()->ip_addr.addr != 0;
}

/* The one page. In the network's thread. */
static size_t page_write(char *to, size_t size)
{
    const struct netfront_counters *c = &vif.front.counters;
    u64 up = time_now_ns() - host.since;

    return fmt_snprintf(
        to, size,
        "<!doctype html><title>mini-kernel</title><h1>mini-kernel</h1>\n"
        "<p>A guest without an operating system or a reason to be here.</p>\n<pre>\n"
        "domain     %u\nup         %llu.%03llu s\naddress    %s\npages      %" F64
        "u served before "
        "this\n"
        "received   %" F64 "u frames, %" F64 "u bytes\nsent       %" F64 "u frames, %" F64
        "u bytes\n"
        "told       %" F64 "u times, was told %" F64 "u times\n</pre>\n",
        host.domain, up / NS_PER_SECOND, up % NS_PER_SECOND / NS_PER_MILLISECOND,
        text_of(interface()->ip_addr.addr), http_served(), c->rx_frames, c->rx_bytes, c->tx_frames,
        c->tx_bytes, c->tx_notifications + c->rx_notifications, c->events);
}

static void serve(void *arg)
{
    (void)arg;
    host.serves = http_serve(HTTP_PORT, page_write);
}

/* 0: there is a vif and it is in use; -ENOENT and -ENODEV: there is none. */
static long vif_take(void)
{
    struct xenbus_device device;
    long answer = host.exists ? 0 : xenstore_init();

    if (answer || host.exists)
        return answer;
    answer = xenbus_find(&device, "vif", 0);
    if (!answer)
        answer = grant_init();
    if (!answer && !network_start())
        answer = -XEN_ENOMEM;
    if (!answer)
        answer = vif_start(&vif, 0);
    host.exists = !answer;
    host.since = time_now_ns();
    host.domain = (u32)xenstore_read_number("domid", 0);
    return answer;
}

/* By the command line, or by DHCP. */
static bool address_take(void)
{
    struct address address;
    char text[40];

    if (has_address())
        return true;
    if (!cmdline_value("ip", text, sizeof(text))) {
        if (!address_obtain(&vif.front.netif, ADDRESS_PATIENCE)) {
            console_printf("    no DHCP server has given an address within %llu s\n",
                           ADDRESS_PATIENCE / NS_PER_SECOND);
            return false;
        }
        console_printf("    address by DHCP: %s, gateway %s\n", text_of(interface()->ip_addr.addr),
                       text_of(interface()->gw.addr));
        return true;
    }
    if (!address_parse(text, &address)) {
        console_printf("    ip=%s is not ADDRESS/BITS[,GATEWAY]\n", text);
        return false;
    }
    address_set(&vif.front.netif, &address);
    console_printf("    address as the command line says: %s\n", text);
    return true;
}

bool network_bring_up(void)
{
    long answer = vif_take();

    if (answer == -XEN_ENOENT || answer == -XEN_ENODEV) {
        console_printf("    there is no network card: a guest has one if its file says vif=\n");
        return true;
    }
    if (answer) {
        console_printf("    the network card cannot be used: error %ld\n", answer);
        return false;
    }
    if (!vif_wait(&vif, true, LINK_PATIENCE)) {
        console_printf("    the link is not up after %llu s: backend's state %u, error %ld\n",
                       LINK_PATIENCE / NS_PER_SECOND, (u32)xenbus_backend_state(&vif.device),
                       vif.error);
        return false;
    }
    console_printf("    the link is up\n");
    if (!address_take())
        return false;
    if (!host.serves)
        network_do(serve, NULL);
    return host.serves;
}

/* The gateway, as the neighbour that every network has. */
bool step_network(void)
{
    u64 took;

    if (!network_bring_up())
        return false;
    if (!host.serves || ip4_addr_isany_val(interface()->gw))
        return true;
    if (!ping(&interface()->gw, PING_BYTES, PING_PATIENCE, &took)) {
        console_printf("    %s does not answer ping\n", text_of(interface()->gw.addr));
        return false;
    }
    console_printf("    %s answers ping; whoever asks on port %u gets a page\n",
                   text_of(interface()->gw.addr), HTTP_PORT);
    return true;
}

/* ---- Commands ---------------------------------------------------------------------------------
 */

void network_show(const char *none)
{
    const struct netfront_counters *c = &vif.front.counters;
    const u8 *mac = interface()->hwaddr;

    (void)none;
    if (!network_bring_up() || !host.exists)
        return;
    console_printf("    %s, %02x:%02x:%02x:%02x:%02x:%02x, mtu %u%s\n",
                   text_of(interface()->ip_addr.addr), mac[0], mac[1], mac[2], mac[3], mac[4],
                   mac[5], interface()->mtu,
                   vif.front.checksum_offload ? ", leaves checksums to the backend" : "");
    console_printf("    received %" F64 "u frames in %" F64 "u slots, %" F64 "u bytes; %" F64
                   "u lost\n",
                   c->rx_frames, c->rx_slots, c->rx_bytes, c->rx_errors);
    console_printf("    sent %" F64 "u frames in %" F64 "u slots, %" F64 "u bytes; %" F64
                   "u copied, %" F64 "u dropped, %" F64 "u refused\n",
                   c->tx_frames, c->tx_slots, c->tx_bytes, c->tx_copied, c->tx_dropped,
                   c->tx_errors);
    console_printf("    told the backend %" F64 "u times, was told %" F64 "u times; %" F64
                   "u connections\n",
                   c->tx_notifications + c->rx_notifications, c->events, c->connections);
}

void network_ping(const char *address)
{
    u32 answered = 0;
    ip4_addr_t to;

    if (!ip4addr_aton(address, &to)) {
        console_printf("ping ADDRESS\n");
        return;
    }
    if (!network_bring_up() || !host.serves)
        return;
    for (u32 i = 0; i < PINGS; i++) {
        u64 took;

        if (ping(&to, PING_BYTES, PING_PATIENCE, &took)) {
            answered++;
            console_printf("    answered after %llu us\n", took / NS_PER_MICROSECOND);
        } else {
            console_printf("    no answer\n");
        }
    }
    console_printf("    %s: %u of %u answered\n", address, answered, PINGS);
}

static void url_show(const char *url)
{
    struct http_fetch fetch;
    u64 began, ms;

    if (!http_url_parse(url, &fetch)) {
        console_printf("    %s: not http://ADDRESS[:PORT]/PATH\n", url);
        return;
    }
    began = time_now_ns();
    if (!http_fetch(&fetch, FETCH_PATIENCE)) {
        console_printf("    %s, after %" F64 "u bytes\n", fetch.failure, fetch.bytes);
        return;
    }
    ms = (u64)((time_now_ns() - began) / NS_PER_MILLISECOND);
    console_printf("    %s: %" F64 "u bytes, their sum %" F64 "u\n", fetch.status, fetch.bytes,
                   fetch.sum);
    console_printf("~   %" F64 "u ms\n", ms);
}

/* Rows for `make bench` (tests/guests/web/run.bench): the other end is a mini-kernel, too. */
static void rows_say(const struct netfront_counters *before, u64 kibibytes, u64 ticks)
{
    const struct netfront_counters *c = &vif.front.counters;
    u64 frames = c->tx_frames + c->rx_frames - before->tx_frames - before->rx_frames;
    u64 told = c->tx_notifications + c->rx_notifications - before->tx_notifications -
               before->rx_notifications;

    row_bench("tcp-guest-to-guest-kib", kibibytes, ticks);
    row_bench("tcp-guest-to-guest.notifications-per-1000", frames,
              1000 * (told + c->events - before->events));
}

static void bulk_measure(const ip4_addr_t *from)
{
    struct netfront_counters before = vif.front.counters;
    struct http_fetch fetch = {.from = *from, .port = HTTP_PORT, .path = "/bytes/4194304"};
    u64 began = tsc_read();

    if (http_fetch(&fetch, FETCH_PATIENCE) && fetch.bytes == BULK)
        rows_say(&before, BULK >> 10, tsc_read() - began);
    else
        console_printf("    %s\n", fetch.failure ? fetch.failure : fetch.status);
}

void network_bench(const char *address)
{
    u64 took, began, answered = 0;
    ip4_addr_t to;

    if (!ip4addr_aton(address, &to) || !network_bring_up() || !host.serves)
        return;
    ping(&to, PING_BYTES, PING_PATIENCE, &took); /* the first one asks who has the address */
    began = tsc_read();
    for (u32 i = 0; i < BENCH_PINGS; i++)
        answered += ping(&to, PING_BYTES, PING_PATIENCE, &took);
    if (answered == BENCH_PINGS)
        row_bench("ping-guest-to-guest", answered, tsc_read() - began);
    bulk_measure(&to);
    console_printf("END bench\n");
}

/* What has no http:// before it is where DHCP says that files for this machine are. */
void network_fetch(const char *url)
{
    char whole[256];

    if (!network_bring_up() || !host.serves)
        return;
    if (!str_starts_with(url, "http://")) {
        fmt_snprintf(whole, sizeof(whole), "%s%s", address_boot_file(interface()), url);
        url = whole;
    }
    url_show(url);
}
