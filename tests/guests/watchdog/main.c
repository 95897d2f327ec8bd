/*
 * SCHEDOP_watchdog: a domain that hangs is ended by a timer that nobody set again. The calls first;
 * then, by the command line, a domain that forgets its dog: while it computes, and while all it has
 * sleep.
 */
#include "guest-kernel/time/clock.h"
#include "tests/guests/vcpus.h"

static long watchdog(u32 id, u32 seconds)
{
    struct sched_watchdog w = {.id = id, .timeout = seconds};

    return call_sched_op(SCHEDOP_watchdog, &w);
}

static void say_calls(void)
{
    static const u64 bad[] = {0, 0x7000, NON_CANONICAL, HYPERVISOR_VIRT_START};

    for (unsigned int i = 0; i < ARRAY_SIZE(bad); i++)
        row(name_nth("bad", "argument", i), hypercall_sched_op(SCHEDOP_watchdog, bad[i]));
    row("bad.id-3", watchdog(3, 100));
    row("bad.id-all-ones", watchdog(~0u, 100));
    row("bad.unused-1", watchdog(1, 100));
    row("bad.unused-2", watchdog(2, 0));
    row("good.first", watchdog(0, 100));
    row("good.second", watchdog(0, ~0u));
    row("good.third", watchdog(0, 100));
    row("good.poke", watchdog(1, 200));
    row("good.stop", watchdog(1, 0));
    row("good.stop-again", watchdog(1, 0));
    row("good.poke-stopped", watchdog(1, 100));
    row("good.again", watchdog(0, 100));
    row("good.stop-2", watchdog(2, 0));
    row("good.stop-1", watchdog(1, 0));
}

/* Poked in time it does not strike, and then once it does. */
static void forget(bool busy)
{
    u64 end = time_now_ns() + 1500 * NS_PER_MILLISECOND;

    watchdog(0, 1);
    while (time_now_ns() < end)
        watchdog(1, 1);
    console_printf("ROW forget.lived = 1\n");
    while (busy)
        ;
    shared_info->vcpu_info[0].evtchn_upcall_mask = 1;
    for (;;)
        call_sched_op(SCHEDOP_poll, &(struct sched_poll){.nr_ports = 0});
}

void guest_main(void)
{
    say_calls();
    if (cmdline_has("blocked") || cmdline_has("busy"))
        forget(cmdline_has("busy"));
    guest_end();
}
