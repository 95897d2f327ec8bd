// LINK: dom0/drivers/virtio_net.c dom0/drivers/nic.c dom0/drivers/virtq.c
// LINK: xen-like/lib/fmt.c
/*
 * The driver of virtio network cards against a card that can what QEMU's user network cannot: sums
 * and segments that are left to it, and frames that come over several buffers. What the card sees
 * is read by the layouts and numbers of Linux's header, which nobody here wrote.
 */
#include "dom0/drivers/virtio_net.h"

#include "dom0/drivers/nic.h"
#include "dom0/drivers/virtio.h"
#include "dom0/mm/heap.h"
#include "guest-kernel/mm/direct_map.h"
#include "guest-kernel/mm/frame.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <linux/virtio_net.h>

#define FRAMES   256
#define SIZE     VIRTQ_MAX
#define BUFFER   2048u
#define CHECKSUM (1ull << VIRTIO_NET_F_CSUM)
#define TSO4     (1ull << VIRTIO_NET_F_HOST_TSO4)
#define TSO6     (1ull << VIRTIO_NET_F_HOST_TSO6)
#define MERGED   (1ull << VIRTIO_NET_F_MRG_RXBUF)
#define NEXT     1u
#define INDIRECT 4u

typedef struct virtio_net_hdr_mrg_rxbuf header;

/* Memory: a machine address is the host's own. */

