/* The steps of the mini-kernel, in order. Each prints what it does and answers whether it worked.
 */
#ifndef GUEST_KERNEL_MINI_STEPS_H
#define GUEST_KERNEL_MINI_STEPS_H

#include "xen-like/lib/types.h"

/* first_contact.c */
bool step_start(void);
bool step_hypercalls(void);
bool step_console(void);
bool step_traps(void);

/* memory.c */
bool step_frames(void);
bool step_page_tables(void);
bool step_end(void);

/* user_steps.c */
bool step_processes(void);
bool step_demand_page(void);
bool step_fork(void);
bool step_preemption(void);

/* event_steps.c */
bool step_events(void);
bool step_clock(void);

/* thread_steps.c */
bool step_threads(void);
bool step_vcpus(void);
bool step_idle(void);

/* network.c */
bool step_network(void);

/* device_steps.c */
bool step_xenstore(void);
bool step_disk(void);

/* time_demo.c: shown in place of the steps. */
bool time_demonstration(void);

/* shell.c: after the steps, or in their place. */
bool shell_wanted(void);
NORETURN void shell_run(void);

#endif
