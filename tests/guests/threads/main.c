/*
 * The runtime's threads, which need everything at once: timer events that interrupt a loop which
 * never asks for anything, a return from the upcall to another thread than it came from, blocking
 * that no wake-up slips past, and a second vcpu whose threads are woken by an event. All of it in
 * both forms of event channels (ARGS=fifo).
 */
#include "guest-kernel/core/fault.h"
#include "guest-kernel/core/guest.h"
#include "guest-kernel/core/report.h"
#include "guest-kernel/event/event.h"
#include "guest-kernel/event/upcall.h"
#include "guest-kernel/sched/smp.h"
#include "guest-kernel/sched/thread.h"
#include "guest-kernel/time/clock.h"

#define SLICE    (2 * NS_PER_MILLISECOND)
#define CROWD    100
#define ROUNDS   500
#define NAP      (5 * NS_PER_MILLISECOND)
#define ATTEMPTS 20
#define NOWHERE  ((const void *)0x71000000)

static volatile bool arrived[2];

/* Waits for the other without ever giving way: only a timer can let the other in. */
static void stubborn(void *arg)
{
    u64 me = (uintptr_t)arg;

    arrived[me] = true;
    while (!arrived[!me])
        ;
}

static void say_preemption(void)
{
    struct thread *a = thread_create(&vcpu_boot, stubborn, (void *)0);
    struct thread *b = thread_create(&vcpu_boot, stubborn, (void *)1);

    thread_join(a);
    thread_join(b);
    row_want("preempt.both-came-to-an-end", arrived[0] && arrived[1], true);
}

static unsigned int order[3], slept;
static bool too_early;

static void sleeper(void *arg)
{
    u64 naps = (uintptr_t)arg, wake_at = time_now_ns() + naps * NAP;

    thread_sleep(naps * NAP);
    too_early |= time_now_ns() < wake_at;
    order[slept++] = (unsigned int)naps;
}

static bool shortest_is_first(void)
{
    struct thread *threads[ARRAY_SIZE(order)];

    slept = 0;
    for (u64 i = 0; i < ARRAY_SIZE(order); i++)
        threads[i] = thread_create(&vcpu_boot, sleeper, (void *)(uintptr_t)(ARRAY_SIZE(order) - i));
    for (u64 i = 0; i < ARRAY_SIZE(order); i++)
        thread_join(threads[i]);
    return order[0] == 1 && order[1] == 2 && order[2] == 3;
}

/* A machine that is held up while they begin may let one oversleep before another lies down. */
static void say_sleep(void)
{
    bool sorted = false;

    for (unsigned int i = 0; i < ATTEMPTS && !sorted; i++)
        sorted = shortest_is_first();
    row_want("sleep.too-early", too_early, false);
    row_want("sleep.shortest-first", sorted, true);
}

static unsigned int ended;

static void short_life(void *arg)
{
    (void)arg;
    ended++;
}

static void say_crowd(void)
{
    struct thread *threads[CROWD];

    for (unsigned int i = 0; i < CROWD; i++)
        threads[i] = thread_create(&vcpu_boot, short_life, NULL);
    for (unsigned int i = 0; i < CROWD; i++)
        thread_join(threads[i]);
    row_want("crowd.ended", ended, CROWD);
}

static void touch_nothing(void *arg)
{
    thread_yield(); /* the other has begun, too, before either faults */
    *(volatile char *)arg;
}

static void faulty(void *arg)
{
    struct fault *fault = arg;

    *fault = fault_catch(touch_nothing, (void *)NOWHERE);
}

/* Each thread is brought back to its own fault_catch, though both were under way at once. */
static void say_faults(void)
{
    struct fault faults[2] = {{0}};
    struct thread *a = thread_create(&vcpu_boot, faulty, &faults[0]);
    struct thread *b = thread_create(&vcpu_boot, faulty, &faults[1]);

    thread_join(a);
    thread_join(b);
    for (unsigned int i = 0; i < 2; i++)
        row_want(i ? "faults.second" : "faults.first", faults[i].address == (uintptr_t)NOWHERE,
                 true);
}

static void say_early_wake(void)
{
    thread_wake(thread_self());
    thread_wait();
    row_want("wake.one-that-came-before-is-kept", true, true);
}

static void wake_soon(void *arg)
{
    thread_sleep(NAP);
    thread_wake(arg);
}

/* Who waits until a time goes on then and not before, or when it is woken; and what is left of the
 * wait that was cut short wakes nobody later. */
