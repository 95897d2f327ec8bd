/*
 * A storm of events. Several vcpus send to ports of each other and of themselves, while the ports
 * are masked and unmasked, moved between vcpus, closed and bound anew, and while upcalls are
 * masked, let in again in every way there is, slept for and interrupted by timers. An event that is
 * lost stops a device or a thread for ever and cannot be seen when it happens; so it is counted
 * here.
 *
 *   ARGS="seed=N sends=N [form=fifo]"      vcpus: as many as the domain has, dom0_max_vcpus=
 *
 * In rounds: all vcpus roll their dice, meet, let everything in, and meet again. Then every send
 * must be accounted for (pairs.c says how). That needs no waiting and no clock: what is pending is
 * delivered, by the ABI, at the next way back into the guest. With ICOUNT= a seed replays exactly.
 */
#include "guest-kernel/core/report.h"
#include "guest-kernel/sched/smp.h"
#include "guest-kernel/time/clock.h"
#include "guest-kernel/time/timer.h"
#include "tests/guests/event-stress/stress.h"
#include "tests/guests/settle.h"

#define VCPUS_MAX     8
#define ROUND         2000  /* sends of one vcpu between two meetings */
#define TIMER_MAX     20000 /* ns to the next timer, at most */
#define WINDOW_MAX    6     /* sends while upcalls are masked, at most */
#define YIELD_SIDES   8
#define FORWARD_SIDES 4 /* a handler sends another event, one time in so many */

struct worker {
    struct dice dice, handler_dice;
};

void iret_unmasked(void); /* iret.asm */

static struct worker workers[VCPUS_MAX];
static unsigned int worker_count;
static u64 seed, sends_wanted;
static u32 arrived, generation;
static bool fifo;
static volatile bool draining, over; /* vcpu 0 tells the others */
static u64 lost, unaccounted, surplus;

/* Everybody comes before anybody leaves. */
static void meet(void)
{
    u32 now = __atomic_load_n(&generation, __ATOMIC_SEQ_CST);

    if (__atomic_add_fetch(&arrived, 1, __ATOMIC_SEQ_CST) == worker_count) {
        arrived = 0;
        __atomic_add_fetch(&generation, 1, __ATOMIC_SEQ_CST);
        return;
    }
    while (__atomic_load_n(&generation, __ATOMIC_SEQ_CST) == now)
        call_sched_op(SCHEDOP_yield, NULL);
}

static struct pair *pair_any(struct dice *dice)
{
    return &pairs[dice_roll(dice, PAIRS)];
}

static void send_any(struct dice *dice)
{
    struct pair *pair = pair_any(dice);

    pair_send(pair, (unsigned int)dice_roll(dice, 2));
}

/*
 * A timer's upcall comes at any instruction, and it goes through here: so a yield here takes the
 * CPU from this vcpu at any instruction, for as long as the others play.
 */
void stress_pause(void)
{
    if (!dice_roll(&workers[vcpu_self()->id].handler_dice, YIELD_SIDES))
        call_sched_op(SCHEDOP_yield, NULL);
}

void stress_delivered(void)
{
    struct dice *dice = &workers[vcpu_self()->id].handler_dice;

    stress_pause();
    if (!draining && !dice_roll(dice, FORWARD_SIDES))
        send_any(dice);
}

static void timer_any(struct dice *dice)
{
    timer_set(time_now_ns() + dice_roll(dice, TIMER_MAX));
}

/* Sends while upcalls are masked, then lets them in by one of the ways there are. */
static void window(struct dice *dice)
{
    upcalls_mask();
    for (u64 n = dice_roll(dice, WINDOW_MAX); n; n--)
        send_any(dice);
    switch (dice_roll(dice, 3)) {
    case 0:
        upcalls_unmask();
        break;
    case 1:
        iret_unmasked();
        break;
    default:
        timer_any(dice); /* or nobody might wake us */
        vcpu_block();
    }
}

/* Everything but a send. */
static void disturb(struct dice *dice)
{
    struct pair *pair = pair_any(dice);
    unsigned int which = (unsigned int)dice_roll(dice, 2);
    u64 action = dice_roll(dice, 64);

    if (action < 10)
        pair_mask(pair, which);
    else if (action < 26)
        pair_unmask(pair, which);
    else if (action < 36)
        pair_move(pair, which, vcpu_find((unsigned int)dice_roll(dice, worker_count)));
    else if (action < 46)
        window(dice);
    else if (action < 54)
        timer_any(dice);
    else if (action < 58)
        call_sched_op(SCHEDOP_yield, NULL);
    else if (action < 62 && fifo)
        pair_prioritise(pair, which, (u32)dice_roll(dice, EVTCHN_FIFO_MAX_QUEUES));
    else if (action >= 62)
        pair_rebind(pair, dice, worker_count);
}

static void round_play(struct worker *worker)
{
    for (unsigned int i = 0; i < ROUND; i++) {
        if (!dice_roll(&worker->dice, 4))
            disturb(&worker->dice);
        send_any(&worker->dice);
    }
}

