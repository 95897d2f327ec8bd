/* Who the terminal's keys go to, if to a guest. */
#ifndef DOM0_SHELL_ATTACH_H
#define DOM0_SHELL_ATTACH_H

#include "dom0/shell/service.h"

/* The guest must have a console. */
void attach(struct guest *guest);

/* The terminal is the shell's again. Somebody must be attached. */
void attach_leave(void);

/* NULL: nobody is attached. */
struct guest *attach_guest(void);

#endif
