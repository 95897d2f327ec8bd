/*
 * A vcpu's timers: set_timer_op, and the single-shot and periodic ones of vcpu_op. An operating
 * system's whole idea of time hangs on them: none may come early, none may be lost, and what the
 * odd arguments mean (a time long past, one so far away that it overflows) must be what kernels
 * were written against. All rows are relations, for the times themselves are each machine's own.
 */
#include "guest-kernel/event/event.h"
#include "guest-kernel/event/upcall.h"
#include "guest-kernel/time/clock.h"
#include "guest-kernel/time/timer.h"
#include "tests/guests/common.h"

#define NOWHERE ((void *)0x70000000)
#define MS      NS_PER_MILLISECOND
#define SOON    (3 * MS)
#define LONG    (40 * MS)
#define AGES    (20 * NS_PER_SECOND) /* the emulator may have lost its CPU meanwhile */
#define RANDOM  3000
#define NO_VCPU 50

static volatile u64 fired, fired_at;

static void on_timer(u32 port, void *data)
{
    (void)port;
    (void)data;
    fired_at = time_now_ns();
    fired++;
}

/* Has an event come within @span, since fired was @before? */
static bool comes(u64 before, u64 span)
{
    u64 end = time_now_ns() + span;

    while (fired == before && time_now_ns() < end)
        ;
    return fired != before;
}

static long single(u64 at)
{
    return timer_set_single(at, 0);
}

static long periodic(unsigned int vcpu, u64 period)
{
    struct vcpu_set_periodic_timer set = {.period_ns = period};

    return call_vcpu_op(VCPUOP_set_periodic_timer, vcpu, &set);
}

static void refusal_rows(void)
{
    row("refused.periodic_unreadable", call_vcpu_op(VCPUOP_set_periodic_timer, 0, NOWHERE));
    row("refused.periodic_zero", periodic(0, 0));
    row("refused.periodic_too_short", periodic(0, MS - 1));
    row("refused.periodic_shortest", periodic(0, MS));
    row("refused.periodic_longest", periodic(0, ~0ull >> 2));
    row("refused.periodic_too_long", periodic(0, (~0ull >> 2) + 1));
    row("refused.periodic_negative", periodic(0, ~0ull));
    row("refused.periodic_of_no_vcpu", periodic(NO_VCPU, MS));
    row("refused.periodic_stop", timer_stop_periodic());
    row("refused.periodic_stop_again", timer_stop_periodic());
    row("refused.periodic_stop_of_no_vcpu",
        call_vcpu_op(VCPUOP_stop_periodic_timer, NO_VCPU, NULL));
    row("refused.single_unreadable", call_vcpu_op(VCPUOP_set_singleshot_timer, 0, NOWHERE));
    row("refused.single_of_no_vcpu", call_vcpu_op(VCPUOP_set_singleshot_timer, NO_VCPU, NOWHERE));
    row("refused.single_stop_not_set", timer_stop_single());
    row("refused.single_stop_of_no_vcpu",
        call_vcpu_op(VCPUOP_stop_singleshot_timer, NO_VCPU, NULL));
    row("refused.timer_op_not_set", timer_set(0));
}

/* The vcpu was born with ticks each 10 ms. */
static void birth_rows(void)
{
    u64 before = fired;

    row("birth.ticks", comes(before, AGES));
    before = fired;
    row("birth.ticks_again", comes(before, AGES));
    row("birth.stop", timer_stop_periodic());
    before = fired;
    row("birth.stopped", comes(before, LONG));
}

/*
 * Sets a timer SOON from now by @first, then calls @second, with the time of @span from now (0:
 * none). Again, if the machine took the CPU away for so long that the timer may have come between
 * the two. Answers as @second did; @before is `fired` before, @at what @second was given.
 */
static long change_in_time(long (*first)(u64), long (*second)(u64), u64 span, u64 *before, u64 *at)
{
    long answer;
    u64 start;

    do {
        *before = fired;
        start = time_now_ns();
        first(start + SOON);
        *at = span ? time_now_ns() + span : 0;
        answer = second(*at);
    } while (time_now_ns() >= start + SOON);
    return answer;
}

/* Set by @set to SOON from now: does it come, and when? */
static void shot_rows(const char *name, long (*set)(u64))
{
    u64 before = fired, at = time_now_ns() + SOON;

    row(name_of(name, "set"), set(at));
    row_want(name_of(name, "comes"), comes(before, AGES), 1);
    row_want(name_of(name, "not_early"), fired_at >= at, 1);
    before = fired;
    row_want(name_of(name, "comes_once"), comes(before, LONG), 0);

    row(name_of(name, "set_to_later"), change_in_time(set, set, LONG, &before, &at));
    row_want(name_of(name, "later_comes"), comes(before, AGES), 1);
    row_want(name_of(name, "later_is_not_early"), fired_at >= at, 1);

    before = fired;
    set(time_now_ns() + NS_PER_SECOND * 1000);
    at = time_now_ns() + SOON;
    row(name_of(name, "set_to_sooner"), set(at));
    row_want(name_of(name, "sooner_comes"), comes(before, AGES), 1);

    before = fired;
    upcalls_mask();
    row(name_of(name, "past"), set(1));
    upcalls_unmask();
    row(name_of(name, "past_comes"), comes(before, AGES));
    do { /* as in change_in_time */
        before = fired;
        at = time_now_ns() + SOON;
        set(at);
        set(1);
    } while (time_now_ns() >= at);
    row(name_of(name, "past_takes_its_place"), comes(before, AGES));
    before = fired;
    row(name_of(name, "and_it_is_gone"), comes(before, LONG));
}

static long stop_single(u64 at)
{
    (void)at;
    return timer_stop_single();
}