static u64 sends_total(void)
{
    u64 total = 0;

    for (unsigned int i = 0; i < PAIRS; i++)
        total += pairs[i].ends[0].sent + pairs[i].ends[1].sent;
    return total;
}

static void end_check(unsigned int pair, const struct end *end)
{
    bool missing = end->seen != end->sent;

    if (missing)
        console_printf("stress: pair %u, port %u: %llu of %llu sends seen, seed %llu\n", pair,
                       end->port, (unsigned long long)end->seen, (unsigned long long)end->sent,
                       (unsigned long long)seed);
    lost += missing;
    unaccounted += end->deliveries - end->empty + end->merged + end->dropped != end->seen;
    /* The handler of a port that was closed may run once more for who was bound to it next. */
    surplus += end->deliveries > end->sent + end->rebinds;
}

static void round_check(void)
{
    for (unsigned int i = 0; i < PAIRS; i++) {
        end_check(i, &pairs[i].ends[0]);
        end_check(i, &pairs[i].ends[1]);
    }
    over = lost || sends_total() >= sends_wanted;
}

static void all_unmask(void)
{
    for (unsigned int i = 0; i < PAIRS; i++) {
        pair_unmask(&pairs[i], 0);
        pair_unmask(&pairs[i], 1);
    }
}

/* Upcalls are open at each meeting, and each meeting of others is a way into the hypervisor. */
static void rounds(struct worker *worker, bool first)
{
    while (!over) {
        round_play(worker);
        draining = true;
        meet();
        if (first)
            all_unmask();
        meet();
        call_sched_op(SCHEDOP_yield, NULL);
        meet();
        if (first) {
            round_check();
            draining = false;
        }
        meet();
    }
}

static void on_timer(u32 port, void *data)
{
    (void)port, (void)data;
    stress_pause();
}

static void work(void *arg)
{
    struct vcpu *self = vcpu_self();

    if (event_bind_virq(VIRQ_TIMER, self, on_timer, NULL) < 0 || timer_stop_periodic())
        guest_panic("event-stress: vcpu %u has no timer", self->id);
    meet();
    upcalls_unmask();
    rounds(arg, !self->id);
    upcalls_mask();
}

static u64 option(const char *name, u64 value)
{
    char text[24];

    if (!cmdline_value(name, text, sizeof(text)))
        return value;
    value = 0;
    for (const char *c = text; *c >= '0' && *c <= '9'; c++)
        value = value * 10 + (u64)(*c - '0');
    return value;
}

static void workers_make(void)
{
    worker_count = MIN(vcpu_count(), VCPUS_MAX);
    for (unsigned int i = 0; i < worker_count; i++) {
        workers[i].dice.state = (seed + 1) * 0x9e3779b97f4a7c15ull + i * 2 + 1;
        workers[i].handler_dice.state = ~workers[i].dice.state;
        if (i && vcpu_start(i, work, &workers[i]))
            guest_panic("event-stress: vcpu %u does not start", i);
    }
}

static void report(void)
{
    struct end sum = {0};

    for (unsigned int i = 0; i < 2 * PAIRS; i++) {
        const struct end *end = &pairs[i / 2].ends[i % 2];

        sum.sent += end->sent;
        sum.deliveries += end->deliveries;
        sum.merged += end->merged;
        sum.empty += end->empty;
        sum.dropped += end->dropped;
        sum.rebinds += end->rebinds;
    }
    console_printf("stress: %u vcpus, seed %llu: %llu sends; %llu deliveries, %llu of them empty; "
                   "%llu merged, %llu dropped by %llu closes\n",
                   worker_count, (unsigned long long)seed, (unsigned long long)sum.sent,
                   (unsigned long long)sum.deliveries, (unsigned long long)sum.empty,
                   (unsigned long long)sum.merged, (unsigned long long)sum.dropped,
                   (unsigned long long)sum.rebinds);
    row_want("stress.vcpus", worker_count, (s64)option("vcpus", worker_count));
    row_want("stress.enough-sends", sum.sent >= sends_wanted, 1);
    row_want("stress.ports-that-lost-a-send", (s64)lost, 0);
    row_want("stress.ports-that-do-not-add-up", (s64)unaccounted, 0);
    row_want("stress.ports-with-more-deliveries-than-sends", (s64)surplus, 0);
}

void guest_main(void)
{
    struct dice dice = {1};
    char form[8];

    fifo = cmdline_value("form", form, sizeof(form)) && form[0] == 'f';
    seed = option("seed", 1);
    sends_wanted = option("sends", 100000);
    if (event_init(fifo ? EVENT_FIFO : EVENT_TWO_LEVEL))
        guest_panic("event-stress: no such form of events");
    workers_make();
    pairs_make(&dice, worker_count);
    emulator_settle();
    work(&workers[0]);
    for (unsigned int i = 1; i < worker_count; i++)
        vcpu_wait_down(i);
    report();
    guest_end();
}