static void say_bounded_waits(void)
{
    u64 end = time_now_ns() + NAP, far = end + 1000 * NS_PER_SECOND;
    struct thread *waker;

    thread_wait_until(end);
    row_want("wait-until.not-too-early", time_now_ns() >= end, true);
    waker = thread_create(&vcpu_boot, wake_soon, thread_self());
    thread_wait_until(far);
    row_want("wait-until.woken-before", time_now_ns() < far, true);
    thread_join(waker);
    end = time_now_ns() + 2 * NAP;
    waker = thread_create(&vcpu_boot, wake_soon, thread_self());
    thread_wait_until(end);
    thread_join(waker);
    end = time_now_ns() + 4 * NAP;
    thread_sleep(4 * NAP); /* the first time is within it */
    row_want("wait-until.no-longer-among-sleepers", time_now_ns() >= end, true);
    thread_wake(thread_self());
    thread_wait_until(far);
    row_want("wait-until.woken-earlier-is-kept", time_now_ns() < far, true);
}

/* The ball goes from vcpu to vcpu; whoever has it looks at the clock. */
static struct {
    struct thread *players[2];
    volatile unsigned int throws;
    u64 last, last_local;
    unsigned int backwards, local_backwards;
} ball;

static void play(void *arg)
{
    u64 me = (uintptr_t)arg;

    for (unsigned int i = 0; i < ROUNDS; i++) {
        u64 local, now;

        while (ball.throws % 2 != me)
            thread_wait();
        local = time_local_ns();
        now = time_now_ns();
        ball.backwards += now < ball.last;
        ball.local_backwards += local < ball.last_local;
        ball.last = now;
        ball.last_local = local;
        ball.throws++;
        thread_wake(ball.players[!me]);
    }
}

/* Two ports next to each other, each for another vcpu; the second's does not look for a while. */
static struct {
    long ports[2];
    unsigned int ran_on[2], ran[2];
    volatile bool sent;
} ports;

static void on_port(u32 port, void *data)
{
    u64 i = (uintptr_t)data;

    (void)port;
    ports.ran_on[i] = vcpu_self()->id;
    ports.ran[i]++;
}

static void look_away(void *arg)
{
    bool open;

    (void)arg;
    ports.ports[1] = event_bind_ipi(vcpu_self(), on_port, (void *)1);
    open = upcalls_mask();
    thread_wake(ball.players[0]);
    while (!ports.sent)
        call_sched_op(SCHEDOP_yield, NULL);
    upcalls_restore(open);
}

static void say_ports(void)
{
    struct thread *other;

    ports.ports[0] = event_bind_ipi(vcpu_self(), on_port, (void *)0);
    other = thread_create(vcpu_find(1), look_away, NULL);
    while (!ports.ports[1])
        thread_wait();
    event_send((u32)ports.ports[1]);
    event_send((u32)ports.ports[0]);
    ports.sent = true;
    thread_join(other);
    for (unsigned int i = 0; i < 2; i++) {
        row_want(i ? "ports.second-ran" : "ports.first-ran", ports.ran[i], 1);
        row_want(i ? "ports.second-ran-on" : "ports.first-ran-on", ports.ran_on[i], i);
    }
}

static void say_two_vcpus(void)
{
    unsigned int count = vcpu_count();

    row("vcpus.count", count);
    if (count < 2)
        return;
    row("vcpus.start", threads_start_vcpu(1, SLICE));
    row("vcpus.is-up", vcpu_is_up(1));
    row("vcpus.start-again", vcpu_start(1, short_life, NULL));
    row("vcpus.start-one-too-many", vcpu_start(count, short_life, NULL));
    /* The second wakes the first: it is made before that can run. */
    ball.players[1] = thread_create(vcpu_find(1), play, (void *)1);
    ball.players[0] = thread_self();
    play((void *)0);
    thread_join(ball.players[1]);
    say_ports();
    row_want("vcpus.throws", ball.throws, 2 * ROUNDS);
    row_want("vcpus.clock-went-backwards", ball.backwards, 0);
    /* On two CPUs Xen's own answers may differ by a little. */
    if (cmdline_has("one-cpu"))
        row_want("vcpus.local-clocks-went-backwards", ball.local_backwards, 0);
}

/* Each vcpu has a place of its own for what the hypervisor tells it, the shared page or not. */
static void count_one(void *arg)
{
    __atomic_fetch_add((unsigned int *)arg, 1, __ATOMIC_RELAXED);
}

static void say_many_vcpus(void)
{
    unsigned int count = vcpu_count(), started = 0, ran = 0;

    for (unsigned int id = 1; id < count; id++)
        started += threads_start_vcpu(id, SLICE) == 0;
    for (unsigned int id = 1; id < count; id++)
        thread_join(thread_create(vcpu_find(id), count_one, &ran));
    row("many.count", count);
    row_want("many.started", started, count - 1);
    row_want("many.ran-a-thread", ran, count - 1);
}

void guest_main(void)
{
    row("events.init", event_init(cmdline_has("fifo") ? EVENT_FIFO : EVENT_TWO_LEVEL));
    threads_start(SLICE);
    if (cmdline_has("many")) {
        say_many_vcpus();
        guest_end();
    }
    say_preemption();
    say_sleep();
    say_crowd();
    say_faults();
    say_early_wake();
    say_bounded_waits();
    say_two_vcpus();
    guest_end();
}
