/*
 * The one loop that dom0 is. Everything that happens to it is an event (a key, a guest's ring, a
 * domain that ended, a time), and events interrupt; so their handlers only raise a piece of work,
 * and the loop does the work when nothing else is being done. There are no threads and no locks: a
 * piece of work is never interrupted by another, and all of dom0's state is only touched by work.
 *
 * The price: work that takes long keeps the rest waiting. Who has much to do does a part, raises
 * himself again and returns.
 */
#ifndef DOM0_LOOP_H
#define DOM0_LOOP_H

#include "xen-like/lib/list.h"

struct work {
    void (*run)(struct work *work);
    struct list link; /* among the raised, or on no list */
};

void work_init(struct work *work, void (*run)(struct work *work));

/* run will be called once, soon; raised twice before that is raised once. For handlers too. */
void work_raise(struct work *work);

/* It will not be called any more, unless raised again: for who gives its memory back. */
void work_drop(struct work *work);

/* An event_handler (event/event.h) that raises the work in @data. */
void work_raise_on_event(u32 port, void *data);

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

/* One step of it: a piece of work, an alarm, or the wait for an event. For tests, which have their
 * own idea of the end. */
void loop_step(void);

#endif
