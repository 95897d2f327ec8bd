/* A 16550 UART: registers polled, every wait bounded; an interrupt when a byte was received, if
 * wanted. */
#ifndef HYPERVISOR_DEBUG_SERIAL_H
#define HYPERVISOR_DEBUG_SERIAL_H

#include "xen-like/lib/types.h"

struct serial {
    u16 base;        /* first I/O port */
    u16 divisor;     /* 0: keep what the firmware set */
    u8 irq;          /* ISA line; 0: none, it is polled */
    u8 line_control; /* data bits, parity, stop bits as the UART wants them */
    bool present;    /* somebody answers at base */
    bool enabled;    /* console= names it */
};

/* Reads Xen's comN= form `<baud>[/<clock>][,<DPS>[,<io-base>[,<irq>]]]` or `auto...` into s (base,
 * divisor, line_control, irq). False, s untouched, when it is malformed. */
bool serial_parse(struct serial *s, const char *value);

/* Programs the port; sets s->present. */
void serial_start(struct serial *s);

/* From now on its line is raised while received bytes wait. */
void serial_interrupt_enable(const struct serial *s);

void serial_put(const struct serial *s, char c);

/* A waiting character or -1. */
int serial_get(const struct serial *s);

#endif
