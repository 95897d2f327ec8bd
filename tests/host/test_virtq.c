// LINK: dom0/drivers/virtq.c
/*
 * The driver's side of a virtqueue against a device that follows the specification to the letter:
 * each chain arrives as it was given and comes back once; nobody sleeps while the other waits for
 * him, with event indices and with flags, in queues of all sizes; and what a mad device says breaks
 * its queue only.
 */
#include "dom0/drivers/virtq.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define CHAINS 64u

static struct virtq_page page;
static struct virtq q;
static volatile u16 doorbell;

/* The device: what it has taken, and how far it told us. */
static struct {
    u16 taken, used;
    u32 held[VIRTQ_MAX], count; /* chains that it is at work on */
    bool awake;
    u32 interrupts;
} device;

/* What was given: a chain's pieces, by owner. */
static struct chain {
    struct virtq_piece pieces[8];
    u32 count, bytes;
    bool given;
    struct virtq_descriptor table[8];
} chains[CHAINS];

static volatile u16 *used_event(void) /* where the driver says what it waits for */
{
    return page.available.chains + q.size;
}

static volatile u16 *available_event(void)
{
    return (u16 *)((u8 *)page.used.done + q.size * sizeof(page.used.done[0]));
}

static void begin(u16 size, bool event_index)
{
    memset(&page, 0, sizeof(page));
    memset(&device, 0, sizeof(device));
    memset(chains, 0, sizeof(chains));
    virtq_init(&q, &page, size, event_index);
    q.doorbell = &doorbell;
    q.number = 7;
    doorbell = 0;
}

static bool give(u32 n, u32 count, bool indirect)
{
    struct chain *c = &chains[n];

    c->count = count;
    for (u32 i = 0; i < count; i++)
        c->pieces[i] = (struct virtq_piece){(u64)rand(), (u32)rand(), i >= count / 2};
    c->given = virtq_give(&q, c->pieces, count, c, indirect ? c->table : NULL, (u64)c->table);
    return c->given;
}

/* The device looks at a chain that it is given: it must be one of ours, as it was. */
static void chain_check(u32 first)
{
    const struct virtq_descriptor *table = page.descriptors;
    struct chain *c = q.owners[first];
    u32 at = first;

    assert_true(c && c->given);
    if (table[at].flags & 4) {
        assert_int_equal(table[at].bytes, c->count * sizeof(*table));
        assert_int_equal(table[at].flags, 4);
        table = (const struct virtq_descriptor *)table[at].address;
        at = 0;
    }
    for (u32 n = 0; n < c->count; n++) {
        assert_int_equal(table[at].address, c->pieces[n].address);
        assert_int_equal(table[at].bytes, c->pieces[n].bytes);
        assert_int_equal(!!(table[at].flags & 2), c->pieces[n].device_writes);
        assert_int_equal(table[at].flags & 1, n + 1 < c->count);
        at = table[at].next;
    }
}

static void device_take_all(void)
{
    while (device.taken != page.available.index) {
        u32 first = page.available.chains[device.taken++ % q.size];

        assert_true(first < q.size);
        chain_check(first);
        device.held[device.count++] = first;
    }
}

/* Before it sleeps it says what it waits for, and looks once more. */
static void device_sleep(void)
{
    *available_event() = device.taken;
    page.used.flags = 0;
    device_take_all();
    *available_event() = device.taken;
    device.awake = false;
}

/* Answers one of those at work, any; interrupts if it is asked to. */
static void device_answer(void)
{
    u32 n = (u32)rand() % device.count, first = device.held[n];
    u16 old = device.used;
    struct chain *c = q.owners[first];

    device.held[n] = device.held[--device.count];
    c->bytes = (u32)rand();
    page.used.done[device.used % q.size].chain = first;
    page.used.done[device.used % q.size].bytes = c->bytes;
    page.used.index = ++device.used;
    if (q.event_index ? (u16)(device.used - *used_event() - 1) < (u16)(device.used - old)
                      : !page.available.flags)
        device.interrupts++;
}

