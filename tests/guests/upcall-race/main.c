/*
 * The race of letting events in, driven hard. A kernel masks upcalls, works, and lets them in
 * again; an event that comes just then must neither be taken inside nor wait for the next one, for
 * there may be none: that is a lost upcall, and a machine that stands still now and then. There are
 * four ways to let events in: a store and a look at `pending` (event/upcall.h), the hypercall iret
 * with IF in its frame, a block, and for a single port its own mask. Against each of them come
 * events
 *
 *   self     which this vcpu sent itself while it kept them out;
 *   handler  which a handler sent, to be taken when it has returned;
 *   timer    of a timer, due a nanosecond later each time: under -icount an instruction later, so
 *            that it strikes at each instruction from before the closing's end to after the
 *            opening (ARGS=stride=N: at each Nth);
 *   other    of another vcpu, which a timer of its own wakes at any instruction of ours.
 *
 * What was pending when events were let in has to have been handled right behind: that needs no
 * clock. A timer's event is lost if it has not come PATIENCE_NS after it was due, by the clock of
 * the guest; nothing but the clock is looked at meanwhile, since any hypercall would bring the
 * event.
 */
#include "guest-kernel/core/report.h"
#include "guest-kernel/event/upcall.h"
#include "guest-kernel/sched/smp.h"
#include "guest-kernel/time/clock.h"
#include "guest-kernel/time/timer.h"
#include "tests/guests/common.h"

#define SELF_ROUNDS  1000
#define SWEEP_NS     2000  /* how far the instant of the timer moves */
#define LEAD_NS      20000 /* longer than it takes to set two timers */
#define BEFORE_NS    800   /* so long before events are let in does the sweep begin */
#define PATIENCE_NS  (20 * NS_PER_MILLISECOND)
#define OTHER_ROUNDS 5000
#define BLOCK_ROUNDS 500   /* each waits for an event */
#define SPIN_MAX     300   /* rounds of nothing with events kept out */
#define PERIOD_MAX   15000 /* ns between two events of the other vcpu, at most */

enum way {
    WAY_STORE,
    WAY_IRET,
    WAY_BLOCK,
    WAY_PORT,
    WAYS
};

static const char *const way_names[WAYS] = {"store", "iret", "block", "port-mask"};

void iret_unmasked(void); /* iret.asm */

static u32 ipi_port, second_port, timer_port, other_port;
static volatile u64 ipi_events, second_events, timer_events, timer_due;
static volatile u64 announced, sent, seen; /* by the other vcpu, of which this one saw */
static volatile bool over;

static void keep_out(enum way way, u32 port)
{
    if (way == WAY_PORT)
        event_mask(port);
    else
        upcalls_mask();
}

static void let_in(enum way way, u32 port)
{
    switch (way) {
    case WAY_STORE:
        return upcalls_unmask();
    case WAY_IRET:
        return iret_unmasked();
    case WAY_BLOCK:
        return vcpu_block();
    default:
        return event_unmask(port);
    }
}

static void on_ipi(u32 port, void *data)
{
    (void)port, (void)data;
    ipi_events++;
}

/* Sends the other one, while upcalls are masked. */
static void on_second(u32 port, void *data)
{
    (void)port, (void)data;
    second_events++;
    event_send(ipi_port);
}

static void on_timer(u32 port, void *data)
{
    (void)port, (void)data;
    timer_events += time_now_ns() >= timer_due; /* one that is early is not the one */
}

static void on_other(u32 port, void *data)
{
    (void)port, (void)data;
    seen = announced;
}

static u64 self_lost(enum way way)
{
    u64 lost = 0;

    for (unsigned int i = 0; i < SELF_ROUNDS; i++) {
        u64 before = ipi_events;

        keep_out(way, ipi_port);
        event_send(ipi_port);
        lost += ipi_events != before; /* it was to be kept out */
        let_in(way, ipi_port);
        lost += ipi_events != before + 1;
    }
    return lost;
}

static u64 handler_lost(enum way way)
{
    u64 lost = 0;

    for (unsigned int i = 0; i < SELF_ROUNDS; i++) {
        u64 before = ipi_events;

        keep_out(way, second_port);
        event_send(second_port);
        let_in(way, second_port);
        lost += ipi_events != before + 1;
    }
    return lost;
}