static void stop_rows(const char *name, long (*set)(u64), long (*stop)(u64))
{
    u64 before, none;

    row(name_of(name, "stop"), change_in_time(set, stop, 0, &before, &none));
    row_want(name_of(name, "stopped"), comes(before, LONG), 0);
}

static const struct {
    const char *name;
    u64 at; /* from now on, unless it is @absolute */
    bool absolute;
} strange[] = {
    {"a_year", 365 * 86400 * NS_PER_SECOND, false},
    {"below_2_to_50", (1ull << 50) - MS, false},
    {"beyond_2_to_50", (1ull << 50) + MS, false},
    {"2_to_62", 1ull << 62, true},
    {"2_to_63", 1ull << 63, true},
    {"all_ones", ~0ull, true},
    {"one", 1, true},
};

/* Does a time that no clock will see come soon, or after a tenth of a second, or not? */
static void strange_rows(const char *name, long (*set)(u64))
{
    for (u32 i = 0; i < ARRAY_SIZE(strange); i++) {
        u64 start = time_now_ns(), before = fired;
        bool soon;

        row(name_of(name, strange[i].name), set(strange[i].at + (strange[i].absolute ? 0 : start)));
        soon = comes(before, LONG) && fired_at - start < 100 * MS; /* a machine may stand still */
        row(name_nth(name, "comes_soon", i), soon);
        if (!soon)
            row(name_nth(name, "comes_later", i), comes(before, NS_PER_SECOND));
        if (!soon && fired != before)
            row(name_nth(name, "not_before_100_ms", i), fired_at - start >= 100 * MS);
        timer_set(0);
    }
}

static void future_rows(void)
{
    u64 before = fired;

    row("future.past", timer_set_single(1, VCPU_SSHOTTMR_future));
    row("future.past_comes", comes(before, AGES));
    before = fired;
    row("future.set", timer_set_single(time_now_ns() + SOON, VCPU_SSHOTTMR_future));
    row("future.comes", comes(before, AGES));
    row("future.unknown_flags", timer_set_single(time_now_ns() + SOON, ~1u));
    timer_stop_single();
}

/* One timer, two calls. */
static void same_rows(void)
{
    u64 before, at;

    change_in_time(timer_set, single, LONG, &before, &at);
    row_want("same.comes", comes(before, AGES), 1);
    row_want("same.only_the_second", fired_at >= at, 1);
    change_in_time(single, timer_set, 0, &before, &at);
    row_want("same.stopped_by_the_other", comes(before, LONG), 0);
}

static void random_rows(void)
{
    u64 early = 0, lost = 0, seed = 1;

    for (u32 i = 0; i < RANDOM; i++) {
        u64 before = fired, at;

        seed = seed * 6364136223846793005ull + 1442695040888963407ull;
        at = time_now_ns() + (seed >> 33) % (i % 8 ? 30000 : 300000);
        if (i & 1)
            single(at);
        else
            timer_set(at);
        lost += !comes(before, AGES);
        early += fired_at < at;
    }
    row_want("random.early", (s64)early, 0);
    row_want("random.lost", (s64)lost, 0);
}

/*
 * Does a block last until the single shot, with ticks in between? Right behind a tick: one that
 * comes between the mask and the block is pending, and no block sleeps over that. On a machine that
 * stands still now and then it may happen all the same; ticks that wake would do so each time.
 */
static bool block_outlasts_ticks(void)
{
    for (u32 tries = 0; tries < 5; tries++) {
        u64 before = fired, end;

        comes(before, AGES);
        upcalls_mask();
        end = time_now_ns() + LONG;
        single(end);
        vcpu_block();
        if (time_now_ns() >= end)
            return true;
        timer_stop_single();
    }
    return false;
}

static void periodic_rows(void)
{
    u64 before = fired, start = time_now_ns();

    row("periodic.set", timer_set_periodic(5 * MS));
    while (fired < before + 6 && time_now_ns() < start + AGES)
        ;
    row("periodic.six_come", fired - before >= 6);
    row_want("periodic.none_is_early", fired_at >= start + 5 * 5 * MS, 1);
    before = fired;
    single(time_now_ns() + SOON);
    row("periodic.beside_a_single_shot", comes(before, AGES));

    timer_stop_single();
    row_want("periodic.does_not_wake", block_outlasts_ticks(), 1);
    before = fired;
    row("periodic.goes_on_awake", comes(before, AGES));
    row("periodic.stop", timer_stop_periodic());
    before = fired;
    row_want("periodic.stopped", comes(before, LONG), 0);
}

/* A tick that is due comes at once. */
static void period_change_rows(void)
{
    u64 before;

    timer_set_periodic(NS_PER_SECOND * 1000);
    timer_stop_periodic();
    time_spin_ns(SOON);
    before = fired;
    timer_set_periodic(2 * MS);
    row("change.tick_at_once", fired != before);
    timer_set_periodic(NS_PER_SECOND * 1000);
    before = fired;
    row("change.longer", comes(before, LONG));
    timer_set_periodic(2 * MS);
    row("change.shorter", comes(before, AGES));
    timer_stop_periodic();
}

void guest_main(void)
{
    row("init.events", event_init(EVENT_TWO_LEVEL));
    row("init.bound", event_bind_virq(VIRQ_TIMER, vcpu_self(), on_timer, NULL) > 0);
    upcalls_unmask();
    birth_rows();
    refusal_rows();
    shot_rows("single", single);
    shot_rows("timer_op", timer_set);
    stop_rows("single_stop", single, stop_single);
    stop_rows("timer_op_zero", timer_set, timer_set);
    strange_rows("single_strange", single);
    strange_rows("timer_op_strange", timer_set);
    future_rows();
    same_rows();
    random_rows();
    periodic_rows();
    period_change_rows();
    guest_end();
}
