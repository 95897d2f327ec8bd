/*
 * Events and the clock: how the hypervisor interrupts a kernel, and how a kernel knows the time
 * without asking.
 */
#include "guest-kernel/core/guest.h"
#include "guest-kernel/event/event.h"
#include "guest-kernel/event/upcall.h"
#include "guest-kernel/time/calendar.h"
#include "guest-kernel/mini/steps.h"
#include "guest-kernel/time/clock.h"
#include "guest-kernel/time/timer.h"

#define READINGS 10000
#define SENDS    3
#define ALARM    (5 * NS_PER_MILLISECOND)

static void on_event(u32 port, void *data)
{
    (void)port;
    ++*(volatile unsigned int *)data;
}

static const char *yes_no(bool is)
{
    return is ? "yes" : "no";
}

/*
 * A port that we send to ourselves. Upcalls are masked since the start, as interrupts are on a CPU
 * that was just switched on; a send makes the port pending, and its handler waits.
 */
bool step_events(void)
{
    volatile unsigned int ran = 0;
    unsigned int masked, opened, held, unmasked;
    long port;

    if (event_init(cmdline_has("fifo") ? EVENT_FIFO : EVENT_TWO_LEVEL))
        return false;
    port = event_bind_ipi(&vcpu_boot, on_event, (void *)&ran);
    if (port < 0)
        return false;

    event_send((u32)port);
    masked = ran;
    upcalls_unmask();
    opened = ran;
    console_printf("    an event, upcalls masked: its handler ran %u times; opened: %u\n", masked,
                   opened);

    event_mask((u32)port);
    for (unsigned int i = 0; i < SENDS; i++)
        event_send((u32)port);
    held = ran - opened;
    event_unmask((u32)port);
    unmasked = ran - opened;
    console_printf("    %u sends to a masked port: %u times; unmasked: %u (they are one event)\n",
                   SENDS, held, unmasked);
    return masked == 0 && opened == 1 && held == 0 && unmasked == 1 && !event_close((u32)port);
}

static bool clock_runs(void)
{
    u64 first = time_now_ns(), last = first;
    unsigned int backwards = 0;

    for (unsigned int i = 0; i < READINGS; i++) {
        u64 now = time_now_ns();

        backwards += now < last;
        last = now;
    }
    console_printf("    the clock was read %u times without a hypercall; it went backwards: %u\n",
                   READINGS, backwards);
    return !backwards && last > first;
}

/* A timer, and nothing to do until it rings: neither early nor never. */
static bool alarm_rings(void)
{
    unsigned int rang = 0;
    long port = event_bind_virq(VIRQ_TIMER, vcpu_self(), on_event, &rang);
    u64 deadline = time_now_ns() + ALARM;
    bool early = false;

    timer_stop_periodic();
    upcalls_mask(); /* or it might ring between the look and the block */
    rang = 0;
    timer_set(deadline);
    while (!ACCESS_ONCE(rang)) {
        vcpu_block();
        upcalls_mask();
    }
    upcalls_unmask();
    early = time_now_ns() < deadline;
    console_printf("    an alarm in %llu ms, and blocked until then: early: %s\n",
                   ALARM / NS_PER_MILLISECOND, yes_no(early));
    return port >= 0 && !early && !event_close((u32)port);
}

/* Lines that begin with ~ have numbers which differ from run to run. */
bool step_clock(void)
{
    u64 now, wall;
    struct calendar c;

    if (!clock_runs() || !alarm_rings())
        return false;
    now = time_now_ns();
    wall = time_wall_ns();
    c = calendar_of(wall / NS_PER_SECOND);
    console_printf("    ~ %llu ms after the hypervisor's start the wallclock says "
                   "%u-%02u-%02u %02u:%02u:%02u\n",
                   now / NS_PER_MILLISECOND, c.year, c.month, c.day, c.hour, c.minute, c.second);
    return wall - now >= time_wall_base_ns();
}
