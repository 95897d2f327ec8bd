/*
 * An echo carries a number that no other one has, and bytes that make a pattern; what comes back
 * must have both. The answer is taken from lwIP's raw protocols before its own ICMP sees it.
 */
#include "guest-kernel/network/ping.h"
#include "guest-kernel/network/network.h"
#include "guest-kernel/third_party/lwip/include/lwip/icmp.h"
#include "guest-kernel/third_party/lwip/include/lwip/inet_chksum.h"
#include "guest-kernel/third_party/lwip/include/lwip/prot/ip4.h"
#include "guest-kernel/third_party/lwip/include/lwip/raw.h"
#include "guest-kernel/time/clock.h"

#define PING_ID 0x7069

struct echo {
    const ip4_addr_t *to;
    u32 bytes;
    u16 sequence;
    struct raw_pcb *pcb;
    u64 sent_at, answered_at;
    bool begun, failed;
};

static u8 pattern(u32 i)
{
    return (u8)('a' + i % 26);
}

static bool echo_is_ours(const struct echo *e, struct pbuf *p, u32 head)
{
    struct icmp_echo_hdr echo;

    if (pbuf_copy_partial(p, &echo, sizeof(echo), (u16)head) != sizeof(echo) ||
        echo.type != ICMP_ER || echo.id != lwip_htons(PING_ID) ||
        echo.seqno != lwip_htons(e->sequence) || p->tot_len != head + sizeof(echo) + e->bytes)
        return false;
    for (u32 i = 0; i < e->bytes; i++) {
        if (pbuf_get_at(p, (u16)(head + sizeof(echo) + i)) != pattern(i))
            return false;
    }
    return true;
}

/* Answers 1 if it has eaten the packet, which begins with its IP header. */
static u8 on_packet(void *arg, struct raw_pcb *pcb, struct pbuf *p, const ip_addr_t *from)
{
    struct echo *e = arg;
    const struct ip_hdr *ip = p->payload;

    (void)pcb, (void)from;
    if (e->answered_at || !echo_is_ours(e, p, IPH_HL_BYTES(ip)))
        return 0;
    e->answered_at = time_now_ns();
    pbuf_free(p);
    return 1;
}

static void echo_send(struct echo *e)
{
    struct icmp_echo_hdr *echo;
    struct pbuf *p;
    ip_addr_t to;

    e->failed = true;
    e->pcb = raw_new(IP_PROTO_ICMP);
    if (!e->pcb)
        return;
    p = pbuf_alloc(PBUF_IP, (u16)(sizeof(struct icmp_echo_hdr) + e->bytes), PBUF_RAM);
    if (!p)
        return;
    raw_recv(e->pcb, on_packet, e);
    raw_bind(e->pcb, IP4_ADDR_ANY);
    echo = p->payload;
    *echo = (struct icmp_echo_hdr){
        .type = ICMP_ECHO, .id = lwip_htons(PING_ID), .seqno = lwip_htons(e->sequence)};
    for (u32 i = 0; i < e->bytes; i++)
        ((u8 *)(echo + 1))[i] = pattern(i);
    echo->chksum = inet_chksum(echo, p->len);
    ip_addr_copy_from_ip4(to, *e->to);
    e->sent_at = time_now_ns();
    e->failed = raw_sendto(e->pcb, p, &to) != ERR_OK;
    pbuf_free(p);
}

static bool echo_try(void *arg)
{
    struct echo *e = arg;

    if (!e->begun) {
        e->begun = true;
        echo_send(e);
    }
    return e->answered_at || e->failed;
}

static void echo_end(void *arg)
{
    struct echo *e = arg;

    if (e->pcb)
        raw_remove(e->pcb);
}

bool ping(const ip4_addr_t *to, u32 bytes, u64 span_ns, u64 *took_ns)
{
    static u16 sequence;
    struct echo echo = {.to = to, .bytes = MIN(bytes, PING_BYTES_MAX), .sequence = ++sequence};

    network_wait(echo_try, &echo, span_ns);
    network_do(echo_end, &echo);
    *took_ns = echo.answered_at - echo.sent_at;
    return echo.answered_at && !echo.failed;
}
