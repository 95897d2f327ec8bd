/* Debug keys: a character typed to the hypervisor (input.h) shows something. */
#ifndef HYPERVISOR_DEBUG_KEYS_H
#define HYPERVISOR_DEBUG_KEYS_H

#include "xen-like/lib/types.h"

/*
 * Add the key @key (ASCII; BUG when it is taken). @fn runs in the serial line's interrupt: a guest
 * was running on this CPU, its registers are in this_cpu()->regs, no lock is held. What it says it
 * says with log_always(). Letters are Xen's where it has a key for the same (docs/debug-keys.md).
 */
void key_add(char key, const char *text, void (*fn)(void));

/* A key was pressed; one that nobody added is passed over. */
void key_press(char key);

#endif
