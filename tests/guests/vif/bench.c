/*
 * What a frame costs from one guest's card to another's, and to the outside: `make bench-io`. Both
 * frontends, backend and bridge run in this domain, so a row counts all of them and the
 * hypervisor's part, but no switch between domains. Time in which the domain has nothing to do is
 * not counted: the card is not what is measured. Rows that are no times say so in their names.
 */
#include "guest-kernel/event/event.h"
#include "guest-kernel/time/runstate.h"
#include "tests/guests/common.h"
#include "tests/guests/settle.h"
#include "tests/guests/vif/front.h"

#define ROUNDS 20u
#define BATCH  64u

static struct front *a, *b;
static u8 bytes[FRONT_BYTES];

static struct vcpu_runstate_info runstate;

/* The TSC, had it stood still while the vcpu was blocked. */
static u64 ticks_now(void)
{
    u64 blocked = runstate_snapshot(&runstate).time[RUNSTATE_blocked];

    return tsc_read() - blocked * (tsc_frequency() / 1000) / (NS_PER_SECOND / 1000);
}

static void frame_fill(u8 from, u8 to)
{
    memset(bytes, 0x99, sizeof(bytes));
    memset(bytes, 0, 12);
    bytes[5] = to;
    bytes[11] = from;
}

static void frames_send(struct front *f, u32 length, u32 count)
{
    for (u32 n = 0; n < count; n++)
        front_send(f, bytes, length, false);
    front_push(f);
}

/* Until all that was sent is answered and this many have come. */
static void settle(struct front *from, struct front *to, u32 received)
{
    while (from->answered < from->sent || to->received < received) {
        loop_step();
        front_poll(a);
        front_poll(b);
    }
}

static u64 round_ticks(u8 to, u32 length, u32 expected)
{
    u64 start;

    frame_fill(1, to);
    start = ticks_now();
    frames_send(a, length, BATCH);
    settle(a, b, b->received + expected);
    return ticks_now() - start;
}

static void rows_of(const char *name, u8 to, u32 length, u32 expected)
{
    struct vif_counts before_a, before_b;
    u64 ticks = 0, copied;

    round_ticks(to, length, expected); /* warms up */
    before_a = a->vif->counts, before_b = b->vif->counts;
    copied = transfer.bytes_copied;
    for (u32 n = 0; n < ROUNDS; n++)
        ticks += round_ticks(to, length, expected);
    row_bench(name, ROUNDS * BATCH, ticks);
    row_bench(name_of(name, "notifications-per-1000"), ROUNDS * BATCH,
              1000 * (a->vif->counts.tx_notified - before_a.tx_notified +
                      b->vif->counts.rx_notified - before_b.rx_notified));
    row_bench(name_of(name, "bytes-copied-per-1000"), ROUNDS * BATCH * length,
              1000 * (transfer.bytes_copied - copied));
}

/* One frame there, one back. */
static void row_round_trip(void)
{
    u64 start = ticks_now();

    for (u32 n = 0; n < ROUNDS; n++) {
        frame_fill(1, 2);
        frames_send(a, 60, 1);
        settle(a, b, b->received + 1);
        frame_fill(2, 1);
        frames_send(b, 60, 1);
        settle(b, a, a->received + 1);
    }
    row_bench("network-round-trip", ROUNDS, ticks_now() - start);
}

void bench_rows(struct front *first, struct front *second)
{
    a = first, b = second;
    emulator_settle();
    runstate_register(&runstate);
    frame_fill(2, 1); /* the bridge learns where both are */
    frames_send(b, 60, 1);
    settle(b, a, 1);
    frame_fill(1, 2);
    frames_send(a, 60, 1);
    settle(a, b, 1);
    rows_of("network-inside-60", 2, 60, BATCH);
    rows_of("network-inside-1514", 2, 1514, BATCH);
    row_round_trip();
    frame_fill(2, 0xff);
    front_disconnect(b); /* frames for nobody go to the card alone */
    rows_of("network-outside-60", 9, 60, 0);
    rows_of("network-outside-1514", 9, 1514, 0);
}
