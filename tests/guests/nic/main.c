/*
 * Dom0's driver of a network card, without any guest: QEMU's own network behind the card answers
 * ARP and ping for 10.0.2.2. More frames than a queue has entries are given to the card at once;
 * each comes back with its own contents, whichever way its memory was cut.
 */
#include "dom0/drivers/drivers.h"
#include "dom0/drivers/nic.h"
#include "dom0/mm/heap.h"
#include "guest-kernel/event/event.h"
#include "tests/guests/common.h"

#define MANY    300u
#define PAYLOAD 1400u
#define OUR_IP                                                                                     \
    {                                                                                              \
        10, 0, 2, 15                                                                               \
    }
#define THEIR_IP                                                                                   \
    {                                                                                              \
        10, 0, 2, 2                                                                                \
    }

struct ethernet {
    u8 to[6], from[6];
    u16 type; /* all numbers: the high byte first */
} __attribute__((packed));

struct arp {
    struct ethernet ethernet;
    u16 hardware, protocol;
    u8 hardware_bytes, protocol_bytes;
    u16 operation;
    u8 sender[6], sender_ip[4], target[6], target_ip[4];
} __attribute__((packed));

struct ping {
    struct ethernet ethernet;
    u8 version, service;
    u16 length, id, fragment;
    u8 hops, protocol;
    u16 checksum;
    u8 from[4], to[4];
    u8 type, code;
    u16 ping_checksum, ping_id, sequence;
    u8 payload[PAYLOAD];
} __attribute__((packed));

struct job {
    struct nic_frame frame;
    u8 *bytes; /* a page */
};

static struct nic *card;
static struct job jobs[MANY];
static u32 under_way, replies, wrong, arp_replies;
static u8 their_mac[6];
static bool answered[MANY];

static u16 swap(u32 v)
{
    return (u16)((v & 0xff) << 8 | (v >> 8 & 0xff));
}

/* The internet's checksum, over an even count. */
static u16 checksum(const void *bytes, u32 count)
{
    const u8 *at = bytes;
    u32 sum = 0;

    for (u32 n = 0; n < count; n += 2)
        sum += (u32)at[n] << 8 | at[n + 1];
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    return swap(~sum & 0xffff);
}

static void job_sent(struct nic_frame *frame)
{
    (void)frame;
    under_way--;
}

/* The job's page in pieces of so many bytes. */
static int job_send(struct job *job, u32 bytes, u32 piece)
{
    u64 machine = mfn_to_address(virt_to_mfn(job->bytes));
    int answer;

    job->frame.count = 0;
    for (u32 at = 0; at < bytes; at += piece)
        job->frame.segments[job->frame.count++] =
            (struct nic_segment){machine + at, MIN(piece, bytes - at)};
    job->frame.sent = job_sent;
    under_way++;
    answer = nic_send(card, &job->frame);
    if (answer)
        under_way--;
    return answer;
}

static void ethernet_fill(struct ethernet *e, const u8 *to, u16 type)
{
    memcpy(e->to, to, sizeof(e->to));
    memcpy(e->from, card->mac, sizeof(e->from));
    e->type = swap(type);
}

static void arp_fill(struct arp *a)
{
    static const u8 everybody[6] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

    *a = (struct arp){.hardware = swap(1),
                      .protocol = swap(0x0800),
                      .hardware_bytes = 6,
                      .protocol_bytes = 4,
                      .operation = swap(1),
                      .sender_ip = OUR_IP,
                      .target_ip = THEIR_IP};
    ethernet_fill(&a->ethernet, everybody, 0x0806);
    memcpy(a->sender, card->mac, sizeof(a->sender));
}