static u8 memory[FRAMES][PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
static u32 memory_used;
static unsigned long mfns[FRAMES];
static struct start_info info;
const struct start_info *start_info = &info;

pfn_t frame_alloc_zeroed(void)
{
    u8 *frame = memory[memory_used++];

    assert_true(memory_used <= FRAMES);
    memset(frame, 0, PAGE_SIZE);
    return (pfn_t){((u64)frame - DIRECT_MAP_START) >> PAGE_SHIFT}; /* for pfn_to_virt */
}

pfn_t virt_to_pfn(const void *address)
{
    return (pfn_t){((u64)address - (u64)memory) / PAGE_SIZE}; /* for mfns */
}

static u8 heap[2 * NIC_FRAME_MAX] __attribute__((aligned(16)));
static u64 heap_used;

void *heap_alloc(u64 bytes)
{
    void *block = heap + heap_used;

    heap_used += (bytes + 15) & ~15ul;
    assert_true(heap_used <= sizeof(heap));
    return memset(block, 0, bytes);
}

char *heap_text(const char *text)
{
    return strcpy(heap_alloc(strlen(text) + 1), text);
}

/* The card. */

static struct {
    u64 features; /* that it offers */
    void (*served)(struct pci_interrupt *interrupt);
    struct virtio *virtio;
    struct virtq *queues[2];
    struct virtq_page *pages[2];
    u16 taken[2];
    bool reset;
} card;

static volatile u16 doorbell;

int virtio_open(struct virtio *v, u16 bdf, u64 wanted, void (*served)(struct pci_interrupt *))
{
    v->bdf = bdf;
    v->features = (wanted | VIRTIO_INDIRECT) & card.features;
    card.served = served;
    card.virtio = v;
    return 0;
}

int virtio_queue(struct virtio *v, u16 n, struct virtq *q)
{
    (void)v;
    card.queues[n] = q;
    card.pages[n] = pfn_to_virt(frame_alloc_zeroed());
    virtq_init(q, card.pages[n], SIZE, false);
    q->doorbell = &doorbell;
    return 0;
}

void virtio_begin(struct virtio *v)
{
    (void)v;
}

void virtio_reset(struct virtio *v)
{
    (void)v;
    card.reset = true;
}

bool virtio_interrupted(struct virtio *v)
{
    (void)v;
    return true;
}

u64 virtio_config(const struct virtio *v, u32 offset, unsigned bytes)
{
    (void)v, (void)bytes;
    return 0x50 + offset;
}

static void interrupt(void)
{
    card.served(&card.virtio->interrupt);
}

/* The next chain of queue @n; its number. */
static u32 chain_take(u32 n)
{
    struct virtq_available *a = &card.pages[n]->available;

    assert_int_not_equal(card.taken[n], a->index);
    return a->chains[card.taken[n]++ % SIZE];
}

static void chain_done(u32 n, u32 chain, u32 bytes)
{
    struct virtq_used *u = &card.pages[n]->used;

    u->done[u->index % SIZE].chain = chain;
    u->done[u->index % SIZE].bytes = bytes;
    u->index++;
}

static u32 buffers_of_card(void)
{
    return (u16)(card.pages[0]->available.index - card.taken[0]);
}

/* @bytes come, over as many buffers as they need, and the header says that they are @said. */
static void comes(const u8 *bytes, u32 count, u32 said)
{
    for (u32 first = 1, n; first || count; first = 0, bytes += n, count -= n) {
        u32 chain = chain_take(0), before = first ? sizeof(header) : 0;
        const struct virtq_descriptor *d = &card.pages[0]->descriptors[chain];

        assert_int_equal(d->bytes, BUFFER);
        n = MIN(count, BUFFER - before);
        if (first)
            *(header *)d->address = (header){.num_buffers = (u16)said};
        memcpy((u8 *)d->address + before, bytes, n);
        chain_done(0, chain, n + before);
    }
}

static u32 buffers_for(u32 bytes)
{
    return (bytes + (u32)sizeof(header) + BUFFER - 1) / BUFFER;
}

/* The driver's user. */

static struct nic *nic;
static u8 got[NIC_FRAME_MAX], made[2 * NIC_FRAME_MAX];
static u32 got_bytes, got_frames, sent_frames;

static void received(struct nic *from, const void *bytes, u32 length)
{
    assert_ptr_equal(from, nic);
    assert_true(length <= NIC_FRAME_MAX);
    memcpy(got, bytes, length);
    got_bytes = length;
    got_frames++;
}

static void sent(struct nic_frame *frame)
{
    (void)frame;
    sent_frames++;
}

static void begin(u64 features)
{
    list_init(&nics);
    memset(&card, 0, sizeof(card));
    card.features = features;
    memory_used = got_frames = sent_frames = 0;
    heap_used = 0;
    for (u32 i = 0; i < FRAMES; i++)
        mfns[i] = (u64)memory[i] >> PAGE_SHIFT;
    info.mfn_list = (u64)mfns;
    for (u32 i = 0; i < sizeof(made); i++)
        made[i] = (u8)(i * 7 + i / 251);
    virtio_net_start(8);
    assert_false(list_is_empty(&nics));
    nic = LIST_ENTRY(nics.next, struct nic, link);
    nic->received = received;
    assert_int_equal(buffers_of_card(), SIZE);
}

static void assert_came(const u8 *bytes, u32 count)
{
    assert_int_equal(got_frames, 1);
    assert_int_equal(got_bytes, count);
    assert_memory_equal(got, bytes, count);
    got_frames = 0;
    assert_int_equal(buffers_of_card(), SIZE);
}

static void a_frame_over_several_buffers_is_one_frame(void **state)
{
    static const u32 lengths[] = {
        60,    1514,         BUFFER - sizeof(header), BUFFER - sizeof(header) + 1, 4096, 9000,
        30000, NIC_FRAME_MAX};

    (void)state;
    begin(MERGED);
    for (u32 i = 0; i < ARRAY_SIZE(lengths); i++) {
        comes(made + i, lengths[i], buffers_for(lengths[i]));
        interrupt();
        assert_came(made + i, lengths[i]);
    }
    comes(made, 5000, buffers_for(5000)); /* two at once, a small one behind */
    comes(made + 9, 100, 1);
    interrupt();
    assert_int_equal(got_frames, 2);
    assert_int_equal(got_bytes, 100);
    assert_memory_equal(got, made + 9, 100);
    assert_int_equal(buffers_of_card(), SIZE);
}

/* What cannot be a frame is none, and the next one comes. */
static void what_the_card_should_not_say_harms_nothing(void **state)
{
    (void)state;
    begin(MERGED);
    comes(made, NIC_FRAME_MAX + 1500, buffers_for(NIC_FRAME_MAX + 1500)); /* too long */
    comes(made, 0, 1);
    interrupt();
    assert_int_equal(got_frames, 0);
    assert_int_equal(strncmp(nic->name, "eth", 3), 0); /* it lies behind the longest frame */
    comes(made, 3000, 5);                              /* three buffers that do not come */
    interrupt();
    assert_int_equal(got_frames, 0);
    comes(made, 60, 1);
    interrupt();
    assert_came(made, 60);
    comes(made, 60, 0); /* as some cards have it */
    interrupt();
    assert_came(made, 60);
    chain_done(0, chain_take(0), BUFFER + 1); /* more than there is room */
    chain_done(0, chain_take(0), sizeof(header) - 1);
    interrupt();
    assert_int_equal(got_frames, 0);
    assert_int_equal(buffers_of_card(), SIZE);

    begin(0); /* not agreed on: the number means nothing */
    comes(made, 200, 7);
    interrupt();
    assert_came(made, 200);
    assert_false(card.reset);
}

static struct nic_frame frame_of(u32 bytes)
{
    struct nic_frame f = {.sent = sent};

    for (u32 at = 0; at < bytes; at += f.segments[f.count++].bytes) {
        u64 address = (u64)memory[FRAMES - NIC_SEGMENTS_MAX + f.count] + (f.count ? 0 : 100);

        f.segments[f.count] =
            (struct nic_segment){address, (u32)MIN(bytes - at, PAGE_SIZE - address % PAGE_SIZE)};
    }
    return f;
}

/* The card's next frame is @f, and its header is left in @h. */
static void card_sees(const struct nic_frame *f, header *h)
{
    u32 chain = chain_take(1);
    const struct virtq_descriptor *table = card.pages[1]->descriptors, *d = &table[chain];

    if (d->flags & INDIRECT) {
        assert_int_equal(d->bytes, (1 + f->count) * sizeof(*d));
        d = table = (const void *)d->address;
    }
    assert_int_equal(d->bytes, sizeof(*h));
    memcpy(h, (void *)d->address, sizeof(*h));
    for (u32 i = 0; i < f->count; i++) {
        assert_true(d->flags & NEXT);
        d = &table[d->next];
        assert_int_equal(d->address, f->segments[i].address);
        assert_int_equal(d->bytes, f->segments[i].bytes);
    }
    assert_false(d->flags & NEXT);
    chain_done(1, chain, 0);
    assert_int_equal(sent_frames, 0);
    interrupt();
    assert_int_equal(sent_frames, 1);
    sent_frames = 0;
}

static void what_is_left_to_the_card_stands_before_the_frame(void **state)
{
    (void)state;
    for (u32 indirect = 0; indirect < 2; indirect++) {
        struct nic_frame f = frame_of(1000);
        header h;

        begin(CHECKSUM | TSO4 | TSO6 | (indirect ? VIRTIO_INDIRECT : 0));
        assert_true(nic->can_checksum && nic->can_segment && nic->can_segment_ipv6);
        assert_int_equal(nic_send(nic, &f), 0);
        card_sees(&f, &h);
        assert_int_equal(h.hdr.flags, 0);
        assert_int_equal(h.hdr.gso_type, VIRTIO_NET_HDR_GSO_NONE);

        f.wants_checksum = true;
        f.checksum_start = 34;
        f.checksum_offset = 16;
        assert_int_equal(nic_send(nic, &f), 0);
        card_sees(&f, &h);
        assert_int_equal(h.hdr.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
        assert_int_equal(h.hdr.csum_start, 34);
        assert_int_equal(h.hdr.csum_offset, 16);
        assert_int_equal(h.hdr.gso_type, VIRTIO_NET_HDR_GSO_NONE);

        for (u32 ipv6 = 0; ipv6 < 2; ipv6++) {
            f = frame_of(65000);
            f.wants_checksum = true;
            f.checksum_start = ipv6 ? 54 : 34;
            f.checksum_offset = 16;
            f.segment_size = 1448;
            f.is_ipv6 = ipv6;
            assert_int_equal(nic_send(nic, &f), 0);
            card_sees(&f, &h);
            assert_int_equal(h.hdr.flags, VIRTIO_NET_HDR_F_NEEDS_CSUM);
            assert_int_equal(h.hdr.gso_type,
                             ipv6 ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_TCPV4);
            assert_int_equal(h.hdr.gso_size, 1448);
            assert_int_equal(h.hdr.hdr_len, f.checksum_start + 20);
        }
    }
}

static void a_card_is_left_only_what_it_can(void **state)
{
    static const struct {
        u64 features;
        int checksum, segments, segments_ipv6;
    } cards[] = {
        {0, -XEN_EOPNOTSUPP, -XEN_EOPNOTSUPP, -XEN_EOPNOTSUPP},
        {CHECKSUM, 0, -XEN_EOPNOTSUPP, -XEN_EOPNOTSUPP},
        {CHECKSUM | TSO4, 0, 0, -XEN_EOPNOTSUPP},
        {CHECKSUM | TSO6, 0, -XEN_EOPNOTSUPP, 0},
        {TSO4 | TSO6, -XEN_EOPNOTSUPP, -XEN_EOPNOTSUPP, -XEN_EOPNOTSUPP},
    };

    (void)state;
    for (u32 i = 0; i < ARRAY_SIZE(cards); i++) {
        struct nic_frame small = frame_of(1000), four = frame_of(9000), six = frame_of(9000);

        begin(cards[i].features);
        assert_int_equal(nic->can_segment, !cards[i].segments);
        assert_int_equal(nic->can_segment_ipv6, !cards[i].segments_ipv6);
        small.wants_checksum = four.wants_checksum = six.wants_checksum = true;
        four.segment_size = six.segment_size = 1000;
        six.is_ipv6 = true;
        assert_int_equal(nic_send(nic, &small), cards[i].checksum);
        assert_int_equal(nic_send(nic, &four), cards[i].segments);
        assert_int_equal(nic_send(nic, &six), cards[i].segments_ipv6);
        four.segment_size = 0;
        assert_int_equal(nic_send(nic, &four), -XEN_EINVAL); /* long, and not to be cut */
        small.checksum_start = 990;
        small.checksum_offset = 9; /* the sum would end behind the frame */
        assert_int_equal(nic_send(nic, &small), cards[i].checksum ? -XEN_EOPNOTSUPP : -XEN_EINVAL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frame_over_several_buffers_is_one_frame),
        cmocka_unit_test(what_the_card_should_not_say_harms_nothing),
        cmocka_unit_test(what_is_left_to_the_card_stands_before_the_frame),
        cmocka_unit_test(a_card_is_left_only_what_it_can),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
