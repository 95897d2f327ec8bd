/*
 * The machine's console as dom0 has it: what is written goes to the hypervisor, what is typed comes
 * from it. Several want it (the shell, a guest's console, top): one at a time has it, its owner.
 */
#ifndef DOM0_CONSOLE_TERMINAL_H
#define DOM0_CONSOLE_TERMINAL_H

#include "xen-like/lib/types.h"

struct terminal_owner {
    void (*key)(u8 byte); /* a byte that was typed */
    void (*hide)(void);   /* somebody else's line comes: make room, */
    void (*show)(void);   /* and go on; both may be NULL */
};

/* Binds VIRQ_CONSOLE; nobody has the terminal yet, and what is typed waits. */
void terminal_init(void);

/* From now on @owner has it. Nothing is shown by this. */
void terminal_give(const struct terminal_owner *owner);
const struct terminal_owner *terminal_has(void);

/* For the owner. What is written goes out when dom0 has nothing else to do, or when it is much. */
void terminal_write(const char *text, size_t length);
void terminal_print(const char *format, ...) PRINTF_LIKE(1, 2);
void terminal_flush(void);

/* For everybody: a line that is shown between those of the owner. */
void terminal_notice(const char *format, ...) PRINTF_LIKE(1, 2);

#endif