static void ping_fill(struct ping *p, u32 number)
{
    *p = (struct ping){.version = 0x45,
                       .length = swap(sizeof(*p) - sizeof(p->ethernet)),
                       .hops = 64,
                       .protocol = 1,
                       .from = OUR_IP,
                       .to = THEIR_IP,
                       .type = 8,
                       .ping_id = swap(0x1234),
                       .sequence = swap(number)};
    ethernet_fill(&p->ethernet, their_mac, 0x0800);
    for (u32 n = 0; n < PAYLOAD; n++)
        p->payload[n] = (u8)(number * 7 + n);
    p->checksum = checksum(&p->version, 20);
    p->ping_checksum = checksum(&p->type, 8 + PAYLOAD);
}

static void ping_received(const struct ping *p)
{
    u32 number = swap(p->sequence), differs = 0;

    if (p->type || p->ping_id != swap(0x1234) || number >= MANY)
        return;
    for (u32 n = 0; n < PAYLOAD; n++)
        differs += p->payload[n] != (u8)(number * 7 + n);
    wrong += differs || answered[number];
    answered[number] = true;
    replies++;
}

static void received(struct nic *nic, const void *bytes, u32 length)
{
    const struct ethernet *e = bytes;
    const struct arp *a = bytes;

    (void)nic;
    if (e->type == swap(0x0806) && length >= sizeof(*a) && a->operation == swap(2)) {
        memcpy(their_mac, a->sender, sizeof(their_mac));
        arp_replies++;
    }
    if (e->type == swap(0x0800) && length == sizeof(struct ping))
        ping_received(bytes);
}

static void arp_rows(void)
{
    arp_fill((struct arp *)jobs[0].bytes);
    row("arp.send", job_send(&jobs[0], sizeof(struct arp), 20));
    while (!arp_replies || under_way)
        loop_step();
    row("arp.replies", arp_replies);
    row_want("arp.address-is-of-one", their_mac[0] & 1, 0);
}

static void ping_rows(void)
{
    u32 refused = 0;

    for (u32 n = 0; n < MANY; n++) {
        ping_fill((struct ping *)jobs[n].bytes, n);
        refused += job_send(&jobs[n], sizeof(struct ping), 100 + 10 * (n % 50)) != 0;
    }
    row_want("ping.refused", refused, 0);
    row_want("ping.under-way", under_way, MANY);
    while (replies < MANY || under_way)
        loop_step();
    row("ping.replies", replies);
    row_want("ping.wrong", wrong, 0);
    row_want("ping.notifications-few", card->notifications < MANY / 2, 1);
}

static void refusal_rows(void)
{
    struct nic_frame *f = &jobs[0].frame;

    row("refused.short", job_send(&jobs[0], 13, 13));
    row("refused.long", job_send(&jobs[0], 1515, 1515));
    row("refused.empty", job_send(&jobs[0], 0, 1));
    f->count = 2;
    f->segments[0] = f->segments[1] = (struct nic_segment){PAGE_SIZE - 8, 16};
    row("refused.crosses", nic_send(card, f));
    f->count = NIC_SEGMENTS_MAX + 1;
    row("refused.many", nic_send(card, f));
    f->wants_checksum = true;
    f->checksum_start = 1000;
    row_want("refused.checksum", job_send(&jobs[0], 100, 100) != 0, 1);
    f->segment_size = 100;
    row_want("refused.segments", job_send(&jobs[0], 2000, 200) != 0, 1);
}

void guest_main(void)
{
    event_init(EVENT_TWO_LEVEL);
    loop_init();
    drivers_start();
    if (list_is_empty(&nics))
        guest_panic("there is no card");
    card = LIST_ENTRY(nics.next, struct nic, link);
    card->received = received;
    for (u32 n = 0; n < MANY; n++)
        jobs[n].bytes = pfn_to_virt(frame_alloc_zeroed());
    row_text("card.name", card->name);
    row("card.mac", card->mac[0]);
    row("card.checksum", card->can_checksum);
    row("card.segment", card->can_segment);
    arp_rows();
    ping_rows();
    refusal_rows();
    guest_end();
}
