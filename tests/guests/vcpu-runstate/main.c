/*
 * Run states: where a vcpu's time went. A kernel computes from them what other vcpus have stolen of
 * its time, so the four must grow as real time does, neither more nor less, and each only while the
 * vcpu is in that state. What is compared are relations: no two runs take the same time.
 */
#include "guest-kernel/time/clock.h"
#include "guest-kernel/time/timer.h"
#include "tests/guests/evtchn.h"
#include "tests/guests/vcpus.h"

#define SHORT  (5 * NS_PER_MILLISECOND)
#define MARGIN (2 * NS_PER_MILLISECOND)
#define LONG   (2 * NS_PER_SECOND)

static volatile u64 stop, laps;

static struct vcpu_runstate_info get(u64 id)
{
    struct vcpu_runstate_info r = {.state = -1};

    if (vcpu_op(VCPUOP_get_runstate_info, id, &r))
        guest_panic("no run state");
    return r;
}

static u64 sum(const volatile struct vcpu_runstate_info *r)
{
    return r->time[0] + r->time[1] + r->time[2] + r->time[3];
}

static NORETURN void spinner(u64 id)
{
    for (;;) {
        while (!stop)
            laps++;
        vcpu_op(VCPUOP_down, id, NULL);
    }
}

/* The sum, and system time at the moments before and after, grow alike. */
static void say_sum(const char *what, u64 id)
{
    struct vcpu_runstate_info a, b;
    u64 before[2], after[2], grown;

    before[0] = time_now_ns();
    a = get(id);
    after[0] = time_now_ns();
    time_spin_ns(SHORT);
    yield();
    before[1] = time_now_ns();
    b = get(id);
    after[1] = time_now_ns();
    grown = sum(&b) - sum(&a);
    row_want(name_of("sum", what),
             grown + MARGIN >= before[1] - after[0] && grown <= after[1] - before[0] + MARGIN, 1);
}

static void say_states(void)
{
    row("state.self", get(0).state);
    row("state.down", get(1).state);
    row("state.down-times", !(get(1).time[0] | get(1).time[1] | get(1).time[2]));
    say_sum("self", 0);
    say_sum("down", 1);
}

/* What grows by at least @span from @then on, as bits: 1 running, 2 runnable, 4 blocked, 8 offline.
 */
static u32 grown(const struct vcpu_runstate_info *then, u64 id, u64 span)
{
    struct vcpu_runstate_info now = get(id);
    u32 bits = 0;

    for (unsigned int i = 0; i < 4; i++)
        bits |= (now.time[i] - then->time[i] >= span) << i;
    return bits;
}

/* What grows while this vcpu is blocked: nothing else, unless the machine stands still meanwhile.
 */
static u32 grown_blocked(evtchn_port_t timer)
{
    u32 bits = 0;

    for (u64 span = 2 * SHORT; bits != 1 << RUNSTATE_blocked && span < LONG; span *= 2) {
        struct vcpu_runstate_info then = get(0);

        timer_set_single(time_now_ns() + span, 0);
        call_sched_op(SCHEDOP_block, NULL);
        bits = grown(&then, 0, span / 2);
        upcalls_close();
        port_pending_set(timer, false);
    }
    return bits;
}

static void say_spans(evtchn_port_t timer)
{
    struct vcpu_runstate_info then = get(0), other = get(1);

    time_spin_ns(2 * SHORT);
    row("span.computed", grown(&then, 0, SHORT));
    row("span.other-down", grown(&other, 1, SHORT));
    row("span.blocked", grown_blocked(timer));
    /* The other one computes as well from now on. */
    vcpu_run(1, spinner, 1);
    then = get(0);
    other = get(1);
    for (u64 from = laps, end = time_now_ns() + 20 * SHORT; time_now_ns() < end || laps == from;)
        yield();
    row("span.shared", grown(&then, 0, SHORT) & 2);
    row("span.other-shared", grown(&other, 1, SHORT) & 1);
    row("span.other-state", get(1).state);
    say_sum("shared", 0);
    say_sum("other-shared", 1);
    stop = 1;
    while (vcpu_op(VCPUOP_is_up, 1, NULL))
        yield();
    row("span.other-state-down", get(1).state);
}

static volatile struct vcpu_runstate_info area, other_area;

static bool same_times(const volatile struct vcpu_runstate_info *a, u64 id)
{
    struct vcpu_runstate_info r = get(id);

    return a->state == r.state && a->state_entry_time == r.state_entry_time &&
           a->time[RUNSTATE_runnable] == r.time[RUNSTATE_runnable] &&
           a->time[RUNSTATE_blocked] == r.time[RUNSTATE_blocked];
}

static long area_register(u64 id, const volatile void *at)
{
    struct vcpu_register_runstate_memory_area a = {.addr.p = (uintptr_t)at};

    return vcpu_op(VCPUOP_register_runstate_memory_area, id, &a);
}

static void say_area(void)
{
    u64 entry;

    row("area.register", area_register(0, &area));
    row("area.at-once", same_times(&area, 0));
    row("area.sum", sum(&area) <= area.state_entry_time);
    entry = area.state_entry_time;
    /* A slow machine may come to the block when the time is over. */
    for (u64 span = SHORT; area.time[RUNSTATE_blocked] < SHORT - MARGIN && span < LONG; span *= 2) {
        timer_set_single(time_now_ns() + span, 0);
        call_sched_op(SCHEDOP_block, NULL);
        upcalls_close();
    }
    row("area.after-block", same_times(&area, 0));
    row("area.entry-grew", area.state_entry_time > entry);
    row("area.blocked", area.time[RUNSTATE_blocked] >= SHORT - MARGIN);
    row("area.other", area_register(1, &other_area));
    row("area.other-state", other_area.state);
    row("area.flag", call_vm_assist(VMASST_CMD_enable, VMASST_TYPE_runstate_update_flag));
    timer_set_single(time_now_ns() + SHORT, 0);
    call_sched_op(SCHEDOP_block, NULL);
    upcalls_close();
    row("area.flag-clear", (s64)(area.state_entry_time >> 63));
    row("area.with-flag", same_times(&area, 0));
    row("area.none", area_register(0, NULL));
    row("area.unmapped", area_register(0, (void *)0x7000));
    row("area.beyond", area_register(0, (void *)(USER_END - 8)));
    timer_set_single(time_now_ns() + SHORT, 0);
    row("area.unmapped-block", call_sched_op(SCHEDOP_block, NULL));
    upcalls_close();
}

static bool upcall_take(struct trap_frame *frame)
{
    (void)frame;
    vcpu_info()->evtchn_upcall_pending = 0;
    vcpu_info()->evtchn_pending_sel = 0;
    memset(shared_info->evtchn_pending, 0, sizeof(shared_info->evtchn_pending));
    return true;
}

void guest_main(void)
{
    evtchn_port_t timer;

    trap_handle(VECTOR_EVENT, upcall_take);
    timer_stop_periodic();
    timer = (evtchn_port_t)evtchn_virq(VIRQ_TIMER, 0);
    port_mask_set(timer, false);
    say_states();
    say_area();
    say_spans(timer);
    guest_end();
}