static u64 stride = 1; /* of the sweep, ns */

/* One shot, due `offset` ns after BEFORE_NS before events are let in. Answers whether it was lost.
 */
static bool shot_lost(enum way way, u64 offset)
{
    u64 before, open_at;

    keep_out(way, timer_port);
    before = timer_events;
    open_at = time_now_ns() + LEAD_NS;
    timer_due = open_at - BEFORE_NS + offset;
    if (way == WAY_BLOCK) /* or nobody would wake us */
        timer_set_single(timer_due + PATIENCE_NS, 0);
    timer_set(timer_due);
    while (time_now_ns() < open_at)
        ;
    let_in(way, timer_port);
    while (timer_events == before && time_now_ns() < timer_due + PATIENCE_NS)
        ;
    if (way == WAY_BLOCK)
        timer_stop_single();
    return timer_events == before || time_now_ns() >= timer_due + PATIENCE_NS;
}

static u64 timer_lost(enum way way)
{
    u64 lost = 0;

    for (u64 offset = 0; offset < SWEEP_NS; offset += stride)
        lost += shot_lost(way, offset);
    return lost;
}

static u64 roll(u64 sides)
{
    static u64 state = 88172645463325252ull; /* xorshift64 */

    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (state >> 11) % sides;
}

static void nothing(u32 port, void *data)
{
    (void)port, (void)data;
}

/* The other vcpu: sleeps, wakes, sends. */
static void other_main(void *unused)
{
    (void)unused;
    event_bind_virq(VIRQ_TIMER, vcpu_self(), nothing, NULL);
    while (!over) {
        upcalls_mask(); /* or the timer might be over before the block */
        timer_set(time_now_ns() + roll(PERIOD_MAX));
        vcpu_block();
        announced++;
        event_send(other_port);
        sent = announced;
    }
}

static u64 other_lost(enum way way)
{
    unsigned int rounds = way == WAY_BLOCK ? BLOCK_ROUNDS : OTHER_ROUNDS;
    u64 lost = 0;

    for (unsigned int i = 0; i < rounds; i++) {
        u64 pending;

        keep_out(way, other_port);
        for (u64 spin = roll(SPIN_MAX); spin; spin--)
            compiler_barrier();
        pending = sent;
        let_in(way, other_port);
        lost += seen < pending;
    }
    return lost;
}

static void ports_make(void)
{
    long ports[] = {
        event_bind_ipi(&vcpu_boot, on_ipi, NULL),
        event_bind_ipi(&vcpu_boot, on_second, NULL),
        event_bind_virq(VIRQ_TIMER, &vcpu_boot, on_timer, NULL),
        event_bind_ipi(&vcpu_boot, on_other, NULL),
    };

    for (unsigned int i = 0; i < ARRAY_SIZE(ports); i++) {
        if (ports[i] < 0)
            guest_panic("upcall-race: port %u: error %ld", i, ports[i]);
    }
    ipi_port = (u32)ports[0];
    second_port = (u32)ports[1];
    timer_port = (u32)ports[2];
    other_port = (u32)ports[3];
    timer_stop_periodic();
}

static void rows_of(const char *source, u64 (*lost)(enum way way))
{
    for (enum way way = 0; way < WAYS; way++)
        row_want(name_of(source, way_names[way]), (s64)lost(way), 0);
}

void guest_main(void)
{
    char form[8], digit[8];
    bool fifo = cmdline_value("form", form, sizeof(form)) && form[0] == 'f';

    if (cmdline_value("stride", digit, sizeof(digit)))
        stride = (u64)(digit[0] - '0');
    if (event_init(fifo ? EVENT_FIFO : EVENT_TWO_LEVEL))
        guest_panic("upcall-race: no such form of events");
    ports_make();
    upcalls_unmask();
    rows_of("self", self_lost);
    rows_of("handler", handler_lost);
    rows_of("timer", timer_lost);
    row_want("other.vcpu-starts", vcpu_start(1, other_main, NULL), 0);
    rows_of("other", other_lost);
    row_want("other.events", sent > BLOCK_ROUNDS / 2, 1);
    console_printf("race: %llu events of the other vcpu\n", (unsigned long long)sent);
    over = true;
    vcpu_wait_down(1);
    guest_end();
}
