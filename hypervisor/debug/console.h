/*
 * Where characters go and come from: up to two serial ports and the VGA text screen.
 * The log (log.h) and guests' console output both end here. Which of the devices are used is the
 * command line's choice; until it has been read, COM1 and the screen are tried.
 */
#ifndef HYPERVISOR_DEBUG_CONSOLE_H
#define HYPERVISOR_DEBUG_CONSOLE_H

#include "xen-like/lib/types.h"

/* Where the memory of a PC's text screen lies: physical, one page. */
#define VGA_TEXT_PHYS 0xb8000UL

/* Before anything is known: COM1 at 115200,8n1; and the screen, if the loader left a text one, at
 * `vga`, where its memory is mapped now (NULL: no screen). */
void console_init(void *vga);

/* The screen's memory is mapped elsewhere from now on (no effect when there is no screen). */
void console_move_vga(void *vga);

/* The values of console= and comN= (port: 0 for com1). NULL, or what was expected in words; then
 * nothing has changed. */
const char *console_set_devices(const char *value);
const char *console_set_serial(unsigned int port, const char *value);

/* The first I/O port of serial port @port, 0 or 1; 0 if it is not in use. */
u16 console_serial_base(unsigned int port);

/*
 * The console's lock, below every other lock: it is held for whole lines of the log and whole
 * writes of a guest. console_break_lock() is for a panic, which must be seen whoever holds the
 * lock.
 */
void console_lock(void);
void console_unlock(void);
void console_break_lock(void);

/* n characters to every chosen device. '\n' becomes "\r\n" on serial lines. Lock held. */
void console_write(const char *s, size_t n);

/* Did the last character written end its line? The log starts on a fresh line. Lock held. */
bool console_at_line_start(void);

/* What a guest wrote with console_io: raw, without the log's prefix. Takes the lock. */
void console_write_guest(const char *s, size_t n);

/* One character that a serial port has received (0..255), or -1. Never blocks. For debug/input.c,
 * which knows whom it is for. */
int console_poll(void);

/* Let each chosen port interrupt when it has received something, once @route has led its line
 * somewhere. False: one of them cannot, and must be polled. */
bool console_route_input(bool (*route)(u8 irq));

#endif
