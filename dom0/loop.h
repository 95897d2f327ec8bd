/*
 * The one loop that dom0 is. Everything that happens to it is an event (a key, a guest's ring, a
 * domain that ended, a time), and events interrupt; so their handlers only raise a piece of work,
 * and the loop does the work when nothing else is being done. There are no threads and no locks: a
 * piece of work is never interrupted by another, and all of dom0's state is only touched by work.
 *
 * The price: work that takes long keeps the rest waiting. Who has much to do does a part, raises
 * himself again and returns.
 *
 * Nor may events keep the loop waiting: a guest with several vcpus can send them in loops. A port
 * that has raised its work is masked until the loop comes to that work, so each port interrupts
 * once for each turn that it gets. No event is lost: it is opened before the work looks at
 * anything.
 */
#ifndef DOM0_LOOP_H
#define DOM0_LOOP_H

#include "xen-like/lib/list.h"

#define WORK_PORTS 2 /* of a network queue */

struct work {
    void (*run)(struct work *work);
    struct list link;      /* among the raised, or on no list */
    u32 ports[WORK_PORTS]; /* that raised it, and are masked until it runs; else 0 */
};

void work_init(struct work *work, void (*run)(struct work *work));

/* run will be called once, soon; raised twice before that is raised once. For handlers too. */
void work_raise(struct work *work);

/* It will not be called any more, unless raised again: for who gives its memory back. */
void work_drop(struct work *work);

/* An event_handler (event/event.h) that raises the work in @data. Its port is closed by
 * work_close_port. */
void work_raise_on_event(u32 port, void *data);

/* Closes a port that raises the work: it may be somebody else's afterwards. */
void work_close_port(struct work *work, u32 port);

struct alarm {
    void (*ring)(struct alarm *alarm);
    u64 at; /* system time in nanoseconds */
    struct list link;
};

void alarm_init(struct alarm *alarm, void (*ring)(struct alarm *alarm));

/* Rings once, not before @at; takes the place of what was set before. Not for handlers. */
void alarm_set(struct alarm *alarm, u64 at);
void alarm_drop(struct alarm *alarm);

/* After event_init and before anything is raised. */
void loop_init(void);

NORETURN void loop_run(void);

/* One step of it: an alarm and a piece of work, or the wait for an event. For tests, which have
 * their own idea of the end. */
void loop_step(void);

#endif
