/*
 * The few things that every guest kernel has: its start_info, its console, its command line, and
 * the ways to end. start.asm enters guest_start, which brings up console, traps and memory in that
 * order and calls guest_main; that one function is what a mini-kernel or a test supplies.
 */
#ifndef GUEST_KERNEL_CORE_GUEST_H
#define GUEST_KERNEL_CORE_GUEST_H

#include "xen-like/abi/xen.h"

extern const struct start_info *start_info;

/* What the loader says it is, to a kernel of this width. */
#ifdef __x86_64__
#define START_MAGIC "xen-3.0-x86_64"
#else
#define START_MAGIC "xen-3.0-x86_32p"
#endif

/* The page that hypervisor and guest share (event bits, cr2, clocks). Mapped by guest_start. */
extern struct shared_info *shared_info;

/* Supplied by each guest. If it returns, the domain powers off. */
void guest_main(void);

/* Prints on the domain's console. One call prints at most CONSOLE_LINE_MAX characters. */
#define CONSOLE_LINE_MAX 512
void console_printf(const char *format, ...) PRINTF_LIKE(1, 2);
void console_write(const char *text, size_t length);

/* What was typed and not read yet: at most max bytes, perhaps none. Never waits. console_bind
 * (event/event.h) says when to look. */
size_t console_read(char *text, size_t max);

/* True if the word stands by itself on the command line. */
bool cmdline_has(const char *word);

/* Copies the value of `name=value` to value[size]; false if it is not there. */
bool cmdline_value(const char *name, char *value, size_t size);

/* Ends the domain; reason is a SHUTDOWN_* of xen/sched.h. */
NORETURN void guest_shutdown(unsigned int reason);

/* For what cannot go on: says why, then ends the domain with SHUTDOWN_crash. */
NORETURN void guest_panic(const char *format, ...) PRINTF_LIKE(1, 2);

#endif
