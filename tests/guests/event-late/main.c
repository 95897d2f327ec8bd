/*
 * Who delivers an event late: a vcpu has seen that a port is pending, and before it takes the event
 * another one closes the port, makes one that gets the same number, and hears of an event there
 * before it has said what handles it. That port is masked meanwhile. If the late vcpu took the
 * event, nobody would ever handle it: a device or a thread that waits for it stops for ever.
 *
 * Here the late vcpu's part is done by hand, at the worst moment.
 *
 *   ARGS=[form=fifo]
 */
#include "guest-kernel/core/guest.h"
#include "guest-kernel/core/report.h"
#include "guest-kernel/event/event.h"
#include "guest-kernel/event/form.h"
#include "guest-kernel/event/upcall.h"
#include "guest-kernel/sched/smp.h"

static u32 first_handled, second_handled;

static void on_first(u32 port, void *data)
{
    (void)port, (void)data;
    first_handled++;
}

static void on_second(u32 port, void *data)
{
    (void)port, (void)data;
    second_handled++;
}

void guest_main(void)
{
    char form[8];
    bool fifo = cmdline_value("form", form, sizeof(form)) && form[0] == 'f';
    long port, again;

    row("init", event_init(fifo ? EVENT_FIFO : EVENT_TWO_LEVEL));
    port = event_bind_ipi(&vcpu_boot, on_first, NULL);
    row("first.open-answer", event_close((u32)port));
    again = event_bind_ipi(&vcpu_boot, on_first, NULL);
    row("again.same-number", again == port);
    event_mask((u32)again); /* as it is until its handler stands */
    row("again.send", event_send((u32)again));
    event_deliver((u32)again);
    row_want("late.handled", first_handled, 0);
    row_want("late.is-pending-still", event_is_pending((u32)again), 1);
    event_bind(again > 0 ? (u32)again : 0, on_second, NULL);
    upcalls_unmask();
    row_want("then.handled-by-the-first", first_handled, 0);
    row_want("then.handled-by-the-second", second_handled, 1);
    row_want("then.is-pending", event_is_pending((u32)again), 0);
    guest_end();
}
