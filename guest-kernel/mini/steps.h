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

#endif
