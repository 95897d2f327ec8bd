/*
 * Two vcpus, one clock: what one of them reads after the other must never be less, whichever record
 * it computes from and whenever that was written. And each has timers of its own, which follow it
 * through being switched away and back.
 */
#include "guest-kernel/event/event.h"
#include "guest-kernel/event/upcall.h"
#include "guest-kernel/sched/smp.h"
#include "guest-kernel/time/clock.h"
#include "guest-kernel/time/timer.h"
#include "tests/guests/common.h"

#define MS      NS_PER_MILLISECOND
#define CHANGES 3
#define AGES    (20 * NS_PER_SECOND)
#define PERIOD  (2 * MS)
#define NAPS    20

static u64 latest; /* atomic: 32 bits would read halves of two times */
static volatile u64 back, stale, reads[2];
static volatile bool stop;
static volatile u64 ticks[2];
static struct vcpu_time_info area;

static u32 version_of(unsigned int vcpu)
{
    return ACCESS_ONCE(shared_info->vcpu_info[vcpu].time.version);
}

static u64 record_time(unsigned int vcpu)
{
    return __atomic_load_n(&shared_info->vcpu_info[vcpu].time.tsc_timestamp, __ATOMIC_ACQUIRE);
}

static u64 latest_read(void)
{
    return __atomic_load_n(&latest, __ATOMIC_RELAXED);
}

static void latest_raise(u64 now)
{
    u64 seen = latest_read();

    while (seen < now && !__atomic_compare_exchange_n(&latest, &seen, now, false, __ATOMIC_RELAXED,
                                                      __ATOMIC_RELAXED))
        ;
}

/* Who runs has the newest record. */
static void read_once(unsigned int id)
{
    u64 before = latest_read(), now = time_now_ns(), other = record_time(!id);

    stale += record_time(id) < other;

    back += now < before;
    latest_raise(now);
    reads[id]++;
    if (reads[id] % 4 == 0)
        call_sched_op(SCHEDOP_yield, NULL);
}

static void read_on(void *arg)
{
    (void)arg;
    while (!stop)
        read_once(1);
}

static void clock_rows(void)
{
    u64 end = time_now_ns() + AGES;
    u32 version, changes = 0;

    row("start.reader", vcpu_start(1, read_on, NULL));
    version = version_of(1);
    while (changes < CHANGES && time_now_ns() < end) {
        read_once(0);
        changes += version_of(1) != version;
        version = version_of(1);
    }
    stop = true;
    vcpu_wait_down(1);
    row("clock.record_of_the_other_is_written", changes == CHANGES);
    row("clock.both_read", reads[0] > 1000 && reads[1] > 1000);
    row_want("clock.went_back", (s64)back, 0);
    row_want("clock.record_was_stale", (s64)stale, 0);
    row_want("clock.record_of_the_other_is_whole", version_of(1) & 1, 0);
}

static void on_tick(u32 port, void *data)
{
    (void)port;
    (void)data;
    ticks[vcpu_self()->id]++;
}

/* Naps, each ended by its own timer, beside a vcpu that computes. */
static volatile u64 early, unfinished;

static void nap(void *arg)
{
    (void)arg;
    timer_stop_periodic();
    unfinished = event_bind_virq(VIRQ_TIMER, vcpu_self(), on_tick, NULL) <= 0;
    for (u32 i = 0; i < NAPS; i++) {
        u64 at = time_now_ns() + MS + i * MS / 4;

        upcalls_mask(); /* or it might come before the block */
        timer_set_single(at, 0);
        vcpu_block();
        early += time_now_ns() < at;
    }
    upcalls_mask();
}

static void nap_rows(void)
{
    u64 end = time_now_ns() + AGES;

    row("start.napper", vcpu_start(1, nap, NULL));
    while (vcpu_is_up(1) && time_now_ns() < end)
        ;
    row("nap.all_ended", !vcpu_is_up(1));
    row("nap.timer_could_be_bound", !unfinished);
    row_want("nap.ended_early", (s64)early, 0);
    row("nap.events", ticks[1] == NAPS);
}

static volatile u64 ticking_from, ticking_to;

static void tick(void *arg)
{
    (void)arg;
    ticks[1] = 0;
    ticking_from = time_now_ns();
    timer_set_periodic(PERIOD);
    upcalls_unmask();
    while (!stop)
        ;
    upcalls_mask();
    ticking_to = time_now_ns();
}

/* Both compute, and so are switched in turn; ticks missed meanwhile are not made up for. */
static void tick_rows(void)
{
    u64 end = time_now_ns() + AGES, start;

    stop = false;
    row("tick.bound", event_bind_virq(VIRQ_TIMER, vcpu_self(), on_tick, NULL) > 0);
    row("start.ticker", vcpu_start(1, tick, NULL));
    ticks[0] = 0;
    start = time_now_ns();
    timer_set_periodic(PERIOD);
    upcalls_unmask();
    while ((ticks[0] < 20 || ticks[1] < 20) && time_now_ns() < end)
        ;
    stop = true;
    timer_stop_periodic();
    end = time_now_ns();
    vcpu_wait_down(1);
    row("tick.both_tick", ticks[0] >= 20 && ticks[1] >= 20);
    row_want("tick.not_too_often", ticks[0] <= (end - start) / PERIOD + 1, 1);
    row_want("tick.other_not_too_often", ticks[1] <= (ticking_to - ticking_from) / PERIOD + 1, 1);
}

static void other_rows(void)
{
    struct vcpu_set_periodic_timer periodic = {.period_ns = PERIOD};
    struct vcpu_set_singleshot_timer single = {.timeout_abs_ns = 1};
    struct vcpu_register_time_memory_area where = {.addr.p = (uintptr_t)&area};

    row("other.single", call_vcpu_op(VCPUOP_set_singleshot_timer, 1, &single));
    row_want("other.single_unreadable", /* in 32 bits it is read before it is looked at */
             call_vcpu_op(VCPUOP_set_singleshot_timer, 1, NULL) == WIDE(-XEN_EINVAL, -XEN_EFAULT),
             true);
    row("other.single_stop", call_vcpu_op(VCPUOP_stop_singleshot_timer, 1, NULL));
    row("other.periodic", call_vcpu_op(VCPUOP_set_periodic_timer, 1, &periodic));
    row("other.periodic_stop", call_vcpu_op(VCPUOP_stop_periodic_timer, 1, NULL));
    row("other.area", call_vcpu_op(VCPUOP_register_vcpu_time_memory_area, 1, &where));
    row("other.area_is_written_at_once", area.version == version_of(1) && area.tsc_to_system_mul);
}

void guest_main(void)
{
    row("init.events", event_init(EVENT_TWO_LEVEL));
    timer_stop_periodic();
    clock_rows();
    nap_rows();
    tick_rows();
    other_rows();
    guest_end();
}
