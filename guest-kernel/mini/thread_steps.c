/*
 * Steps that need all before them: threads that are interrupted, a second vcpu, and what a kernel
 * does when it has nothing to do. From the first of them on the kernel's own flow is a thread, too.
 */
#include "guest-kernel/core/guest.h"
#include "guest-kernel/event/event.h"
#include "guest-kernel/mini/steps.h"
#include "guest-kernel/sched/smp.h"
#include "guest-kernel/sched/thread.h"
#include "guest-kernel/time/clock.h"
#include "guest-kernel/time/runstate.h"

#define SLICE   (2 * NS_PER_MILLISECOND)
#define THREADS 3
#define ROUNDS  100
#define NAP     (10 * NS_PER_MILLISECOND)
#define REST    (30 * NS_PER_MILLISECOND)

static const char *yes_no(bool is)
{
    return is ? "yes" : "no";
}

static volatile unsigned int arrivals;

/* Never gives way: the others can arrive only if the timer takes the CPU from it. */
static void compute_until_all_came(void *arg)
{
    u64 *preempted = arg;

    __atomic_fetch_add(&arrivals, 1, __ATOMIC_RELAXED);
    while (arrivals < THREADS)
        ;
    *preempted = thread_self()->preempted;
}

static void nap(void *arg)
{
    u64 *late = arg, wake_at = time_now_ns() + NAP;

    thread_sleep(NAP);
    *late = time_now_ns() >= wake_at;
}

bool step_threads(void)
{
    struct thread *threads[THREADS], *sleeper;
    u64 preempted[THREADS] = {0}, sum = 0, slept = 0;

    threads_start(SLICE);
    sleeper = thread_create(&vcpu_boot, nap, &slept);
    for (unsigned int i = 0; i < THREADS; i++)
        threads[i] = thread_create(&vcpu_boot, compute_until_all_came, &preempted[i]);
    for (unsigned int i = 0; i < THREADS; i++) {
        thread_join(threads[i]);
        sum += preempted[i];
    }
    thread_join(sleeper);
    console_printf("    %u threads computed until all %u had begun; each ended\n", arrivals,
                   THREADS);
    console_printf("    the timer took the CPU from one of them at least %u times: %s\n",
                   THREADS - 1, yes_no(sum >= THREADS - 1));
    console_printf("    a fourth slept for %llu ms meanwhile, not less: %s\n",
                   NAP / NS_PER_MILLISECOND, yes_no(slept));
    return sum >= THREADS - 1 && slept;
}

/* One side on each vcpu. A blow is an IPI that bears no message but that it came. */
static struct {
    long ports[2];
    volatile unsigned int blows[2];
    u64 last;
    unsigned int backwards;
} game;

static void on_blow(u32 port, void *data)
{
    volatile unsigned int *blows = data;
    u64 now = time_now_ns();

    game.backwards += now < game.last;
    game.last = now;
    if (++*blows < ROUNDS || port == (u32)game.ports[1])
        event_send((u32)game.ports[port == (u32)game.ports[0]]); /* to the other */
}

static void join_game(void *arg)
{
    (void)arg;
    game.ports[1] = event_bind_ipi(vcpu_self(), on_blow, (void *)&game.blows[1]);
    game.ports[0] = event_bind_ipi(&vcpu_boot, on_blow, (void *)&game.blows[0]);
}

bool step_vcpus(void)
{
    struct thread *player;
    long started;

    if (vcpu_count() < 2) {
        console_printf("    there is one vcpu only; see dom0_max_vcpus\n");
        return true;
    }
    started = threads_start_vcpu(1, SLICE);
    console_printf("    vcpu 1 was started: %ld\n", started);
    if (started)
        return false;
    player = thread_create(vcpu_find(1), join_game, NULL);
    thread_join(player);
    event_send((u32)game.ports[1]);
    while (game.blows[0] < ROUNDS)
        thread_sleep(NAP);
    console_printf("    IPIs that came to vcpu 1: %u, to vcpu 0: %u\n", game.blows[1],
                   game.blows[0]);
    console_printf("    the clocks of the two, read in turn, went backwards: %u\n", game.backwards);
    return game.blows[1] == ROUNDS && game.blows[0] == ROUNDS && !game.backwards;
}

/*
 * A kernel that has nothing to do says so, and runs again at the next event. The hypervisor keeps
 * account: that time is neither the kernel's nor stolen from it, and all four kinds together are
 * the real time, to the nanosecond.
 */
bool step_idle(void)
{
    static struct vcpu_runstate_info area;
    struct runstate before, span;
    unsigned int naps = 0;

    if (runstate_register(&area))
        return false;
    thread_sleep(NAP); /* so that the hypervisor has written the area */
    before = runstate_snapshot(&area);
    do {
        struct runstate now;

        thread_sleep(NAP);
        naps++;
        now = runstate_snapshot(&area);
        span = runstate_since(&now, &before);
    } while (span.time[RUNSTATE_blocked] < REST);
    console_printf(
        "    it slept until it had been blocked for %llu ms; its own time moved less than "
        "real time: %s\n",
        REST / NS_PER_MILLISECOND, yes_no(span.time[RUNSTATE_running] < span.at));
    console_printf("    running + runnable + blocked + offline = real time: %s\n",
                   yes_no(runstate_sum(&span) == span.at));
    return naps && span.time[RUNSTATE_running] < span.at && runstate_sum(&span) == span.at;
}