static u32 driver_take_all(void)
{
    struct chain *c;
    u32 bytes, taken = 0;

    do {
        while ((c = virtq_take(&q, &bytes))) {
            assert_true(c->given);
            assert_int_equal(bytes, c->bytes);
            c->given = false;
            taken++;
        }
    } while (virtq_wait(&q));
    return taken;
}

static void random_give(void)
{
    u32 n = (u32)rand() % CHAINS;

    if (!chains[n].given)
        give(n, 1 + (u32)rand() % 8, rand() % 2);
}

/* A sleeping side is woken by what it is waiting for, and otherwise not. */
static void random_walk(u16 size, bool event_index)
{
    bool asleep = false;

    begin(size, event_index);
    device_sleep();
    for (u32 n = 0; n < 20000; n++) {
        u32 interrupts = device.interrupts;
        bool pending = device.used != q.taken;

        switch (rand() % 6) {
        case 0:
        case 1:
            random_give();
            break;
        case 2:
            doorbell = 0xffff;
            virtq_tell(&q);
            if (doorbell == q.number)
                device.awake = true;
            if (!device.awake)
                assert_int_equal(device.taken, page.available.index);
            break;
        case 3:
            if (device.awake)
                device_take_all();
            if (device.awake && rand() % 2)
                device_sleep();
            break;
        case 4:
            if (device.count)
                device_answer();
            if (asleep && !pending && device.used != q.taken)
                assert_int_equal(device.interrupts, interrupts + 1);
            break;
        default:
            driver_take_all();
            asleep = true;
        }
    }
    virtq_tell(&q);
    device_take_all();
    while (device.count)
        device_answer();
    driver_take_all();
    assert_int_equal(q.free, q.size);
    for (u32 n = 0; n < CHAINS; n++)
        assert_false(chains[n].given);
}

static void all_comes_back(void **state)
{
    (void)state;
    srand(1);
    for (u16 size = 1; size <= VIRTQ_MAX; size = (u16)(size * 2)) {
        random_walk(size, true);
        random_walk(size, false);
    }
}

static void a_full_queue_takes_no_more(void **state)
{
    (void)state;
    begin(8, true);
    assert_true(give(0, 5, false));
    assert_false(give(1, 4, false));
    assert_int_equal(q.free, 3);
    assert_true(give(1, 3, false));
    assert_false(give(2, 1, true));
    assert_false(give(2, 0, false));
}

static void notifications_are_suppressed(void **state)
{
    (void)state;
    begin(64, true);
    device_sleep();
    for (u32 n = 0; n < 10; n++)
        give(n, 1, false);
    virtq_tell(&q);
    assert_int_equal(q.notifications, 1);
    give(11, 1, false); /* the device has not looked since */
    virtq_tell(&q);
    virtq_tell(&q);
    assert_int_equal(q.notifications, 1);
    device_take_all();
    device_sleep();
    give(12, 1, false);
    virtq_tell(&q);
    assert_int_equal(q.notifications, 2);
}

static void a_mad_device_breaks_its_queue_only(void **state)
{
    static const u32 wild[] = {3, 8, 127, 128, 0xffffffffu};
    u32 bytes;

    (void)state;
    for (u32 n = 0; n < ARRAY_SIZE(wild); n++) {
        begin(8, true);
        give(0, 2, false); /* chain 0; 3 is free */
        page.used.done[0].chain = wild[n];
        page.used.index = 1;
        assert_null(virtq_take(&q, &bytes));
        assert_true(q.broken);
        assert_false(virtq_wait(&q));
        assert_false(give(1, 1, false));
    }
    begin(8, true);
    give(0, 2, false);
    page.used.index = 2; /* the same twice */
    assert_ptr_equal(virtq_take(&q, &bytes), &chains[0]);
    assert_null(virtq_take(&q, &bytes));
    assert_true(q.broken);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_comes_back),
        cmocka_unit_test(a_full_queue_takes_no_more),
        cmocka_unit_test(notifications_are_suppressed),
        cmocka_unit_test(a_mad_device_breaks_its_queue_only),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
