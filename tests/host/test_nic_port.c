// LINK: dom0/bridge/nic_port.c dom0/bridge/bridge.c dom0/bridge/frame.c dom0/bridge/mac_table.c
// LINK: xen-like/lib/string.c tests/host/no_guests.c xen-like/lib/fmt.c
/*
 * The machine's card as a port of the bridge, with a card that is slow: how much may wait for it.
 */
#include "tests/host/no_guests.h"

#include "dom0/bridge/nic_port.h"
#include "dom0/loop.h"
#include "guest-kernel/mm/direct_map.h"
#include "guest-kernel/time/clock.h"
#include "xen-like/lib/string.h"

#define FLOOD   5000u
#define ENOUGH  1000 /* blocks of the heap that a card may keep, and more than it needs */
#define A_FRAME 300u

static u64 mfns[1];
static struct start_info info;
const struct start_info *start_info = &info;

static struct list at_card = LIST_INIT(at_card);

/* ---- What the port has around it --------------------------------------------------------------
 */

u64 time_now_ns(void)
{
    return 1;
}

void work_init(struct work *work, void (*run)(struct work *work))
{
    work->run = run;
}

void work_raise(struct work *work)
{
    (void)work;
}

void work_drop(struct work *work)
{
    (void)work;
}

pfn_t virt_to_pfn(const void *address)
{
    (void)address;
    return (pfn_t){0};
}

int nic_send(struct nic *nic, struct nic_frame *frame)
{
    (void)nic;
    list_add_tail(&at_card, &frame->link);
    return 0;
}

static void port_ignore(struct bridge_port *port, const struct frame *frame)
{
    (void)port, (void)frame;
}

static void port_flush(struct bridge_port *port)
{
    (void)port;
}

/* ---- What it shows ----------------------------------------------------------------------------
 */

static void card_sends(void)
{
    struct list *link;

    while ((link = list_take_first(&at_card))) {
        struct nic_frame *frame = LIST_ENTRY(link, struct nic_frame, link);

        frame->sent(frame);
    }
    bridge_flush();
}

/* Frames that are ours to keep, as those are whose checksum the card cannot fill in: who sends them
 * does not wait for the card, so what waits for it is bounded, and it sends again afterwards. */
static void a_flood_is_not_kept(void **state)
{
    static u8 bytes[A_FRAME] = {2, 0, 0, 0, 0, 9, 2, 0, 0, 0, 0, 1};
    static struct bridge_port from = {.deliver = port_ignore, .flush = port_flush};
    static struct nic nic;
    struct frame frame = {.head = bytes, .head_bytes = A_FRAME, .bytes = A_FRAME};
    struct bridge *bridge = bridge_get("b");
    struct bridge_port *card;
    u64 dropped;
    long idle;

    (void)state;
    info.mfn_list = (u64)mfns;
    assert_int_equal(nic_port_add(bridge, &nic), 0);
    card = LIST_ENTRY(bridge->ports.next, struct bridge_port, link);
    bridge_port_add(bridge, &from, 8);
    for (u32 i = 0; i < FLOOD; i++) {
        bridge_forward(&from, &frame);
        bridge_flush();
    }
    assert_true(heap_blocks < ENOUGH);
    assert_true(card->out.dropped > 0);
    dropped = card->out.dropped;
    card_sends();
    idle = heap_blocks;
    for (u32 i = 0; i < FLOOD; i++) {
        bridge_forward(&from, &frame);
        bridge_flush();
        card_sends();
    }
    assert_int_equal(card->out.dropped, dropped);
    assert_int_equal(heap_blocks, idle);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_flood_is_not_kept)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
