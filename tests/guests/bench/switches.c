/*
 * Two vcpus on one CPU: what it costs to give the CPU to the other. They yield to each other, and
 * they wake each other out of a block by an event, one round trip being two sends, two blocks and
 * two switches.
 *
 * Vcpu 1 runs partner_main on a stack of its own, with events masked except while it blocks. It
 * does what `turn` says, and goes down at TURN_END.
 */
#include "guest-kernel/core/report.h"
#include "guest-kernel/sched/smp.h"
#include "guest-kernel/core/hypercall.h"
#include "tests/guests/bench/measure.h"
#include "tests/guests/bench/rows.h"
#include "tests/guests/bench/upcalls.h"

#define PARTNER     1
#define SWITCH_RUNS 200

enum turn {
    TURN_YIELD,
    TURN_BLOCK,
    TURN_END
};

static volatile enum turn turn;
static volatile u64 partner_yields;
static evtchn_port_t to_me, to_partner;

static volatile u8 *upcall_mask_of(unsigned int vcpu)
{
    return &shared_info->vcpu_info[vcpu].evtchn_upcall_mask;
}

static long yield(void)
{
    return call_sched_op(SCHEDOP_yield, NULL);
}

/* Sleeps until this vcpu's handler has run; events are masked before and after. */
static void upcall_sleep(unsigned int vcpu, u64 before)
{
    while (upcall_count[vcpu] == before) {
        bench_require("block", call_sched_op(SCHEDOP_block, NULL));
        *upcall_mask_of(vcpu) = 1; /* block unmasks */
    }
}

static void partner_block(void)
{
    static u64 seen;

    upcall_sleep(PARTNER, seen);
    seen = upcall_count[PARTNER];
    bench_require("send", port_send(to_me));
}

static void partner_main(void *unused)
{
    (void)unused;
    upcalls_to(upcall_plain_1);
    while (turn != TURN_END) {
        if (turn == TURN_YIELD) {
            partner_yields++;
            bench_require("yield", yield());
        } else {
            partner_block();
        }
    }
}

/* As many switches as there were: a yield need not lead to one. */
static void row_yield(void)
{
    u64 yields, start, ticks;

    while (!partner_yields) /* the first time it starts, which is another thing */
        bench_require("yield", yield());
    yields = partner_yields;
    start = ticks_now();
    for (unsigned int i = 0; i < SWITCH_RUNS; i++)
        bench_require("yield", yield());
    ticks = ticks_now() - start;
    row_bench("vcpu-switch-yield", 2 * (partner_yields - yields), ticks);
}

static long wake_and_wait(void)
{
    u64 before = upcall_count[0];
    long answer = port_send(to_partner);

    upcall_sleep(0, before);
    return answer;
}

/* At each turn of it the partner blocks first and then sends. */
static void partner_end(void)
{
    turn = TURN_END;
    port_send(to_partner);
    vcpu_wait_down(PARTNER);
}

void rows_switches(void)
{
    static const struct bench block = {"block-wake-round-trip", .run = wake_and_wait};

    to_me = ipi_bind(0);
    to_partner = ipi_bind(PARTNER);
    upcall_bit[0] = to_me;
    upcall_bit[PARTNER] = to_partner;
    upcalls_to(upcall_plain_0);
    bench_require("vcpu_start", vcpu_start(PARTNER, partner_main, NULL));
    row_yield();
    turn = TURN_BLOCK;
    bench_rows(&block, 1);
    partner_end();
    port_close(to_me);
    port_close(to_partner);
}
