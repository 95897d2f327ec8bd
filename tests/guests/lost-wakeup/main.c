/*
 * A worker and its device, and the oldest mistake between two such: the lost wakeup. With
 * `look-first` on the command line it is there; without, the kernel is right. dom0 has both to show
 * what `intercept explore` finds (docs/interception.md).
 *
 * With `no-extras` there is another one: that an event comes without anything being asked, which is
 * allowed at any time, it takes for the end of the world.
 *
 * The worker asks by a send on one end of a channel. The device answers in the handler of the other
 * end, which may run between any two instructions of the worker. The worker waits for the answer:
 *
 *   right   shut events out; while there is no answer: sleep, which lets them in in the same step
 *   wrong   while there is no answer: tidy up; sleep
 *
 * In the wrong one an answer that comes after the look is not seen, and the sleep that follows has
 * no end. By itself that never happens: the event is there before the send is over, so the first
 * look finds the answer, and nobody ever sleeps. Only a notification that comes late, and not too
 * late, finds the gap.
 */
#include "guest-kernel/core/guest.h"
#include "guest-kernel/core/report.h"
#include "guest-kernel/event/event.h"
#include "guest-kernel/event/upcall.h"
#include "guest-kernel/time/timer.h"
#include "guest-kernel/core/hypercall.h"

#define REQUESTS 40
#define NOTES    256

static volatile u32 asked, answered; /* by the worker, by the device */
static u32 notes[NOTES];

static bool no_extras;

static void device_answer(u32 port, void *data)
{
    (void)port, (void)data;
    if (no_extras && answered == asked)
        guest_panic("an event, and nothing is asked");
    answered = asked;
}

static void nothing(u32 port, void *data)
{
    (void)port, (void)data;
}

/* What the worker does before it sleeps: about a microsecond's worth. */
static void tidy_up(void)
{
    for (u32 i = 0; i < NOTES; i++)
        notes[i] = notes[i] * 31 + asked;
}

static void answer_await_wrong(void)
{
    while (answered != asked) {
        tidy_up();
        vcpu_block();
    }
}

static void answer_await(void)
{
    upcalls_mask();
    while (answered != asked) {
        tidy_up();
        vcpu_block();
        upcalls_mask();
    }
    upcalls_unmask();
}

static u32 device_start(void)
{
    long device = event_alloc_unbound(DOMID_SELF, device_answer, NULL);
    long worker = event_bind_interdomain(DOMID_SELF, (u32)device, nothing, NULL);

    if (device < 0 || worker < 0)
        guest_panic("no channel: %ld, %ld", device, worker);
    return (u32)worker;
}

void guest_main(void)
{
    bool look_first = cmdline_has("look-first");
    u32 port;

    no_extras = cmdline_has("no-extras");
    event_init(EVENT_TWO_LEVEL);
    port = device_start();
    upcalls_unmask();
    while (asked < REQUESTS) {
        asked++;
        event_send(port);
        if (look_first)
            answer_await_wrong();
        else
            answer_await();
        if (answered != asked)
            guest_panic("request %u was not answered", asked);
    }
    row_want("lost-wakeup.answered", answered, REQUESTS);
    guest_end();
}
