/*
 * See loop.h. The one race is between finding nothing to do and blocking: an event in between would
 * be slept through. So the loop looks with upcalls masked, and blocking opens them in one step.
 */
#include "dom0/loop.h"

#include "guest-kernel/time/timer.h"

static struct list raised = LIST_INIT(raised); /* guarded by masking upcalls */
static struct list alarms = LIST_INIT(alarms); /* the first to ring is first */

void work_init(struct work *work, void (*run)(struct work *work))
{
    *work = (struct work){.run = run};
    list_init(&work->link);
}

void work_raise(struct work *work)
{
    bool open = upcalls_mask();

    if (list_is_empty(&work->link))
        list_add_tail(&raised, &work->link);
    upcalls_restore(open);
}

/*
 * Opens the ports that have raised it. What they said meanwhile is what it will look at, so that
 * is cleared, and unmasking needs no hypercall; a send from then on raises it again.
 */
static void ports_open(struct work *work)
{
    for (u32 i = 0; i < WORK_PORTS; i++) {
        u32 port = work->ports[i];

        if (!port)
            continue;
        work->ports[i] = 0;
        event_clear(port);
        event_unmask(port);
    }
}

void work_drop(struct work *work)
{
    bool open = upcalls_mask();

    list_remove(&work->link);
    ports_open(work);
    upcalls_restore(open);
}

static u32 *port_slot(struct work *work, u32 port)
{
    u32 i = 0;

    while (i < WORK_PORTS && work->ports[i] != port)
        i++;
    return i < WORK_PORTS ? &work->ports[i] : NULL;
}

void work_raise_on_event(u32 port, void *data)
{
    u32 *slot = port_slot(data, 0);

    if (slot) {
        event_mask(port);
        *slot = port;
    }
    work_raise(data);
}

void work_close_port(struct work *work, u32 port)
{
    bool open = upcalls_mask();
    u32 *slot = port_slot(work, port);

    if (slot)
        *slot = 0;
    event_close(port);
    upcalls_restore(open);
}

void alarm_init(struct alarm *alarm, void (*ring)(struct alarm *alarm))
{
    alarm->ring = ring;
    list_init(&alarm->link);
}

void alarm_set(struct alarm *alarm, u64 at)
{
    struct list *later;

    list_remove(&alarm->link);
    later = alarms.next; /* it may have been the first itself */
    while (later != &alarms && LIST_ENTRY(later, struct alarm, link)->at <= at)
        later = later->next;
    alarm->at = at;
    list_add_tail(later, &alarm->link); /* before it */
}

void alarm_drop(struct alarm *alarm)
{
    list_remove(&alarm->link);
}

/* Rings the first alarm if it is due. */
static bool alarm_ring_due(void)
{
    struct alarm *first = LIST_ENTRY(alarms.next, struct alarm, link);

    if (list_is_empty(&alarms) || first->at > time_now_ns())
        return false;
    list_remove(&first->link);
    first->ring(first);
    return true;
}

/* Runs the first piece of work. */
static bool work_run_first(void)
{
    struct list *first;

    upcalls_mask();
    first = list_take_first(&raised);
    if (first)
        ports_open(LIST_ENTRY(first, struct work, link));
    upcalls_unmask();
    if (!first)
        return false;
    LIST_ENTRY(first, struct work, link)->run(LIST_ENTRY(first, struct work, link));
    return true;
}

static void wait_for_event(void)
{
    upcalls_mask();
    if (!list_is_empty(&raised)) {
        upcalls_unmask();
        return;
    }
    timer_set(list_is_empty(&alarms) ? 0 : LIST_ENTRY(alarms.next, struct alarm, link)->at);
    vcpu_block();
}

static void on_timer(u32 port, void *data)
{
    (void)port, (void)data; /* that the block has ended is all */
}

void loop_init(void)
{
    long port = event_bind_virq(VIRQ_TIMER, &vcpu_boot, on_timer, NULL);

    if (port < 0)
        guest_panic("no timer: error %ld", port);
    timer_stop_periodic();
}

void loop_step(void)
{
    bool rang;

    upcalls_unmask();
    rang = alarm_ring_due(); /* first: some guest always has work for us */
    if (!work_run_first() && !rang)
        wait_for_event();
}

NORETURN void loop_run(void)
{
    for (;;)
        loop_step();
}
