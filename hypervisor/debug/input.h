/*
 * Serial input: for the control domain, which reads it with console_io, or for the hypervisor,
 * where each character is a debug key (keys.h). CTRL-a three times switches, as on Xen.
 */
#ifndef HYPERVISOR_DEBUG_INPUT_H
#define HYPERVISOR_DEBUG_INPUT_H

#include "xen-like/lib/types.h"

/* conswitch=<letter>[x]: CTRL-<letter> switches; with x input is the hypervisor's at first. NULL,
 * or what was expected. */
const char *input_set_switch(const char *value);

/* Take the serial lines' interrupts. Without (no APIC, irq 0) the lines are polled by whoever
 * reads, and there are no debug keys. Boot, after ioapics_init(). */
void input_start(void);

/* Call @arrived(@data) when something for whoever reads has come: in the line's interrupt, no lock
 * held. */
void input_listen(void (*arrived)(void *data), void *data);

/* The next characters for the control domain, at most @max: how many there are. They stay there
 * until input_take() takes @n of them. Never blocks. */
u32 input_peek(char *to, u32 max);
void input_take(u32 n);

#endif
